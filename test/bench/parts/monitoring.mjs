// @ts-check
// Measures the CPU time that the Prometheus recipe of docs/guides/monitoring.md adds to a login: the events of one login are published again and again.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel'
import { contestant } from '../contestants/nevis.mjs'
import { median, startUpstream, stop } from '../processes.mjs'

const EVENTS = ['started', 'decided', 'failed', 'budget', 'suspicious', 'fault', 'call'].map((name) => `passport-nevis:${name}`)
const WARM_UP = 3000
const ROUNDS = 9
const LOGINS = 300

/** @returns the CPU time of a login without the Prometheus recipe of the guide, and the CPU time that this recipe adds, in microseconds */
export async function measure() {
  const { address } = await startUpstream()
  try {
    const login = await contestant(address)
    const events = await eventsOf(login)
    for (let i = 0; i < WARM_UP; i++) await login()
    const logins = await microsOf(login)
    monitor()
    const again = () => events.forEach(({ name, event }) => channel(name).publish(event))
    for (let i = 0; i < WARM_UP; i++) again()
    const added = await microsOf(again)
    return { rounds: ROUNDS, events: events.length, loginMicros: median(logins), addedMicros: median(added), share: median(added) / median(logins) }
  } finally {
    stop()
  }
}

/** Records the events of one login. @param {() => Promise<void>} login */
async function eventsOf(login) {
  const events = /** @type {{ name: string, event: unknown }[]} */ ([])
  const listener = (/** @type {unknown} */ event, /** @type {string | symbol} */ name) => void events.push({ name: String(name), event })
  for (const name of EVENTS) subscribe(name, listener)
  await login()
  for (const name of EVENTS) unsubscribe(name, listener)
  return events
}

/** Runs the monitoring code of the guide, exactly as in the guide's code block. This code subscribes to the events. */
function monitor() {
  const guide = readFileSync(new URL('../../../docs/guides/monitoring.md', import.meta.url), 'utf8')
  const code = /```js\n(\/\/ monitoring\.js\n[^]*?)```/.exec(guide)?.[1]
  const module = { exports: /** @type {{ monitor?: (strategies: object[]) => void }} */ ({}) }
  new Function('require', 'module', String(code))(createRequire(import.meta.url), module)
  module.exports.monitor?.([])
}

/** @param {() => unknown} work */
async function microsOf(work) {
  const rounds = []
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage()
    for (let i = 0; i < LOGINS; i++) await work()
    const { user, system } = process.cpuUsage(before)
    rounds.push((user + system) / LOGINS)
  }
  return rounds
}

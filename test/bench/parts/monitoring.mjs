// @ts-check
// Measures the CPU time that each recipe of docs/guides/monitoring.md adds to a login: the events of one login are published again and again.
import { metrics } from '@opentelemetry/api'
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel'
import { contestant } from '../contestants/nevis.mjs'
import { median, medianRatio, rounds, startUpstream, stop, tried } from '../processes.mjs'

const EVENTS = ['started', 'decided', 'failed', 'budget', 'suspicious', 'fault', 'call'].map((name) => `passport-nevis:${name}`)
/** Each recipe of the guide, with the name of its file. */
const RECIPES = { Prometheus: 'monitoring.js', OpenTelemetry: 'telemetry.js' }
const WARM_UP = tried(3000)
const ROUNDS = tried(9)
const LOGINS = tried(300)
/** How often the events of one login are published in a round: more often than there are logins, because publishing takes only microseconds. */
const REPEATS = tried(3000)

/** @typedef {(event: unknown, name: string | symbol) => void} Listener */

/** @returns the CPU time of a login without a recipe, and the CPU time that each recipe of the guide adds, in microseconds */
export async function measure() {
  const { address } = await startUpstream()
  // Without a reader, OpenTelemetry would count nothing. This reader exports nothing before it is shut down.
  const reader = new PeriodicExportingMetricReader({ exporter: new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE), exportIntervalMillis: 3_600_000 })
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
  try {
    const login = await contestant(address)
    const events = await eventsOf(login)
    const publish = () => events.forEach(({ name, event }) => channel(name).publish(event))
    const recipes = Object.entries(RECIPES).map(([name, file]) => ({ name, listeners: listenersOf(file) }))
    for (let i = 0; i < WARM_UP; i++) await login()
    for (const { listeners } of recipes) await microsOf(publish, WARM_UP, listeners)
    const [logins = [], ...added] = await rounds(ROUNDS, [() => microsOf(login, LOGINS), ...recipes.map(({ listeners }) => () => microsOf(publish, REPEATS, listeners))])
    return {
      rounds: ROUNDS,
      events: events.length,
      loginMicros: median(logins),
      recipes: recipes.map(({ name }, i) => ({ name, addedMicros: median(added[i] ?? []), share: medianRatio(added[i] ?? [], logins) })),
    }
  } finally {
    await reader.shutdown()
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

/**
 * Runs a recipe exactly as in the code block of the guide.
 * @param {string} file
 * @returns the listeners with which the recipe would subscribe to the events. They are subscribed only while `microsOf` measures them
 */
function listenersOf(file) {
  const guide = readFileSync(new URL('../../../docs/guides/monitoring.md', import.meta.url), 'utf8')
  const code = new RegExp(`\`\`\`js\\n(// ${file}\\n[^]*?)\`\`\``).exec(guide)?.[1]
  const listeners = /** @type {[name: string, listener: Listener][]} */ ([])
  const required = createRequire(import.meta.url)
  const load = (/** @type {string} */ name) => (name === 'node:diagnostics_channel' ? { subscribe: (/** @type {[string, Listener]} */ ...one) => listeners.push(one) } : required(name))
  const module = { exports: /** @type {{ monitor?: (strategies: object[]) => void }} */ ({}) }
  new Function('require', 'module', String(code))(load, module)
  module.exports.monitor?.([])
  return listeners
}

/**
 * @param {() => unknown} work
 * @param {number} times
 * @param {readonly [name: string, listener: Listener][]} [listeners] the subscribers to the events meanwhile
 * @returns the CPU time for which the work has run once, in microseconds
 */
async function microsOf(work, times, listeners = []) {
  for (const one of listeners) subscribe(...one)
  const before = process.cpuUsage()
  for (let i = 0; i < times; i++) await work()
  const { user, system } = process.cpuUsage(before)
  for (const one of listeners) unsubscribe(...one)
  return (user + system) / times
}

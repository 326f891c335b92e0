// @ts-check
// Measures how long it takes to load passport-nevis, passport-oauth2 and axios. Each measurement runs in a new process, one after the other.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { median, rounds } from '../processes.mjs'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const peers = fileURLToPath(new URL('../peers', import.meta.url))
const STRATEGY = "(({ NevisStrategy, push }) => new NevisStrategy({ instance: 'i', accessKey: 'k', factors: [push()], waitingURL: '/waiting' }, () => {}))(require('passport-nevis'))"
/** A function that creates all parts of an app with push: the client, the strategy, a factor, the waiting page and the guard of a route. */
const ALL = "(({ NevisClient, NevisStrategy, push, waitingPage, requireSecondFactor }) => { const strategy = new NevisStrategy({ client: new NevisClient({ instance: 'i', accessKey: 'k' }), factors: [push()], waitingURL: '/waiting' }, () => {}); return [waitingPage(strategy), requireSecondFactor] })"

/** These imports are measured in the same rounds, because their results are compared with each other. */
const COMPARED = [
  { name: "require('passport-nevis')", cwd: root, script: "require('passport-nevis')" },
  { name: "require('passport-oauth2')", cwd: peers, script: "require('passport-oauth2')" },
  { name: "require('axios')", cwd: root, script: "require('axios')" },
  { name: "require('passport-nevis'), then create a NevisStrategy", cwd: root, script: STRATEGY },
]
const OTHERS = [
  { name: "require('passport-nevis'), then create all parts of an app with push", cwd: root, script: `${ALL}(require('passport-nevis'))` },
  { name: 'import passport-nevis, then create all parts of an app with push', cwd: root, script: `${ALL}(await import('passport-nevis'))` },
  { name: 'import axios', cwd: root, script: "import('axios')" },
]
/**
 * Many rounds, because the load time differs by several milliseconds from process to process. With only fifteen rounds, the medians of two runs differed by
 * several milliseconds, too.
 */
const ROUNDS = { compared: 201, others: 31 }

/** @param {{ cwd: string, script: string }} loaded */
const once = ({ cwd, script }) => () => {
  const timed = `(async () => { const at = performance.now(), cpu = process.cpuUsage(); await (${script}); const { user, system } = process.cpuUsage(cpu); console.log(JSON.stringify({ ms: performance.now() - at, cpuMs: (user + system) / 1000 })) })()`
  return /** @type {{ ms: number, cpuMs: number }} */ (JSON.parse(execFileSync(process.execPath, ['-e', timed], { cwd, encoding: 'utf8' })))
}

/** Measures the loading of each package. @returns milliseconds by the clock, and milliseconds of CPU time */
export async function measure() {
  const answers = [...(await rounds(ROUNDS.compared, COMPARED.map(once))), ...(await rounds(ROUNDS.others, OTHERS.map(once)))]
  const row = (/** @type {number} */ i) => /** @type {(typeof answers)[number]} */ (answers[i])
  const medianOf = (/** @type {number} */ i, /** @type {'ms' | 'cpuMs'} */ field) => median(row(i).map((answer) => answer[field]))
  /**
   * The median of the differences between the packages with the numbers `a` and `b` in `answers`. Each round has one difference.
   * @type {(a: number, b: number, field: 'ms' | 'cpuMs') => number}
   */
  const paired = (a, b, field) => median(row(a).map((answer, round) => answer[field] - Number(row(b)[round]?.[field])))
  return {
    rounds: ROUNDS,
    rows: [...COMPARED, ...OTHERS].map(({ name }, i) => ({ name, ms: medianOf(i, 'ms'), cpuMs: medianOf(i, 'cpuMs') })),
    overOAuth2: { ms: paired(0, 1, 'ms'), cpuMs: paired(0, 1, 'cpuMs') },
    overAxios: { ms: paired(3, 2, 'ms'), cpuMs: paired(3, 2, 'cpuMs') },
  }
}

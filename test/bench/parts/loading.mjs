// What loading costs: fresh processes, in turn.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { median, rounds } from '../processes.mjs'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const peers = fileURLToPath(new URL('../peers', import.meta.url))
const CLIENT = "new (require('passport-nevis').NevisClient)({ instance: 'i', accessKey: 'k' })"
/** What an app with push has: the client, the strategy, a factor, the page and the guard. */
const ALL = "(({ NevisClient, NevisStrategy, push, waitingPage, requireSecondFactor }) => { const strategy = new NevisStrategy({ client: new NevisClient({ instance: 'i', accessKey: 'k' }), factors: [push()], waitingURL: '/waiting' }, () => {}); return [waitingPage(strategy), requireSecondFactor] })"

/** Whoever is compared with another stands in the same round. */
const COMPARED = [
  { name: "require('passport-nevis')", cwd: root, script: "require('passport-nevis')" },
  { name: "require('passport-oauth2')", cwd: peers, script: "require('passport-oauth2')" },
  { name: "require('axios')", cwd: root, script: "require('axios')" },
  { name: 'passport-nevis with a client made: axios is loaded then', cwd: root, script: CLIENT },
]
const OTHERS = [
  { name: 'all that an app with push uses, by require, constructed', cwd: root, script: `${ALL}(require('passport-nevis'))` },
  { name: 'the same by import', cwd: root, script: `${ALL}(await import('passport-nevis'))` },
  { name: 'import axios', cwd: root, script: "import('axios')" },
]
/** One process differs from the next by several milliseconds: with fifteen pairs, so did the median of their differences. */
const ROUNDS = { compared: 201, others: 31 }

const once = ({ cwd, script }) => () => {
  const timed = `(async () => { const at = performance.now(), cpu = process.cpuUsage(); await (${script}); const { user, system } = process.cpuUsage(cpu); console.log(JSON.stringify({ ms: performance.now() - at, cpuMs: (user + system) / 1000 })) })()`
  return JSON.parse(execFileSync(process.execPath, ['-e', timed], { cwd, encoding: 'utf8' }))
}

/** @returns milliseconds, and of CPU */
export async function measure() {
  const answers = [...(await rounds(ROUNDS.compared, COMPARED.map(once))), ...(await rounds(ROUNDS.others, OTHERS.map(once)))]
  const of = (field) => answers.map((row) => row.map((answer) => answer[field]))
  const [ms, cpuMs] = [of('ms'), of('cpuMs')]
  const paired = (rows, a, b) => median(rows[a].map((value, round) => value - rows[b][round]))
  return {
    rounds: ROUNDS,
    rows: [...COMPARED, ...OTHERS].map(({ name }, i) => ({ name, ms: median(ms[i]), cpuMs: median(cpuMs[i]) })),
    overOAuth2: { ms: paired(ms, 0, 1), cpuMs: paired(cpuMs, 0, 1) },
    overAxios: { ms: paired(ms, 3, 2), cpuMs: paired(cpuMs, 3, 2) },
  }
}

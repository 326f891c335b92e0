// @ts-check
// Measures the CPU time of a whole login through Express and express-session, and compares it with routes written by hand that make the same calls.
// Also counts the calls to Nevis.
import { Browser } from '../browser.mjs'
import { median, medianRatio, rounds, start, startUpstream, stop } from '../processes.mjs'

const APPS = [
  { name: 'by hand', file: './servers/login-by-hand.mjs' },
  { name: 'by hand, once more (control)', file: './servers/login-by-hand.mjs' },
  { name: 'passport-nevis', file: './servers/login-nevis.mjs' },
]
const GENERATIONS = 3
/** The apps are warmed up in turns: if an app idled while the others warm up, V8 would discard compiled code of this app. */
const WARM_UP = { logins: 3000, turn: 250 }
const ROUNDS = 30
const LOGINS = 20

/**
 * @param {{ log: (line: string) => void }} tools
 * @returns microseconds of the app's CPU time per login, ratios to the app written by hand, and how often one login calls each path of Nevis
 */
export async function measure({ log }) {
  const results = APPS.map(({ name }) => ({ name, micros: /** @type {number[]} */ ([]) }))
  /** @type {Record<string, object>} */
  const calls = {}
  try {
    for (let generation = 1; generation <= GENERATIONS; generation++) {
      log(`generation ${generation} of ${GENERATIONS}`)
      const upstream = await startUpstream()
      /** @type {string[]} */
      const apps = []
      for (const { file } of APPS) apps.push((await start(file, [upstream.address])).address)
      const cpu = async (/** @type {string} */ address) => Number(await (await fetch(`${address}/cpu`)).text())
      const logins = async (/** @type {string} */ address, /** @type {number} */ count) => {
        for (let i = 0; i < count; i++) await new Browser(address).login()
      }
      for (let warm = 0; warm < WARM_UP.logins; warm += WARM_UP.turn) for (const address of apps) await logins(address, WARM_UP.turn)
      const answers = await rounds(ROUNDS, apps.map((address) => async () => {
        const before = await cpu(address)
        await logins(address, LOGINS)
        return ((await cpu(address)) - before) / LOGINS
      }))
      answers.forEach((row, i) => results[i]?.micros.push(...row))
      if (generation === GENERATIONS) {
        const counted = async (/** @type {((browser: Browser, search: string) => Promise<unknown>) | undefined} */ meanwhile) => {
          await upstream.calls()
          const browser = new Browser(String(apps[2]))
          await browser.login(meanwhile && ((search) => meanwhile(browser, search)))
          const { '/api/v1/approval': approval, '/api/v1/status': status, '/api/v1/introspect': introspect, ...others } = await upstream.calls()
          return { approval, status, introspect, others: Object.keys(others).length }
        }
        calls['the waiting page gets the status as events'] = await counted((browser, search) => browser.send('GET', `/2fa/status${search}`, { accept: 'text/event-stream', until: 'succeeded' }))
        calls['the waiting page requests the status once, as JSON'] = await counted((browser, search) => browser.send('GET', `/2fa/status${search}`, { accept: 'application/json' }))
        calls['only the callback requests the status'] = await counted(undefined)
      }
      stop()
    }
  } finally {
    stop()
  }
  const [first = [], second = []] = results.map(({ micros }) => micros)
  const base = first.map((value, round) => (value + Number(second[round])) / 2)
  return {
    rounds: first.length,
    loginsPerRound: LOGINS,
    control: medianRatio(second, first),
    rows: results.map(({ name, micros }) => ({ name, micros: median(micros), ratio: medianRatio(micros, base) })),
    calls,
  }
}

// Whole logins over one, two and three processes of the app, sessions and ledger in a Redis each: every request of a login goes to
// the next process. Wants a quiet machine.
import { Browser } from '../browser.mjs'
import { median, rounds, start, startUpstream, stop } from '../processes.mjs'
import { startRedis } from '../redis.mjs'

const COUNTS = [1, 2, 3]
const ROUNDS = 12
const LOGINS = 300
const AT_ONCE = 24
const WARM_UP = 2000

/** @returns a row for each number of processes: logins a second, CPU of all processes and Redis commands for a login */
export async function measure({ log }) {
  const [sessions, ledger] = [await startRedis(), await startRedis()]
  try {
    const upstream = await startUpstream()
    const env = { SESSIONS: sessions.path, LEDGER: ledger.path }
    const apps = []
    for (let i = 0; i < Math.max(...COUNTS); i++) apps.push((await start('./servers/login-nevis.mjs', [upstream.address], { env })).address)
    const cpu = async () => (await Promise.all(apps.map(async (address) => (await fetch(`${address}/cpu`)).json()))).reduce((sum, one) => sum + one)
    async function logins(processes, count) {
      let turn = 0
      const next = { toString: () => apps[turn++ % processes] }
      let left = count
      await Promise.all(Array.from({ length: AT_ONCE }, async () => {
        while (left-- > 0) await new Browser(next).login()
      }))
    }
    await logins(apps.length, WARM_UP)
    const answers = await rounds(ROUNDS, COUNTS.map((processes) => async () => {
      const before = { cpu: await cpu(), sessions: await sessions.commands(), ledger: await ledger.commands(), at: performance.now() }
      await logins(processes, LOGINS)
      const seconds = (performance.now() - before.at) / 1000
      const each = (after, first) => (after - first) / LOGINS
      return {
        perSecond: LOGINS / seconds,
        micros: each(await cpu(), before.cpu),
        sessions: each(await sessions.commands(), before.sessions),
        ledger: each(await ledger.commands(), before.ledger),
      }
    }))
    const rows = COUNTS.map((processes, i) => {
      const of = (field) => median(answers[i].map((answer) => answer[field]))
      const row = { processes, perSecond: of('perSecond'), micros: of('micros'), ledger: of('ledger'), sessions: of('sessions') }
      log(`${processes}: ${row.perSecond.toFixed(0)} logins a second`)
      return row
    })
    return { rounds: ROUNDS, loginsPerRound: LOGINS, atOnce: AT_ONCE, rows }
  } finally {
    sessions.close()
    ledger.close()
    stop()
  }
}

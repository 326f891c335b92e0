// @ts-check
// Measures whole logins over one, two and three processes of the app, with sessions in one Redis and the ledger in another. Each request of a login
// goes to the next process. Each process has the same share of a core, so that it is limited by itself and not by the others. Needs a quiet machine,
// and root.
import { Browser } from '../browser.mjs'
import { limitTo } from '../core-share.mjs'
import { median, rounds, start, startUpstream, stop } from '../processes.mjs'
import { startRedis } from '../redis.mjs'

const COUNTS = [1, 2, 3]
/** Three of them leave enough for the browsers, the upstream and Redis. */
const CORE_SHARE = 0.15
const ROUNDS = 12
const LOGINS = 200
const AT_ONCE = 24
const WARM_UP = 2000

/**
 * @param {{ log: (line: string) => void }} tools
 * @returns a row for each number of processes: logins a second, CPU of all processes and Redis commands for a login
 */
export async function measure({ log }) {
  const [sessions, ledger] = [await startRedis(), await startRedis()]
  /** @type {(() => void)[]} */
  const unlimit = []
  try {
    const upstream = await startUpstream()
    const env = { SESSIONS: sessions.path, LEDGER: ledger.path }
    /** @type {string[]} */
    const apps = []
    /** @type {number[]} */
    const pids = []
    for (let i = 0; i < Math.max(...COUNTS); i++) {
      const { address, pid } = await start('./servers/login-nevis.mjs', [upstream.address], { env })
      apps.push(address)
      pids.push(pid)
    }
    const cpu = async () => (await Promise.all(apps.map(async (address) => Number(await (await fetch(`${address}/cpu`)).text())))).reduce((sum, one) => sum + one)
    /**
     * @param {number} processes among which the requests go round
     * @param {number} count
     */
    async function logins(processes, count) {
      let turn = 0
      const next = { toString: () => String(apps[turn++ % processes]) }
      let left = count
      await Promise.all(Array.from({ length: AT_ONCE }, async () => {
        while (left-- > 0) await new Browser(next).login()
      }))
    }
    await logins(apps.length, WARM_UP)
    unlimit.push(...pids.map((pid) => limitTo(CORE_SHARE, pid)))
    const answers = await rounds(ROUNDS, COUNTS.map((processes) => async () => {
      const before = { cpu: await cpu(), sessions: await sessions.commands(), ledger: await ledger.commands(), at: performance.now() }
      await logins(processes, LOGINS)
      const seconds = (performance.now() - before.at) / 1000
      const each = (/** @type {number} */ after, /** @type {number} */ first) => (after - first) / LOGINS
      return {
        perSecond: LOGINS / seconds,
        micros: each(await cpu(), before.cpu),
        sessions: each(await sessions.commands(), before.sessions),
        ledger: each(await ledger.commands(), before.ledger),
      }
    }))
    const rows = COUNTS.map((processes, i) => {
      const of = (/** @type {'perSecond' | 'micros' | 'sessions' | 'ledger'} */ field) => median((answers[i] ?? []).map((answer) => answer[field]))
      const row = { processes, perSecond: of('perSecond'), micros: of('micros'), ledger: of('ledger'), sessions: of('sessions') }
      log(`${processes}: ${row.perSecond.toFixed(0)} logins a second`)
      return row
    })
    return { rounds: ROUNDS, loginsPerRound: LOGINS, atOnce: AT_ONCE, coreShare: CORE_SHARE, rows }
  } finally {
    try {
      for (const free of unlimit) free()
    } finally {
      sessions.close()
      ledger.close()
      stop()
    }
  }
}

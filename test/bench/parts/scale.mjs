// @ts-check
// Measures whole logins over one, two and three processes of the app, with sessions and ledger in one Redis, in a Redis Cluster and in PostgreSQL. Each
// request of a login goes to the next process. Each process may use the same share of a core, so that the processes do not slow each other down. Needs
// a quiet machine, and root.
import { Browser } from '../browser.mjs'
import { limitTo } from '../core-share.mjs'
import { median, rounds, start, startUpstream, stop, tried } from '../processes.mjs'
import { microsOf } from '../resources.mjs'
import { STORES } from '../stores.mjs'

const COUNTS = [1, 2, 3]
/** The share of a core for each process of the app. Three processes leave enough for the browsers, the upstream and the store. */
const CORE_SHARE = 0.15
const ROUNDS = 5
const LOGINS = tried(100)
const AT_ONCE = 24
const WARM_UP = tried(900)

/**
 * @param {{ log: (line: string) => void }} tools
 * @returns a row for each store and number of processes: logins per second, and the CPU time of a login in all processes of the app and in the store
 */
export async function measure({ log }) {
  const rows = []
  for (const { store, open } of STORES) {
    for (const row of await rowsOf(open)) {
      log(`${store}, ${row.processes}: ${row.perSecond.toFixed(0)} logins a second`)
      rows.push({ store, ...row })
    }
  }
  return { rounds: ROUNDS, loginsPerRound: LOGINS, atOnce: AT_ONCE, coreShare: CORE_SHARE, rows }
}

/** Measures one store with each number of processes. @param {() => Promise<import('../stores.mjs').Store>} open */
async function rowsOf(open) {
  const store = await open()
  /** @type {(() => void)[]} */
  const unlimit = []
  try {
    const upstream = await startUpstream()
    /** @type {{ address: string, pid: number }[]} */
    const apps = []
    for (let i = 0; i < Math.max(...COUNTS); i++) apps.push(await start('./servers/scale-app.mjs', [upstream.address], { env: { STORE: store.address } }))
    const appMicros = () => apps.reduce((sum, { pid }) => sum + microsOf(pid), 0)
    /**
     * Signs users in.
     * @param {number} processes how many processes get the requests in turn
     * @param {number} count how many sign-ins
     */
    async function logins(processes, count) {
      let turn = 0
      const next = { toString: () => String(apps[turn++ % processes]?.address) }
      let left = count
      await Promise.all(Array.from({ length: AT_ONCE }, async () => {
        while (left-- > 0) await new Browser(next).login()
      }))
    }
    await logins(apps.length, WARM_UP)
    unlimit.push(...apps.map(({ pid }) => limitTo(CORE_SHARE, pid)))
    const answers = await rounds(ROUNDS, COUNTS.map((processes) => async () => {
      const before = { app: appMicros(), store: store.micros(), at: performance.now() }
      await logins(processes, LOGINS)
      const seconds = (performance.now() - before.at) / 1000
      return { perSecond: LOGINS / seconds, micros: (appMicros() - before.app) / LOGINS, storeMicros: (store.micros() - before.store) / LOGINS }
    }))
    return COUNTS.map((processes, i) => {
      const of = (/** @type {'perSecond' | 'micros'} */ field) => median((answers[i] ?? []).map((answer) => answer[field]))
      // The operating system counts CPU time in steps of 10 ms, which is too coarse for the store's share of one round. So use the mean of all rounds for the
      // store.
      const storeMicros = (answers[i] ?? []).reduce((sum, answer) => sum + answer.storeMicros / ROUNDS, 0)
      return { processes, perSecond: of('perSecond'), micros: of('micros'), storeMicros }
    })
  } finally {
    try {
      for (const free of unlimit) free()
    } finally {
      stop()
      await store.close()
    }
  }
}

// @ts-check
// Measures the heap after a hundred thousand logins and a garbage collection. The clock of the measured process moves a tenth of a second ahead with
// each login, so that transactions and the ledger's entries (records of used approvals, and counters) expire as at ten logins a second.
import { contest, startUpstream, stop } from '../processes.mjs'

const AT = [10_000, 25_000, 50_000, 75_000, 100_000]

/**
 * @param {{ log: (line: string) => void }} tools
 * @returns megabytes of heap, by number of logins
 */
export async function measure({ log }) {
  try {
    const upstream = await startUpstream()
    const { ask } = await contest('./contestants/nevis-in-time.mjs', [upstream.address], { flags: ['--expose-gc'] })
    const rows = []
    let done = 0
    for (const logins of AT) {
      const { heap } = await ask({ logins: logins - done })
      done = logins
      rows.push({ logins, heapMB: heap / 1e6 })
      log(`${logins} logins: ${(heap / 1e6).toFixed(1)} MB`)
    }
    return { rows }
  } finally {
    stop()
  }
}

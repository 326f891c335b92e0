/**
 * Lets the script leave the waiting page, by a reload or to the callback. The first time, it leaves at once; after that, it leaves after longer and longer
 * pauses.
 *
 * The pauses are for an app whose processes disagree on the status: one process says that the transaction has ended, and the process that serves the next page
 * says that it is pending. Without the pauses, pages would load again and again at full speed. Out of scope: when to leave (`waiting.ts`), and the links and
 * buttons, which the user presses. The build joins this script and `waiting.ts` into one file.
 */

/*! passport-nevis: compiled from src/waiting/assets/leave-page.ts */

window.nevisLeavePage = (main, leave) => {
  const KEY = 'nevis-left'
  const FORGET_MS = 10_000
  const LONGEST_MS = 30_000
  const now = Date.now()
  // If the browser blocks the storage, the script does not know whether it has just left another page. So it always pauses.
  let waitMs = 3000
  try {
    const [leftAt = 0, pauseMs = 0] = JSON.parse(sessionStorage.getItem(KEY) ?? '[]') as number[]
    waitMs = Math.min(Math.max(0, leftAt + pauseMs - now), pauseMs)
    sessionStorage.setItem(KEY, JSON.stringify([now + waitMs, now - leftAt < FORGET_MS ? Math.min(2 * pauseMs, LONGEST_MS) : 1000]))
  } catch {
    // The storage is blocked, so keep the pause that is set above.
  }
  setTimeout(() => main.isConnected && leave(), waitMs)
}

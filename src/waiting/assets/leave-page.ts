/**
 * Sends the page's forms, and lets the script leave the page by a reload or to the callback. The first time, the script leaves at once; after that, it leaves
 * after longer and longer pauses.
 *
 * The pauses are for an app whose processes disagree on the status: one process says that the transaction has ended, and the process that serves the next page
 * says that it is pending. Without the pauses, pages would load again and again at full speed. Out of scope: when to leave (`waiting.ts`), and where a form
 * leads. The build joins this script and `waiting.ts` into one file.
 */

/*! passport-nevis: compiled from src/waiting/assets/leave-page.ts */

window.nevisLeaving = (main) => {
  const KEY = 'nevis-left'
  const FORGET_MS = 10_000
  const LONGEST_MS = 30_000
  // If no answer to a form comes within this time, the user may have stopped the browser from loading the next page.
  const SEND_MS = 20_000
  const RETRY_MS = 200
  let last: Event | undefined
  let sentAt = -SEND_MS

  // Ignores the second click of a double click on a button, which would start a second transaction. Another button, such as "Cancel", works at once.
  main.addEventListener('submit', (event) => {
    if (event.defaultPrevented) return
    if (last?.target === event.target && event.timeStamp < last.timeStamp + 3000) event.preventDefault()
    else [last, sentAt] = [event, Date.now()]
  })

  // While the browser sends a form, do not leave the page: the user would never see the answer to that form, for example to a code.
  function leaveAfterForm(leave: () => void) {
    if (!main.isConnected) return
    if (Date.now() < sentAt + SEND_MS) setTimeout(leaveAfterForm, RETRY_MS, leave)
    else leave()
  }

  return (leave) => {
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
    setTimeout(leaveAfterForm, waitMs, leave)
  }
}

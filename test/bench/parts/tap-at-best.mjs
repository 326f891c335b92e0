// @ts-check
// Measures the time from the tap on the phone to the signed-in page, if the tap comes at the same moment as a status call to Nevis. So only the network and the
// browser take time.
import { TO_BROWSER_MS, TO_NEVIS_MS, withChromium } from '../chromium.mjs'
import { median } from '../processes.mjs'

const PEOPLE = 15
const SECONDS = 3

/**
 * @param {{ log: (line: string) => void }} tools
 * @returns for each app, the seconds from the tap to the signed-in page; `network`, the seconds that the network alone takes; and `ratio`, the best time of the
 * first app divided by `network`
 */
export function measure({ log }) {
  return withChromium(async ({ ours, early, byHand, signIn }) => {
    const apps = [
      { way: 'events', app: ours },
      { way: 'events, token introspected right after the status call', app: early },
      { way: 'by hand, page polls every 2 s', app: byHand },
    ].map((one) => ({ ...one, took: /** @type {number[]} */ ([]) }))
    for (let i = 0; i < PEOPLE; i++) {
      for (const { app, took } of apps) took.push(await signIn(app, {}, SECONDS, { atLook: true }))
    }
    const rows = apps.map(({ way, took }) => ({ way, people: PEOPLE, best: Math.min(...took), median: median(took) }))
    for (const { way, best, median: middle } of rows) log(`${way}: best ${best.toFixed(3)} s, median ${middle.toFixed(3)} s`)
    // The time that the network takes in the best case. The status from Nevis takes half a round trip, the event to the browser half a round trip, and the
    // introspection a whole round trip.
    const network = (TO_NEVIS_MS / 2 + TO_BROWSER_MS / 2 + TO_NEVIS_MS) / 1000
    return { rows, network, ratio: Number(rows[0]?.best) / network }
  })
}

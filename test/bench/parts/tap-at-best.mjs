// @ts-check
// Measures the time from the tap on the phone to the signed-in page, if the tap comes just when Nevis is asked. What remains is due to the network
// and the browser.
import { TO_BROWSER_MS, TO_NEVIS_MS, withChromium } from '../chromium.mjs'
import { median } from '../processes.mjs'

const PEOPLE = 15
const SECONDS = 3

/**
 * @param {{ log: (line: string) => void }} tools
 * @returns seconds from the tap, and how many times what the network takes
 */
export function measure({ log }) {
  return withChromium(async ({ ours, byHand, signIn }) => {
    const apps = [{ way: 'events', app: ours }, { way: 'by hand, every 2 s', app: byHand }]
    const rows = []
    for (const { way, app } of apps) {
      const took = []
      for (let i = 0; i < PEOPLE; i++) took.push(await signIn(app, {}, SECONDS, { atLook: true }))
      rows.push({ way, people: PEOPLE, best: Math.min(...took), median: median(took) })
      log(`${way}: best ${Math.min(...took).toFixed(3)} s, median ${median(took).toFixed(3)} s`)
    }
    // Half a way from Nevis, half a way to the browser, and the introspection.
    const network = (TO_NEVIS_MS / 2 + TO_BROWSER_MS / 2 + TO_NEVIS_MS) / 1000
    return { rows, network, ratio: Number(rows[0]?.best) / network }
  })
}

// @ts-check
// Measures the time from the tap on the phone to the signed-in page in Chromium: with events, with JSON polling, and for an app that polls every
// two seconds without this package. Without JavaScript, the user taps "Check now", so there is nothing to measure. Needs a quiet machine.
import { TO_BROWSER_MS, TO_NEVIS_MS, ways, withChromium } from '../chromium.mjs'
import { quantile, seeded, spreadAnswers } from '../processes.mjs'

/** How many users sign in one after another, each to both apps: the app with this package (`ours`) and the app without it (`byHand`). */
const PAIRS = 20
/**
 * How many users sign in to the app with this package in each of two ways: with events, and with JSON polling. Four users sign in at a time. They share this
 * machine, so they slow each other down.
 */
const OTHERS = 20

/**
 * @param {{ log: (line: string) => void }} tools
 * @returns a row for each way in which the page gets the status (`events`, `JSON polling`, …): seconds from the tap, and status calls for each sign-in
 */
export function measure({ log }) {
  return withChromium(async ({ ours, byHand, signIn }) => {
    /**
     * A row of the table. `atOnce`: how many users sign in at the same time; `took`: the seconds of each sign-in; `statusCalls`: how many status calls
     * all these sign-ins have caused.
     * @type {(way: string, atOnce: number, took: number[], statusCalls: number) => { way: string, median: number, [figure: string]: number | string }}
     */
    const rowOf = (way, atOnce, took, statusCalls) => {
      const row = { way, people: took.length, atOnce, best: Math.min(...took), median: quantile(took, 0.5), p95: quantile(took, 0.95), statusCalls: statusCalls / took.length }
      log(`${way}: ${row.median.toFixed(2)} s, best ${row.best.toFixed(3)} s`)
      return row
    }
    const inTurn = await Promise.all([{ way: 'events', app: ours }, { way: 'by hand, page polls every 2 s', app: byHand }].map(async (one) => ({ ...one, took: /** @type {number[]} */ ([]), before: await one.app.calls() })))
    for (const seconds of spreadAnswers(PAIRS, seeded(7))) {
      for (const { way, app, took } of inTurn) took.push(await signIn(app, ways[way] ?? {}, seconds))
    }
    const rows = []
    for (const { way, app, took, before } of inTurn) rows.push(rowOf(way, 1, took, (await app.calls()) - before))
    for (const way of ['events', 'JSON polling']) {
      const before = await ours.calls()
      /** @type {number[]} */
      const took = []
      const queue = spreadAnswers(OTHERS, seeded(8))
      await Promise.all(Array.from({ length: 4 }, async () => {
        while (queue.length > 0) took.push(await signIn(ours, ways[way] ?? {}, Number(queue.shift())))
      }))
      rows.push(rowOf(way, 4, took, (await ours.calls()) - before))
    }
    return { toNevisMs: TO_NEVIS_MS, toBrowserMs: TO_BROWSER_MS, rows, ratio: Number(rows[0]?.median) / Number(rows[1]?.median) }
  })
}

// @ts-check
// A login in the benchmark with passport-nevis, in which each login takes a tenth of a second by the clock.
import * as nevis from './nevis.mjs'

let ahead = 0
const { now } = Date
Date.now = () => now() + ahead

/** @param {string} origin of the upstream */
export async function contestant(origin) {
  const login = await nevis.contestant(origin)
  return () => {
    ahead += 100
    return login()
  }
}

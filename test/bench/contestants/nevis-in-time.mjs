// @ts-check
// passport-nevis, where each login takes a tenth of a second by the clock on the wall.
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

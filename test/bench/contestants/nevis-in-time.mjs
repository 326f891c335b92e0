// @ts-check
// A contestant of the benchmark: passport-nevis with a clock that moves ahead by a tenth of a second for each login, so that transactions and the
// ledger's entries expire as at ten logins a second.
import * as nevis from './nevis.mjs'

let ahead = 0
const { now } = Date
Date.now = () => now() + ahead

/** @param {string} origin address of the server that stands in for Nevis */
export async function contestant(origin) {
  const login = await nevis.contestant(origin)
  return () => {
    ahead += 100
    return login()
  }
}

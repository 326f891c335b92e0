// @ts-check
// What all contestants of the benchmark use: usernames that the upstream knows, and a function that runs a Passport strategy without a web framework.

export const clientId = 'benchmark-client-id0'
export const clientSecret = 'benchmark-client-secret-of-40-characters'
export const userName = 'person'
export const accessKey = `eyJhbGciOiJIUzUxMiJ9.${'k'.repeat(300)}`

let users = 0
const prefix = process.pid.toString(16).padStart(8, '0').slice(-8)
/** A new user for each login, because passport-nevis limits the number of sign-ins of one user. */
export const nextUser = () => `${prefix}-0000-4000-8000-${(users++).toString(16).padStart(12, '0')}`

/**
 * A session in memory, so that the figures contain no cost of a session store. `parts/scale.mjs` measures logins with a session store. It has the methods of
 * express-session: without `reload`, passport-nevis would take it for a session in a cookie, and would check its size again and again.
 */
export class Session {
  /** @param {() => void} done */
  save(done) {
    done()
  }

  /** @param {() => void} done */
  reload(done) {
    done()
  }

  /** @param {() => void} done */
  regenerate(done) {
    done()
  }
}

/**
 * Runs a strategy once, as Passport does: on a new object that inherits from the strategy.
 * @param {object} strategy
 * @param {object} req
 * @param {object} [options]
 * @returns {Promise<{ action: 'success' | 'redirect', user?: { id?: unknown }, info?: unknown, url: string }>} the action with which the strategy ends, and the
 * arguments of this action
 */
export function run(strategy, req, options = {}) {
  return new Promise((resolve, reject) => {
    const own = Object.create(strategy)
    own.success = (/** @type {{ id?: unknown }} */ user, /** @type {unknown} */ info) => resolve({ action: 'success', user, info, url: '' })
    own.redirect = (/** @type {string} */ url) => resolve({ action: 'redirect', url })
    own.fail = (/** @type {unknown} */ challenge) => reject(new Error(`fail: ${JSON.stringify(challenge)}`))
    own.pass = () => reject(new Error('pass'))
    own.error = reject
    own.authenticate(req, options)
  })
}

/**
 * Reads a field of a URL's query. The URL must contain that field.
 * @param {string} url
 * @param {string} name
 */
export function fieldOf(url, name) {
  const start = url.indexOf(`${name}=`) + name.length + 1
  const end = url.indexOf('&', start)
  return url.slice(start, end === -1 ? undefined : end)
}

// @ts-check
// A contestant of the benchmark: a whole login with passport-nevis, in which the package encrypts the transaction's id for the URL, compares Nevis's
// answers with the transaction, and uses the ledger.
import { NevisStrategy, push } from 'passport-nevis'
import { accessKey, fieldOf, nextUser, run, Session } from './shared.mjs'

/**
 * @param {string} origin address of the server that stands in for Nevis
 * @param {{ client?: import('passport-nevis').NevisClient }} [options] `client`: the client that the strategy uses; default: a new client for `origin`
 */
export async function contestant(origin, { client } = {}) {
  const strategy = new NevisStrategy(
    {
      ...(client ? { client } : { baseURL: origin, accessKey }),
      factors: [push()],
      waitingURL: '/2fa',
      callbackURL: '/2fa/callback',
      statusURL: '/2fa/status',
      message: 'Sign in to the shop?',
    },
    (profile, done) => done(null, /** @type {Express.User} */ ({ id: profile.id })),
  )
  return async () => {
    const session = new Session()
    const id = nextUser()
    const started = await run(strategy, { method: 'POST', url: '/login', headers: {}, body: {}, query: {}, session, user: { nevisUserId: id } })
    const { user } = await run(strategy, { method: 'GET', url: started.url, headers: {}, query: { transaction: fieldOf(started.url, 'transaction') }, session })
    if (user?.id !== id) throw new Error('nobody is signed in')
  }
}

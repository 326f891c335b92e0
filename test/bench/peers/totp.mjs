// Measures passport-totp: a login is the check of a code, without a call to a server.
import { createRequire } from 'node:module'
import { run } from '../contestants/shared.mjs'

const require = createRequire(import.meta.url)
const { Strategy } = require('passport-totp')
const { totp } = require('notp')

export async function contestant() {
  const strategy = new Strategy((_user, done) => done(null, 'a-shared-key', 30))
  let code = totp.gen('a-shared-key', { time: 30 })
  let until = Date.now() + 10_000
  return async () => {
    if (Date.now() > until) {
      code = totp.gen('a-shared-key', { time: 30 })
      until = Date.now() + 10_000
    }
    const { user } = await run(strategy, { method: 'POST', url: '/totp', headers: {}, query: {}, body: { code }, user: { id: 'person' } })
    if (!user.id) throw new Error('nobody is signed in')
  }
}

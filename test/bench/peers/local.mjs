// A login with passport-local that hashes no password and calls no server. Its CPU time shows what Passport itself costs.
import { createRequire } from 'node:module'
import { run } from '../contestants/shared.mjs'

const { Strategy } = createRequire(import.meta.url)('passport-local')

export async function contestant() {
  const strategy = new Strategy((username, _password, done) => done(null, { id: username }))
  return async () => {
    const { user } = await run(strategy, { method: 'POST', url: '/login', headers: {}, query: {}, body: { username: 'person', password: 'secret' } })
    if (!user.id) throw new Error('nobody is signed in')
  }
}

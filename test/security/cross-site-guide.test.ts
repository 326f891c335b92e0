/** Cross-site request forgery without the session cookie, in the app of the guide for Express. The file `cross-site-posts.test.ts` describes the attack. */
import { failures } from '../../src'
import { PASSWORD } from '../support/app'
import { newest, serve } from '../hosts/express/host'
import { lab } from './support/lab'

const world = lab()
const crossSite = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }

/**
 * The session cookie has `SameSite=Lax` or `Strict`, so the browser leaves it out of the forged request. Passport used to write the failure message
 * into a new session, whose cookie replaced the user's cookie: the user was signed out, and an approved sign-in was lost.
 */
describe('a forged request without the session cookie, in the app of the Express guide', () => {
  // Shows: T-csrf-1
  it.each<[string, string, string, Record<string, string>]>([
    ['POST', '/login/2fa', 'transaction=x&cancel=1', crossSite],
    ['POST', '/login/2fa/callback', 'transaction=x', crossSite],
    ['GET', '/login/2fa/callback', '', { 'sec-fetch-site': 'cross-site' }],
    ['GET', '/login/2fa/callback?transaction=x', '', { 'sec-fetch-site': 'cross-site' }],
  ])('%s %s %s › sets no cookie', async (method, path, body, headers) => {
    const { userId } = world.simulator.addUser({ username: 'otto' })
    const host = await serve('app.js', newest, world.simulator, [{ id: 1, username: 'otto', password: PASSWORD, nevisUserId: userId }])
    world.defer(() => host.close())
    const victim = host.browser()
    const forged = await fetch(victim.origin + path, { method, redirect: 'manual', headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' }, ...(method === 'POST' && { body }) })
    expect([forged.status, forged.headers.getSetCookie()]).toEqual([302, []])
    // If the browser sends the session cookie, the failure message is written into the user's session, and the login page shows the message to the user.
    await victim.post('/login', { username: 'otto', password: PASSWORD })
    await victim.post('/login/2fa/callback', { transaction: 'x' }, crossSite)
    expect((await victim.get('/login')).text).toContain(failures.cross_site_post.message)
  })
})

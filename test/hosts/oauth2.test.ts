/**
 * A sign-in at an OAuth 2 provider as the first factor. The provider redirects the browser to the app with a GET, and a GET never starts a push. So the
 * user must then press a button that starts the push. An attacker who knows the session id from before the sign-in must not be able to start the push.
 */
import { NevisSimulator } from '../../src/simulator'
import { callbackOf, handleIn } from '../support/app'
import type { Browser } from '../support/browser'
import { OAuth2Provider } from '../support/oauth2-provider'
import { bare } from './express/bare'
import { nameOf, newest, oldest, serve, type Host } from './express/host'

let simulator: NevisSimulator
let provider: OAuth2Provider
let host: Host
let browser: Browser

/** Follows the redirects to the provider and back to the app. */
async function throughProvider(): Promise<{ status: number; location: string | undefined }> {
  const away = await browser.get('/auth/provider')
  const back = await fetch(away.location as string, { redirect: 'manual' })
  return browser.get(back.headers.get('location') as string)
}

const second = (who = browser, factor = 'push') => who.post('/login/second-factor', { factor })
const greeting = async (who = browser) => (await who.get('/')).text

afterEach(async () => {
  jest.restoreAllMocks()
  await host.close()
  await provider.close()
  await simulator.close()
})

describe.each([newest, oldest].map((stack) => [nameOf(stack), stack] as const))('%s', (_name, stack) => {
  beforeEach(async () => {
    simulator = await NevisSimulator.start()
    const { userId } = simulator.addUser({ username: 'anna', phone: '+41791234567' })
    provider = await OAuth2Provider.start('anna-at-provider')
    const env = { PROVIDER_URL: provider.url, CLIENT_ID: 'app', CLIENT_SECRET: 'a secret for tests' }
    host = await serve('oauth2.js', stack, simulator, [{ id: 1, username: 'anna', providerId: 'anna-at-provider', nevisUserId: userId }], env)
    browser = host.browser()
  })

  it.each(['push', 'sms'])('signs in with the provider and %s, and with nothing less', async (factor) => {
    expect(await throughProvider()).toMatchObject({ status: 303, location: '/login/second-factor' })
    expect((await browser.get('/login/second-factor')).text).toContain(`value="${factor}"`)
    expect(simulator.requests).toEqual([])
    expect(await greeting()).toBe('Hello')
    const handle = handleIn((await second(browser, factor)).location)
    expect(await greeting()).toBe('Hello')
    const code = factor === 'sms' && (/\d{4,}/.exec(simulator.sms('anna').at(-1) as string)?.[0] as string)
    if (code === false) await simulator.phone('anna').approve()
    expect((await browser.post('/login/2fa/callback', { transaction: handle, ...(code && { code }) })).location).toBe('/')
    expect(await greeting()).toBe('Hello anna')
  })

  it('sends no push without a return from the provider, to a user who is signed in, or after ten minutes', async () => {
    expect((await second()).location).toBe('/login')
    await throughProvider()
    const handle = handleIn((await second()).location)
    await simulator.phone('anna').approve()
    expect((await browser.get(callbackOf(handle))).location).toBe('/')
    expect((await second()).location).toBe('/')
    await browser.post('/logout')
    expect((await second()).location).toBe('/login')
    await throughProvider()
    const now = Date.now()
    jest.spyOn(Date, 'now').mockReturnValue(now + 600_000)
    expect((await second()).location).toBe('/login')
    expect(simulator.requests.filter(({ operation }) => operation === 'approve')).toHaveLength(1)
  })

  it('shows the waiting page of the one push after a double click, and after another click', async () => {
    await throughProvider()
    const clicks = await Promise.all([second(), second(browser.clone())])
    clicks.push(await second())
    for (const { location } of clicks) handleIn(location)
    expect(simulator.requests.filter(({ operation }) => operation === 'approve')).toHaveLength(1)
  })

  it("does not sign the user in at the route that leads to the provider, if the user adds the provider's answer to its address", async () => {
    const away = await browser.get('/auth/provider')
    const back = new URL((await fetch(away.location as string, { redirect: 'manual' })).headers.get('location') as string)
    expect((await browser.get(`/auth/provider${back.search}`)).location).toBe('/login')
    expect(await greeting()).toBe('Hello')
    expect((await second()).location).toBe('/login')
  })

  it('shows no text of a link that pretends to come from the provider', async () => {
    const back = await browser.get(`/auth/provider/callback?error=access_denied&error_description=${encodeURIComponent('<script>alert(1)</script>')}`)
    expect(back).toMatchObject({ status: 302, location: '/login' })
    const { text } = await browser.get('/login')
    expect(text).toContain('<p role="alert">The sign-in at the provider failed.</p>')
    expect(text).not.toContain('script')
  })

  it('sends nothing for an attacker who planted the session in which the user went to the provider', async () => {
    await browser.get('/auth/provider')
    const planted = browser.clone()
    await throughProvider()
    expect((await second(planted)).location).toBe('/login')
    const handle = handleIn((await second()).location)
    await simulator.phone('anna').approve()
    expect((await planted.get(callbackOf(handle))).location).toBe('/login')
    expect(await greeting(planted)).toBe('Hello')
    expect((await browser.get(callbackOf(handle))).location).toBe('/')
  })

  it('goes back to the password for a user whom the app does not know', async () => {
    await provider.close()
    provider = await OAuth2Provider.start('somebody')
    await host.close()
    host = await serve('oauth2.js', stack, simulator, [], { PROVIDER_URL: provider.url })
    browser = host.browser()
    expect((await throughProvider()).location).toBe('/login')
    expect((await second()).location).toBe('/login')
    expect(simulator.requests).toEqual([])
  })
})

describe('the second factor right in the route to which the provider sends back', () => {
  it('is refused with start_requires_post, and no user is asked', async () => {
    simulator = await NevisSimulator.start()
    provider = await OAuth2Provider.start('anna')
    host = await bare({ simulator, stack: newest, routes: (app, { passport }) => {
      app.get('/back', (req, _res, next) => { req.user = { username: 'anna' }; next() }, passport.authenticate('nevis', { failureRedirect: '/login', failureMessage: true }))
      app.get('/messages', (req, res) => void res.json((req.session as { messages?: unknown }).messages))
    } })
    browser = host.browser()
    expect((await browser.get('/back?code=x&state=y')).location).toBe('/login')
    expect((await browser.get('/messages')).json()).toEqual(['Please start again from the sign-in page.'])
    expect(simulator.requests).toEqual([])
  })
})

/** The recipe "This was not me" of the guide "Monitoring", run as an app would: the app stores each denial, and the user can end all other sessions. */
import { MemoryStore } from 'express-session'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import * as passportNevis from '../../src'
import { callbackOf, signIn } from '../support/app'
import type { Browser } from '../support/browser'
import { snippetWith } from '../support/markdown'
import { lab } from '../security/support/lab'

const world = lab()

/** The diagnostics channels belong to the process, so subscriptions would continue in the tests that follow. Unsubscribe after each test. */
const subscribed: Parameters<typeof subscribe>[] = []
afterEach(() => subscribed.splice(0).forEach((one) => unsubscribe(...one)))

/** Runs the snippet of the guide with the variables `given`, and returns the snippet's function `endOtherSessions`. */
function recipe(given: object): (req: object) => Promise<void> {
  const code = snippetWith('docs/guides/monitoring.md', "app.post('/not-me'")
  const channels = {
    subscribe: (...one: Parameters<typeof subscribe>) => {
      subscribed.push(one)
      subscribe(...one)
    },
  }
  const load = (name: string): unknown => (name === 'node:diagnostics_channel' ? channels : require(name))
  return new Function('require', ...Object.keys(given), `${code}\nreturn endOtherSessions`)(load, ...Object.values(given)) as (req: object) => Promise<void>
}

it('a denial is noted, and the owner of the account ends all other sessions and gets a mail', async () => {
  const noted: string[] = []
  const mails: string[] = []
  const forgotten: unknown[] = []
  const users = {
    noteDenial: async (id: string) => void noted.push(id),
    forgetDenial: async (username: string) => void noted.splice(0, noted.length, `none for ${username}`),
  }
  const mail = { send: async (username: string, text: string) => void mails.push(`${username}: ${text}`) }
  const app = await world.start({
    session: { store: new MemoryStore() },
    routes: (web, { nevis }) => {
      const onlySignedIn: import('express').RequestHandler = (req, res, next) => (req.user ? next() : void res.sendStatus(403))
      const forgetBrowsers = async (...args: Parameters<typeof passportNevis.forgetBrowsers>) => {
        forgotten.push(args[1])
        await passportNevis.forgetBrowsers(...args)
      }
      recipe({ app: web, users, mail, nevis, onlySignedIn, forgetBrowsers, log: { error: fail } })
    },
  })
  const signedIn = async (name: string) => {
    const browser = app.browser()
    const handle = await signIn(browser, name)
    await world.simulator.phone(name).approve()
    await browser.get(callbackOf(handle))
    return browser
  }
  const userOf = async (browser: Browser) => (await browser.get('/me')).json().user?.username as string | undefined
  const [here, elsewhere, ben] = [await signedIn('anna'), await signedIn('anna'), await signedIn('ben')]
  // So far, the users have only approved. The app stores denials only, so it must have stored nothing yet.
  expect(noted).toEqual([])

  const attacker = app.browser()
  const handle = await signIn(attacker, 'anna')
  await world.simulator.phone('anna').deny()
  await attacker.get(callbackOf(handle))
  expect(noted).toEqual([world.simulator.users.find(({ username }) => username === 'anna')?.userId])

  expect((await app.browser().post('/not-me')).status).toBe(403)
  expect(await userOf(elsewhere)).toBe('anna')
  const page = await here.post('/not-me')
  expect([page.status, page.location]).toEqual([303, '/change-password'])
  expect([await userOf(here), await userOf(elsewhere), await userOf(ben)]).toEqual(['anna', undefined, 'ben'])
  expect([mails, forgotten, noted]).toEqual([[expect.stringMatching(/^anna: Your other sessions have ended\./)], [{ username: 'anna' }], ['none for anna']])
})

it('a login of several fields, such as id and tenant, ends the other sessions of that login, in whatever order a store gives the fields back', async () => {
  const store = new MemoryStore()
  const anna = { id: 7, tenant: 'north' }
  const logins = { here: anna, elsewhere: { tenant: 'north', id: 7 }, ofAnotherTenant: { id: 7, tenant: 'south' }, ofNobody: undefined }
  for (const [id, user] of Object.entries(logins)) await new Promise((resolve) => store.set(id, { cookie: { originalMaxAge: null }, ...(user && { passport: { user } }) }, resolve))
  const endOtherSessions = recipe({ app: { post: () => undefined }, users: {}, mail: {}, nevis: {}, onlySignedIn: {}, forgetBrowsers: {}, log: {} })
  await endOtherSessions({ sessionStore: store, sessionID: 'here', session: { passport: { user: anna } } })
  expect(Object.keys((store as unknown as { sessions: object }).sessions)).toEqual(['here', 'ofAnotherTenant', 'ofNobody'])
})

function fail(error: unknown): never {
  throw error
}

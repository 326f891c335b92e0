/** The recipe "This was not me" of the guide "Monitoring", run as an app would: the app notes a denial, and the user ends all other sessions. */
import { MemoryStore } from 'express-session'
import * as passportNevis from '../../src'
import { callbackOf, signIn } from '../support/app'
import type { Browser } from '../support/browser'
import { snippetWith } from '../support/markdown'
import { lab } from '../security/support/lab'

const world = lab()

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
      const code = snippetWith('docs/guides/monitoring.md', "app.post('/not-me'")
      new Function('require', 'app', 'users', 'mail', 'nevis', 'onlySignedIn', 'forgetBrowsers', 'log', code)(require, web, users, mail, nevis, onlySignedIn, forgetBrowsers, { error: fail })
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
  // Neither an approval nor a time-out is noted.
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

function fail(error: unknown): never {
  throw error
}

/**
 * The attack: a slow answer that undoes a logout.
 *
 * A user logs out while a page of the same browser is still waiting for Nevis. Some web frameworks write the session back with every answer, for example with
 * `rolling: true` and `resave: true`. The slow answer then stores the session from before the logout, so the old cookie is signed in again, with the second
 * factor. An attacker who has got this cookie from a shared machine or a log then needs no password. These tests run the apps of the guides with the settings
 * that the guides print.
 */
import { guideApps, type GuideApp } from '../hosts/apps'
import { Gate } from '../hosts/gate'
import { callbackOf, handleIn, PASSWORD, waitingOf } from '../support/app'
import type { Browser, Page } from '../support/browser'

// A long time limit, because each app is a program that must start, and the machine may be busy.
jest.setTimeout(60_000)

let gate: Gate
let app: GuideApp
let browser: Browser
/** Each test has its own user. */
let username: string
const people = Array.from({ length: 6 }, (_, i) => ({ username: `person${i}`, phone: `+417900000${10 + i}` }))
const page = { accept: 'text/html' }

async function signIn(): Promise<void> {
  const handle = handleIn((await browser.post('/login', { username, password: PASSWORD })).location)
  await gate.simulator.phone(username).approve()
  expect((await browser.get(callbackOf(handle))).location).toBe('/')
}

describe.each(guideApps)('%s', (name, start) => {
  const isSessionInCookie = name.includes('secure-session')

  beforeAll(async () => {
    gate = await Gate.start()
    app = await start(gate, people.map((one) => ({ ...one, userId: gate.simulator.addUser(one).userId })))
  })

  let next = 0
  beforeEach(() => {
    username = people[next++]?.username as string
    browser = app.browser()
  })

  afterAll(async () => {
    await app.close()
    await gate.close()
    jest.restoreAllMocks()
  })

  // Shows: T-old-session-3
  it('a waiting page that is slow › does not sign the logged-out session in again', async () => {
    await signIn()
    expect((await browser.get('/')).text).toContain(username)
    expect((await browser.get('/transfer')).status).toBe(200)
    const handle = handleIn((await browser.post('/step-up')).location)
    const { arrived, open } = gate.hold()
    const old = browser.clone()
    const slow = (isSessionInCookie ? browser : old.clone()).get(waitingOf(handle), page)
    await arrived
    expect((await browser.post('/logout')).status).toBe(303)
    open()
    expect((await slow).status).toBe(200)
    // If the session is in a cookie, a copy of the old cookie (in `old`) stays valid until it expires. So check only the user's browser.
    for (const one of isSessionInCookie ? [browser] : [browser, old]) {
      expect((await one.get('/')).text).not.toContain(username)
      expect((await one.get('/transfer')).status).not.toBe(200)
    }
  })

  // The guides name two exceptions, in which a slow answer undoes the logout. If the session is in a cookie, the answer sends the old cookie to the browser.
  // And koa-session cannot read a session again before it writes the session.
  if (isSessionInCookie || name === 'Koa') return

  describe.each<[string, (handle: string, who: Browser) => Promise<Page>]>([
    ['a start that is slow', (_handle, who) => who.post('/step-up', { factor: 'sms' })],
    ['a change of the factor that is slow', (transaction, who) => who.post('/login/2fa', { transaction, factor: 'sms' })],
    ['a callback that is slow, of an approval', async (handle, who) => {
      await gate.simulator.phone(username).approve()
      return who.get(callbackOf(handle))
    }],
    ['a callback that is slow, of a denial', async (handle, who) => {
      await gate.simulator.phone(username).deny()
      return who.get(callbackOf(handle))
    }],
  ])('%s', (_what, act) => {
    it('does not sign the logged-out session in again', async () => {
      await signIn()
      const handle = handleIn((await browser.post('/step-up')).location)
      const { arrived, open } = gate.hold()
      const old = browser.clone()
      const other = old.clone()
      const slow = act(handle, other)
      await arrived
      expect((await browser.post('/logout')).status).toBe(303)
      open()
      await slow
      for (const one of [browser, old, other]) {
        expect((await one.get('/')).text).not.toContain(username)
        expect((await one.get('/transfer')).status).not.toBe(200)
      }
    })
  })

  it('a waiting page that is slow › leaves a session alone that is still signed in', async () => {
    await signIn()
    const handle = handleIn((await browser.post('/step-up')).location)
    const { arrived, open } = gate.hold()
    const slow = browser.get(waitingOf(handle), page)
    await arrived
    open()
    expect((await slow).text).toContain('<main class="nevis"')
    await gate.simulator.phone(username).approve()
    expect((await browser.get(callbackOf(handle))).status).toBe(303)
    expect((await browser.get('/transfer')).status).toBe(200)
  })
})

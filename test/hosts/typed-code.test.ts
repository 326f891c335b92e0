/**
 * Tests typed codes in every host (web framework): the user types a code from the phone into the page. The apps are those of the guides, with
 * `push({ typedCode: true })` in place of `push()`.
 *
 * Out of scope: everything else that must work in a host (`contract.ts`).
 */
import * as passportNevis from '../../src'
import { NevisSimulator } from '../../src/simulator'
import { callbackOf, handleIn, PASSWORD, statusOf, waitingOf } from '../support/app'
import type { Browser } from '../support/browser'
import { codeOn, messageOn, otherCode } from '../support/typed-code'
import { newest, oldest, serve } from './express/host'
import { run } from './program'

interface Host {
  browser(): Browser
  close(): Promise<void>
}
type Users = readonly { username: string; userId: string }[]

const withTypedCode = { ...passportNevis, push: () => passportNevis.push({ typedCode: true }) }
const express = (stack: typeof newest) => (simulator: NevisSimulator, users: Users) =>
  serve('app.js', stack, simulator, users.map(({ username, userId }, id) => ({ id, username, password: PASSWORD, nevisUserId: userId })), {}, withTypedCode)
const program = (app: string) => (simulator: NevisSimulator, users: Users) => run(app, simulator, users, { change: (text) => text.replaceAll('push()', 'push({ typedCode: true })') })

const json = { accept: 'application/json' }
jest.setTimeout(60_000)

describe.each<[string, (simulator: NevisSimulator, users: Users) => Promise<Host>]>([
  ['Express 5', express(newest)],
  ['Express 4', express(oldest)],
  ['NestJS', program('nestjs/app')],
  ['Fastify', program('fastify/app')],
  ['Fastify with its session in the cookie', program('fastify/secure-session')],
  ['Koa', program('koa/app')],
])('in %s, a typed code', (_name, start) => {
  let simulator: NevisSimulator
  let host: Host
  let browser: Browser
  let username: string
  const people = ['anna', 'ben', 'clara', 'dora']
  let next = 0

  const login = async (headers: Record<string, string> = {}) => handleIn((await browser.post('/login', { username, password: PASSWORD }, headers)).location)
  const send = async (transaction: string, code: string, fields: Record<string, string> = {}) => browser.post('/login/2fa/callback', { transaction, code, ...fields })
  const view = async (transaction: string) => (await browser.get(waitingOf(transaction), json)).json()
  const isSignedIn = async () => (await browser.get('/')).text === `Hello ${username}`

  beforeAll(async () => {
    simulator = await NevisSimulator.start()
    host = await start(simulator, people.map((name) => ({ username: name, userId: simulator.addUser({ username: name }).userId })))
  })
  beforeEach(() => {
    username = people[next++] as string
    browser = host.browser()
  })
  afterAll(async () => {
    await host?.close()
    await simulator.close()
  })

  it('is right after the approval, and signs in; an approval alone does not', async () => {
    const handle = await login()
    const code = codeOn(simulator, username)
    await simulator.phone(username).approve()
    expect(await view(handle)).toMatchObject({ prompt: 'code', status: 'pending' })
    const blind = await browser.get(callbackOf(handle))
    expect([blind.status, blind.location?.split('?')[0]]).toEqual([303, '/login/2fa'])
    expect(await isSignedIn()).toBe(false)
    expect(await send(handle, code)).toMatchObject({ status: 303, location: '/' })
    expect(await isSignedIn()).toBe(true)
  })

  it('is right before the approval, and the page goes on by itself', async () => {
    const handle = await login()
    const wrong = await send(handle, otherCode(codeOn(simulator, username)), { retry: '1' })
    expect(await view(handleIn(wrong.location))).toMatchObject({ prompt: 'code', failure: 'wrong_code', attemptsLeft: 4 })
    const typed = await send(handle, codeOn(simulator, username), { retry: '1' })
    const going = handleIn(typed.location)
    expect((await host.browser().get(statusOf(going))).json()).toMatchObject({ prompt: 'wait', status: 'pending' })
    await simulator.phone(username).approve()
    expect((await browser.get(waitingOf(going), { accept: 'text/html' })).location).toBe(callbackOf(going))
    expect(await browser.get(callbackOf(going))).toMatchObject({ status: 303, location: '/' })
    expect(await isSignedIn()).toBe(true)
  })

  it('is said on the phone in the language of the browser', async () => {
    await login({ 'accept-language': 'fr-CH' })
    expect(messageOn(simulator, username)).toBe(`Saisissez ce code sur la page\u00a0: ${codeOn(simulator, username)}`)
  })

  it('is closed after five that are wrong', async () => {
    const handle = await login()
    const code = codeOn(simulator, username)
    await simulator.phone(username).approve()
    for (let i = 1; i <= 5; i++) await send(handle, otherCode(code, i), { retry: '1' })
    expect(await view(handle)).toMatchObject({ status: 'failed', failure: 'too_many_attempts' })
    await send(handle, code)
    expect(await isSignedIn()).toBe(false)
  })
})

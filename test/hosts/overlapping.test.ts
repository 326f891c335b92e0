/**
 * Two step-ups of one browser, in the apps of the guides: the callback of one of them waits for Nevis while the other one finishes and gives the session a new
 * id. Both must count. `test/security/overlapping-callbacks.test.ts` tests the cases in detail, on Express.
 */
import { callbackOf, handleIn, PASSWORD } from '../support/app'
import { Gate } from './gate'
import { run } from './program'

// A long time limit, because each app is a program that must start, and the machine may be busy.
jest.setTimeout(60_000)

/** Makes a program print the events `decided` and `failed`. */
const PRINTING = `
import { subscribe } from 'node:diagnostics_channel'
subscribe('passport-nevis:decided', ({ factor, outcome }) => console.log('event', factor, outcome))
subscribe('passport-nevis:failed', ({ factor, code }) => console.log('event', factor, code))
`

let gate: Gate
beforeEach(async () => void (gate = await Gate.start()))
afterEach(() => gate.close())

// Shows: T-outage-7
it.each(['nestjs/app', 'fastify/app', 'fastify/secure-session', 'koa/app'])('both count, once each: %s', async (app) => {
  const person = { username: 'anna', phone: '+41790000001' }
  const user = { ...person, userId: gate.simulator.addUser(person).userId }
  const program = await run(app, gate, [user], { env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(PRINTING)}` } })
  try {
    const browser = program.browser()
    const signIn = handleIn((await browser.post('/login', { username: 'anna', password: PASSWORD })).location)
    await gate.simulator.phone('anna').approve()
    expect((await browser.get(callbackOf(signIn))).location).toBe('/')
    const byPush = handleIn((await browser.post('/step-up')).location)
    const bySms = handleIn((await browser.post('/step-up', { factor: 'sms' })).location)
    await gate.simulator.phone('anna').approve()
    const code = /\d{6}/.exec(gate.simulator.sms('anna').at(-1) as string)?.[0] as string
    const { arrived, open } = gate.hold()
    const late = browser.clone().post('/login/2fa/callback', { transaction: bySms, code })
    await arrived
    expect((await browser.get(callbackOf(byPush))).status).toBe(303)
    open()
    let page = await late
    for (let times = 0; page.location?.startsWith('/login/2fa/callback?') && times < 20; times++) page = await browser.get(page.location)
    expect(page.location).toBe('/')
    const events = [...program.output().matchAll(/event (.*)/g)].map(([, event]) => event)
    expect(events).toEqual(['push succeeded', 'push succeeded', 'sms succeeded'])
    expect((await browser.get('/')).text).toContain('anna')
  } finally {
    await program.close()
  }
})

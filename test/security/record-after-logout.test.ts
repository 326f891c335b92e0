/**
 * The attack: using a second factor record that is still in the session after a log-out.
 *
 * The victim signs in with the phone on a shared machine and logs out. The attacker knows the password, signs in as the same user in the same browser
 * with the password alone, and finds the victim's record in the session. With `clearSessionOnLogin: false`, @fastify/passport keeps all data of the
 * session at a log-out and a login. The session of @fastify/secure-session has no id. So a new session id cannot show that there was a log-out.
 */
import { secondFactorOf } from '../../src'
import { loginOf } from '../../src/host/login'
import { run } from '../hosts/program'
import { callbackOf, handleIn, PASSWORD } from '../support/app'
import type { Browser } from '../support/browser'
import { lab } from './support/lab'

// A long time limit, because each test starts a program, and the machine may be busy.
jest.setTimeout(60_000)

const world = lab()
let browser: Browser
const credentials = { username: 'nora', password: PASSWORD }

/** Starts the app of the guide for Fastify, with an extra route that signs a user in with the password alone. */
async function serve(options: string): Promise<void> {
  const { userId } = world.simulator.addUser({ username: 'nora' })
  const change = (text: string) =>
    text
      .replace("Authenticator({ clearSessionIgnoreFields: ['nevis'] })", `Authenticator(${options})`)
      .replace("  app.post('/login', {", "  app.post('/password-only', { preValidation: passport.authenticate('local') }, async () => 'in')\n  app.post('/login', {")
  const program = await run('fastify/secure-session', world.simulator, [{ username: 'nora', userId }], { change })
  world.defer(() => program.close())
  browser = program.browser()
}

async function signIn() {
  const handle = handleIn((await browser.post('/login', credentials)).location)
  await world.simulator.phone('nora').approve()
  return browser.get(callbackOf(handle))
}
const transfer = async () => (await browser.get('/transfer')).status

async function signInByPasswordAlone() {
  await browser.post('/logout')
  expect(await transfer()).toBe(401)
  expect((await browser.post('/password-only', credentials)).text).toBe('in')
}

describe('@fastify/secure-session, after a log-out and a login by the password alone', () => {
  // Shows: T-old-session-1
  it('with the options of the guide › the record does not count', async () => {
    await serve("{ clearSessionIgnoreFields: ['nevis'] }")
    expect((await signIn()).location).toBe('/')
    expect(await transfer()).toBe(200)
    await signInByPasswordAlone()
    expect(await transfer()).toBe(401)
  })

  it('the user enters the password again › the record does not count until the user has approved', async () => {
    await serve("{ clearSessionIgnoreFields: ['nevis'] }")
    await signIn()
    const handle = handleIn((await browser.post('/login', credentials)).location)
    expect(await transfer()).toBe(401)
    await world.simulator.phone('nora').approve()
    await browser.get(callbackOf(handle))
    expect(await transfer()).toBe(200)
  })

  // Shows: T-old-session-1
  it('with clearSessionOnLogin: false › the sign-in had ended in an error, and there is no record', async () => {
    await serve('{ clearSessionOnLogin: false }')
    expect((await signIn()).status).toBe(500)
    expect(await transfer()).toBe(401)
    await signInByPasswordAlone()
    expect(await transfer()).toBe(401)
  })

  it('with clearSessionOnLogin: false › a record from before the option was set does not count', () => {
    const session = { get: () => undefined, set: () => undefined, passport: 'nora' }
    const secondFactor = { userId: 'u', factor: 'push', transactionId: 't', at: Date.now(), login: loginOf(session), sessionId: '' }
    const req = (clearSessionOnLogin: boolean) => ({ passport: { clearSessionOnLogin }, session: { ...session, nevis: { secondFactor } } })
    expect(secondFactorOf(req(true))).toMatchObject({ factor: 'push' })
    expect(secondFactorOf(req(false))).toBeUndefined()
  })
})

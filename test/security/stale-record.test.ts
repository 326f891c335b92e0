/**
 * The attack: a second factor record that was left behind in the session.
 *
 * Anna has signed in with her phone, and the session records her second factor. Support blocks her account because of a theft: `deserializeUser` returns no user,
 * so Passport removes the login from her browser's session, but nothing else. Later, the account is unblocked. Her browser is remembered, so a thief who sits at
 * it, and knows the password, signs in with the password alone. koa-session keeps the content of the session at a login, and its sessions have no id. So in an
 * earlier version, the old record counted again, and the thief could confirm a payment.
 */
import { run } from '../hosts/program'
import { changed, changes } from '../hosts/remembering'
import { callbackOf, handleIn, PASSWORD } from '../support/app'
import { lab } from './support/lab'

// A long time limit, because each test starts a program, and the machine may be busy.
jest.setTimeout(60_000)

const world = lab()

/** For each app, the edits with which a POST to `/block` blocks every user, or unblocks them again. */
const blocking: Readonly<Record<string, Parameters<typeof changed>[1]>> = {
  'koa/app': [
    ['passport.deserializeUser((username, done) => done(null, ', 'let isBlocked = false\npassport.deserializeUser((username, done) => done(null, isBlocked ? false : '],
    ["router.get('/', ", "router.post('/block', (ctx) => { ctx.body = String(isBlocked = !isBlocked) })\nrouter.get('/', "],
  ],
  ...Object.fromEntries(['fastify/app', 'fastify/secure-session'].map((app) => [app, [
    ['passport.registerUserDeserializer(async (username: string) => ', 'let isBlocked = false\npassport.registerUserDeserializer(async (username: string) => isBlocked ? null : '],
    ["  app.get('/', ", "  app.post('/block', async () => String(isBlocked = !isBlocked))\n  app.get('/', "],
  ] as const])),
}

// Shows: T-remembered-6
it.each(Object.keys(blocking))('after the user was blocked for a while, a remembered browser signs in with the password alone, but does not pass requireSecondFactor: %s', async (app) => {
  const edit = changes.find(([name]) => name === app)?.[1] as (text: string) => string
  const { userId } = world.simulator.users.find(({ username }) => username === 'anna') as { userId: string }
  const program = await run(app, world.simulator, [{ username: 'anna', userId }], { change: (text) => changed(edit(text), blocking[app] ?? []) })
  world.defer(() => program.close())
  const browser = program.browser()
  const enter = (fields: Record<string, string> = {}) => browser.post('/login', { username: 'anna', password: PASSWORD, ...fields })
  const handle = handleIn((await enter({ remember: '1' })).location)
  await world.simulator.phone('anna').approve()
  expect((await browser.get(callbackOf(handle))).location).toBe('/')
  expect((await browser.get('/transfer')).status).toBe(200)
  await program.browser().post('/block')
  expect((await browser.get('/')).text).toBe('Hello stranger')
  await program.browser().post('/block')
  expect((await browser.get('/')).text).toBe('Hello stranger')
  expect(await enter()).toMatchObject({ status: 303, location: '/' })
  expect((await browser.get('/')).text).toBe('Hello anna')
  expect((await browser.get('/transfer')).status).toBe(401)
  expect(world.asked('approve')).toBe(1)
})

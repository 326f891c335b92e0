/**
 * The attack: a copied session cookie on Koa, where sessions have no id and `authorize` hides the user.
 *
 * A thief has copied the cookie of a user who has signed in with a second factor. The thief enters a password in this session, or sends a Bearer token of the
 * thief's own account. The session then gets a new id, so the user's browser has lost it. On Express, the second factor record is bound to the old id and no
 * longer counts. koa-session has no such id, so in an earlier version the record still counted in the thief's browser.
 *
 * Another app confirms payments at a callback with koa-passport's `authorize`. `authorize` hides the signed-in user from strategies. An earlier version took
 * this for a request without a signed-in user, and accepted an approval of the thief's own account in the user's session.
 */
import { run, type Program } from '../hosts/program'
import { callbackOf, handleIn, PASSWORD } from '../support/app'
import type { Browser } from '../support/browser'
import { lab } from './support/lab'

// A long time limit, because each test starts a program, and the machine may be busy.
jest.setTimeout(60_000)

const world = lab()
let program: Program
let user: Browser

/** Starts the app of the guide for Koa, with routes that take Bearer tokens and a callback with `authorize`. Signs anna in with a second factor. */
async function serve(): Promise<void> {
  const people = ['anna', 'ben'].map((username) => ({ username, userId: world.simulator.users.find((one) => one.username === username)?.userId as string }))
  const change = (text: string) => text.replace("router.get('/', ", `
const bearer = (ctx, next) => {
  const [, username] = /^Bearer (\\w+)$/.exec(ctx.get('authorization')) ?? []
  if (username !== undefined) ctx.state.user = findByUsername(username)
  return next()
}
passport.use('by-session', new NevisStrategy({ baseURL: process.env.NEVIS_BASE_URL, accessKey: process.env.NEVIS_ACCESS_KEY, factors: [push()], waitingURL: '/login/2fa',
  callbackURL: '/confirmed', name: 'by-session', sessionKey: 'confirm',
  subject: (req) => req.session.passport?.user && { username: req.session.passport.user } }, async (profile) => findByNevis(profile)))
router.post('/token-step-up', bearer, signedIn, passport.authenticate('nevis', { ...refused, session: false }))
router.all('/confirmed', signedIn, passport.authorize('nevis', refused), (ctx) => { ctx.body = 'confirmed' })
router.post('/own-step-up', signedIn, passport.authorize('by-session', refused))
router.all('/own-confirmed', signedIn, passport.authorize('by-session', refused), (ctx) => { ctx.body = 'confirmed by ' + ctx.state.account.username })
router.get('/', `)
  program = await run('koa/app', world.simulator, people, { change })
  world.defer(() => program.close())
  user = program.browser()
  const handle = handleIn((await user.post('/login', { username: 'anna', password: PASSWORD })).location)
  await world.simulator.phone('anna').approve()
  expect((await user.get(callbackOf(handle))).location).toBe('/')
  expect((await user.get('/transfer')).status).toBe(200)
}

// Shows: T-old-session-7
it.each([
  ['enters the user\'s password', (thief: Browser) => thief.post('/login', { username: 'anna', password: PASSWORD })],
  ['sends a token of an account of their own', (thief: Browser) => thief.post('/token-step-up', {}, { authorization: 'Bearer ben' })],
])('a thief who %s in the copied session › does not keep its second factor', async (_name, send) => {
  await serve()
  const thief = user.clone()
  expect((await send(thief)).status).toBe(303)
  expect((await thief.get('/transfer')).status).toBe(401)
})

it('a user who enters the password again, and approves › has a second factor', async () => {
  await serve()
  const handle = handleIn((await user.post('/login', { username: 'anna', password: PASSWORD })).location)
  await world.simulator.phone('anna').approve()
  await user.get(callbackOf(handle))
  expect((await user.get('/transfer')).status).toBe(200)
})

// Shows: T-password-5
it('an approval of the thief\'s own account, at a callback with `authorize` › is refused', async () => {
  await serve()
  const thief = user.clone()
  const handle = handleIn((await thief.post('/token-step-up', {}, { authorization: 'Bearer ben' })).location)
  await world.simulator.phone('ben').approve()
  const page = await thief.get(`/confirmed?transaction=${handle}`)
  expect([page.text, page.location]).toEqual([expect.not.stringContaining('confirmed'), '/'])
})

it('with an option subject that reads the user from the session, `authorize` works', async () => {
  await serve()
  const handle = handleIn((await user.post('/own-step-up')).location)
  await world.simulator.phone('anna').approve()
  expect((await user.get(`/own-confirmed?transaction=${handle}`)).text).toBe('confirmed by anna')
})

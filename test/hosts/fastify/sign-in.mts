// sign-in.mts
import { Authenticator } from '@fastify/passport'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Strategy as LocalStrategy } from 'passport-local'
import { NevisStrategy, app as qrCode, atLeast, push, sms } from 'passport-nevis'
import { outagePage, recordSecondFactor, requireSecondFactor, statusEndpoint, waitingPage, type Middleware } from 'passport-nevis'
import { findByNevis, findByPassword, findByUsername, type User } from './users.mjs'

declare module 'fastify' {
  interface PassportUser extends User {}
}

export const nevis = new NevisStrategy(
  {
    baseURL: process.env['NEVIS_BASE_URL'], // or instance
    accessKey: process.env['NEVIS_ACCESS_KEY'],
    factors: [push(), qrCode(), sms()],
    waitingURL: '/login/2fa',
    callbackURL: '/login/2fa/callback',
    statusURL: '/login/2fa/status',
  },
  async (profile) => findByNevis(profile),
)

export const passport = new Authenticator({ clearSessionIgnoreFields: ['nevis'] }) // a login keeps the requests of other tabs
passport.use(new LocalStrategy((username, password, done) => {
  done(null, findByPassword(username, password) ?? false, { message: 'Incorrect username or password.' })
}))
passport.use(nevis)
passport.registerUserSerializer(async (user: User) => user.username)
passport.registerUserDeserializer(async (username: string) => findByUsername(username) ?? null)

/** Makes a handler or a hook of Fastify out of a middleware of this package. */
const mounted = ({ answer }: Middleware) => async (request: FastifyRequest, reply: FastifyReply) => {
  const answered = await answer(request, reply)
  if (answered) return reply.code(answered.status).headers(answered.headers).send(answered.body)
}

// failureMessage keeps its messages in the session, whose type does not know them.
const sessionOf = ({ session }: FastifyRequest) => session as object as { get(name: string): string[] | undefined; set(name: string, value: string[]): void }
const messagesIn = (request: FastifyRequest) => sessionOf(request).get('messages') ?? []
const keepMessages = (request: FastifyRequest, messages: string[]) => sessionOf(request).set('messages', messages)
// A message may contain text from a request, so escape it before it becomes HTML.
const escapeHTML = (text = '') => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

/** Register this outside the scope of the session: the status needs no session, and must not keep one alive. */
export async function status(app: FastifyInstance) {
  const endpoint = statusEndpoint(nevis)
  app.get('/login/2fa/status', mounted(endpoint))
  app.addHook('preClose', async () => endpoint.closeStreams())
}

export async function signIn(app: FastifyInstance) {
  const failed = { failureRedirect: '/login', failureMessage: true }
  const password = passport.authenticate('local', { ...failed, session: false }) // the password is right, but the user is not signed in yet
  const refused = { failWithError: true, failureMessage: true, repeatedCallbackRedirect: '/' } // '/': for a callback that is loaded again
  const secondFactor = passport.authenticate('nevis', refused)
  const redirected = async () => {} // the start has sent the browser to the waiting page

  // So that the strategy can set cookies, and answer a script with JSON. Without this hook, the strategy gets only the request.
  app.addHook('onRequest', async (request, reply) => void Object.assign(request, { reply }))

  // A user who denies or cancels a step-up stays signed in, and returns to the page that asked for it.
  app.setErrorHandler<FastifyError>(async (error, request, reply) => {
    if (error.name !== 'AuthenticationError') throw error
    return reply.redirect(request.isAuthenticated() ? request.authInfo?.['returnTo'] ?? '/' : '/login', 302)
  })

  app.post('/login', { preValidation: [password, passport.authenticate('nevis', failed)] }, redirected)
  app.get('/login/2fa', mounted(waitingPage(nevis, { signInURL: '/login' })))
  app.post('/login/2fa', { preValidation: secondFactor }, redirected) // another factor, send again, cancel
  app.route({
    method: ['GET', 'POST'],
    url: '/login/2fa/callback',
    preValidation: [secondFactor, mounted(recordSecondFactor())],
    handler: (request, reply) => reply.redirect(request.authInfo?.['returnTo'] ?? '/', 303),
  })

  /** Why the last attempt failed. The message is shown once. */
  const failureIn = (request: FastifyRequest) => {
    const [message] = messagesIn(request).slice(-1)
    if (message !== undefined) keepMessages(request, [])
    return `<!doctype html><p role="alert">${escapeHTML(message)}</p>`
  }
  // Only a signed-in user can confirm again. Anybody else must sign in first.
  const signedIn = async (request: FastifyRequest, reply: FastifyReply) => (request.isAuthenticated() ? undefined : reply.header('Cache-Control', 'no-store').redirect('/login', 302))
  app.get('/step-up', { preValidation: signedIn }, (request, reply) => reply.type('text/html').send(`${failureIn(request)}<form method="post"><button>Confirm it is you</button></form>`))
  app.post('/step-up', { preValidation: [signedIn, secondFactor] }, redirected)
  const fresh = mounted(requireSecondFactor({ maxAgeSeconds: 300, factors: atLeast('push'), redirectTo: '/step-up' }))
  app.get('/transfer', { preHandler: fresh }, async () => 'Whom do you want to pay?')

  app.get('/', async ({ user }) => `Hello ${user?.username ?? 'stranger'}`)
  app.get('/login', (request, reply) => reply.type('text/html').send(
    `${failureIn(request)}<form method="post"><input name="username"><input name="password" type="password"><button>Sign in</button></form>`))
  app.post('/logout', async (request, reply) => {
    await request.logOut()
    return reply.redirect('/', 303)
  })
}

const outage = outagePage(nevis, { signInURL: '/login' })

/** For the whole app: the log gets the error, the browser gets a sentence without details. */
export function answerErrors(app: FastifyInstance) {
  app.setErrorHandler<FastifyError>(async (error, request, reply) => {
    request.log.error({ code: error.code }, error.stack) // not the error itself: that of a session store can contain the session
    const answered = await outage.answer(error, request, reply)
    // Do not save the session again: if its store is down, this would fail once more, and Fastify would send the browser the store's own message.
    Object.assign(request, { session: null })
    if (answered) return reply.code(answered.status).headers(answered.headers).send(answered.body)
    if ((error.statusCode ?? 500) < 500) throw error // a wrong request: Fastify's own answer says what is wrong
    return reply.code(500).send('Something went wrong. Please try again.')
  })
}

/** TypeScript code of an application that uses the package. It is compiled, here and in `test/package/consumers.test.ts`, but never run. */
import express, { type NextFunction, type Request, type Response } from 'express'
import { subscribe } from 'node:diagnostics_channel'
import passport from 'passport'
import ByDefault, {
  MemoryLedger, NevisClient, NevisError, NevisStrategy, RedisLedger, StorageError, Strategy, app as qrCode, atLeast, failureText, failures, htmlMessage, languages, outagePage,
  ownAuthenticator, push, recordSecondFactor, recovery, requireSecondFactor, secondFactorOf, sms, statusEndpoint, waitingPage, watchTransaction, widget,
  type Factor, type Failure, type FailureCode, type NevisEvents, type NevisProfile, type NevisStrategyOptions, type PageOptions, type VerifyDone,
} from 'passport-nevis'
import { NevisSimulator } from 'passport-nevis/simulator'

interface Account {
  id: number
  username: string
  nevisUserId: string
}

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace Express {
    interface User extends Account {}
  }
}

/** A factor that the application defines itself. */
const fax: Factor = {
  name: 'fax',
  prompt: 'code',
  approve: async (_nevis, _subject, { message }) => ({ server: { id: message ?? 'x' }, browser: {} }),
  check: async (_nevis, { id }, { code }) => (code === id ? { status: 'succeeded', transactionId: id } : { status: 'failed', code: 'wrong_code', retryable: true }),
}

const users = {
  all: new Map<string, Account>(),
  /** A function with a callback, typed as user databases usually type it. */
  findByNevisId: (_id: string, _done: (error: Error | null, user?: Account | false) => void): void => undefined,
  find: async (id: string): Promise<Account | null> => users.all.get(id) ?? null,
}
const redis = { status: 'ready', call: async (...command: string[]): Promise<unknown> => command }

const options = {
  instance: process.env['NEVIS_INSTANCE'],
  accessKey: process.env['NEVIS_ACCESS_KEY'],
  factors: [push(), qrCode(), sms({ message: 'Your code: {{CODE}}' }), recovery(), widget({ channels: ['app'] }), fax],
  waitingURL: '/login/2fa',
  callbackURL: '/login/2fa/callback',
  statusURL: '/login/2fa/status',
} satisfies NevisStrategyOptions

/** The package exports the class of the strategy under each of these names. */
export const oneClass: readonly (typeof NevisStrategy)[] = [ByDefault, Strategy]

export const callbackStyle = new NevisStrategy(
  {
    ...options,
    subject: (req: Request) => ({ userId: req.user?.nevisUserId }),
    operation: (req) => (req.user?.nevisUserId === '' ? 'enroll' : 'approve'),
    message: (req: Request<{ id: string }, string, { amount: string }>) => `Pay ${req.body.amount}?`,
    data: ({ originalUrl }) => ({ originalUrl }),
    accessKey: async () => 'key',
    ledger: process.env['REDIS_URL'] === undefined ? new MemoryLedger() : new RedisLedger(redis),
  },
  (profile, done) => users.findByNevisId(profile.id, done),
)
declare const annotated: NevisStrategyOptions
export const withAnnotatedOptions = new NevisStrategy(annotated, (profile, done) => users.findByNevisId(profile.id, done))
export const asyncStyle = new NevisStrategy(options, async (profile) => users.find(profile.id))
export const withRequest = new NevisStrategy({ ...options, passReqToCallback: true }, async (req, profile) => req.user ?? users.find(profile.id))
export const withTypedRequest = new NevisStrategy({ ...options, passReqToCallback: true }, (req: Request<object, string, { code: string }>, _profile, done) => done(req.body.code))
export const withInfo = new NevisStrategy(options, ({ factor }: NevisProfile, done: VerifyDone) => done(null, false, { message: `Not by ${factor}` }))
passport.use(callbackStyle).use('other', asyncStyle)

const app = express()
app.get('/login/2fa/status', statusEndpoint(callbackStyle, { maxStreams: 100 }))
app.get('/login/2fa', waitingPage(callbackStyle))
app.get('/login/2fa', waitingPage(callbackStyle, { csrfToken: (req) => String(req.url), locales: { de: { cancel: languages['de']?.cancel ?? 'Zurück' } } }))
const look: PageOptions = {
  brand: { name: 'Alpine Mutual', logo: '/logo.svg', href: '/' }, signInURL: '/login', helpURL: 'tel:+41800000000', languages: ['de', 'en'],
  footerLinks: [{ text: { de: 'Impressum', en: 'Legal notice' }, href: '/legal' }], appName: 'Alpine Access', storeLinks: { ios: 'https://apps.apple.com/app/id1' }, formAction: ['https://id.example'],
}
app.get('/login/2fa', waitingPage(callbackStyle, { ...look, language: (req: Request) => req.user?.username, details: (data) => typeof data === 'string' && [{ label: 'To', value: data }] }))
app.use(outagePage(callbackStyle, { ...look, language: (req: Request) => req.acceptsLanguages()[0] }))
app.get('/why', (req, res) => void res.send(failureText(req.path, req.headers['accept-language'])))
app.get('/login/2fa', waitingPage(callbackStyle, { csrfToken: (req: Request) => req.baseUrl, nonce: (_req, res: Response) => String(res.locals['nonce']) }))

app.post('/login', passport.authenticate('nevis'))
app.post('/login', passport.authenticate(callbackStyle))
app.post('/login', passport.authenticate(['nevis', 'other'], { factor: 'sms', failureRedirect: '/login', failureMessage: true }))
app.post('/login', passport.authenticate('nevis', { factor: 'fax', message: (req: Request) => req.path, data: { amount: 1 } }))
app.post('/login', passport.authenticate('nevis', { authenticatorId: (req: Request) => req.params['phone'] as string | undefined }))
app.post('/pay', passport.authorize('nevis', { factors: atLeast('push'), message: (req: Request) => htmlMessage`Pay <b>${req.path}</b>?` }))
app.post('/account', passport.authorize('nevis', { operation: 'enroll', phone: ({ body }: Request<object, string, { phone: string }>) => body.phone }))
app.post('/login', (req, res, next) => {
  const answered = (error: unknown, user?: Express.User | false | null, info?: object | string | (string | undefined)[]): void => {
    if (error !== null) return next(error)
    if (user) return req.logIn(user, next)
    const { code } = info as Failure
    res.status(failures[code].status).json(failures[code].message)
  }
  passport.authenticate('nevis', answered)(req, res, next)
})
/** The guide `existing-app` shows this function, letter by letter. */
const secondFactor = (req: Request, res: Response, next: NextFunction): void => {
  passport.authenticate('nevis', (err: unknown, user: Express.User | false | null, info: Failure & Express.AuthInfo, status: number) => {
    if (err) return next(err)
    if (!user) return res.status(status).send(info.message) // info.code says which
    req.logIn(user, { session: true, keepSessionInfo: true }, (err: unknown) => {
      req.authInfo = info // recordSecondFactor() reads it
      next(err)
    })
  })(req, res, next)
}
app.route('/login/2fa').post(secondFactor)
app.all('/login/2fa/callback', recordSecondFactor(), (req, res) => {
  const profile: NevisProfile | undefined = req.authInfo?.nevis
  if (profile?.operation === 'enroll') return res.redirect('/account')
  res.redirect(303, profile?.message ?? req.authInfo?.returnTo ?? '/')
})
app.use('/transfer', requireSecondFactor({ maxAgeSeconds: 300, factors: ['push', 'fax'], redirectTo: '/step-up' }), (req, res) => {
  res.end(secondFactorOf(req)?.factor)
})
/** In a route's list of handlers, the app's handler has the types of Express, whichever middleware of this package stands before or after it. */
app.post('/pay', requireSecondFactor({ maxAgeSeconds: 300 }), (req, res) => res.send(String(req.body.amount) + (req.query['to'] as string)))
app.post('/pay/:id', express.urlencoded(), requireSecondFactor({ maxAgeSeconds: 300 }), (req, res) => res.send(req.params.id + String(req.body.amount)))
app.post('/paid', passport.authorize('nevis'), recordSecondFactor(), (req, res) => res.send(String(req.body.amount)))
app.post('/typed', requireSecondFactor({ maxAgeSeconds: 300 }), (req: Request<object, string, { amount: number }>, res) => res.send(req.body.amount.toFixed()))
app.get('/page', waitingPage(callbackStyle, { csrfToken: (req: Request) => req.path }), (req, res) => res.send(String(req.body.amount) + (req.query['to'] as string)))
app.get('/status', statusEndpoint(callbackStyle), (req, res) => res.send(String(req.body.amount)))
app.post('/out', (req, res) => void res.send(String(req.body.amount)), outagePage(callbackStyle))
app.route('/routed').post(requireSecondFactor({ maxAgeSeconds: 300 }), (req, res) => res.send(String(req.body.amount)))
express.Router().use(requireSecondFactor({ maxAgeSeconds: 300 }), (req, res) => void res.send(String(req.body.amount)))
app.post('/remove', async (req, res) => {
  const client = new NevisClient({ instance: 'x', accessKey: 'x' })
  const phone = await ownAuthenticator(client, { username: 'anna' }, (req.body as { id?: unknown }).id)
  res.end(phone?.authenticatorId)
})
app.use(outagePage(callbackStyle))
app.use(outagePage(callbackStyle, { signInURL: '/login', nonce: (req: Request) => req.path }))

/** The lists of codes are closed: each object here has a value for every code, and a `switch` can cover all codes. */
export function wordFor(error: unknown): string {
  if (error instanceof StorageError) return { SESSION_REQUIRED: 'none', SESSION_IN_COOKIE: 'none', SESSION_TOO_LARGE: 'none', SESSION_UNAVAILABLE: 'down', LEDGER_UNAVAILABLE: 'down' }[error.code]
  if (!(error instanceof NevisError)) return 'other'
  switch (error.code) {
    case 'NEVIS_UNREACHABLE':
    case 'NEVIS_TIMEOUT':
    case 'NEVIS_RATE_LIMITED':
      return `later: ${error.operation satisfies keyof NevisClient}`
    case 'NEVIS_UNAUTHORIZED':
    case 'NEVIS_NOT_FOUND':
    case 'NEVIS_REJECTED':
    case 'NEVIS_UNEXPECTED_RESPONSE':
      return String(error.nevisStatus)
  }
}
export const sentences = Object.fromEntries(Object.entries(failures).map(([code, { message }]) => [code as FailureCode, message]))
export function word({ factor, operation }: NevisProfile): string {
  const factors: Partial<Record<string, string>> = { push: 'tap', app: 'scan', sms: 'text', recovery: 'paper', widget: 'widget', fax: 'fax' }
  return (factors[factor] ?? factor) + { approve: 'yes', enroll: 'new' }[operation]
}
export function listen(log: (code: FailureCode | undefined, field: string) => void): void {
  const channels: { [Name in keyof NevisEvents]: (event: NevisEvents[Name]) => void } = {
    started: ({ transactionId = '' }) => log(undefined, transactionId),
    reused: ({ strategy }) => log(undefined, strategy),
    decided: ({ outcome }) => log(undefined, { succeeded: 'in', failed: 'out' }[outcome]),
    failed: ({ code }) => log(code, ''),
    budget: ({ budget }) => log(undefined, { starts: 1, attempts: 2, subjectAttempts: 3, pause: 4, locked: 5, phone: 6 }[budget].toFixed()),
    browser: (event) => log(undefined, { remembered: 'new', used: 'known', forgotten: 'gone' }[event.browser]),
    call: ({ operation, code }) => log(undefined, code ?? operation),
    fault: ({ at, code, cause = '' }) => log(undefined, `${at}: ${code} ${cause}`),
    suspicious: (event) => log(undefined, event.reason === 'binding_mismatch' ? event.field : event.reason),
  }
  subscribe('passport-nevis:failed', (event) => channels.failed(event as NevisEvents['failed']))
}

/** What an app has read from its configuration, where a value may be missing. */
interface Config {
  readonly text?: string
  readonly list?: readonly string[]
  readonly number?: number
  readonly isOn?: boolean
}

/** Options accept undefined, even with the compiler option `exactOptionalPropertyTypes`. */
export function fromConfig({ text, list, number, isOn }: Config): void {
  const factors = [push({ typedCode: isOn }), qrCode({ channel: undefined, anyAuthenticator: isOn, linkSchemes: list }), sms({ requireIntrospection: isOn, refusedPrefixes: list, sendChannelWithVerification: isOn }), widget({ channels: undefined })]
  const nevis = new NevisStrategy({ ...options, factors, lifetimeSeconds: number, transactionTokens: { acceptAudienceApi: isOn, acceptMissingIssuer: isOn, subject: undefined } }, () => undefined)
  const brand = { name: 'Shop', logo: text, logoDark: text, icon: text, href: text }
  const page = { brand, language: undefined, languages: list, signInURL: text, helpURL: text, changePasswordURL: text, footerLinks: undefined, appName: text, storeLinks: { ios: text, android: text }, formAction: text, nonce: undefined, stylesheet: text, locales: undefined }
  waitingPage(nevis, { ...page, csrfToken: undefined, details: undefined, messageLanguage: undefined, accountName: undefined, maskedPhone: undefined, widgetScript: text })
  outagePage(nevis, page)
  statusEndpoint(nevis, { maxStreams: number })
  requireSecondFactor({ maxAgeSeconds: 300, sessionKey: text, factors: undefined, amr: list, acrValues: list, typedCode: isOn, redirectTo: text })
  recordSecondFactor({ sessionKey: text })
  new RedisLedger(redis, { prefix: text })
}

export async function test(signal: AbortSignal): Promise<void> {
  const simulator = await NevisSimulator.start({ port: 0, seed: undefined, dialect: undefined })
  simulator.addUser({ username: 'anna', phone: '+41791234567', recoveryCodes: undefined })
  simulator.faults.add({ on: 'getStatus', status: 500, times: 2 })
  simulator.faults.add({ on: undefined, status: undefined, headers: undefined, delayMs: undefined, reset: undefined, swapToken: undefined, times: undefined, when: undefined })
  await simulator.phone('anna').approve()
  for await (const { status } of watchTransaction(callbackStyle, 'handle', { signal: signal.aborted ? undefined : signal })) if (status !== 'pending') break
  await simulator.close()
}

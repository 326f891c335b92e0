/**
 * The attack: reading what is printed.
 *
 * The attacker reads a log, an error tracker, an error page, a cookie, a URL in a Referer, an audit event. The access key opens every account of the
 * instance; a status or transaction token, a code or a deep link opens one login; a phone number is personal data. An error of axios contains the
 * request with its Authorization header, and an error of a Redis client contains the failed command with the whole session. Express prints `err.stack` on the
 * page, and Passport makes a header of a string that is passed to `fail`. Duo's and SAML's strategies print such objects unchanged.
 *
 * So every secret in these tests contains the same word. The tests cause every success, refusal and fault, with Passport's actions and over HTTP. Then the
 * tests search everything that was sent or printed for this word. Only the waiting page may show the user's own browser what the user needs: QR code, deep
 * link and new recovery codes.
 */
import express, { type Express as App, type RequestHandler } from 'express'
import session from 'express-session'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { Passport } from 'passport'
import {
  app as appFactor, failures, MemoryLedger, NevisClient, NevisError, NevisStrategy, push, recovery, sms, statusEndpoint, waitingPage, widget,
  type FailureCode, type NevisErrorCode, type NevisStrategyOptions, type StorageErrorCode, type Verify,
} from '../../src'
import { listen } from '../support/app'
import { Browser } from '../support/browser'
import { ledgerWith } from '../support/ledger-contract'
import { act, codeOf } from './support/act'
import { FakeCloud, widgetToken, World, type Behaviour, type Script } from './support/fake-cloud'
import { EVENT_NAMES, recordEvents, type Recorded } from './support/recorded'
import { proveSecondFactor } from './support/proved'
import { CANARY, printed } from './support/secrets'

const PHONE = '+41790000000'
/** A wrong code that has the form of a code, so that it reaches Nevis. */
const WRONG_CODE = '417900000001'
jest.setTimeout(30_000)

interface Drive {
  readonly world: World
  /** Sends a POST to the route that starts a transaction, and remembers the transaction's handle. */
  start(fields?: Record<string, string>): Promise<unknown>
  /** Opens the callback with the last handle. */
  callback(fields?: Record<string, string>): Promise<unknown>
  send(method: string, fields: Record<string, string>, headers?: Record<string, string>): Promise<unknown>
  /** Moves the clock of the app and of the cloud ahead. */
  later(seconds: number): void
}

interface Scenario {
  /** The code or action with which the last request ends. */
  readonly ends: string
  readonly name: string
  readonly script?: Script
  readonly options?: Partial<NevisStrategyOptions>
  readonly clientOptions?: object
  readonly verify?: Verify
  readonly session?: 'none' | 'cookie' | 'broken'
  /** The user has just given a second factor. */
  readonly proved?: true
  readonly run: (drive: Drive) => Promise<unknown>
}

const always = (behaviour: Behaviour): readonly Behaviour[] => Array.from({ length: 5 }, () => behaviour)
const broken = (message: string): Error =>
  Object.assign(new Error(message), { code: 'ECONNREFUSED', command: { name: 'set', args: ['sess:c4n4ry-session-id', 'c4n4ry'] }, sql: 'c4n4ry' })

const approvedPush = async (drive: Drive) => {
  await drive.start()
  drive.world.decide('approved')
  return drive.callback()
}
const broughtResult = async (drive: Drive) => {
  await drive.start({ factor: 'widget' })
  return drive.callback({ token: widgetToken('result', drive.world) })
}
const other = { status: 'succeeded', httpStatus: 200, transaction: 'own', user: 'other', username: 'other', token: 'transaction', active: true } as const

const successes: Scenario[] = [
  { ends: 'success', name: 'push', run: approvedPush },
  { ends: 'success', name: 'app', run: async (drive) => {
    await drive.start({ factor: 'app' })
    drive.world.decide('approved')
    return drive.callback()
  } },
  { ends: 'success', name: 'sms', run: async (drive) => {
    await drive.start({ factor: 'sms' })
    return drive.callback({ code: drive.world.secretCodes.sms })
  } },
  { ends: 'success', name: 'recovery', run: async (drive) => {
    await drive.start({ factor: 'recovery' })
    return drive.callback({ code: drive.world.secretCodes.recovery })
  } },
  { ends: 'success', name: 'widget', run: broughtResult },
  { ends: 'success', name: 'enrolling by the widget', options: { operation: 'enroll' }, script: { user: [{ do: 'truth' }, { do: 'truth' }, ...always({ do: 'patch', patch: { status: 'active' } })] }, run: broughtResult },
  { ends: 'success', name: 'enrolling the app', options: { operation: 'enroll' }, run: async (drive) => {
    await drive.start({ factor: 'app' })
    drive.world.decide('approved')
    return drive.callback()
  } },
  { ends: 'success', name: 'enrolling SMS', options: { operation: 'enroll' }, run: async (drive) => {
    await drive.start({ factor: 'sms', phone: PHONE })
    return drive.callback({ code: drive.world.secretCodes.sms })
  } },
  { ends: 'success', name: 'enrolling recovery codes', proved: true, options: { operation: 'enroll' }, run: async (drive) => {
    await drive.start({ factor: 'recovery' })
    return drive.callback()
  } },
  { ends: 'redirect', name: 'a callback while it is pending', run: async (drive) => {
    await drive.start()
    return drive.callback()
  } },
  { ends: 'redirect', name: 'a wrong code from the waiting page\'s own form', run: async (drive) => {
    await drive.start({ factor: 'sms' })
    return drive.callback({ code: WRONG_CODE, retry: '1' })
  } },
  { ends: 'redirect', name: 'what is no code, from the waiting page\'s own form', run: async (drive) => {
    await drive.start({ factor: 'sms' })
    return drive.callback({ code: 'c4n4ry <script>', retry: '1' })
  } },
]

const refusals: Record<FailureCode, Omit<Scenario, 'ends' | 'name'>> = {
  no_subject: { options: { subject: () => undefined }, run: (drive) => drive.start({ phone: PHONE, code: 'c4n4ry' }) },
  unknown_factor: { run: (drive) => drive.start({ factor: 'c4n4ry' }) },
  unknown_authenticator: { run: (drive) => drive.start({ authenticatorId: 'c4n4ry' }) },
  missing_code: { run: async (drive) => {
    await drive.start({ factor: 'sms' })
    return drive.callback({ token: 'c4n4ry' })
  } },
  phone_refused: { options: { operation: 'enroll' }, script: { enroll: always({ do: 'status', status: 400 }) }, run: (drive) => drive.start({ factor: 'sms', phone: PHONE }) },
  start_requires_post: { run: (drive) => drive.send('GET', { phone: PHONE, factor: 'c4n4ry' }) },
  cross_site_post: { run: (drive) => drive.send('POST', { phone: PHONE, factor: 'c4n4ry' }, { origin: 'https://c4n4ry.example' }) },
  not_enrolled: { script: { approve: always({ do: 'body', status: 404, body: '{"error":"c4n4ry","path":"/api/v1/approval?c4n4ry","status":404,"timestamp":1}' }) }, run: (drive) => drive.start() },
  already_enrolled: { options: { operation: 'enroll' }, script: { user: always({ do: 'patch', patch: { status: 'active', phones: [PHONE] } }) }, run: (drive) => drive.start({ factor: 'sms', phone: PHONE }) },
  too_many_authenticators: { options: { operation: 'enroll' }, script: { enroll: always({ do: 'status', status: 409 }) }, run: (drive) => drive.start({ factor: 'app' }) },
  factor_exists: { options: { operation: 'enroll' }, script: { enroll: always({ do: 'status', status: 409 }) }, run: (drive) => drive.start({ factor: 'sms', phone: PHONE }) },
  user_blocked: { script: { approve: always({ do: 'status', status: 403 }), user: always({ do: 'patch', patch: { exceededRateLimits: { push: 'c4n4ry' } } }) }, run: (drive) => drive.start() },
  cancelled: { run: async (drive) => {
    await drive.start()
    return drive.callback({ cancel: 'c4n4ry' })
  } },
  too_many_attempts: { options: { maxAttempts: 1 }, run: async (drive) => {
    await drive.start({ factor: 'sms' })
    await drive.callback({ code: WRONG_CODE })
    return drive.callback({ code: drive.world.secretCodes.sms })
  } },
  codes_locked: { options: { ledger: ledgerWith({ look: async (key: string) => (key.startsWith('locked:') ? 1 : 0) }) }, run: async (drive) => {
    await drive.start({ factor: 'sms' })
    return drive.callback({ code: drive.world.secretCodes.sms })
  } },
  invalid_username: { options: { subject: () => ({ username: 'c4n4ry with spaces' }) }, run: (drive) => drive.start({ phone: PHONE }) },
  rejected: { verify: async () => false, run: approvedPush },
  not_approved: { run: async (drive) => {
    await drive.start()
    drive.world.decide('denied')
    return drive.callback()
  } },
  wrong_code: { run: async (drive) => {
    await drive.start({ factor: 'recovery' })
    return drive.callback({ code: 'c4n4ry-wrong' })
  } },
  expired_transaction: { run: async (drive) => {
    await drive.start()
    drive.later(121)
    return drive.callback()
  } },
  unknown_transaction: { run: (drive) => drive.send('POST', { transaction: 'c4n4ry', code: 'c4n4ry' }) },
  used_transaction: { run: async (drive) => {
    await approvedPush(drive)
    return drive.callback()
  } },
  binding_mismatch: { script: { status: always({ do: 'lie', lie: other }) }, run: approvedPush },
  too_many_starts: { options: { startBudget: { starts: 1, perSeconds: 60 } }, run: async (drive) => {
    await drive.start()
    return drive.start({ factor: 'sms' })
  } },
}

const wrongAnswers: [string, Behaviour, NevisErrorCode][] = [
  ['reset', { do: 'reset' }, 'NEVIS_UNREACHABLE'],
  ['cut short', { do: 'truncate' }, 'NEVIS_UNREACHABLE'],
  ['never sent', { do: 'hang' }, 'NEVIS_TIMEOUT'],
  ['sent a byte at a time', { do: 'drip' }, 'NEVIS_TIMEOUT'],
  ['429', { do: 'status', status: 429 }, 'NEVIS_RATE_LIMITED'],
  ['401', { do: 'status', status: 401 }, 'NEVIS_UNAUTHORIZED'],
  ['403', { do: 'status', status: 403 }, 'NEVIS_UNAUTHORIZED'],
  ['418', { do: 'status', status: 418 }, 'NEVIS_REJECTED'],
  ['500', { do: 'status', status: 500 }, 'NEVIS_UNEXPECTED_RESPONSE'],
  ['a redirect', { do: 'redirect' }, 'NEVIS_UNEXPECTED_RESPONSE'],
  ['too large', { do: 'large' }, 'NEVIS_UNEXPECTED_RESPONSE'],
  ['not HTTP', { do: 'notHttp' }, 'NEVIS_UNEXPECTED_RESPONSE'],
]
const notJson: [string, Behaviour, NevisErrorCode][] = [
  ['not JSON', { do: 'body', status: 200, body: 'c4n4ry {' }, 'NEVIS_UNEXPECTED_RESPONSE'],
  ['without its fields', { do: 'body', status: 200, body: '{"c4n4ry":"c4n4ry","status":"c4n4ry","active":"c4n4ry"}' }, 'NEVIS_UNEXPECTED_RESPONSE'],
]
/** Gives anna a phone. Otherwise the strategy would refuse to start a transaction, with `not_enrolled`. */
const withPhone: Behaviour = { do: 'patch', patch: { status: 'active', authenticators: [{ authenticatorId: '11111111-2222-4333-8444-555555555555', type: 'app' }] } }
const faults: Scenario[] = ([
  ...[...wrongAnswers, ...notJson].map(([name, behaviour, ends]): Scenario => ({ ends, name: `approve: ${name}`, script: { approve: always(behaviour), user: always(withPhone) }, run: (drive) => drive.start() })),
  ...[...wrongAnswers, ...notJson].map(([name, behaviour, ends]): Scenario => ({ ends, name: `enroll: ${name}`, options: { operation: 'enroll' }, script: { enroll: always(behaviour) }, run: (drive) => drive.start({ factor: 'sms', phone: PHONE }) })),
  ...[...wrongAnswers, ...notJson].map(([name, behaviour, ends]): Scenario => ({ ends, name: `user: ${name}`, options: { operation: 'enroll' }, script: { user: always(behaviour) }, run: (drive) => drive.start({ factor: 'recovery' }) })),
  { ends: 'NEVIS_UNEXPECTED_RESPONSE', name: 'enroll: recovery codes that are not there', proved: true, options: { operation: 'enroll' }, script: { enroll: always({ do: 'patch', patch: { enrollment: { c4n4ry: 'c4n4ry' } } }) }, run: (drive) => drive.start({ factor: 'recovery' }) },
  ...[...wrongAnswers, ...notJson].map(([name, behaviour, ends]): Scenario => ({ ends, name: `status: ${name}`, script: { status: always(behaviour) }, run: approvedPush })),
  ...[...wrongAnswers, ...notJson].map(([name, behaviour, ends]): Scenario => ({ ends, name: `introspection: ${name}`, script: { introspect: always(behaviour) }, run: approvedPush })),
  ...[...wrongAnswers, ...notJson].map(([name, behaviour, ends]): Scenario => ({ ends, name: `intent: ${name}`, script: { intent: always(behaviour) }, run: (drive) => drive.start({ factor: 'widget' }) })),
  ...[...wrongAnswers, ...notJson].map(([name, behaviour, ends]): Scenario => ({ ends, name: `status of a widget's result: ${name}`, script: { status: always(behaviour) }, run: broughtResult })),
  // If a verification ends in `NEVIS_UNAUTHORIZED` or `NEVIS_REJECTED`, the cause can be a wrong access key or a wrong code. To find out, the strategy requests
  // the user with the same key. In these scenarios, this request succeeds, so the strategy takes the code for wrong.
  ...wrongAnswers.map(([name, behaviour, ends]): Scenario => ({ ends: ['NEVIS_UNAUTHORIZED', 'NEVIS_REJECTED'].includes(ends) ? 'wrong_code' : ends, name: `verification: ${name}`, script: { verify: always(behaviour) }, run: async (drive) => {
    await drive.start({ factor: 'sms' })
    return drive.callback({ code: WRONG_CODE })
  } })),
] satisfies Scenario[]).map((scenario) => (scenario.ends === 'NEVIS_TIMEOUT' ? { ...scenario, clientOptions: { timeoutMs: 100 } } : scenario))

const storage: (Scenario & { ends: StorageErrorCode })[] = [
  { ends: 'SESSION_REQUIRED', name: 'no session', session: 'none', run: (drive) => drive.start({ phone: PHONE }) },
  { ends: 'SESSION_IN_COOKIE', name: 'a session in a cookie', session: 'cookie', run: (drive) => drive.start({ phone: PHONE }) },
  { ends: 'SESSION_UNAVAILABLE', name: 'a session that cannot be saved', session: 'broken', run: (drive) => drive.start() },
  { ends: 'LEDGER_UNAVAILABLE', name: 'a ledger that is down', options: { ledger: ledgerWith({ claim: () => Promise.reject(broken('c4n4ry')), count: () => Promise.reject(broken('c4n4ry')) }) }, run: (drive) => drive.start() },
  { ends: 'LEDGER_UNAVAILABLE', name: 'a ledger that rejects with a word', options: { ledger: ledgerWith({ claim: () => Promise.reject('c4n4ry') }) }, run: (drive) => drive.start() },
  { ends: 'LEDGER_UNAVAILABLE', name: 'a ledger that answers with a row', options: { ledger: ledgerWith({ claim: async () => ({ key: 'c4n4ry' }) }) }, run: (drive) => drive.start() },
]

/** Wrong values from the browser, the app or Nevis that the strategy notices only at a request. `ends: 'error'`: the error has no `code`. */
const mistakes: Scenario[] = [
  { ends: 'phone_refused', name: 'a phone number that is none', options: { operation: 'enroll' }, run: (drive) => drive.start({ factor: 'sms', phone: `${PHONE} ext. c4n4ry` }) },
  { ends: 'phone_refused', name: 'no phone number', options: { operation: 'enroll' }, run: (drive) => drive.start({ factor: 'sms' }) },
  { ends: 'error', name: 'a message that mixes text and markup', options: { message: () => '<html>c4n4ry<script></html>' }, run: (drive) => drive.start() },
  { ends: 'error', name: 'an SMS without its code', options: { message: () => 'c4n4ry', factors: [sms({ message: (text) => text as string })] }, run: (drive) => drive.start() },
  { ends: 'binding_mismatch', name: 'an intent token handed back', run: async (drive) => {
    await drive.start({ factor: 'widget' })
    return drive.callback({ token: widgetToken('intent', drive.world) })
  } },
  { ends: 'binding_mismatch', name: 'a result of the widget that is none', run: async (drive) => {
    await drive.start({ factor: 'widget' })
    return drive.callback({ token: 'c4n4ry\u0001' })
  } },
  { ends: 'error', name: 'an operation that is none', options: { operation: () => 'c4n4ry' as never }, run: (drive) => drive.start() },
  { ends: 'error', name: 'a userId that is none of Nevis', options: { subject: () => ({ userId: 'c4n4ry' }) }, run: (drive) => drive.start() },
  { ends: 'error', name: 'an access key that is none', clientOptions: { accessKey: () => 'c4n4ry with spaces' }, options: { secret: 'a secret of thirty-two characters' }, run: (drive) => drive.start() },
  { ends: 'NEVIS_UNEXPECTED_RESPONSE', name: 'a user id of Nevis that is no UUID', script: { approve: [{ do: 'patch', patch: { userId: 'c4n4ry' } }] }, options: { subject: (req) => ({ username: (req.user as { username: string }).username }) }, run: (drive) => drive.start({ factor: 'sms' }) },
  { ends: 'NEVIS_UNEXPECTED_RESPONSE', name: 'a status token of Nevis that is none', script: { approve: [{ do: 'patch', patch: { statusToken: 'c4n4ry\u0001' } }] }, run: (drive) => drive.start() },
  { ends: 'NEVIS_UNEXPECTED_RESPONSE', name: 'a transaction token of Nevis that is none', script: { status: [{ do: 'patch', patch: { token: 'c4n4ry\u0001' } }] }, run: approvedPush },
  { ends: 'NEVIS_UNEXPECTED_RESPONSE', name: 'a page in place of a verdict on a code', script: { verify: always({ do: 'body', status: 200, body: '<h1>c4n4ry</h1>' }) }, run: async (drive) => {
    await drive.start({ factor: 'recovery' })
    return drive.callback({ code: 'c4n4ry-wrong' })
  } },
  { ends: 'NEVIS_UNEXPECTED_RESPONSE', name: 'the 404 of a gateway', script: { approve: always({ do: 'body', status: 404, body: 'c4n4ry' }) }, run: (drive) => drive.start() },
]

const scenarios: Scenario[] = [
  ...successes,
  ...Object.entries(refusals).map(([code, scenario]): Scenario => ({ ...scenario, ends: code, name: 'a refusal' })),
  ...faults,
  ...storage,
  ...mistakes,
]

let cloud: FakeCloud
let events: Recorded
let worlds = 1000
const closers: (() => Promise<unknown>)[] = []
/** Everything that a test has printed to the console or published as an event. */
let aloud: unknown[]

beforeEach(async () => {
  cloud = await FakeCloud.start()
  events = recordEvents(EVENT_NAMES)
  aloud = []
  for (const name of ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir'] as const) {
    jest.spyOn(console, name).mockImplementation((...args: unknown[]) => void aloud.push(...args))
  }
  jest.spyOn(process, 'emitWarning').mockImplementation((...args: unknown[]) => void aloud.push(...args))
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => aloud.push(text) > 0)
})

afterEach(async () => {
  jest.restoreAllMocks()
  events.stop()
  for (const close of closers.splice(0)) await close()
  await cloud.close()
})

function worldFor(script: Script = {}): World {
  const world = new World(++worlds, script, 0)
  cloud.worlds.set(world.number, world)
  return world
}

function strategyFor({ options = {}, clientOptions = {}, verify = async ({ id }) => ({ id }) }: Partial<Scenario> = {}): NevisStrategy {
  const client = new NevisClient({ baseURL: cloud.baseURL, accessKey: cloud.accessKey, timeoutMs: 3000, retries: 0, ...clientOptions })
  const base = { client, factors: [push(), appFactor(), sms(), recovery(), widget()], waitingURL: '/2fa', callbackURL: '/2fa/callback', statusURL: '/2fa/status', ledger: new MemoryLedger() }
  return new NevisStrategy({ ...base, ...options, passReqToCallback: false }, verify)
}

const later = (seconds: number): void => {
  const now = Date.now()
  jest.spyOn(Date, 'now').mockImplementation(() => now + seconds * 1000)
}

/** The printed values, in which a test searches for `CANARY`. Leaves out the path of this folder, which is in stack traces and may match by chance. */
const searched = (...values: unknown[]): string => printed(...values).replaceAll(__dirname, '')

describe('what Passport\'s actions are given', () => {
  it.each(scenarios.map((scenario) => [scenario.ends, scenario.name, scenario] as const))('holds no secret: %s (%s)', async (ends, _name, scenario) => {
    const world = worldFor(scenario.script)
    const nevis = strategyFor(scenario)
    const kept: Record<string, unknown> | undefined = scenario.session === 'none' ? undefined : Object.create(scenario.session === 'cookie' ? { isChanged: true, isPopulated: true } : {}) as Record<string, unknown>
    if (scenario.session === 'broken') (kept as Record<string, unknown>)['save'] = (done: (error: unknown) => void) => done(broken('SET sess:c4n4ry-session-id'))
    if (scenario.proved) proveSecondFactor({ session: kept }, { username: world.anna.username }, world.anna.userId)
    let transaction: string | undefined
    const all: unknown[] = []
    const send = async (method: string, fields: Record<string, string>, headers = {}) => {
      const done = await act(nevis, { method, url: '/', headers, body: fields, session: kept, user: { username: world.anna.username } })
      all.push(...done.args)
      if (done.action === 'redirect') transaction = new URL(done.args[0] as string, 'http://app').searchParams.get('transaction') as string
      return codeOf(done)
    }
    const last = await scenario.run({
      world,
      later,
      send,
      start: (fields = {}) => send('POST', fields),
      callback: (fields = {}) => send('POST', { transaction: transaction as string, ...fields }),
    })
    expect(last).toBe(ends)
    expect(searched(...all)).not.toMatch(CANARY)
    expect(searched(events.all, aloud)).not.toMatch(CANARY)
    expect(searched(nevis, nevis.settings, nevis.settings.client, await nevis.settings.keys())).not.toMatch(CANARY)
    for (const url of all.filter((one) => typeof one === 'string')) {
      // The handle in the URL is encrypted, so its decoded bytes contain no secret either.
      expect(Buffer.from(url.split('transaction=')[1] as string, 'base64url').toString('latin1')).not.toMatch(CANARY)
    }
  })
})

interface Served {
  readonly origin: string
  readonly nevis: NevisStrategy
}

/** An app like a beginner's, without an error handler, so that Express prints the error. */
async function serve(scenario: Partial<Scenario>, world: World): Promise<Served> {
  const passport = new Passport()
  const nevis = strategyFor(scenario)
  passport.use(nevis)
  passport.serializeUser((user, done) => done(null, user))
  passport.deserializeUser((user: Express.User, done) => done(null, user))
  const app: App = express()
  app.set('env', 'development')
  app.get('/2fa/status', statusEndpoint(nevis))
  app.use(express.urlencoded({ extended: false }))
  if (scenario.session === 'cookie') app.use(jest.requireActual<(options: object) => RequestHandler>('cookie-session')({ keys: ['a secret for tests'] }))
  else if (scenario.session !== 'none') {
    const store = new session.MemoryStore()
    // The store fails only once. If the store failed again at the end of the response, the error would come from express-session, not from this package.
    if (scenario.session === 'broken') store.set = jest.fn((_id, _value, done) => done?.()).mockImplementationOnce((_id, _value, done) => done?.(broken('SET sess:c4n4ry-session-id')))
    app.use(session({ secret: 'a secret for tests', resave: false, saveUninitialized: false, store }), passport.session())
  }
  app.use((req, _res, next) => {
    if (req.path === '/start') req.user = { username: world.anna.username }
    if (req.path !== '/start' || !scenario.proved) return next()
    proveSecondFactor(req, { username: world.anna.username }, world.anna.userId)
    req.session.save(next)
  })
  app.get('/2fa', waitingPage(nevis, { widgetScript: '/widget.js' }))
  app.all(['/start', '/2fa', '/2fa/callback'], passport.authenticate('nevis'), (req, res) => void res.json({ user: req.user, info: req.authInfo }))
  const server = createServer(app)
  await listen(server)
  closers.push(() => new Promise((resolve) => {
    server.close(resolve)
    server.closeAllConnections()
  }))
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, nevis }
}

function statusOfEnd(ends: string): number {
  if (ends === 'success') return 200
  if (ends === 'redirect') return 303
  if (ends in failures) return failures[ends as FailureCode].status
  if (ends.startsWith('NEVIS_')) return new NevisError(ends as NevisErrorCode, 'ping').status
  return ends === 'SESSION_UNAVAILABLE' || ends === 'LEDGER_UNAVAILABLE' ? 503 : 500
}

describe('what a browser gets, and what is logged and published meanwhile', () => {
  // Shows: T-reader-2, C-overview-1
  it.each(scenarios.map((scenario) => [scenario.ends, scenario.name, scenario] as const))('holds no secret: %s (%s)', async (ends, _name, scenario) => {
    const world = worldFor(scenario.script)
    const { origin } = await serve(scenario, world)
    const browser = new Browser(origin)
    let transaction: string | undefined
    const all: string[] = []
    const send = async (path: string, method: string, fields: Record<string, string>, headers?: Record<string, string>) => {
      const query = method === 'GET' ? `?${new URLSearchParams(fields).toString()}` : ''
      const page = method === 'GET' ? await browser.get(path + query) : await browser.post(path, fields, headers)
      // Search the headers for secrets, too: the URL in `Location` contains the handle (the encrypted transaction id).
      all.push(String(page.status), inspect([...page.headers]), page.text, ...browser.cookies.values())
      if (page.location !== undefined) transaction = new URL(page.location, origin).searchParams.get('transaction') as string
      return page.status
    }
    const last = await scenario.run({
      world,
      later,
      send: (method, fields, headers) => send('/start', method, fields, headers),
      start: (fields = {}) => send('/start', 'POST', fields),
      callback: (fields = {}) => send('/2fa/callback', 'POST', { transaction: transaction as string, ...fields }),
    })
    expect(last).toBe(statusOfEnd(ends))
    expect(all.join('\n').replaceAll(__dirname, '')).not.toMatch(CANARY)
    expect(searched(events.all, aloud)).not.toMatch(CANARY)
  })
})

describe('the waiting page', () => {
  /** The secrets that the page must show to the user who signs in: QR code, app link, recovery codes and intent token. */
  const MEANT = /data:image\/png;base64,c4n4ryQR|https:\/\/link\.example\/\?dispatchTokenResponse=c4n4ry-link-\d+|c4n4ry-written-\d|e30\.e30\.c4n4ry-intent---\d+/g

  describe.each([
    ['app', {}, { factor: 'app' }],
    ['push', {}, { factor: 'push' }],
    ['sms', {}, { factor: 'sms' }],
    ['the widget', {}, { factor: 'widget' }],
    ['enrolling the app', { operation: 'enroll' }, { factor: 'app' }],
    ['enrolling SMS', { operation: 'enroll' }, { factor: 'sms', phone: PHONE }],
    ['enrolling recovery codes', { operation: 'enroll' }, { factor: 'recovery' }],
  ] as const)('of %s', (name, options, fields) => {
    it.each(['text/html', 'application/json'])('shows its own browser what it is meant to use, and no other secret (%s)', async (accept) => {
      const world = worldFor()
      const { origin } = await serve({ options, ...(name.includes('recovery') && { proved: true }) }, world)
      const browser = new Browser(origin)
      const { location } = await browser.post('/start', fields)
      const page = await browser.get(location as string, { accept })
      expect(page.status).toBe(200)
      if (name !== 'push' && !name.toLowerCase().includes('sms')) expect(page.text).toMatch(MEANT)
      expect((page.text + inspect([...page.headers])).replaceAll(/&#38;/g, '&').replaceAll(MEANT, '')).not.toMatch(CANARY)
      expect(page.headers.get('cache-control')).toBe('no-store')
    })

    it.each(['text/html', 'application/json'])('shows another browser, with the same address, nothing (%s)', async (accept) => {
      const world = worldFor()
      const { origin } = await serve({ options, ...(name.includes('recovery') && { proved: true }) }, world)
      const { location } = await new Browser(origin).post('/start', fields)
      const page = await new Browser(origin).get(location as string, { accept })
      expect(page.status).toBe(403)
      expect(page.text + inspect([...page.headers])).not.toMatch(CANARY)
    })

    it('tells everyone who has the handle only its status, by the status endpoint', async () => {
      const world = worldFor()
      const { origin } = await serve({ options, ...(name.includes('recovery') && { proved: true }) }, world)
      const { location } = await new Browser(origin).post('/start', fields)
      world.decide('approved')
      const page = await new Browser(origin).get((location as string).replace('/2fa?', '/2fa/status?'))
      expect(page.status).toBe(200)
      expect(Object.keys(page.json()).sort()).toEqual(['expiresAt', 'prompt', 'retryAfterSeconds', 'status'])
      expect(page.text + inspect([...page.headers])).not.toMatch(CANARY)
    })
  })

  it('shows nothing of it any more once the transaction is closed', async () => {
    const world = worldFor()
    const { origin } = await serve({}, world)
    const browser = new Browser(origin)
    const { location } = await browser.post('/start', { factor: 'app' })
    const transaction = new URL(location as string, origin).searchParams.get('transaction') as string
    await browser.post('/2fa', { transaction, cancel: '1' })
    for (const accept of ['text/html', 'application/json']) expect((await browser.get(location as string, { accept })).text).not.toMatch(CANARY)
  })
})

describe('a strategy and a client', () => {
  it('show no secret when they are printed, before and after their work', async () => {
    const world = worldFor()
    const nevis = strategyFor({ options: { secret: ['c4n4ry-secret-that-seals-all-handles', 'c4n4ry-secret-that-was-used-before'] } })
    const { client } = nevis.settings
    expect(searched(nevis, client)).not.toMatch(CANARY)
    const kept = {}
    const request = (body: object) => act(nevis, { method: 'POST', url: '/', headers: {}, body, session: kept, user: { username: world.anna.username } })
    const started = await request({})
    world.decide('approved')
    await request({ transaction: new URL(started.args[0] as string, 'http://app').searchParams.get('transaction') })
    expect(searched(nevis, client, Object.getPrototypeOf(nevis), Object.getOwnPropertyDescriptors(nevis))).not.toMatch(CANARY)
  })

  it.each<[string, () => unknown]>([
    ['an access key with a space', () => new NevisClient({ instance: 'a', accessKey: 'c4n4ry key' })],
    ['an access key with a line break', () => new NevisClient({ instance: 'a', accessKey: 'c4n4ry\n' })],
    ['a URL with credentials', () => new NevisClient({ baseURL: 'https://c4n4ry:c4n4ry@a.example', accessKey: 'c4n4ry' })],
    ['a URL with a query', () => new NevisClient({ baseURL: 'https://a.example?c4n4ry', accessKey: 'c4n4ry' })],
    ['an instance that is none', () => new NevisClient({ instance: 'c4n4ry.example/', accessKey: 'c4n4ry' })],
    ['a secret that is too short', () => strategyFor({ options: { secret: 'c4n4ry' } })],
    ['a client and an access key', () => strategyFor({ options: { accessKey: 'c4n4ry' } })],
    ['a secret in place of the ledger', () => strategyFor({ options: { ledger: 'c4n4ry' as never } })],
    ['an address that is none', () => strategyFor({ options: { waitingURL: 'c4n4ry' } })],
  ])('show no secret in the TypeError about %s', (_name, build) => {
    let error: unknown
    try {
      build()
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(TypeError)
    expect(searched(error)).not.toMatch(CANARY)
  })

  it('show no secret in NEVIS_NOT_FOUND, the one code that the strategy turns into a refusal', async () => {
    const { client } = strategyFor().settings
    const error = await client.getUser('99999999-0000-4000-8000-00000000000a').catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'NEVIS_NOT_FOUND' })
    expect(searched(error)).not.toMatch(CANARY)
  })
})

describe('these scenarios', () => {
  it('cause every failure code, every error code of Nevis except NEVIS_NOT_FOUND, and every error code of the stores', () => {
    const nevisCodes: NevisErrorCode[] = ['NEVIS_UNREACHABLE', 'NEVIS_TIMEOUT', 'NEVIS_RATE_LIMITED', 'NEVIS_UNAUTHORIZED', 'NEVIS_REJECTED', 'NEVIS_UNEXPECTED_RESPONSE']
    const storageCodes: StorageErrorCode[] = ['SESSION_REQUIRED', 'SESSION_IN_COOKIE', 'SESSION_UNAVAILABLE', 'LEDGER_UNAVAILABLE']
    const ends = new Set(scenarios.map((scenario) => scenario.ends))
    for (const code of [...Object.keys(failures), ...nevisCodes, ...storageCodes, 'success', 'redirect', 'error']) expect([code, ends.has(code)]).toEqual([code, true])
  })
})

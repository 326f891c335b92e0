/** Apps for the tests of the command `doctor`: a healthy app, or an app with the faults that a test asks for. The doctor's own observer watches each app. */
import express, { type Express, type RequestHandler } from 'express'
import expressSession, { type SessionOptions } from 'express-session'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Passport } from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'
import { NevisStrategy, push, recordSecondFactor, sms, statusEndpoint, waitingPage, type NevisStrategyOptions } from '../../src'
import { appFindings } from '../../src/doctor/app-checks'
import type { Check, Finding } from '../../src/doctor/findings'
import { AppObserver } from '../../src/doctor/app-observer'
import type { NevisSimulator } from '../../src/simulator'
import { listen } from '../support/app'

export type Mount = 'status' | 'session' | 'start' | 'waiting' | 'choose' | 'callback'

export interface Fault {
  readonly strategy?: Partial<NevisStrategyOptions>
  readonly session?: Partial<SessionOptions>
  /** Middleware that is not mounted at all. */
  readonly without?: readonly Mount[]
  /** Handlers that replace the app's usual handlers at these places. */
  readonly instead?: Partial<Record<Mount, RequestHandler>>
  /** Runs before all other middleware. */
  readonly first?: RequestHandler
  /** Middleware of the app, such as a login guard, that runs after the status endpoint and before all other routes. */
  readonly guard?: RequestHandler
  readonly trustProxy?: boolean | number
  /** The app does not call Passport's `use`. */
  readonly unregistered?: boolean
  readonly passport?: { name: string; version: string }
  readonly production?: boolean
  readonly statusLast?: boolean
  /** Names of strategies, each for one route `POST /login`. Default: a single route that checks the password and then starts the second factor. */
  readonly starts?: readonly string[]
  /** The app itself terminates TLS. */
  readonly tls?: boolean
  /** The path at which the session is mounted. */
  readonly sessionPath?: string
}

export const SECRET = 'a session secret of more than 32 characters'

const servers: Server[] = []

export async function closeServers(): Promise<void> {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

export async function originOf(app: RequestListener, tls = false): Promise<string> {
  const server = tls ? createTlsServer(certificate(), app) : createServer(app)
  servers.push(server)
  await listen(server)
  return `http${tls ? 's' : ''}://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A certificate for the host name `app.example`. A TLS client that connects to 127.0.0.1 refuses it by default, because the host name does not match. */
function certificate(): { key: Buffer; cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'passport-nevis-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const elliptic = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  execFileSync('openssl', ['req', '-x509', ...elliptic, '-nodes', '-subj', '/CN=app.example', '-days', '2', '-keyout', key, '-out', cert], { stdio: 'ignore' })
  const read = { key: readFileSync(key), cert: readFileSync(cert) }
  rmSync(folder, { recursive: true })
  return read
}

/** A Passport and sessions that the doctor's observer watches, and a Nevis strategy that Passport does not know yet. */
export function watchedParts({ baseURL, accessKey }: NevisSimulator, { strategy = {}, passport: module = { name: 'passport', version: '0.7.0' } }: Pick<Fault, 'strategy' | 'passport'> = {}) {
  const observer = new AppObserver()
  class Watched extends Passport {}
  observer.watchPassport(module, Watched.prototype)
  const watched = observer.watchSessions(expressSession)
  const session = (options: Partial<SessionOptions> = {}): RequestHandler => watched({ secret: SECRET, resave: false, saveUninitialized: false, cookie: { sameSite: 'lax' }, ...options })
  const options = { baseURL, accessKey, factors: [push(), sms()], waitingURL: '/2fa', ...strategy } as NevisStrategyOptions & { passReqToCallback?: false }
  return { observer, passport: new Watched(), session, nevis: new NevisStrategy(options, async () => false) }
}

interface Routes {
  /** Mounts the session and `passport.session()`. */
  readonly session: (app: Express) => void
  readonly login: (app: Express) => void
  /** Mounts the callback route. If absent, the app gets a callback route without a fault. */
  readonly callback?: (app: Express) => void
  /** Runs behind all routes. */
  readonly last?: (app: Express) => void
}

/** An app of Express with these routes. It has the password strategy `local`, which refuses every password. */
export function appWith({ passport, nevis }: Pick<ReturnType<typeof watchedParts>, 'passport' | 'nevis'>, { session, login, callback, last }: Routes, app = express(), checked = (): void => undefined): Express {
  passport.use(nevis)
  passport.use(new LocalStrategy((_username, _password, done) => { checked(); done(null, false) }))
  app.get('/2fa/status', statusEndpoint(nevis))
  app.use(express.urlencoded({ extended: false }))
  session(app)
  login(app)
  app.get('/2fa', waitingPage(nevis))
  app.post('/2fa', passport.authenticate('nevis'))
  if (callback) callback(app)
  else app.all('/2fa/callback', passport.authenticate('nevis'), recordSecondFactor(), (_req, res) => res.redirect('/'))
  last?.(app)
  app.use(((_error, _req, res, _next) => void res.status(500).end('broken')) as express.ErrorRequestHandler)
  return app
}

/** What the doctor finds in an app that is healthy except for this fault. */
export async function findingsOf(simulator: NevisSimulator, fault: Fault = {}): Promise<Finding[]> {
  const { observer, passport, session, nevis } = watchedParts(simulator, fault)
  if (fault.unregistered) observer.register(nevis)
  else passport.use(nevis)

  const app = express()
  if (fault.trustProxy !== undefined) app.set('trust proxy', fault.trustProxy)
  if (fault.first) app.use(fault.first)
  const mounts: Record<Mount, () => void> = {
    status: () => app.get('/2fa/status', fault.instead?.status ?? statusEndpoint(nevis)),
    session: () => app.use(fault.sessionPath ?? '/', session(fault.session), passport.session()),
    start: () => {
      if (fault.starts === undefined) app.post('/login', passport.authenticate('local', { session: false }), passport.authenticate('nevis'))
      else for (const name of fault.starts) app.post('/login', passport.authenticate(name))
    },
    waiting: () => app.get('/2fa', fault.instead?.waiting ?? waitingPage(nevis)),
    choose: () => app.post('/2fa', fault.instead?.choose ?? (fault.unregistered ? passport.authenticate(nevis) : passport.authenticate('nevis'))),
    callback: () => app.all('/2fa/callback', fault.instead?.callback ?? (fault.unregistered ? passport.authenticate(nevis) : passport.authenticate('nevis')), recordSecondFactor(), (_req, res) => res.redirect('/')),
  }
  const mount = (name: Mount) => fault.without?.includes(name) || mounts[name]()
  if (!fault.statusLast) mount('status')
  app.use(express.urlencoded({ extended: false }))
  mount('session')
  if (fault.guard) app.use(fault.guard)
  for (const name of ['start', 'waiting', 'choose', 'callback'] as const) mount(name)
  if (fault.statusLast) mount('status')
  app.use(((_error, _req, res, _next) => void res.status(500).end('broken')) as express.ErrorRequestHandler)
  return appFindings({ origin: await originOf(app, fault.tls), observer }, fault.production ?? false)
}

/** Only the findings that are not `ok`: `{ check: 'level: finding' }`. */
export function troublesIn(findings: readonly Finding[]): Partial<Record<Check, string>> {
  return Object.fromEntries(findings.filter(({ level }) => level !== 'ok').map(({ check, level, finding }) => [check, `${level}: ${finding}`]))
}

/** The text of each finding. */
export function textsIn(findings: readonly Finding[]): Partial<Record<Check, string>> {
  return Object.fromEntries(findings.map(({ check, finding }) => [check, finding]))
}

/** The remedy of each finding that is not `ok`. */
export function remediesIn(findings: readonly Finding[]): Partial<Record<Check, string>> {
  return Object.fromEntries(findings.flatMap((one) => (one.level === 'ok' ? [] : [[one.check, one.remedy]])))
}

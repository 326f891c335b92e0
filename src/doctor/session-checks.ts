/**
 * Checks that the application's session is suitable for a sign-in. With express-session, checks the options and the cookie; with other session middleware,
 * only the cookies of the callback route.
 *
 * Out of scope: the content of sessions.
 */
import { KeyObject } from 'node:crypto'
import { withUnchecked, error, ok, unchecked, warning, type Check, type Finding } from './findings'
import type { Cookie, Reply } from './probe'
import type { SessionSetup, AppObserver } from './app-observer'

const MIN_SECRET_LENGTH = 32

interface CheckContext {
  readonly isProduction: boolean
  readonly isTls: boolean
  readonly callback: Reply | undefined
}

/**
 * Matches a remedy for express-session. For other session packages, the report shows only the cookie option in the remedy. The remedy may also name
 * `trust proxy`, a setting of Express, which is then left out.
 */
const EXPRESS_REMEDY = /^cookie: \{ (.*?) \}.*$/
const OTHER_SESSIONS = 'in the options of your session cookie; docs/guides/hosts shows them, and what to set behind a TLS proxy, for Fastify, Koa and NestJS'

export function sessionFindings({ sessions }: AppObserver, context: CheckContext): Finding[] {
  const setup = sessions.find(({ uses }) => uses.length > 0) ?? sessions[0]
  if (setup === undefined) {
    const found = cookieFindings(context.callback?.cookies ?? [], context)
    return found.map((one) => (one.level === 'ok' ? one : { ...one, remedy: `${one.remedy.replace(EXPRESS_REMEDY, '$1')} ${OTHER_SESSIONS}` }))
  }
  const own = setupFindings(setup, context)
  const use = setup.uses.at(-1)
  if (use?.cookie === undefined) return own
  return [...own, ...cookieFindings([use.cookie], context), proxyFinding(setup, use.cookie, use.trustsProxy, context)]
}

/** Adds an `unchecked` finding, with the reason, for each session check that did not run. */
export function withUncheckedSession(findings: readonly Finding[], { sessions }: AppObserver): Finding[] {
  if (sessions.length === 0) {
    return withUnchecked(findings, 'the doctor found no express-session in the app', 'check the options of your session yourself, with docs/guides/doctor.md')
  }
  return sessions.some(({ uses }) => uses.length > 0)
    ? withUnchecked(findings, 'express-session ran, but created no session', 'check the options secret and store of session(). If its option cookie has a path, the URLs of the waiting page and of the callback must begin with this path')
    : withUnchecked(findings, 'express-session did not run for any of the routes', 'mount session() before the waiting page and the callback')
}

function setupFindings({ options }: SessionSetup, { isProduction }: CheckContext): Finding[] {
  return [
    storeFinding(options['store'], isProduction),
    flagFinding('session.resave', 'resave', options['resave'], 'a slow response may restore data that a faster response has removed from the session'),
    flagFinding('session.save-uninitialized', 'saveUninitialized', options['saveUninitialized'], 'every visitor gets a session and a cookie'),
    secretFinding(options['secret'], isProduction),
  ]
}

function storeFinding(store: unknown, isProduction: boolean): Finding {
  // If the option `store` is undefined or another falsy value, express-session creates a MemoryStore.
  const name = store ? classOf(store) : 'MemoryStore'
  if (name !== 'MemoryStore') return ok('session.store', `sessions are kept in a ${name}`)
  if (!isProduction) return ok('session.store', 'sessions are kept in memory: fine for development')
  return warning('session.store', 'sessions are kept in the memory of one process, and are lost when the process ends', 'give session() a store that all processes share, such as connect-redis')
}

function flagFinding(check: Check, option: string, value: unknown, because: string): Finding {
  if (value === false) return ok(check, `${option} is false`)
  return warning(check, `${option} is ${value === undefined ? 'not set, which means true' : 'true'}: ${because}`, `session({ ${option}: false, … })`)
}

function secretFinding(secret: unknown, isProduction: boolean): Finding {
  const lengths = [secret].flat().flatMap((one) => lengthOf(one) ?? [])
  const remedy = "create a long secret: node -p \"require('crypto').randomBytes(32).toString('base64url')\""
  if (lengths.length === 0) return error('session.secret', 'session() has no secret', remedy)
  if (Math.min(...lengths) >= MIN_SECRET_LENGTH) return ok('session.secret', `the secret has ${MIN_SECRET_LENGTH} characters or more`)
  return (isProduction ? error : warning)('session.secret', `the secret has fewer than ${MIN_SECRET_LENGTH} characters: an attacker who guesses the secret can sign cookies`, remedy)
}

/** The length of a secret in characters, or in bytes for a Buffer or a KeyObject: express-session accepts all keys of `crypto.createHmac`. */
function lengthOf(secret: unknown): number | undefined {
  if (typeof secret === 'string') return secret.length
  if (secret instanceof KeyObject) return secret.symmetricKeySize
  return ArrayBuffer.isView(secret) ? secret.byteLength : undefined
}

function cookieFindings(cookies: readonly Cookie[], { isProduction, isTls }: CheckContext): Finding[] {
  if (cookies.length === 0) return []
  const isSecure = cookies.every(({ secure }) => secure)
  const sites = cookies.map(({ sameSite }) => (sameSite === true ? 'strict' : typeof sameSite === 'string' ? sameSite.toLowerCase() : undefined))
  return [
    cookies.every(({ httpOnly }) => httpOnly)
      ? ok('session.http-only', 'scripts cannot read the session cookie')
      : error('session.http-only', 'scripts can read the session cookie', 'cookie: { httpOnly: true }'),
    secureFinding(isSecure, isProduction, isTls),
    sameSiteFinding(sites, isSecure),
  ]
}

function secureFinding(isSecure: boolean, isProduction: boolean, isTls: boolean): Finding {
  if (isSecure) return ok('session.secure', 'the session cookie is sent over https only')
  if (!isProduction && !isTls) return ok('session.secure', 'the session cookie may be sent over plain http: fine for development')
  return error('session.secure', 'the session cookie may be sent over plain http', "cookie: { secure: true }, and behind a TLS proxy app.set('trust proxy', 1)")
}

function sameSiteFinding(sites: readonly (string | undefined)[], isSecure: boolean): Finding {
  const remedy = "cookie: { sameSite: 'lax' }"
  if (sites.includes('none')) {
    return isSecure
      ? warning('session.same-site', 'sameSite is none: browsers send the session cookie with forms of other sites', remedy)
      : error('session.same-site', 'sameSite is none without secure: browsers reject such a cookie', remedy)
  }
  if (sites.every((site) => site === 'lax' || site === 'strict')) return ok('session.same-site', 'browsers do not send the session cookie with forms of other sites')
  return warning('session.same-site', 'sameSite is not set; browsers differ in what they assume', remedy)
}

function proxyFinding({ options }: SessionSetup, cookie: Cookie, trustsProxy: boolean | undefined, { isTls }: CheckContext): Finding {
  const check = 'session.trust-proxy'
  if (isTls) return ok(check, 'the app serves TLS itself')
  const trustsProxyHeaders = typeof options['proxy'] === 'boolean' ? options['proxy'] : trustsProxy
  if (!cookie.secure) return ok(check, 'the session cookie does not depend on a proxy')
  if (trustsProxyHeaders === undefined) return unchecked(check, 'the doctor cannot see whether the app trusts a TLS proxy', 'sign in once through the proxy: without a session cookie no user can sign in')
  if (trustsProxyHeaders) return ok(check, 'the app trusts the TLS proxy')
  return error(check, 'the session cookie is for https only, but the app does not trust a TLS proxy, so the app never sends the cookie', "app.set('trust proxy', 1), with the number of proxies in front")
}

function classOf(store: unknown): string {
  const { name = '' } = Object((store as object).constructor) as { name?: string }
  return ['', 'Object'].includes(name) ? 'custom store' : name
}

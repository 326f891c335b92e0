/**
 * Checks that the routes in the strategy's options exist and reach the right handlers. This check requests each route with a transaction that does not exist,
 * so no transaction is started.
 *
 * If such a request reaches the strategy, the strategy publishes the event `passport-nevis:failed`, which `doctor` receives.
 * Out of scope: the application's list of routes, which every framework stores differently.
 */
import { parseURL } from '../client/parse-url'
import { callbackFindings, LIMITED } from './callback-checks'
import { error, ok, unchecked, warning, type Check, type Finding } from './findings'
import { limitFinding } from './limit-check'
import { policyFinding } from './policy-check'
import { ask, UNKNOWN_HANDLE, type Reply } from './probe'
import type { SourceReport } from './source-check'
import { CSRF_STATUSES, startFindings } from './start-checks'
import type { Registered, AppObserver } from './app-observer'

const MAX_PREFIX_FOLDERS = 4

interface RouteResult {
  readonly findings: Finding[]
  /** The response of the callback route. Its cookies show the options of the session. */
  readonly callback: Reply | undefined
}

export async function routeFindings(origin: string, observer: AppObserver, registered: Registered, source?: () => SourceReport): Promise<RouteResult> {
  const { name, strategy } = registered
  const { factors } = strategy.settings
  const prefix = (await prefixOf(origin, strategy.settings.statusURL)) ?? ''
  const [waitingURL, statusURL, callbackURL] = (['waitingURL', 'statusURL', 'callbackURL'] as const).map((option) => withoutPrefix(strategy.settings[option], prefix)) as [string, string, string]
  const behind = prefix === '' ? '' : `; browsers use the prefix ${prefix}, which your proxy must remove from the path`
  const transaction = { transaction: UNKNOWN_HANDLE }
  const pathOf = (url: string) => new URL(url, origin).pathname
  const [waiting, status, callback] = [waitingURL, statusURL, callbackURL].map(pathOf) as [string, string, string]
  const waitingReply = await ask(origin, 'GET', waitingURL, transaction)
  const pageReply = await ask(origin, 'GET', waitingURL, transaction, { accept: 'text/html' })
  const chooseReply = await ask(origin, 'POST', waitingURL, { ...transaction, cancel: '1' })
  const statusReply = await ask(origin, 'GET', statusURL, transaction)
  const callbackReply = await ask(origin, 'GET', callbackURL, transaction)

  const reachedStrategy = (reply: Reply | undefined) => reply?.refusedBy.includes(strategy.name) === true
  const lacksSession = (path: string) => observer.sessions.length > 0 && !sessionRanAt(observer, path)
  // If the application does not parse the query string, the strategy mistakes the callback for a start with GET. The strategy then fails with the code
  // `start_requires_post`.
  const isQueryIgnored = reachedStrategy(callbackReply) && callbackReply?.codes.includes('start_requires_post') === true
  const fault = (check: Check, request: string, reply: Reply | undefined, mount: string) => {
    const [method, path] = request.split(' ') as [string, string]
    if (isQueryIgnored && method === 'GET') return error(check, `${request} is handled without its query string`, "turn the query parser on: app.set('query parser', 'simple')")
    return faultOf(check, request, reply, reply !== undefined && reply.status >= 500 && lacksSession(path), mount)
  }
  const findings: Finding[] = []

  const isPage = waitingReply?.status === 403 && waitingReply.json['code'] === 'unknown_transaction'
  findings.push(isPage ? ok('routes.waiting', `the waiting page is at ${waiting}`) : fault('routes.waiting', `GET ${waiting}`, waitingReply, `app.get('${waiting}', waitingPage(nevis))`))
  if (isPage && pageReply !== undefined) findings.push(policyFinding(pageReply))

  const chooseRoute = `app.post('${waiting}', passport.authenticate('${name}'))`
  const choice = reachedStrategy(chooseReply)
    ? ok('routes.waiting-post', `POST ${waiting} accepts another factor, resend and cancel`)
    : (csrfFinding('routes.waiting-post', waiting, chooseReply) ?? fault('routes.waiting-post', `POST ${waiting}`, chooseReply, chooseRoute))
  findings.push(choice)

  const isStatus = statusReply?.status === 404 && statusReply.json['status'] === 'unknown'
  const mount = `app.get('${status}', statusEndpoint(nevis))`
  if (!isStatus) findings.push(fault('routes.status', `GET ${status}`, statusReply, mount))
  else if (!sessionRanAt(observer, status)) findings.push(statusFinding(`the status endpoint is at ${status}${behind}`, observer))
  else findings.push(warning('routes.status', `the status endpoint at ${status} runs behind session(), so polling keeps the session alive and may restore old session data`, `mount the status endpoint before session(): ${mount}`))
  if (isStatus) findings.push(await limitFinding(origin, statusURL))

  const callbackRoute = `app.all('${callback}', passport.authenticate('${name}'), recordSecondFactor(), …)`
  findings.push(
    reachedStrategy(callbackReply) && !isQueryIgnored
      ? ok('routes.callback', `the callback is at ${callback}`)
      : fault('routes.callback', `GET ${callback}`, callbackReply, callbackRoute),
  )

  if (factors.every(({ prompt, enrollPrompt = prompt }) => prompt === 'wait' && enrollPrompt === 'wait')) {
    findings.push(ok('routes.callback-post', 'no factor of this app posts to the callback'))
  } else {
    const postReply = await ask(origin, 'POST', callbackURL, transaction)
    const finding = reachedStrategy(postReply)
      ? ok('routes.callback-post', `POST ${callback} accepts the forms of the waiting page`)
      : (csrfFinding('routes.callback-post', callback, postReply) ?? fault('routes.callback-post', `POST ${callback}`, postReply, callbackRoute))
    findings.push(finding)
  }
  const start = await startFindings(origin, observer, registered, choice.level === 'unchecked' ? 1 : 0, source)
  findings.push(...start.findings)
  if (reachedStrategy(callbackReply) && !isQueryIgnored) findings.push(...(await callbackFindings(origin, observer, registered, callbackURL, start.attempts, source)))
  for (const { trial } of start.attempts) trial.deleteSession()
  return { findings, callback: callbackReply }
}

/**
 * Finds the path prefix that a proxy removes: `/sub`, if `statusURL` is `/sub/login/2fa/status` and the application's route is `/login/2fa/status`.
 * @returns undefined if no status endpoint of this package answers, with or without a prefix
 */
export async function prefixOf(origin: string, statusURL: string): Promise<string | undefined> {
  const { pathname } = new URL(statusURL, origin)
  const ends = [0, ...[...pathname.matchAll(/\//g)].slice(1, 1 + MAX_PREFIX_FOLDERS).map(({ index }) => index)]
  for (const end of ends) {
    const reply = await ask(origin, 'GET', withoutPrefix(statusURL, pathname.slice(0, end)), { transaction: UNKNOWN_HANDLE })
    if (reply?.status === 404 && reply.json['status'] === 'unknown') return pathname.slice(0, end)
    if (reply === undefined) break
  }
  return undefined
}

function withoutPrefix(address: string, prefix: string): string {
  const url = parseURL(address)
  if (prefix === '') return address
  if (url === undefined) return address.startsWith(`${prefix}/`) ? address.slice(prefix.length) : address
  if (url.pathname.startsWith(`${prefix}/`)) url.pathname = url.pathname.slice(prefix.length)
  return url.href
}

/**
 * The doctor sees only sessions of express-session. If the app uses another session middleware, such as that of Fastify or Koa, the doctor does not see whether
 * this middleware runs before the status endpoint.
 */
function statusFinding(where: string, { sessions }: AppObserver): Finding {
  if (sessions.length > 0) return ok('routes.status', where)
  return unchecked('routes.status', `${where}; the doctor cannot see whether a session runs before it`, 'mount the status endpoint outside of the session: docs/guides/hosts shows where')
}

const sessionRanAt = (observer: AppObserver, path: string) => observer.sessions.some(({ uses }) => uses.some((use) => use.path === path))

/**
 * Reports that a POST was refused in a way that is usual for CSRF protection: with an HTTP error, or by a redirect back to the same page. If the application
 * requires a CSRF token, the refusal is right, because `doctor` does not have this token. So the finding is `unchecked`.
 */
function csrfFinding(check: Check, path: string, reply: Reply | undefined): Finding | undefined {
  const isRefused = reply !== undefined && (CSRF_STATUSES.includes(reply.status) || (reply.status >= 300 && reply.status < 400 && reply.location === path))
  if (!isRefused) return undefined
  const remedy = 'test the buttons of the waiting page yourself; CSRF protection needs waitingPage(nevis, { csrfToken })'
  return unchecked(check, `POST ${path} is refused before it reaches the strategy (HTTP ${reply.status}), probably by CSRF protection`, remedy)
}

function faultOf(check: Check, request: string, reply: Reply | undefined, lacksSession: boolean, mount: string): Finding {
  if (reply === undefined) return error(check, `${request} does not answer within 5 s`, `check the session store (see session.store), and the middleware before this route: ${mount}`)
  const { status, location, fault } = reply
  if (fault === 'SESSION_UNAVAILABLE') return error(check, `${request} fails, because the session store fails (${fault}, HTTP ${status})`, 'see session.store, and the log of the app (the option --app-output of the doctor shows it)')
  if (fault === 'SESSION_IN_COOKIE') {
    return error(check, `${request} fails with ${fault}: the session is in a cookie, which the browser can read and restore`, 'keep sessions on the server: express-session with a store, or the option store of koa-session')
  }
  if (lacksSession) return error(check, `${request} fails without a session (HTTP ${status})`, 'mount session() before this route')
  if (status === 404 || status === 405) return error(check, `${request} is missing (HTTP ${status})`, mount)
  if (status === 429) return error(check, `${request} is refused by a rate limiter (HTTP 429)`, LIMITED)
  if (status >= 500) return error(check, `${request} fails (${fault === undefined ? '' : `${fault}, `}HTTP ${status})`, 'see the log of the app (the option --app-output of the doctor shows it); the strategy needs session() before this route')
  const where = location === undefined ? `is refused (HTTP ${status})` : `redirects to ${location.length > 80 ? `${location.slice(0, 80)}…` : location}`
  const isBarred = (status >= 300 && status < 400) || status === 401 || status === 403
  if (isBarred) return error(check, `${request} ${where}: this route must work before the user is signed in`, `mount the route before your login guard: ${mount}`)
  return error(check, `${request} is answered by another handler (HTTP ${status})`, mount)
}

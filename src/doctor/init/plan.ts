/**
 * Decides what `init` changes in the application: adds the Nevis strategy, the status endpoint, and the second factor at sign-ins.
 *
 * If `init` cannot tell for certain which code is the password strategy, the session or the password route, it changes nothing.
 * Out of scope: printing and writing (`init-command.ts`).
 */
import type { AppFolder, FileChange } from './app-folder'
import { routeOf, type Route } from './routes'
import { signInCallsIn, type SignInCall } from './sign-in-calls'
import { covers, earlierRoutes } from './earlier-routes'
import { Edits } from './edits'
import { editLogin, editSignUp, loginChange, type LoginChange } from './login-edit'
import { loginRoutes } from './login-routes'
import { passwordStrategyIn, type PasswordStrategy, type Refusal } from './lookup'
import { parsesForms } from './body-parser'
import { prefixOf } from './mount'
import { editLoginForm, editManifest } from './page-edit'
import { tableRouteAround } from './route-tables'
import { callOf, SecondFactors } from './second-factor'
import type { Range, Source } from './source'
import { editStepUps, withoutStepUp } from './step-ups'
import { addStrategy, strategyFileOf, type StrategyFile } from './strategy-edit'

export interface SignInCallResult {
  readonly signInCall: SignInCall
  /** `closed`: this sign-in already asks for the second factor. `changed`: `init` adds the second factor. `left`: the developer must add it. */
  readonly state: 'closed' | 'changed' | 'left'
  /** Why `init` does not change this sign-in. Undefined if `init` changes it, or never changes a sign-in of this kind. */
  readonly why: string | undefined
}

export interface Plan {
  readonly signInCalls: readonly SignInCallResult[]
  readonly changes: readonly FileChange[]
  /** The changes outside the sign-ins, for example the new waiting page or a button for a code by SMS. One sentence each. */
  readonly done: readonly string[]
  /** The sensitive routes without `requireSecondFactor` to which `init` adds none, one sentence each. */
  readonly unguarded: readonly string[]
  /** Why `init` changes nothing; empty if it changes something. */
  readonly refusals: readonly Refusal[]
  /** What the developer must do besides the changes that `init` makes, one sentence each. */
  readonly notes: readonly string[]
}

const NAMES = ['nevis', 'secondFactor', 'afterFailure', 'qrCode', 'push', 'sms', 'recovery', 'NevisStrategy', 'statusEndpoint', 'waitingPage', 'recordSecondFactor']

export function planOf(app: AppFolder, version: string): Plan {
  const factors = new SecondFactors(app.sources)
  const signInCalls = app.sources.flatMap((source) => signInCallsIn(source, factors)).map(loginRoutes(app.sources))
  const unchanged = (refusals: readonly Refusal[]): Plan => ({
    signInCalls: signInCalls.map((signInCall) => ({ signInCall, state: signInCall.remedy === undefined ? 'closed' : 'left', why: undefined })),
    changes: [],
    done: [],
    unguarded: [],
    refusals,
    notes: [],
  })
  const user = app.sources.find((source) => [...source.imports.values()].some(({ from }) => from === 'passport-nevis'))
  if (user !== undefined) return { ...unchanged([]), unguarded: withoutStepUp(app.sources) }
  const strategy = passwordStrategyIn(app.sources)
  const session = sessionIn(app.sources)
  const login = loginIn(app, signInCalls)
  const refusals = [strategy, session, login].filter((one) => 'why' in one)
  if ('why' in strategy || 'why' in session || 'why' in login) return unchanged(refusals)
  const [taken] = [strategy.source, session.source, login.signInCall.source].flatMap((source) => takenIn(source))
  if (taken !== undefined) return unchanged([taken])
  const file = strategyFileOf(app, strategy, session, { source: login.signInCall.source, statement: login.route.statement })
  if ('why' in file) return unchanged([file])
  return changed(app, signInCalls, { strategy, session, login, file }, version)
}

interface Parts {
  readonly strategy: PasswordStrategy
  readonly session: Session
  readonly login: Login
  /** The file that creates the Nevis strategy. */
  readonly file: StrategyFile
}

function changed(app: AppFolder, signInCalls: readonly SignInCall[], parts: Parts, version: string): Plan {
  const { strategy, session, login, file } = parts
  const edits = new Edits()
  const waitingURL = `${login.prefix}${login.path}/2fa`
  addStrategy(edits, strategy, session, file, waitingURL)
  const landing = [...login.change.after.matchAll(/(['"`])(\/[^'"`?#]*?)\/?(?:[?#][^'"`]*)?\1/g)].map(([, , path]) => path as string)
  const { changed: steps, left, withoutPage } = editStepUps(edits, app.sources, waitingURL, landing)
  const returns = steps.length > 0 && returnsAfterFailure(login)
  addRoutes(edits, app, parts, returns)
  edits.use(session.source, 'statusEndpoint')
  edits.useStrategy(session.source)
  const { source, statement, owner } = session
  const end = source.usesSemicolons ? ';' : ''
  edits.insert(source, source.lineStart(statement.first), `${source.indentAt(statement.first)}${owner}.get('${waitingURL}/status', statusEndpoint(nevis))${end} // before session(): it needs none\n`)
  const moves: string[] = []
  const results = signInCalls.map((signInCall): SignInCallResult => {
    if (signInCall.remedy === undefined) return { signInCall, state: 'closed', why: undefined }
    if (signInCall === login.signInCall) return { signInCall, state: 'changed', why: undefined }
    if (signInCall.kind !== 'login') return { signInCall, state: 'left', why: undefined }
    const isReached = signInCall.source === login.signInCall.source && [-1, ...blocksAround(signInCall)].includes(login.signInCall.source.blockOf(login.route.statement.first))
    const why = isReached ? editSignUp(edits, signInCall, returns, (target) => void (login.change.after.includes(target) || moves.push(`${signInCall.source.path}:${signInCall.line} redirected to ${target}; now the callback redirects, as after a login. To keep the target, set req.session.returnTo before it, and redirect to req.authInfo.returnTo in the callback`))) : 'the second factor of the login is in another file'
    return { signInCall, state: why === undefined ? 'changed' : 'left', why }
  })
  const form = editLoginForm(edits, app, `${login.prefix}${login.path}`)
  const notes = editManifest(edits, app, version) ? [`npm install; if the npm registry does not have passport-nevis ${version}, install its file instead, as the section "Install" of its README says: npm install <path of passport-nevis-${version}.tgz>`] : ['add passport-nevis to the dependencies of package.json, as the section "Install" of its README says']
  notes.push('set NEVIS_BASE_URL to https://<instance>.mauth.nevis.cloud, and NEVIS_ACCESS_KEY, in the environment of the app')
  if (login.change.messages.length > 0) notes.push(`${login.change.messages.join(' and ')} is removed from ${login.signInCall.source.path}:${login.signInCall.line}, because the user is not signed in yet: show the message in a handler behind the callback`)
  notes.push(...shadowing(parts, waitingURL))
  if (!parsesForms(app.sources, waitingURL)) notes.push('mount a body parser for forms before the three new routes: express.urlencoded({ extended: false })')
  notes.push(`if browsers reach the app under a prefix, such as /sub${waitingURL}, because a proxy or another app mounts it there: write the prefix before ${waitingURL} in waitingURL${steps.length > 0 ? ' and redirectTo' : ''}, as the section "Under a prefix" of docs/guides/reverse-proxies.md says`)
  notes.push(...moves)
  if (steps.length > 0 && !login.change.returns) notes.push('after a step-up, users do not return to the page from which they came: in the handler behind the callback, redirect to req.authInfo.returnTo if it is set')
  if (steps.length > 0 && !returns) notes.push('a user who denies or cancels a step-up is still signed in, but goes to the sign-in page: see "Change your error page" in the guide for existing apps')
  if (withoutPage.length > 0) notes.push(`init does not know the page with the form of ${withoutPage.join(', ')}: users confirm only after they have sent the form, and must then fill it in again. To ask them before, put recentSecondFactor behind the login guard of this page, too`)
  notes.push('look at your error handler: it gets the errors of Nevis, of the session store and of the ledger; show users the message of a 4xx only')
  notes.push('to show users a page while Nevis is down, mount outagePage(nevis) behind your routes: docs/guides/failure-codes.md, "While Nevis is down"')
  const done = [
    `the waiting page is at ${waitingURL}, its callback at ${waitingURL}/callback, its status at ${waitingURL}/status`,
    ...steps.map((step) => `${step} asks for a second factor of the last five minutes`),
    ...(form === undefined ? [] : [`${form} has a button for a code by SMS`]),
  ]
  return { signInCalls: results, changes: edits.changes(app, file.source), done, unguarded: left, refusals: [], notes }
}

/** One note for each route of the app that would answer a request in place of a route that `init` adds. */
function shadowing({ session, login }: Parts, waitingURL: string): string[] {
  const { route, path } = login
  const { source } = login.signInCall
  const added: readonly (readonly [Source, Route[], string, readonly string[]])[] = [
    [session.source, earlierRoutes(session.source, session.owner, session.statement.first), `${waitingURL}/status`, ['get', 'all']],
    [source, earlierRoutes(source, route.owner, route.open - 1), `${path}/2fa`, ['get', 'post', 'all']],
    [source, earlierRoutes(source, route.owner, route.open - 1), `${path}/2fa/callback`, ['get', 'post', 'all']],
  ]
  return added.flatMap(([file, routes, to, methods]) => {
    const found = routes.filter(({ method, path: other }) => methods.includes(method) && covers(other, to))
    return found.map(({ method, path: other, open }) => `${method.toUpperCase()} ${other} at ${file.path}:${file.token(open).line} may answer requests to the new route ${to}: move it below the new routes, or exclude this path`)
  })
}

function blocksAround({ source, at }: SignInCall): number[] {
  const blocks: number[] = []
  for (let open = source.blockOf(at); open !== -1; open = source.blockOf(open)) blocks.push(open)
  return blocks
}

/** True if `init` knows where to send a signed-in user whose step-up has failed. False in TypeScript: the added function would need types unknown to `init`. */
function returnsAfterFailure({ signInCall, change }: Login): boolean {
  return change.home !== undefined && change.signIn !== undefined && !signInCall.source.isTypeScript
}

/**
 * @param returns true: a signed-in user whose step-up has failed is redirected to the page that follows a sign-in. False: `change.failure`
 * applies, for example `failureRedirect: '/login'`
 */
function addRoutes(edits: Edits, app: AppFolder, { login, file }: Parts, returns: boolean): void {
  const { signInCall, route, change, path } = login
  const { source } = signInCall
  const end = source.usesSemicolons ? ';' : ''
  const indent = source.indentAt(route.statement.first)
  const passport = source.token(signInCall.at - 2).text
  const isProtected = app.sources.some(({ imports }) => [...imports.values()].some(({ from }) => from === 'csurf'))
  // In TypeScript, the type of the request has no `csrfToken`, so cast the request. Add `?? ''`, because the option must return a string.
  const csrfToken = source.isTypeScript ? "(req) => (req as { csrfToken?: () => string }).csrfToken?.() ?? ''" : '(req) => req.csrfToken?.()'
  const look = [...(isProtected ? [`csrfToken: ${csrfToken}`] : []), ...(/^(['"])\/(?![/\\])[^?#\s'"]*\1$/.test(change.signIn ?? '') ? [`signInURL: ${change.signIn}`] : [])]
  const page = `waitingPage(nevis${look.length === 0 ? '' : `, { ${look.join(', ')} }`})`
  edits.use(source, 'waitingPage', 'recordSecondFactor')
  if (source !== file.source) edits.useStrategy(source)
  const failure = returns ? ['failWithError: true', ...change.failure.filter((option) => !option.startsWith('failureRedirect:'))] : change.failure
  const options = [...failure, 'keepSessionInfo: true', ...(change.home === undefined ? [] : [`repeatedCallbackRedirect: ${change.home}`])].join(', ')
  const call = `${passport}.authenticate('nevis', { ${options} })${end}`
  const middleware = [`const secondFactor = ${call}`, ...(returns ? [
    'const afterFailure = (err, req, res, next) => {',
    `  if (!err || err.name !== 'AuthenticationError') return next(err)${end}`,
    `  const isSignedIn = req.session.passport && req.session.passport.user${end} // req.user is also set after the password alone`,
    `  res.redirect(isSignedIn ? ${change.home} : ${change.signIn})${end}`,
    `}${end}`,
  ] : [])]
  edits.insert(source, source.lineStart(route.statement.first), `${middleware.map((line) => `${indent}${line}`).join('\n')}\n\n`)
  // `afterFailure` is a handler of its own, and no function around the strategy, so that the doctor sees which handler follows the strategy.
  const factor = returns ? 'secondFactor, afterFailure' : 'secondFactor'
  editLogin(edits, signInCall, route, factor)
  const routes = [
    `${route.owner}.route('${path}/2fa').get(${page}).post(${factor})${end}`,
    `${route.owner}.all('${path}/2fa/callback', ${factor}, recordSecondFactor(), ${change.after})${end}`,
  ]
  edits.insert(source, source.lineEnd(route.statement.last), routes.map((line) => `\n\n${indent}${line}`).join(''))
}

interface Login {
  readonly signInCall: SignInCall
  readonly route: Route
  readonly change: LoginChange
  /** The path under which the application mounts the router that has the login route; empty if the application itself has the route. */
  readonly prefix: string
  readonly path: string
}

function loginIn({ sources }: AppFolder, signInCalls: readonly SignInCall[]): Login | Refusal {
  const logins = signInCalls.filter(({ kind, strategy, remedy }) => kind === 'authenticate' && strategy === 'local' && remedy !== undefined)
  const [signInCall, ...others] = logins
  if (signInCall === undefined) return withoutLogin(signInCalls)
  const refuse = (why: string): Refusal => ({ source: signInCall.source, line: signInCall.line, why })
  if (others.length > 0) return refuse(`several routes ask for the password: also ${others.map(({ source, line }) => `${source.path}:${line}`).join(', ')}`)
  const route = routeOf(signInCall.source, signInCall.at)
  if (route === undefined) return refuse(withoutRoute(signInCall))
  if (!/^\/[\w/-]*$/.test(route.path)) return refuse('the path of the password route is not a plain string')
  const change = loginChange(sources, signInCall, route)
  if (typeof change === 'string') return refuse(`the password route is not changed: ${change}`)
  if (signInCall.source.is(route.statement.first, 'this')) return refuse(`init does not change routes of a class, such as those of this.${route.owner}`)
  const prefix = prefixOf(sources, signInCall.source, route.owner)
  if (prefix === undefined || !/^[\w/-]*$/.test(prefix)) return refuse(`it is not clear under which path ${route.owner} is mounted`)
  return { signInCall, route, change, prefix, path: route.path.replace(/\/$/, '') }
}

/** Names the password check that `init` does not change, if it has found one. */
function withoutLogin(signInCalls: readonly SignInCall[]): Refusal {
  const found = signInCalls.find(({ strategy, remedy }) => remedy !== undefined && /local|password/i.test(strategy ?? ''))
  if (found === undefined) return { source: undefined, line: 0, why: "no route with passport.authenticate('local') was found that init can change" }
  return { source: found.source, line: found.line, why: `init does not change this password check: ${found.what.replace(/^[^:]*: /, '')}. What you must change is said below` }
}

/** Why `init` finds no route with this password check. */
function withoutRoute({ source, at }: SignInCall): string {
  if (tableRouteAround(source, at) !== undefined) return 'the password route is in a table of routes, which init does not change'
  const { first } = callOf(source, at)
  if (source.is(first - 1, '=') && source.isWord(first - 2)) return `passport.authenticate is in the variable ${source.token(first - 2).text}, and not in the password route itself`
  return 'init found no route with a plain string as its path around passport.authenticate'
}

interface Session {
  readonly source: Source
  readonly statement: Range
  /** The variable of the Express application, usually `app`. */
  readonly owner: string
}

function sessionIn(sources: readonly Source[]): Session | Refusal {
  const inCookie = sources.find(({ imports }) => [...imports.values()].some(({ from }) => from === 'cookie-session'))
  if (inCookie !== undefined) return { source: inCookie, line: 1, why: 'cookie-session keeps the session in the browser: use express-session with a store' }
  const found = sources.flatMap((source) => {
    const names = new Set([...source.imports].filter(([, { from, name }]) => from === 'express-session' && name === undefined).map(([name]) => name))
    return source.tokens.flatMap(({ text }, at) => (names.has(text) && source.is(at + 1, '(') && !source.is(at - 1, '.') ? [{ source, at }] : []))
  })
  const [one, ...others] = found
  if (one === undefined) return { source: undefined, line: 0, why: 'no app.use(session(…)) of express-session was found' }
  const { source, at } = one
  const refuse = (why: string): Refusal => ({ source, line: source.token(at).line, why })
  if (others.length > 0) return refuse('there are several sessions')
  const statement = source.statementOf(at)
  const isMounted = source.isWord(statement.first) && source.is(statement.first + 1, '.') && source.is(statement.first + 2, 'use') && source.is(statement.first + 3, '(')
  const owner = source.token(statement.first).text
  if (!isMounted || !source.is(source.token(at).parent - 1, 'use')) return refuse('session(…) is not mounted in place by app.use(session(…))')
  return prefixOf(sources, source, owner) === '' ? { source, statement, owner } : refuse(`the session is mounted on ${owner}, which is not the app`)
}

/** Finds names, such as `secondFactor`, that `init` would declare but the application already uses. If it finds such a name, `init` changes nothing. */
function takenIn(source: Source): Refusal[] {
  return source.tokens.flatMap(({ kind, text, line }, i) => {
    const isOwn = kind === 'word' && NAMES.includes(text) && !source.is(i - 1, '.') && !source.is(i + 1, ':')
    return isOwn ? [{ source, line, why: `the app already uses the name ${text}, which init would declare` }] : []
  })
}

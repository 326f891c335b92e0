/**
 * Checks that the session in which a second factor was started still exists at the callback, and that the callback route signs the user in afterwards.
 *
 * The doctor cannot give a second factor. So it only looks which handlers are behind the strategy, and never runs them. Out of scope: whether the callback
 * route exists (`route-checks.ts`).
 */
import { CallbackTrial } from './callback-trial'
import { error, ok, unchecked, warning, type Finding } from './findings'
import { ask } from './probe'
import type { Attempt } from './sign-in-trials'
import { described } from './start-checks'
import { TRIAL_HEADER } from './start-trial'
import type { SourceReport } from './source-check'
import { cookiesFor } from './trial-session'
import type { AppObserver, Registered } from './app-observer'

/** A request of the doctor that stored a mark in its session. */
interface Marked {
  /** For example `POST /login`. */
  readonly name: string
  readonly path: string
  readonly headers: Attempt['headers']
  readonly trial: Pick<CallbackTrial, 'id' | 'hasSession' | 'hasPassportSession' | 'deleteSession'>
}

const SIGN_IN_ONCE = 'sign in once'
export const LIMITED = 'mount the rate limiter in front of the password route alone, as in app.post(\'/login\', limiter, …): one sign-in sends several requests to the routes of the second factor'
const MOUNT = 'mount app.use(passport.session()) behind session() and before all routes'

/**
 * @param callbackURL the callback's URL, without the prefix that a proxy removes
 * @param attempts the trial sign-ins of the doctor
 */
export async function callbackFindings(origin: string, observer: AppObserver, registered: Registered, callbackURL: string, attempts: readonly Attempt[], source?: () => SourceReport): Promise<Finding[]> {
  if (!observer.isConnect) {
    const why = 'the doctor tries this only if the app calls Passport as Express does'
    return [unchecked('routes.session', why, SIGN_IN_ONCE), unchecked('routes.sign-in', why, `${SIGN_IN_ONCE}; recordSecondFactor() must run right behind passport.authenticate('${registered.name}') in the callback`)]
  }
  const { pathname } = new URL(registered.strategy.settings.callbackURL, origin)
  const name = `GET ${new URL(callbackURL, origin).pathname}`
  const callback = async (cookie?: string, method: 'GET' | 'POST' = 'GET') => {
    const trial = new CallbackTrial()
    observer.trial = trial
    const reply = await ask(origin, method, callbackURL, { transaction: 'passport-nevis-doctor' }, { [TRIAL_HEADER]: trial.id, ...(cookie !== undefined && { cookie }) })
    observer.trial = undefined
    return { trial, headers: reply?.headers ?? {}, name, path: pathname, status: reply?.status }
  }
  const start = attempts.find(({ trial }) => trial.start !== undefined && observer.isNevis(trial.start, registered))
  const marked: Marked = start === undefined ? await callback() : { ...start, name: `POST ${start.path}` }
  const cookie = cookiesFor(pathname, marked.headers, marked.path)
  const { trial, status } = await callback(cookie)
  // The forms of the waiting page post to the callback, so try a POST, too.
  const { trial: post } = await callback(cookie, 'POST')
  for (const one of [marked.trial, trial, post]) one.deleteSession()
  if (trial.call === undefined && status === 429) {
    return [unchecked('routes.session', `a rate limiter refuses ${name} (HTTP 429)`, 'see routes.sign-in'), warning('routes.sign-in', `a rate limiter refuses ${name} (HTTP 429) after the few requests of the doctor`, LIMITED)]
  }
  const [signIn, ...others] = [trial, ...(post.call === undefined ? [] : [post])].map((one) => signInFinding(one === trial ? name : name.replace('GET', 'POST'), one, source?.()))
  const worse = others.find(({ level }) => level !== 'ok')
  return [sessionFinding(marked, name, trial, cookie !== undefined, start === undefined, observer, registered), signIn?.level === 'ok' && worse !== undefined ? worse : (signIn as Finding)]
}

function sessionFinding(marked: Marked, callback: string, trial: CallbackTrial, isCookieSent: boolean, isStartUnknown: boolean, { strategyCalls, sessions }: AppObserver, { passport }: Registered): Finding {
  const check = 'routes.session'
  if (trial.call === undefined) return unchecked(check, `a request of the doctor did not reach the strategy at ${callback}`, SIGN_IN_ONCE)
  const without = !marked.trial.hasSession ? marked.name : !trial.hasSession ? callback : undefined
  if (without !== undefined) return error(check, `${without} has no session`, 'mount session() and passport.session() before this route')
  if (trial.earlierMark !== marked.trial.id) {
    const uses = sessions.flatMap((session) => session.uses)
    // The app may send a `Secure` cookie only to a proxy that it trusts, and the doctor is none. Without express-session, the doctor does not see whether the
    // cookie is `Secure`. In both cases, the doctor cannot tell whether the session is lost.
    if (uses.length === 0 || uses.some(({ cookie, trustsProxy, trustsDoctor }) => cookie?.secure === true && trustsProxy === true && !trustsDoctor)) {
      return unchecked(check, `the session that ${marked.name} stores was not found at ${callback}, perhaps because the app sends its cookie only through a proxy that it trusts, and not to the doctor`, `${SIGN_IN_ONCE} through the proxy`)
    }
    if (!isCookieSent) {
      return error(check, `${marked.name} stores a session, but its answer sets no cookie that a browser sends with ${callback}, so no user can sign in`, 'see session.trust-proxy, and check the options secure and path of the session cookie')
    }
    return error(check, `the session that ${marked.name} stores was not found at ${callback}, so no user can sign in`, 'the answer must set the session cookie: see session.trust-proxy, and check its options secure and path. The store must keep the session: see session.store, and mount one session() before both routes, because two of them may have different names, secrets or stores')
  }
  // @fastify/passport restores the user in a hook of its own, which the doctor does not see.
  const isSeen = passport?.name !== '@fastify/passport'
  const early = !isSeen ? undefined : !marked.trial.hasPassportSession ? marked.name : !trial.hasPassportSession ? callback : undefined
  const passportSession = strategyCalls.find(({ asks }) => asks.includes('session'))
  if (early !== undefined && passportSession !== undefined) {
    const where = passportSession.place === undefined ? '' : ` at ${passportSession.place}`
    return warning(check, `passport.session()${where} does not run before ${early}, so this route does not know who is signed in`, MOUNT)
  }
  if (early !== undefined && trial.call.signsIn) {
    return error(check, 'the app never calls passport.session(), so after the second factor no request knows who is signed in', MOUNT)
  }
  if (early !== undefined && trial.call.hasCallback) return warning(check, 'the app never calls passport.session(), so no request knows the user whom req.logIn has signed in', MOUNT)
  if (isStartUnknown) {
    return unchecked(check, `the callback keeps its session, but the doctor reached no start of the second factor (see routes.start), so it cannot tell whether the start has the same session`, `${SIGN_IN_ONCE}; session()${early === undefined ? ' and passport.session()' : ''} must run before the route of the start`)
  }
  return ok(check, `the session that ${marked.name} stores still exists at ${callback}${isSeen && early === undefined ? ', and passport.session() runs before both' : ''}`)
}

function signInFinding(callback: string, { call, laterHandlers }: CallbackTrial, source: SourceReport | undefined): Finding {
  const check = 'routes.sign-in'
  if (call === undefined) return unchecked(check, `a request of the doctor did not reach the strategy at ${callback}`, SIGN_IN_ONCE)
  const what = described(call)
  const isRecorded = laterHandlers?.includes(true) === true
  const { recordedAt, requiredAt, mayRequire, isWhole } = source ?? { recordedAt: undefined, requiredAt: undefined, mayRequire: true, isWhole: false }
  if (call.hasCallback) {
    return unchecked(check, `${what} has a callback of its own, which the doctor does not call`, 'after a success, the callback must call req.logIn, then set req.authInfo = info, then call next, so that recordSecondFactor() runs behind it')
  }
  if (!call.signsIn) {
    const how = call.method === 'authorize' ? what : `${what} has session: false or assignProperty, so it`
    const record = isRecorded ? ': recordSecondFactor() behind it works only for a user who is already signed in (step-up)' : ''
    return unchecked(check, `${how} signs nobody in${record}`, 'if users sign in with this callback, it must be passport.authenticate without session: false and assignProperty')
  }
  if (call.isRedirected && isRecorded) {
    return error(check, `${what} has successRedirect, so Passport redirects before recordSecondFactor() runs`, 'remove successRedirect (or successReturnToOrRedirect), and redirect in a handler behind recordSecondFactor()')
  }
  if (isRecorded && laterHandlers?.[0] !== true) {
    return unchecked(check, `another handler stands between ${what} and recordSecondFactor(), and may answer before recordSecondFactor() runs`, `put recordSecondFactor() right behind ${what}`)
  }
  if (isRecorded && laterHandlers?.at(-1) === true) {
    return unchecked(check, `recordSecondFactor() is the last handler behind ${what}, so the doctor does not know what answers after the second factor`, "add a handler, unless another route answers: (req, res) => res.redirect(req.authInfo.returnTo ?? '/')")
  }
  if (isRecorded) return ok(check, `behind the second factor, ${callback} signs the user in and runs recordSecondFactor()`)
  const isNeverRecorded = isWhole && recordedAt === undefined
  if (isNeverRecorded && requiredAt !== undefined) {
    return warning(check, `recordSecondFactor() does not run behind ${what}, so requireSecondFactor() at ${requiredAt} asks for the second factor again and again`, `app.all('${callback.split(' ')[1] ?? ''}', ${what.split(' at ')[0]}, recordSecondFactor(), …)`)
  }
  if (isNeverRecorded && !mayRequire && (call.isRedirected || (laterHandlers?.length ?? 0) > 0)) return ok(check, `behind the second factor, ${callback} signs the user in. No route has requireSecondFactor(), so recordSecondFactor() is not needed`)
  const where = recordedAt === undefined ? '' : `; the source has one at ${recordedAt}`
  return unchecked(check, `the doctor does not see recordSecondFactor() behind ${what}${where}`, 'recordSecondFactor() must run right behind this line; without it, requireSecondFactor() asks for the second factor again and again')
}

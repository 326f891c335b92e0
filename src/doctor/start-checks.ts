/**
 * Checks that no sign-in skips the second factor: no other strategy signs users in by itself, and a sign-in with an invented user reaches the Nevis
 * strategy.
 *
 * Out of scope: sign-ins without `passport.authenticate`, which `npx passport-nevis init` finds in the source.
 */
import { error, ok, unchecked, warning, type Finding } from './findings'
import { ask } from './probe'
import { StartTrial, TRIAL_HEADER } from './start-trial'
import type { AppObserver, Registered } from './app-observer'
import type { StrategyCall } from './strategy-calls'

const START = "app.post('/login', passport.authenticate('local', { session: false }), passport.authenticate('nevis'))"
/** Usual paths of login routes. `doctor` tries them, because every framework stores its list of routes differently. */
const USUAL_PATHS = ['/login', '/signin', '/sign-in', '/auth/login', '/auth/signin', '/api/login', '/api/auth/login', '/users/login', '/user/login', '/account/login', '/session', '/sessions']
/** Names of strategies that check a password. Other strategies, such as OpenID Connect, may have a second factor of their own. */
const PASSWORD = /^(local|ldap|password)/i

/**
 * Reports whether sign-ins can skip the second factor, and where the second factor starts: in each route with the Nevis strategy that no request of the doctor
 * has reached yet.
 * @param unseen 1 if CSRF protection stopped the doctor's POST to the waiting page's route, otherwise 0. No request has reached that route then, but a sign-in
 * does not start there, so it is subtracted
 */
export async function startFindings(origin: string, observer: AppObserver, registered: Registered, unseen: number): Promise<Finding[]> {
  const passwords = observer.strategyCalls.filter((call) => isOther(call, observer))
  const own = observer.strategyCalls.filter((call) => call.asks.some((one) => one === registered.name || one === registered.strategy))
  const starts = own.filter(({ hasRun }) => !hasRun)
  // The doctor can replace the password check only in Express. In other frameworks, the application would look up the invented user in its database.
  const result = passwords.length === 0 || !observer.isConnect ? undefined : await tried(origin, observer, passwords)
  return [passwordFinding(passwords.length + starts.length === 0, passwords, registered.name, result), startFinding(starts, starts.length - unseen, registered.name, result)]
}

interface Result {
  readonly path: string
  readonly trial: StartTrial
}

/** Sends an invented user to the usual login paths, until a request reaches a password strategy. */
async function tried(origin: string, observer: AppObserver, passwords: readonly StrategyCall[]): Promise<Result | undefined> {
  const redirects = passwords.flatMap(({ failureRedirect }) => (failureRedirect?.startsWith('/') === true ? [failureRedirect.split('?')[0] as string] : []))
  const invented = 'passport-nevis-doctor'
  for (const path of new Set([...redirects, ...USUAL_PATHS])) {
    const trial = new StartTrial()
    observer.trial = trial
    const reply = await ask(origin, 'POST', path, { username: invented, email: invented, password: invented }, { [TRIAL_HEADER]: trial.id })
    observer.trial = undefined
    if (trial.password !== undefined) return { path, trial }
    if (reply === undefined) return undefined
  }
  return undefined
}

/** True for a call of `passport.authenticate` that names another strategy than Nevis's. */
function isOther({ asks, method }: StrategyCall, { registered }: AppObserver): boolean {
  const isNevis = asks.some((one) => registered.some(({ name, strategy }) => one === name || one === strategy))
  return method === 'authenticate' && !isNevis && !asks.some((one) => one === 'session' || one === 'anonymous')
}

function passwordFinding(isBlind: boolean, passwords: readonly StrategyCall[], nevis: string, result: Result | undefined): Finding {
  const check = 'routes.password'
  if (isBlind) {
    return unchecked(check, 'no route that checks a password was seen', 'check that no route signs users in after the password alone: npx passport-nevis init lists the places')
  }
  const doors = passwords.filter(({ signsIn }) => signsIn)
  const [worst] = [...doors.filter(isPassword), ...doors]
  if (worst !== undefined) {
    const level = isPassword(worst) ? error : warning
    const what = doors.length === 1 ? described(worst) : `${described(worst)} and ${doors.length - 1} more`
    return level(check, `${what} signs users in by itself, so the second factor is never asked`, `passport.authenticate('${nameOf(worst)}', { session: false }), then passport.authenticate('${nevis}'); without successRedirect`)
  }
  if (result?.trial.isSignedIn === true) {
    return warning(check, `POST ${result.path} signed an invented user in after the password, without the second factor`, 'right only if you exempt some users: req.logIn(user, { session: false }, …) for all others')
  }
  const callbacks = passwords.filter(({ hasCallback }) => hasCallback)
  if (callbacks[0] !== undefined) {
    return unchecked(check, `${described(callbacks[0])} has a callback of its own, which the doctor does not call`, 'its req.logIn must have { session: false }; the second factor signs in')
  }
  return ok(check, 'no other strategy signs users in by itself')
}

function startFinding(starts: readonly StrategyCall[], others: number, nevis: string, result: Result | undefined): Finding {
  const check = 'routes.start'
  if (result?.trial.start !== undefined) return ok(check, `POST ${result.path} starts the second factor after the password (tried with an invented user; Nevis was not asked)`)
  const places = starts.flatMap(({ place }) => place ?? [])
  const where = places.length === 0 ? '' : `: ${places.slice(0, 3).join(', ')}${places.length > 3 ? ', …' : ''}`
  if (others > 0) return ok(check, `found ${others} other ${others === 1 ? 'route that uses' : 'routes that use'} the strategy${where} (a sign-in is not tried, because that would need a password)`)
  // `doctor` may not have seen the start of the second factor: some frameworks call `authenticate` only during a request.
  const remedy = `sign in once; if no second factor starts, add the strategy after the password: ${START.replace("'nevis'", `'${nevis}'`)}`
  return unchecked(check, 'only the callback and the waiting page were seen to use the strategy', remedy)
}

const isPassword = (call: StrategyCall) => PASSWORD.test(nameOf(call))

function nameOf({ asks: [first] }: StrategyCall): string {
  const name: unknown = typeof first === 'object' ? (first as { name?: unknown } | null)?.name : first
  return String(name)
}

function described(call: StrategyCall): string {
  return `passport.authenticate('${nameOf(call)}')${call.place === undefined ? '' : ` at ${call.place}`}`
}

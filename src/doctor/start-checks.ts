/**
 * Checks that no sign-in skips the second factor: no other strategy signs users in by itself, and a sign-in with an invented user reaches the Nevis
 * strategy.
 *
 * Out of scope: the requests (`sign-in-trials.ts`), and reading the source (`source-check.ts`).
 */
import { error, ok, unchecked, warning, type Finding } from './findings'
import { attemptsAt, type Attempt } from './sign-in-trials'
import type { SourceReport } from './source-check'
import type { AppObserver, Registered } from './app-observer'
import { isPasswordStrategy, isWithoutCheck, type StrategyCall } from './strategy-calls'

const START = "app.post('/login', passport.authenticate('local', { session: false }), passport.authenticate('nevis'))"
const REMEMBER = 'remove it and use the option rememberBrowser, or let the cookie replace the password on one route: docs/guides/existing-app.md, "A remember-me strategy of your own"'
const NOT_FOLLOWED = "run passport.authenticate('nevis') right behind the password, and move the other handlers, for example one that gives out a token, behind the callback"
const REDIRECTED = 'remove successRedirect (or successReturnToOrRedirect) there, and redirect in the last handler of the callback'
const LISTED = 'look at these places: nobody may be signed in before the second factor. npx passport-nevis init lists all places with what to do'
/** HTTP statuses with which CSRF protection refuses a POST. Laravel introduced 419, which some packages for Node imitate. */
export const CSRF_STATUSES: readonly number[] = [400, 403, 419, 422]
/** A finding names as many places as this many characters hold. A longer text would be cut off in the middle of a word. */
const MAX_TEXT = 380

/**
 * Reports whether sign-ins can skip the second factor, and which routes may start it. A route may start the second factor if it uses the Nevis strategy, and no
 * earlier request of the doctor has reached it, such as the request to the callback.
 * @param source reads what the source of the application shows about sign-ins
 * @param unseen 1 if CSRF protection stopped the doctor's POST to the waiting page's route, otherwise 0. No sign-in starts at this route, so it must
 * not be counted among the routes that may start the second factor
 */
export async function startFindings(origin: string, observer: AppObserver, registered: Registered, unseen: number, source?: () => SourceReport): Promise<{ findings: Finding[]; attempts: readonly Attempt[] }> {
  const others = () => observer.strategyCalls.filter((call) => isOther(call, observer))
  const own = observer.strategyCalls.filter((call) => observer.isNevis(call, registered))
  const starts = own.filter(({ hasRun }) => !hasRun)
  // The doctor can replace the password check only if Passport is called as Express calls middleware (`isConnect`). In other applications,
  // a trial sign-in with an invented username would reach the app's own password check and its database, so the doctor makes none.
  const attempts = observer.isConnect ? await attemptsAt(origin, observer, others()) : []
  // Some applications call `passport.authenticate` inside a handler, so each request of the doctor may have recorded the same call once more. Keep only one
  // record of each call, if possible one that has run: the sort puts the records that have run last, and the map keeps the last one.
  const passwords = [...new Map(others().sort((a, b) => Number(a.hasRun) - Number(b.hasRun)).map((call) => [`${described(call)} ${call.method} ${call.signsIn}`, call])).values()]
  const { closed, open, forgotten }: Pick<SourceReport, 'closed' | 'open' | 'forgotten'> = source?.() ?? { closed: new Set<string>(), open: [], forgotten: [] }
  const seen = { passwords, attempts, closed, open, forgotten, ownNames: observer.ownNames }
  const findings = [passwordFinding(passwords.length + starts.length === 0, seen, registered.name), startFinding(starts, starts.length - unseen, registered.name, attempts)]
  return { findings, attempts }
}

interface Seen {
  readonly passwords: readonly StrategyCall[]
  readonly attempts: readonly Attempt[]
  readonly closed: SourceReport['closed']
  readonly open: SourceReport['open']
  readonly forgotten: SourceReport['forgotten']
  readonly ownNames: AppObserver['ownNames']
}

/** True for a call of `passport.authenticate` with a strategy other than Nevis's, `session` and `anonymous`, even in a list with these strategies. */
function isOther(call: StrategyCall, observer: AppObserver): boolean {
  return call.method === 'authenticate' && !observer.isNevis(call) && !call.asks.every(isWithoutCheck)
}

function passwordFinding(isBlind: boolean, seen: Seen, nevis: string): Finding {
  const check = 'routes.password'
  const { passwords, attempts, forgotten, ownNames } = seen
  const isPassword = (call: StrategyCall) => [...namesOf(call), ...call.asks.map((one) => String(ownNames.get(one)))].some(isPasswordStrategy)
  const calls = passwords.filter(({ signsIn }) => signsIn)
  const [worst] = [...calls.filter(isPassword), ...calls]
  if (worst !== undefined) {
    const level = isPassword(worst) ? error : warning
    const what = calls.length === 1 ? described(worst) : `${described(worst)} and ${calls.length - 1} more`
    const own = worst.asks.length > 1 ? '<the name of one strategy>' : nameOf(worst)
    const remedy = isRemembered(worst) ? REMEMBER : `${worst.asks.length > 1 ? 'each strategy of a list signs in by itself: ' : ''}passport.authenticate('${own}', { session: false }), then passport.authenticate('${nevis}'); without successRedirect`
    return level(check, `${what} signs users in by itself, so the second factor is never asked`, remedy)
  }
  const everywhere = passwords.find(({ hasRun }) => hasRun)
  if (everywhere !== undefined) {
    const remedy = isRemembered(everywhere) ? REMEMBER : 'use this strategy only on the routes that need it, and open no page for its user that needs a second factor'
    return warning(check, `${described(everywhere)} runs in front of all pages, and can set req.user there without a second factor`, remedy)
  }
  const signedIn = attempts.find(({ trial }) => trial.isSignedIn)
  if (signedIn !== undefined) {
    return error(check, `POST ${signedIn.path} signed an invented user in after the password, without the second factor`, `sign in only after the second factor: req.logIn(user, { session: false }, …), then passport.authenticate('${nevis}')`)
  }
  if (forgotten[0] !== undefined) {
    return error(check, `the password alone signs users in, and no second factor follows: ${shortened(forgotten)}`, `sign in only after the second factor: { session: false }, then passport.authenticate('${nevis}'). npx passport-nevis init lists all places with what to do`)
  }
  const answered = attempts.find(({ trial: { password, redirectedAt, start }, status }) => password?.hasCallback === false && redirectedAt === undefined && start === undefined && status < 400)
  if (answered !== undefined) {
    return warning(check, `POST ${answered.path} answered an invented user after the password (HTTP ${answered.status}), without the second factor`, NOT_FOLLOWED.replace("'nevis'", `'${nevis}'`))
  }
  const doubts = doubtsIn(seen)
  if (doubts[0] !== undefined) {
    return unchecked(check, shortened(doubts.map(({ what }) => what)), doubts[0].remedy)
  }
  if (isBlind) {
    return unchecked(check, 'no route that checks a password was seen', 'check that no route signs users in after the password alone: npx passport-nevis init lists the places')
  }
  return ok(check, 'no other strategy signs users in by itself')
}

function shortened(texts: readonly string[]): string {
  let count = 1
  while (count < texts.length && texts.slice(0, count + 1).join('; ').length <= MAX_TEXT) count++
  return texts.slice(0, count).join('; ') + (texts.length > count ? `; and ${texts.length - count} more` : '')
}

/** The places that the doctor has seen and cannot judge: each may sign a user in without the second factor. */
function doubtsIn({ passwords, attempts, closed, open }: Seen): { what: string; remedy: string }[] {
  const proven = attempts.flatMap(({ trial: { start, redirectedAt, password } }) => (password === undefined || (start === undefined && redirectedAt === undefined) ? [] : [described(password)]))
  const calls = passwords.filter((call) => !proven.includes(described(call)) && !closed.has(String(call.place)))
  return [
    ...calls.map((call) =>
      call.isRedirected
        ? { what: `${described(call)} has successRedirect, so Passport redirects before a second factor behind it starts`, remedy: REDIRECTED }
      : call.hasCallback
        ? { what: `${described(call)} has a callback of its own, which the doctor does not call`, remedy: 'its req.logIn must have { session: false }; the second factor signs in' }
        : { what: `no sign-in reached ${described(call)}, so the doctor does not know whether the second factor follows`, remedy: 'sign in there once: nobody may be signed in, or get a token, before the second factor' },
    ),
    ...attempts.filter(({ isUnknown }) => isUnknown).map(({ path, status }) => ({ what: `POST ${path} is answered (HTTP ${status}) without Passport, so the doctor does not know whether it signs users in`, remedy: LISTED })),
    ...open.filter((what) => !attempts.some(({ trial: { redirectedAt } }) => redirectedAt?.place !== undefined && what.endsWith(` at ${redirectedAt.place}`))).map((what) => ({ what: `the source contains ${what}${what.endsWith(', which the doctor cannot read') ? '' : ', which the doctor cannot try'}`, remedy: LISTED })),
  ]
}

function startFinding(starts: readonly StrategyCall[], others: number, nevis: string, attempts: readonly Attempt[]): Finding {
  const check = 'routes.start'
  const redirected = attempts.find(({ trial }) => trial.redirectedAt !== undefined)
  if (redirected?.trial.redirectedAt !== undefined) {
    return error(check, `${described(redirected.trial.redirectedAt)} has successRedirect, so Passport redirects before the second factor, and no user can sign in at POST ${redirected.path}`, REDIRECTED)
  }
  const result = attempts.find(({ trial }) => trial.start !== undefined)
  if (result !== undefined) return ok(check, `POST ${result.path} starts the second factor after the password (tried with an invented user; Nevis was not asked)`)
  const places = starts.flatMap(({ place }) => place ?? [])
  const where = places.length === 0 ? '' : `: ${places.slice(0, 3).join(', ')}${places.length > 3 ? ', …' : ''}`
  const remedy = `sign in once; if no second factor starts, add the strategy after the password: ${START.replace("'nevis'", `'${nevis}'`)}`
  const refused = attempts.find(({ trial, status }) => !trial.isReached && CSRF_STATUSES.includes(status))
  const why = refused === undefined ? '' : ` (POST ${refused.path} is refused with HTTP ${refused.status}, probably by CSRF protection or a check of the input)`
  const own = attempts.find(({ trial: { password } }) => password?.hasCallback === true)
  if (own?.trial.password !== undefined) return unchecked(check, `POST ${own.path} ends in a callback of your own, ${described(own.trial.password)}, which the doctor does not call`, remedy)
  // A route other than the callback and the waiting page may use the strategy for something else than a sign-in, such as an enrolment, a payment or a step-up.
  if (others > 0) return unchecked(check, `no sign-in of the doctor reached the second factor${why}; other routes use the strategy${where}`, remedy)
  // `doctor` may not have seen the start of the second factor: some frameworks call `authenticate` only during a request.
  return unchecked(check, 'only the callback and the waiting page were seen to use the strategy', remedy)
}

const isRemembered = (call: StrategyCall) => /remember/i.test(nameOf(call))

function namesOf({ asks }: StrategyCall): string[] {
  return asks.map((one) => String(typeof one === 'object' ? (one as { name?: unknown } | null)?.name : one))
}

/** The names of the strategies, for example `local` or `local, nevis`. */
const nameOf = (call: StrategyCall) => namesOf(call).join(', ')

/** For example `passport.authenticate('local') at routes/auth.js:12`. */
export function described(call: StrategyCall): string {
  return `passport.${call.method}('${nameOf(call)}')${call.place === undefined ? '' : ` at ${call.place}`}`
}

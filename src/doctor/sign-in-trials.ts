/**
 * Posts a login form with an invented user to the usual paths of login routes, and notes which Passport strategies each request reaches.
 *
 * Out of scope: what happens to these requests in Passport (`start-trial.ts`), and judging the results (`start-checks.ts`).
 */
import type { AppObserver } from './app-observer'
import { ask, type Reply } from './probe'
import { StartTrial, TRIAL_HEADER } from './start-trial'
import type { StrategyCall } from './strategy-calls'

/** Usual paths of login routes. `doctor` tries them, because every framework stores its list of routes differently. */
const USUAL_PATHS = ['/login', '/signin', '/sign-in', '/auth/login', '/auth/signin', '/api/login', '/api/auth/login', '/users/login', '/user/login', '/account/login', '/session', '/sessions']
const INVENTED = 'passport-nevis-doctor'

export interface Attempt {
  readonly path: string
  readonly trial: StartTrial
  readonly status: number
  /** The headers of the answer, with the cookies. */
  readonly headers: Reply['headers']
  /** True if a handler of the application answered the request, and no Passport strategy saw it. Such a handler may sign users in by itself. */
  readonly isUnknown: boolean
}

/** @param passwords the `passport.authenticate` calls of other strategies. The login form is also posted to their `failureRedirect` paths */
export async function attemptsAt(origin: string, observer: AppObserver, passwords: readonly StrategyCall[]): Promise<Attempt[]> {
  const redirects = passwords.flatMap(({ failureRedirect }) => (failureRedirect?.startsWith('/') === true ? [failureRedirect.split('?')[0] as string] : []))
  const attempts: Attempt[] = []
  const others = new Map<string, Reply | undefined>()
  for (const path of new Set([...redirects, ...USUAL_PATHS])) {
    const { reply, trial } = await post(origin, observer, path)
    if (reply === undefined) return attempts
    // Post to an invented path in the same folder, too. If both answers are alike, they come from a login guard or from CSRF protection, and not from a login
    // route.
    const folder = path.slice(0, path.lastIndexOf('/') + 1)
    const isAnswered = !trial.isReached && ![404, 405].includes(reply.status)
    if (isAnswered && !others.has(folder)) others.set(folder, (await post(origin, observer, `${folder}${INVENTED}`)).reply)
    const other = others.get(folder)
    attempts.push({ path, trial, status: reply.status, headers: reply.headers, isUnknown: isAnswered && (reply.status !== other?.status || reply.location !== other.location) })
  }
  return attempts
}

async function post(origin: string, observer: AppObserver, path: string): Promise<{ reply: Reply | undefined; trial: StartTrial }> {
  const trial = new StartTrial()
  observer.trial = trial
  const reply = await ask(origin, 'POST', path, { username: INVENTED, email: INVENTED, password: INVENTED }, { [TRIAL_HEADER]: trial.id })
  observer.trial = undefined
  return { reply, trial }
}

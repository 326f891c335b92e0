/**
 * Observes how the application configures Passport and its sessions. For this, it replaces `use`, `authenticate` and `authorize` of Passport, and the function
 * that express-session exports, by functions that also record each call.
 *
 * For the application, these functions behave like the originals. Out of scope: judging the configuration.
 */
import type { NevisStrategy } from '../strategy/strategy'
import type { Cookie } from './probe'
import type { Trial } from './start-trial'
import { callOf, isWithoutCheck, type StrategyCall } from './strategy-calls'

/** The package from which the application gets Passport, with its version. */
export interface PassportModule {
  readonly name: string
  readonly version: string
}

export interface Registered {
  readonly name: string
  /** Further names under which the application registers the same strategy. */
  readonly otherNames: unknown[]
  readonly strategy: NevisStrategy
  /** The Passport package whose `use` got the strategy. Undefined if the application only exports the strategy. */
  readonly passport: PassportModule | undefined
}

/**
 * Recorded for each request that express-session has handled: the path, the properties of the session cookie, and whether Express trusts the headers of
 * proxies. Behind a TLS proxy, Express needs these headers to know that the browser used https, and sends a `Secure` cookie only then.
 */
interface SessionUse {
  readonly path: string
  readonly cookie: Cookie | undefined
  /** True if the Express setting `trust proxy` is on; undefined if the application does not use Express. */
  readonly trustsProxy: boolean | undefined
  /** False if Express does not trust the headers of the doctor, for example because it trusts only proxies in some networks. */
  readonly trustsDoctor: boolean
}

export interface SessionSetup {
  readonly options: Readonly<Record<string, unknown>>
  readonly uses: SessionUse[]
}

type Callable = (this: unknown, ...args: unknown[]) => unknown
type Methods = Record<string, Callable>
interface Request {
  readonly url: string
  readonly originalUrl?: string
  readonly session?: { readonly cookie?: Cookie }
  readonly socket?: { readonly remoteAddress?: string }
  readonly app?: { get?(setting: string): unknown }
}

export class AppObserver {
  readonly registered: Registered[] = []
  /** Maps the name under which a strategy is registered to the strategy's own name: `staff` to `local`, for `passport.use('staff', new LocalStrategy(…))`. */
  readonly ownNames = new Map<unknown, unknown>()
  readonly strategyCalls: StrategyCall[] = []
  readonly sessions: SessionSetup[] = []
  /** All Passport packages that the application can load, whether it uses them or not. */
  readonly passports: PassportModule[] = []
  /**
   * True once a Passport middleware was called as Express calls middleware: with request, response and next. `doctor` can try a sign-in
   * (`start-checks.ts`) only if this is true.
   */
  isConnect = false
  /** True once the application called `use`, `authenticate` or `authorize` of an observed Passport package. */
  isPassportUsed = false
  /** The trial request of the command `doctor` (`start-trial.ts`, `callback-trial.ts`), while it runs. */
  trial: Trial | undefined

  /**
   * Observes a Passport package: which strategies the application registers, and where it calls `authenticate` and `authorize`.
   * @param prototype the prototype of the package's class `Authenticator`
   */
  watchPassport(passport: PassportModule, prototype: object): void {
    this.passports.push(passport)
    const methods = prototype as Methods
    const { use } = methods as { use: Callable }
    const note = (name: unknown, strategy: unknown) => {
      if (strategy !== undefined) this.ownNames.set(name, (Object(strategy) as { name?: unknown }).name)
      this.register(strategy ?? name, strategy === undefined ? undefined : String(name), passport)
    }
    const isUsed = () => void (this.isPassportUsed = true)
    methods['use'] = function (name, strategy) {
      note(name, strategy)
      isUsed()
      return use.call(this, name, strategy)
    }
    const { strategyCalls } = this
    const noteHost = (request: readonly unknown[]) => void (this.isConnect ||= typeof request[2] === 'function')
    const isTried = (call: StrategyCall, request: readonly unknown[], middleware: unknown) => this.trial?.runs(call, this.isNevis(call), request, middleware) === true
    for (const method of ['authenticate', 'authorize'] as const) {
      const make = methods[method] as Callable
      methods[method] = function (...args) {
        const made = make.apply(this, args)
        if (typeof made !== 'function') return made
        const call = callOf(method, args)
        isUsed()
        strategyCalls.push(call)
        return function middleware(this: unknown, ...request: unknown[]) {
          if (isTried(call, request, middleware)) return undefined
          noteHost(request)
          call.hasRun = true
          return (made as Callable).apply(this, request)
        }
      }
    }
  }

  /**
   * Observes the options with which the application creates sessions.
   * @returns a function to use instead of the one that express-session exports
   */
  watchSessions<Factory extends object>(factory: Factory): Factory {
    const watched = (options: Record<string, unknown> = {}) => {
      const setup: SessionSetup = { options, uses: [] }
      this.sessions.push(setup)
      const middleware = (factory as unknown as Callable)(options) as Callable
      return (request: Request, response: unknown, next: Callable) =>
        middleware(request, response, (...reason: unknown[]) => {
          // Do not record the doctor's trial requests: the session checks examine the routes of the second factor, and most trial requests go to other routes.
          if (this.trial === undefined) setup.uses.push(useIn(request))
          return next(...reason)
        })
    }
    return Object.assign(watched, factory)
  }

  /**
   * True if the call names a Nevis strategy, and no other strategy that could sign the user in. False for a list such as `['local', 'nevis']`, because Passport
   * signs in as soon as one strategy of the list succeeds.
   * @param one the Nevis strategy that the call must name; by default, the call may name any
   */
  isNevis({ asks }: StrategyCall, one?: Registered): boolean {
    const isOf = (asked: unknown) => ({ name, otherNames, strategy }: Registered) => asked === name || asked === strategy || otherNames.includes(asked)
    return asks.some((asked) => (one === undefined ? this.registered : [one]).some(isOf(asked))) && asks.every((asked) => isWithoutCheck(asked) || this.registered.some(isOf(asked)))
  }

  /** Records the value if it is a NevisStrategy, even of another copy of this package. */
  register(strategy: unknown, name?: string, passport?: PassportModule): void {
    if (!isNevisStrategy(strategy)) return
    const known = this.registered.find((one) => one.strategy === strategy)
    if (known === undefined) this.registered.push({ name: name ?? strategy.name, otherNames: [], strategy, passport })
    else known.otherNames.push(name ?? strategy.name)
  }
}

function useIn(request: Request): SessionUse {
  const setting = request.app?.get?.('trust proxy')
  const trusts = request.app?.get?.('trust proxy fn')
  return {
    path: (request.originalUrl ?? request.url).split('?')[0] as string,
    cookie: request.session?.cookie,
    trustsProxy: request.app?.get === undefined ? undefined : Boolean(setting),
    trustsDoctor: typeof trusts !== 'function' || (trusts as Callable)(request.socket?.remoteAddress, 0) === true,
  }
}

function isNevisStrategy(value: unknown): value is NevisStrategy {
  const { settings } = Object(value) as { settings?: { client?: object; statusURL?: unknown } }
  return typeof settings?.statusURL === 'string' && settings.client !== undefined
}

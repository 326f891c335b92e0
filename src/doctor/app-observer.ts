/**
 * Observes how an app configures itself: which strategies it passes to Passport, where it uses them, and the options of its sessions. The
 * observed functions behave as before.
 *
 * Out of scope: judging the configuration. It wraps Passport's `use`, `authenticate` and `authorize`, and the function that
 * express-session exports; it reads no private members.
 */
import type { NevisStrategy } from '../strategy/strategy'
import type { Cookie } from './probe'
import type { StartTrial } from './start-trial'
import { callOf, type StrategyCall } from './strategy-calls'

/** The module that provides Passport to the app. */
export interface PassportModule {
  readonly name: string
  readonly version: string
}

export interface Registered {
  /** The name under which the strategy is registered with Passport. */
  readonly name: string
  readonly strategy: NevisStrategy
  /** Undefined if the app only exports the strategy. */
  readonly passport: PassportModule | undefined
}

/** What express-session did for one request. */
interface SessionUse {
  readonly path: string
  readonly cookie: Cookie | undefined
  /** True if Express trusts a proxy in front of it; undefined without Express. */
  readonly trustsProxy: boolean | undefined
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
  readonly app?: { get?(setting: string): unknown }
}

export class AppObserver {
  readonly registered: Registered[] = []
  readonly strategyCalls: StrategyCall[] = []
  readonly sessions: SessionSetup[] = []
  /** Every Passport module that the app can load, used or not. */
  readonly passports: PassportModule[] = []
  /** True if a middleware ran as those of Express do: request, response, next. */
  isConnect = false
  /** The trial of a sign-in that is under way. */
  trial: StartTrial | undefined

  /**
   * Observes a Passport module: the strategies that the app passes to it, and the routes that use them.
   * @param prototype the prototype of the module's class `Authenticator`
   */
  watchPassport(passport: PassportModule, prototype: object): void {
    this.passports.push(passport)
    const methods = prototype as Methods
    const { use } = methods as { use: Callable }
    const note = (name: unknown, strategy: unknown) => this.register(strategy ?? name, strategy === undefined ? undefined : String(name), passport)
    methods['use'] = function (name, strategy) {
      note(name, strategy)
      return use.call(this, name, strategy)
    }
    const { strategyCalls } = this
    const noteHost = (request: readonly unknown[]) => void (this.isConnect ||= typeof request[2] === 'function')
    const isTried = (call: StrategyCall, request: readonly unknown[]) =>
      this.trial?.runs(call, call.asks.some((one) => this.registered.some(({ name, strategy }) => one === name || one === strategy)), request) === true
    for (const method of ['authenticate', 'authorize'] as const) {
      const make = methods[method] as Callable
      methods[method] = function (...args) {
        const made = make.apply(this, args)
        if (typeof made !== 'function') return made
        const call = callOf(method, args)
        strategyCalls.push(call)
        return function (this: unknown, ...request: unknown[]) {
          if (isTried(call, request)) return undefined
          noteHost(request)
          call.hasRun = true
          return (made as Callable).apply(this, request)
        }
      }
    }
  }

  /**
   * Observes the options of the app's sessions.
   * @returns the function that the app gets in place of express-session's
   */
  watchSessions<Factory extends object>(factory: Factory): Factory {
    const watched = (options: Record<string, unknown> = {}) => {
      const setup: SessionSetup = { options, uses: [] }
      this.sessions.push(setup)
      const middleware = (factory as unknown as Callable)(options) as Callable
      return (request: Request, response: unknown, next: Callable) =>
        middleware(request, response, (...reason: unknown[]) => {
          setup.uses.push(useIn(request))
          return next(...reason)
        })
    }
    return Object.assign(watched, factory)
  }

  /** Records the value if it is a strategy of this package, from any copy of the package. */
  register(strategy: unknown, name?: string, passport?: PassportModule): void {
    if (!isNevisStrategy(strategy) || this.registered.some((one) => one.strategy === strategy)) return
    this.registered.push({ name: name ?? strategy.name, strategy, passport })
  }
}

function useIn(request: Request): SessionUse {
  const setting = request.app?.get?.('trust proxy')
  return {
    path: (request.originalUrl ?? request.url).split('?')[0] as string,
    cookie: request.session?.cookie,
    trustsProxy: request.app?.get === undefined ? undefined : Boolean(setting),
  }
}

function isNevisStrategy(value: unknown): value is NevisStrategy {
  const { settings } = Object(value) as { settings?: { client?: object; statusURL?: unknown } }
  return typeof settings?.statusURL === 'string' && settings.client !== undefined
}

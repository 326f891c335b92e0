/**
 * What the tests of every attack need: a simulated cloud with the users anna and ben, apps that are closed at the end, and the audit events of these apps.
 *
 * Out of scope: the attacks.
 */
import { NevisSimulator } from '../../../src/simulator'
import { startApp, type AppOptions, type TestApp } from '../../support/app'
import { recordEvents, type Recorded } from './recorded'

export interface Lab {
  readonly simulator: NevisSimulator
  /** The audit events, newest last. */
  readonly events: Recorded
  start(options?: Omit<AppOptions, 'simulator'>): Promise<TestApp>
  /** Runs this function after the test; the function that was added last runs first. */
  defer(close: () => unknown): void
  /** The operations that Nevis was asked for, oldest first. */
  operations(): string[]
  /** How often Nevis was asked for this operation. */
  asked(operation: string): number
  /** Waits until Nevis was asked for this operation. */
  untilAsked(operation: string): Promise<void>
  /** Moves the clock of this process, which is the clock of both app and simulator. Do not call this while a request is under way. */
  later(seconds: number): void
}

/** The real clock. A test may replace `performance.now`, so this constant keeps the original function. */
const ticks = performance.now.bind(performance)

/** Call this once at the top of a file. It starts a simulator before each test, and closes the simulator and all apps after the test. */
export function lab(): Lab {
  let simulator: NevisSimulator
  let events: Recorded
  let aheadMs = 0
  const closers: (() => unknown)[] = []

  beforeEach(async () => {
    simulator = await NevisSimulator.start()
    simulator.addUser({ username: 'anna', phone: '+41791234567', recoveryCodes: ['AAAA-1111', 'BBBB-2222', 'CCCC-3333'] })
    simulator.addUser({ username: 'ben', phone: '+41797654321', recoveryCodes: 3 })
    events = recordEvents()
    aheadMs = 0
  })

  afterEach(async () => {
    jest.restoreAllMocks()
    events.stop()
    for (const close of closers.splice(0).reverse()) await close()
    await simulator.close()
  })

  const asked: Lab['asked'] = (operation) => simulator.requests.filter((request) => request.operation === operation).length

  return {
    get simulator() {
      return simulator
    },
    get events() {
      return events
    },
    start: async (options = {}) => {
      const app = await startApp({ simulator, ...options })
      closers.push(app.close)
      return app
    },
    defer: (close) => void closers.push(close),
    operations: () => simulator.requests.map(({ operation }) => operation),
    asked,
    untilAsked: async (operation) => {
      while (asked(operation) === 0) await new Promise(setImmediate)
    },
    later: (seconds) => {
      aheadMs += seconds * 1000
      const ahead = aheadMs
      jest.spyOn(Date, 'now').mockImplementation(() => Math.floor(performance.timeOrigin + ticks() + ahead))
      jest.spyOn(performance, 'now').mockImplementation(() => ticks() + ahead)
    },
  }
}

/** Counts the outcomes: `{ success: 1, used_transaction: 9 }`. */
export function tally(outcomes: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}

/** Says how the test app has answered: with a redirect, with a failure or error code, or with an action such as `success`, which its JSON names. */
export function outcomeOf(page: { status: number; location: string | undefined; text: string }): string {
  if (page.location !== undefined) return `${page.status} ${page.location.split('?')[0]}`
  const { action, code } = JSON.parse(page.text) as { action: string; code?: string }
  return code ?? action
}

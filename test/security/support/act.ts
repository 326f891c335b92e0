/**
 * Runs `authenticate` as Passport does, on a copy of the strategy, and records every action that the strategy takes.
 *
 * Out of scope: Express. Requests are plain objects, so that thousands of them cost little.
 */
import type { NevisStrategy } from '../../../src'

export interface Act {
  readonly action: 'success' | 'fail' | 'redirect' | 'error' | 'pass'
  readonly args: readonly unknown[]
  /** The names of all Passport actions for this request so far, including this one. A correct strategy takes only one action for a request. */
  readonly actions: readonly string[]
}

export function act(strategy: NevisStrategy, req: object, options: object = {}): Promise<Act> {
  return new Promise((resolve) => {
    const actions: string[] = []
    const copy = Object.create(strategy) as NevisStrategy & Record<string, unknown>
    for (const action of ['success', 'fail', 'redirect', 'error', 'pass'] as const) {
      copy[action] = (...args: unknown[]) => {
        actions.push(action)
        resolve({ action, args, actions })
      }
    }
    copy.authenticate(req as never, options)
  })
}

/** The failure or error code, or the action itself. */
export function codeOf({ action, args }: Act): string {
  const { code } = Object(args[0]) as { code?: unknown }
  return action !== 'redirect' && action !== 'success' && typeof code === 'string' ? code : action
}

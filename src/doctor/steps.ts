/**
 * The steps of the command `doctor`, each with the text that `doctor` prints while the step runs.
 *
 * Out of scope: the checks.
 */

export const STEPS = {
  app: 'starting the app',
  routes: 'requesting the routes of the app',
  cloud: 'calling Nevis: a ping and an introspection',
  ledger: 'trying the ledger',
  session: 'trying the session store',
} as const

/** The time limit for loading the application, in milliseconds. It is long, because some applications first connect to a database. */
export const LOAD_MS = 60_000

export type Step = keyof typeof STEPS

export function isStep(value: unknown): value is Step {
  return typeof value === 'string' && Object.hasOwn(STEPS, value)
}

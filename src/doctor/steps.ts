/**
 * The steps of the checks, with the texts that `doctor` prints while they run.
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

export type Step = keyof typeof STEPS

export function isStep(value: unknown): value is Step {
  return typeof value === 'string' && Object.hasOwn(STEPS, value)
}

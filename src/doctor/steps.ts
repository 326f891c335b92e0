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
} as const

export type Step = keyof typeof STEPS

export function isStep(value: unknown): value is Step {
  return typeof value === 'string' && Object.hasOwn(STEPS, value)
}

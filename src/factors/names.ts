/**
 * The names of the factors. Code editors suggest the five names of this package; your own factor may have any other name.
 *
 * Out of scope: what a factor does, and how strong it is (`strength.ts`).
 */
export type FactorName = 'push' | 'app' | 'sms' | 'recovery' | 'widget' | (string & Record<never, never>)

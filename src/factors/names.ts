/**
 * The names of the factors, closed, so that a misspelt one does not compile.
 *
 * Not its job: how strong each is (`strength.ts`), or what it does.
 */

/** A factor of your own adds its name: `declare module 'passport-nevis' { interface FactorNames { fax: true } }`. */
export interface FactorNames {
  push: true
  app: true
  sms: true
  recovery: true
  widget: true
}

export type FactorName = keyof FactorNames

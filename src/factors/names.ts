/**
 * The names of the factors. One of your own making has any other name; editors offer these.
 *
 * Out of scope: how strong each is (`strength.ts`), and what it does.
 */
export type FactorName = 'push' | 'app' | 'sms' | 'recovery' | 'widget' | (string & Record<never, never>)

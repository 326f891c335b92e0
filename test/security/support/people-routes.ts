/**
 * The routes of an app, each with the options that it gives to Passport.
 *
 * Out of scope: the rules for these routes (`people-oracle.ts`).
 */
import type { NevisAuthenticateOptions } from '../../../src/strategy/route-options'

export interface Route {
  readonly path: string
  readonly options: NevisAuthenticateOptions & { readonly assignProperty?: 'account' }
}

export const CALLBACK_URL = '/2fa/callback'

export const routes = {
  login: { path: '/login', options: {} },
  callback: { path: CALLBACK_URL, options: {} },
  first: { path: '/first', options: { operation: 'approve-or-enroll' } },
  enrol: { path: '/enrol', options: { operation: 'enroll' } },
  factors: { path: '/factors', options: { operation: 'enroll', assignProperty: 'account' } },
  stepUp: { path: '/up', options: { assignProperty: 'account' } },
  strict: { path: '/strict', options: { factors: ['push', 'app'], assignProperty: 'account' } },
  payLittle: { path: '/pay-little', options: { message: 'Pay 5', data: { to: 'ben', amount: 5 }, assignProperty: 'account' } },
  payMuch: { path: '/pay-much', options: { message: 'Pay 500', data: { to: 'ben', amount: 500 }, assignProperty: 'account' } },
  elsewhere: { path: '/elsewhere', options: { message: 'Pay 5', data: { amount: 5, to: 'ben' }, assignProperty: 'account' } },
} as const satisfies Record<string, Route>

export type RouteName = keyof typeof routes

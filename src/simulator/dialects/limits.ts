/**
 * Dialects of the simulator (variants of Nevis's behaviour) for errors whose HTTP status Nevis does not document: a user who is blocked for a channel, a user
 * with too many authenticators, and a user without a factor for the channel.
 *
 * Out of scope: applying a dialect (`apply.ts`).
 */
import type { DialectGroup } from './dialect'
import { perStatus, refusedWith } from './rewrite'

export const limits: DialectGroup = {
  title: 'Limits and missing factors',
  dialects: [
    ...perStatus([400, 403, 412, 423], (status) => ({
      name: `blocked-start-${status}`,
      says: `A start for a user who is blocked for push or SMS gets ${status}.`,
      because: 'The documents describe the block, and name no status.',
      rewrites: refusedWith('blocked', status),
    })),
    ...perStatus([400, 403, 409, 412, 422, 429], (status) => ({
      name: `authenticator-limit-${status}`,
      says: `An enrolment beyond the limit of authenticators gets ${status}.`,
      because: 'The management console has the limit; no document names the status.',
      rewrites: refusedWith('no-room', status),
    })),
    ...perStatus([400, 403, 404, 409, 412, 422, 423, 500], (status) => ({
      name: `nothing-to-ask-${status}`,
      says: `An approval for a user without a device, or by SMS without a number, gets ${status}.`,
      because: 'No document says what such an approval gets.',
      rewrites: refusedWith('no-factor', status),
    })),
  ],
}

/**
 * Dialects of the simulator for an expired or replaced access key. A dialect is one possible behaviour of Nevis that its documentation leaves open.
 *
 * Out of scope: applying a dialect (`apply.ts`).
 */
import type { DialectGroup } from './dialect'
import { refusedWith, refusing } from './rewrite'

export const accessKey: DialectGroup = {
  title: 'Access key',
  dialects: [
    {
      name: 'key-ended-401',
      says: 'A key that has ended gets 401.',
      because: 'RFC 6750, section 3.1; the documents have 403.',
      rewrites: refusedWith('wrong-key', 401),
    },
    {
      name: 'key-ended-403-without-body',
      says: 'A key that has ended gets 403 as `text/html`, without a body.',
      because: 'A gateway may look at keys before Nevis does.',
      rewrites: (answer, { refusal }) => (refusal === 'wrong-key' ? { status: 403, headers: { 'content-type': 'text/html' }, body: undefined } : answer),
    },
    {
      name: 'key-ends-midway',
      says: 'The key ends between start and callback: verification, introspection and the look-up of a user who was asked get 403.',
      because: 'A key can be revoked at any time.',
      refuses: refusing(403, ({ operation, path, cloud }) => {
        if (operation === 'verifyCode' || operation === 'introspect') return true
        return operation === 'getUser' && cloud.transactions.all().some(({ user }) => user?.userId === path.split('/').at(-1))
      }),
    },
  ],
}

/**
 * Dialects of the simulator for the enrolment of an Access App. A dialect is one possible behaviour of Nevis that its documentation leaves open.
 *
 * Out of scope: applying a dialect (`apply.ts`).
 */
import type { DialectGroup, Exchange } from './dialect'
import { inAnswers, objectIn, refusing, without, withStatus } from './rewrite'

const isApp = ({ body }: Pick<Exchange, 'body'>) => [undefined, 'app', 'push'].includes(body['channel'] as string | undefined)

export const appEnrolment: DialectGroup = {
  title: 'Enrolment of an app',
  dialects: [
    {
      name: 'enrolment-at-top-level',
      says: 'Everything is at the top level, as in an approval.',
      because: 'The approval is shown so.',
      layer: 'shape',
      rewrites: inAnswers('enroll', (json, exchange) => (isApp(exchange) ? { ...without(json, 'enrollment'), ...objectIn(json, 'enrollment') } : json)),
    },
    {
      name: 'enrolment-needs-channel',
      says: 'An enrolment without `channel` is 400.',
      because: 'The newer approval reference calls its channel required and names a default all the same.',
      refuses: refusing(400, ({ operation, body }) => operation === 'enroll' && body['channel'] === undefined),
    },
    { name: 'enrolment-200', says: 'The enrolment is answered with 200.', because: 'The newer registration reference was not readable to its answers.', rewrites: withStatus('enroll', 200, isApp) },
  ],
}

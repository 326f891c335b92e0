/**
 * Dialects of the simulator for the introspection of tokens. A dialect is one possible behaviour of Nevis where its documentation leaves something open. Nevis
 * documents only one introspection response: the response for an access key.
 *
 * Out of scope: applying a dialect (`apply.ts`).
 */
import { isRecord } from '../answer'
import type { Claims } from '../tokens'
import type { Dialect, DialectGroup, Exchange } from './dialect'
import { refusing, without, type Json } from './rewrite'

const ONE_EXAMPLE = 'The one example is that of an access key; what the claims of a transaction token are is not documented.'
const HOUR_MS = 3_600_000

type Change = (claims: Json & Claims, exchange: Exchange, original: Json & Claims) => Json

/** Creates a function that changes introspection responses. Responses for access keys and for inactive tokens stay unchanged. */
const ofToken = (change: Change): NonNullable<Dialect['rewrites']> => (answer, exchange) => {
  const { body } = answer
  const kind = exchange.cloud.tokens.kindOf(String(exchange.body['token']))
  if (exchange.operation !== 'introspect' || kind === undefined || kind === 'api' || !isRecord(body) || body['active'] !== true) return answer
  return { ...answer, body: change(body as Json & Claims, exchange, exchange.original.body as Json & Claims) }
}

/** Creates a function that sets claims. `claims` gets the claims that the token has without a dialect, and returns the new ones. */
const withClaims = (claims: (token: Json & Claims, exchange: Exchange) => Json) => ofToken((token, exchange, original) => ({ ...token, ...claims(original, exchange) }))
/** Creates a function that changes the form of all times in an introspection response. Leaves -1 unchanged: as `exp`, it means that the token never expires. */
const withTimes = (change: (ms: number) => unknown) => ofToken((token) => Object.fromEntries(Object.entries(token).map(([name, value]) => [name, typeof value === 'number' && value > 0 ? change(value) : value])))
const lacking = (...names: string[]) => ofToken((token) => without(token, ...names))
const always = (claims: Json) => withClaims(() => claims)
const userOf = ({ sub = '' }: Claims, { cloud }: Exchange) => cloud.userById(sub)
const transactionOf = ({ body, cloud }: Exchange) => cloud.transactions.all().find(({ token, statusToken }) => [token, statusToken].includes(String(body['token'])))

/** Makes tokens active for this many seconds after their `iat`. With 0 seconds, `exp` equals `iat`, but the response still says that the token is active. */
const living = (seconds: number) =>
  ofToken((token, { cloud }, { iat }) => {
    const exp = iat + seconds * 1000
    return seconds > 0 && cloud.clock.now() >= exp ? { active: false } : { ...token, exp }
  })

const dialect = (name: string, says: string, rewrites: NonNullable<Dialect['rewrites']>, because = ONE_EXAMPLE): Dialect => ({ name, says, because, rewrites })

export const introspection: DialectGroup = {
  title: 'Introspection',
  dialects: [
    { ...dialect('times-in-seconds', 'Times are in seconds.', withTimes((ms) => Math.floor(ms / 1000)), 'The tables say seconds, the example shows milliseconds.'), layer: 'shape' },
    { ...dialect('times-with-fraction', 'Times are in seconds with a fraction.', withTimes((ms) => ms / 1000), 'RFC 7519 allows fractions.'), layer: 'shape' },
    { ...dialect('times-as-iso-text', 'Times are ISO 8601 texts.', withTimes((ms) => new Date(ms).toISOString()), 'All other times of the API are so.'), layer: 'shape' },
    dialect('audience-api', '`aud` is "api" for transaction tokens, too.', always({ aud: 'api' })),
    dialect('audience-list', '`aud` is a list.', withClaims(({ aud }) => ({ aud: [aud] })), 'The table says "identifier or list of identifiers".'),
    dialect('audience-list-with-api', '`aud` is a list with "api" in it.', withClaims(({ aud }) => ({ aud: [aud, 'api'] }))),
    dialect('audience-null', '`aud` is null.', always({ aud: null })),
    dialect('audience-missing', 'There is no `aud`.', lacking('aud')),
    dialect('audience-instance', '`aud` is the URL of the instance.', withClaims(({ iss }) => ({ aud: iss }))),
    dialect('issuer-app-host', '`iss` is the host of app links (`{instance}-app`).', withClaims(({ iss }) => ({ iss: iss.replace(/(:\/\/[^:/]+)/, '$1-app') })), 'App links are shown with both hosts.'),
    dialect('issuer-without-slash', '`iss` has no slash at its end.', withClaims(({ iss }) => ({ iss: iss.replace(/\/$/, '') }))),
    dialect('issuer-missing', 'There is no `iss`.', lacking('iss')),
    dialect('issuer-null', '`iss` is null.', always({ iss: null })),
    dialect('subject-in-capitals', '`sub` is in capitals.', withClaims(({ sub }) => (sub === undefined ? {} : { sub: sub.toUpperCase() })), 'A UUID is the same in capitals: RFC 9562, section 4.'),
    dialect('subject-username', '`sub` is the username.', withClaims((token, exchange) => ({ sub: userOf(token, exchange)?.username ?? token.sub })), 'The example has "100", which is no userId.'),
    dialect('subject-transaction-id', '`sub` is the transaction id.', withClaims((token, exchange) => ({ sub: transactionOf(exchange)?.transactionId ?? token.sub })), 'The example has "100", which is no userId.'),
    dialect('subject-missing', 'There is no `sub`.', lacking('sub')),
    dialect('subject-null', '`sub` is null.', always({ sub: null })),
    {
      name: 'token-consumable',
      says: 'A transaction token can be introspected once; then it is not active.',
      because: 'Both references call it a "consumable token".',
      rewrites: ofToken((token, { earlier, body, cloud }) => (earlier > 0 && cloud.tokens.kindOf(String(body['token'])) === 'transaction' ? { active: false } : token)),
    },
    dialect('times-null', '`nbf`, `exp` and `iat` are null.', always({ nbf: null, exp: null, iat: null })),
    dialect('expiry-null', '`exp` is null.', always({ exp: null })),
    dialect('without-times', 'There are neither `iat` nor `exp`.', lacking('iat', 'exp', 'nbf'), 'The table lists neither as required.'),
    dialect('without-nbf', 'There is no `nbf`.', lacking('nbf'), 'The table has it, the example has not.'),
    dialect('token-lives-5-seconds', 'A token lives for five seconds.', living(5), 'No life is documented.'),
    dialect('token-lives-0-seconds', '`exp` is `iat`.', living(0), 'No life is documented.'),
    dialect('issued-before-start', '`iat` is three seconds before the transaction began.', withClaims((_token, exchange) => {
      const createdAt = transactionOf(exchange)?.createdAt
      return createdAt === undefined ? {} : { iat: createdAt - 3000, nbf: createdAt - 3000 }
    })),
    dialect('issued-hours-ago', '`iat` is hours ago.', withClaims(({ iat }) => ({ iat: iat - 3 * HOUR_MS, nbf: iat - 3 * HOUR_MS })), 'It may be the time of the login of the phone.'),
    dialect('expiry-minus-one', '`exp` is -1, for never.', always({ exp: -1 })),
    dialect('introspection-201', 'The introspection is answered with 201.', (answer, { operation, original }) => (operation === 'introspect' && original.status === 200 ? { ...answer, status: 201 } : answer), 'It is a POST.'),
    {
      name: 'introspection-forbidden',
      says: 'The access key may not introspect: 403.',
      because: 'Access keys may get rights in the console.',
      refuses: refusing(403, ({ operation }) => operation === 'introspect'),
    },
    dialect('claims-of-transactions-only', 'Status and intent tokens have `aud` "api"; of them only `active` is told.', (answer, exchange) => {
      if (exchange.operation !== 'introspect' || !isRecord(answer.body) || answer.body['active'] !== true) return answer
      const kind = exchange.cloud.tokens.kindOf(String(exchange.body['token']))
      return kind === 'status' ? { ...answer, body: { ...answer.body, aud: 'api' } } : kind === 'intent' ? { ...answer, body: { active: true } } : answer
    }),
  ],
}

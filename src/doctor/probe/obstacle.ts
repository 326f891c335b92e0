/**
 * Decides whether the responses in the first stage of the probe come from a Nevis instance that accepts the access key. If not, the probe creates no test user,
 * and does not compare the responses with the simulator.
 *
 * Out of scope: sending the requests (`read-only-stage.ts`).
 */
import { CALL_DEADLINE_MS } from './caller'
import type { Facts } from './facts-reader'

/** Requests that Nevis answers in JSON. `status.unknown` is sent without the access key, the other two with it. */
const JSON_STEPS = ['introspect.key', 'status.unknown', 'user.unknown-name']
/** Requests with the access key. Nevis answers each with 401 or 403 if it refuses the key. */
const KEY_STEPS = ['introspect.key', 'user.unknown-name', 'user.unknown-id', 'approval.unknown-user']
/** How the probe describes bodies that are not JSON. */
const NOT_JSON = ['empty body', 'the text PONG', 'the text PONG with other white space', 'the text PONG after a byte order mark', 'the text PONG in another case', 'a page', 'other text']
const REFUSED = /^40[13]$/
/** HTTP statuses of a server that does not handle requests at the moment. */
const UNAVAILABLE = /^(429|5\d\d)$/
const COMPARE = 'compare the instance id, or the base URL, with your management console'

/**
 * Says why the responses of the first stage do not come from a Nevis instance that accepts the access key.
 * @param hasProxy true if the requests go through a forward proxy
 * @returns undefined if the responses come from such an instance
 */
export function precheckFailure(facts: Facts, hasProxy: boolean): string | undefined {
  const https = (steps: readonly string[]) => steps.map((step) => String(facts[`${step}.http`]))
  const fieldsOf = (step: string) => [facts[`${step}.fields`] ?? []].flat()
  const steps = Object.keys(facts).filter((name) => name.endsWith('.http')).map((name) => name.slice(0, -'.http'.length))
  const all = [...new Set(https(steps))]
  const [first = ''] = all
  const codes = all.map(codeOf)
  if (codes.every((code) => code !== undefined)) return `nothing answered: ${codes.map((code) => causeOf(code, hasProxy)).join(', ')}`
  const isPage = steps.some((step) => fieldsOf(step).includes('a page'))
  // Nevis answers an introspection with 200 also if the token, here the access key, is not active. Such a 200 does not show that the key was accepted.
  const isInactive = fieldsOf('introspect.key').includes('active: false')
  const ofKey = https(isInactive ? KEY_STEPS.filter((step) => step !== 'introspect.key') : KEY_STEPS)
  if (!isPage && ofKey.every((status) => REFUSED.test(status))) return `the access key was refused (HTTP ${[...new Set(ofKey)].join(' and ')}): configure a key from "Access Keys" in the management console of this instance`
  const ofJson = https(JSON_STEPS)
  const isJson = JSON_STEPS.some((step) => fieldsOf(step).some((field) => !NOT_JSON.includes(field)))
  const seen = all.length === 1 ? ` (every response was HTTP ${first}${isPage ? ', with a page' : ''})` : ''
  if (ofJson.every((status) => UNAVAILABLE.test(status))) {
    const words = [...new Set(ofJson)].join(' and ')
    return `Nevis, or a gateway in front of it, does not answer at the moment (HTTP ${words}): ${words === '429' ? 'it has had too many requests; run the probe again later' : 'run the probe again later; see https://status.nevis.net'}`
  }
  const withPage = isPage ? ', with a page' : ''
  if (!isJson && ofJson.every((status) => status === '404')) return `every request of the API got HTTP 404${withPage}, so this is probably no Nevis instance: ${COMPARE}`
  if (!isJson && ofJson.every((status) => status === '401')) return `something in front of Nevis asks for a sign-in of its own (HTTP 401${withPage}): check the proxy or gateway, and ${COMPARE}`
  if (!isJson && ofJson.some((status) => codeOf(status) === undefined)) return `no response was JSON, so something in front of Nevis seems to answer${seen}: ${COMPARE}, and check the proxy`
  if (ofJson.every((status) => codeOf(status) !== undefined)) return `the API did not answer: ${[...new Set(ofJson)].map((status) => causeOf(codeOf(status) ?? '', hasProxy)).join(', ')}`
  if (all.every((status) => status.startsWith('2'))) return `every response was HTTP ${all.join(' and ')}, even those about a user and a path that do not exist, so this is probably no Nevis instance: ${COMPARE}`
  if (all.length === 1) return `every response was HTTP ${first}, so this is probably no Nevis instance: ${COMPARE}`
  return undefined
}

/**
 * Says how many of the requests got no usable response: no response at all, the response of a gateway, or a refusal because of too many requests.
 * @param steps the names of the requests
 * @param counts429 false for the stage `limits`, which sends requests until Nevis refuses them with 429
 * @param hasProxy true if the requests go through a forward proxy
 */
export function stepFailure(facts: Facts, steps: Iterable<string>, counts429: boolean, hasProxy: boolean): string | undefined {
  const isTrouble = (http: string) => codeOf(http) !== undefined || /^50[234]$/.test(http) || (counts429 && http === '429')
  const troubled = [...steps].map((step) => String(facts[`${step}.http`])).filter(isTrouble)
  if (troubled.length === 0) return undefined
  const kinds = [...new Set(troubled)].map((http) => (codeOf(http) === undefined ? `HTTP ${http}` : causeOf(codeOf(http) as string, hasProxy))).join(', ')
  const what = kinds.includes('HTTP ') ? 'no lasting answer' : 'no answer of Nevis'
  return `${troubled.length} ${troubled.length === 1 ? 'request' : 'requests'} got ${what}: ${kinds}`
}

/** The code of a network error: `ECONNREFUSED`, if the probe has recorded `no answer (ECONNREFUSED)`. Undefined if it has recorded an HTTP status. */
function codeOf(http: string): string | undefined {
  return /^no answer \((.*)\)$/.exec(http)?.[1]
}

/** Says why a request got no answer: the code of the error, and what the code means. */
function causeOf(code: string, hasProxy: boolean): string {
  if (code === 'TimeoutError') return `timeout after ${CALL_DEADLINE_MS / 1000} s (${hasProxy ? 'check the proxy' : 'behind a proxy, set HTTPS_PROXY'})`
  const [, meaning = 'the connection failed', behindProxy = meaning] = MEANINGS.find(([pattern]) => pattern.test(code)) ?? []
  return `${code} (${hasProxy ? behindProxy : meaning})`
}

/** What each error code means. The last text is the meaning if the probe connects to a forward proxy instead of Nevis. Default: the same meaning. */
const MEANINGS: readonly (readonly [code: RegExp, meaning: string, behindProxy?: string])[] = [
  [/^ECONNREFUSED$/, 'no server listens at this address', 'no server listens at the address of the proxy: check HTTPS_PROXY'],
  [/^ENOTFOUND$/, 'this host name does not exist: compare the instance id with your management console', 'the host name of the proxy does not exist: check HTTPS_PROXY'],
  [/^EAI_AGAIN$/, 'the name server does not answer'],
  [/^ETIMEDOUT$/, 'no response in time; behind a proxy, set HTTPS_PROXY', 'no response of the proxy in time: check the proxy'],
  [/^PROXY_AUTHENTICATION_REQUIRED$/, 'the forward proxy wants a user name and a password'],
  [/^PROXY_/, 'the forward proxy does not open a connection to Nevis'],
  [/^HTTP \d+ without JSON$/, 'a gateway may have answered; run the probe again'],
  [/^HTTP 5/, 'the server was not available for a moment; run the probe again'],
  [/^HPE_HEADER_OVERFLOW$/, 'the headers of the response are too long: check the proxy or gateway'],
  [/^HPE_/, 'the response is not HTTP: compare the base URL with your management console, and check the proxy'],
  [/^(RangeError|SyntaxError|TypeError)$/, 'the probe could not read the response: please report this'],
  [/^(Z_|ERR__|ERR_BROTLI)/, 'the response cannot be decompressed'],
  [/CERT|SIGNATURE|ISSUER|ALTNAME/, 'the certificate is not trusted; behind a proxy that reads TLS, set NODE_EXTRA_CA_CERTS'],
  [/^(EPROTO|ERR_SSL)/, 'the server does not speak TLS as expected'],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET|ERR_STREAM_PREMATURE_CLOSE)$/, 'the connection was closed before a response; run the probe again'],
]

/**
 * Checks that no rate limiter refuses the requests to the status endpoint, which each waiting page calls every two seconds. If a limiter refuses such a
 * request, the page does not learn that the user has approved.
 *
 * A limiter with a high limit refuses no request of the doctor, but perhaps those of several users behind one address. Most limiters name their limit in
 * headers of the response, which this file reads. Out of scope: rate limiters on other routes.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { ok, unchecked, warning, type Finding } from './findings'
import { ask, UNKNOWN_HANDLE } from './probe'

/** One waiting page sends this many requests in two minutes, the default lifetime of an approval. */
const REQUESTS = 60
const SECONDS_BETWEEN_REQUESTS = 2

export async function limitFinding(origin: string, statusURL: string): Promise<Finding> {
  const check = 'routes.status-limit'
  const remedy = 'mount statusEndpoint before the limiter: for an unknown transaction, it does not call Nevis; all pages of one transaction share its calls'
  const replies = await Promise.all(Array.from({ length: REQUESTS }, () => ask(origin, 'GET', statusURL, { transaction: UNKNOWN_HANDLE })))
  // The first request of the doctor got 404 from the status endpoint. Any other answer is the limiter's, which may use another status than 429, such as 503.
  const refused = replies.flatMap((reply) => (reply === undefined || reply.status === 404 ? [] : [reply.status]))
  if (refused.length > 0) return warning(check, `the status endpoint answers ${refused.length} of ${REQUESTS} requests with HTTP ${refused[0]}; one waiting page sends ${REQUESTS} requests in two minutes`, remedy)
  const unanswered = replies.filter((reply) => reply === undefined).length
  if (unanswered > 0) return unchecked(check, `the app does not answer ${unanswered} of ${REQUESTS} requests to the status endpoint within 5 s`, 'check that no rate limiter is in front of the status endpoint, and what slows the app down')
  const low = limitsIn(replies[0]?.headers ?? {}, Date.now()).find(({ limit, seconds }) => limit < seconds / SECONDS_BETWEEN_REQUESTS)
  if (low !== undefined) return warning(check, `by its headers, a rate limiter allows ${low.limit} requests in ${low.seconds} s to the status endpoint; an open waiting page sends ${Math.ceil(low.seconds / SECONDS_BETWEEN_REQUESTS)} in this time, and users behind one address may share the limit`, remedy)
  return ok(check, 'no rate limiter refuses requests to the status endpoint')
}

interface Limit {
  readonly limit: number
  readonly seconds: number
}

/**
 * Reads the limits from the headers of a response: `RateLimit-Policy`, `RateLimit` and `RateLimit-Limit` of the drafts 3 to 8 of the IETF, `X-RateLimit-Limit`
 * and `X-Rate-Limit-Limit`. If no header names the length of the period, it is the time until the limiter counts from zero again: the doctor has just started
 * the app, so the period has just begun.
 */
function limitsIn(headers: IncomingHttpHeaders, now: number): Limit[] {
  const header = (name: string) => String(headers[name] ?? '').replace(/"[^"]*"/g, '')
  const number = (text: string, pattern: RegExp) => {
    const found = pattern.exec(text)?.[1]
    return found === undefined ? undefined : Number(found)
  }
  const policies = [header('ratelimit-policy'), header('ratelimit-limit')].flatMap((text) => text.split(','))
  const named = policies.map((text) => [number(text, /(?:^\s*|\bq=)(\d+)/), number(text, /\bw=(\d+)/)] as const)
  const others = ['ratelimit', 'x-ratelimit', 'x-rate-limit'].map((prefix) => [
    number(header(prefix), /\blimit=(\d+)/) ?? number(header(`${prefix}-limit`), /^\s*(\d+)/),
    number(header(prefix), /\breset=(\d+)/) ?? secondsUntil(header(`${prefix}-reset`), now),
  ] as const)
  return [...named, ...others].flatMap(([limit, seconds]) => (limit === undefined || seconds === undefined ? [] : [{ limit, seconds }]))
}

/** The seconds until a reset, which a header gives in seconds, as seconds or milliseconds since 1970, or as a date. */
function secondsUntil(reset: string, now: number): number | undefined {
  if (reset.trim() === '') return undefined
  const value = Number(reset)
  if (value < 1e9) return Math.ceil(value)
  const time = Number.isNaN(value) ? Date.parse(reset) : value < 1e12 ? value * 1000 : value
  return Number.isNaN(time) ? undefined : Math.ceil((time - now) / 1000)
}

/**
 * Sends one request to the app over loopback, as a browser behind a TLS proxy would, and reads the reply.
 *
 * Out of scope: judging the reply (`route-checks.ts`).
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { request as requestHttp, type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isJsonObject } from '../client/answer'
import { parseURL } from '../client/parse-url'

export interface Cookie {
  readonly httpOnly: boolean
  readonly secure: boolean
  readonly sameSite: unknown
}

export interface Reply {
  readonly status: number
  /** The body, if it is a JSON object. */
  readonly json: Readonly<Record<string, unknown>>
  /** Path of the redirect target. */
  readonly location: string | undefined
  /**
   * Cookies that can contain a session. Cookies of a CSRF protection are left out: scripts must be able to read them, so the rules for session
   * cookies do not apply.
   */
  readonly cookies: readonly Cookie[]
  /** The headers; values of several headers of one name are joined. */
  readonly headers: IncomingHttpHeaders
  /** The body, cut off after some length. */
  readonly text: string
  /** Names of the strategies that handled this request and refused it. */
  readonly refusedBy: readonly string[]
  /** The failure codes of these refusals. */
  readonly codes: readonly string[]
  /** The code of the first StorageError or NevisError that the request met, such as `SESSION_IN_COOKIE`. */
  readonly fault: string | undefined
}

/** A transaction handle that does not exist. */
export const UNKNOWN_HANDLE = 'passport-nevis-doctor'

const DEADLINE_MS = 5000
const MAX_CHARACTERS = 100_000

/**
 * Sends one request to the app.
 * @param origin the app's origin on loopback
 * @param address a path, or the public URL
 * @returns undefined if there was no answer within five seconds
 */
export async function ask(origin: string, method: 'GET' | 'POST', address: string, fields: Readonly<Record<string, string>>, headers: OutgoingHttpHeaders = {}): Promise<Reply | undefined> {
  const refusals: { readonly strategy: string; readonly code: string }[] = []
  const faults: string[] = []
  const note = (event: unknown) => void refusals.push(event as { strategy: string; code: string })
  const noteFault = (event: unknown) => void faults.push((event as { code: string }).code)
  subscribe('passport-nevis:failed', note)
  subscribe('passport-nevis:fault', noteFault)
  try {
    const answer = await send(origin, method, address, new URLSearchParams(fields).toString(), headers)
    return answer && { ...answer, refusedBy: refusals.map(({ strategy }) => strategy), codes: refusals.map(({ code }) => code), fault: faults[0] }
  } finally {
    unsubscribe('passport-nevis:failed', note)
    unsubscribe('passport-nevis:fault', noteFault)
  }
}

type Answer = Omit<Reply, 'refusedBy' | 'codes' | 'fault'>

function send(origin: string, method: 'GET' | 'POST', address: string, form: string, headers: OutgoingHttpHeaders): Promise<Answer | undefined> {
  const known = new URL(address, origin)
  if (method === 'GET') known.search += `${known.search === '' ? '?' : '&'}${form}`
  const options = {
    method,
    path: known.pathname + known.search,
    signal: AbortSignal.timeout(DEADLINE_MS),
    // The certificate is not checked, because the app's certificate is for its public name, not for loopback.
    rejectUnauthorized: false,
    headers: {
      host: known.host,
      accept: 'application/json',
      origin: `https://${known.host}`,
      'sec-fetch-site': 'same-origin',
      'user-agent': 'passport-nevis-doctor',
      'x-forwarded-proto': 'https',
      ...(method === 'POST' && { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(form) }),
      ...headers,
    },
  }
  return new Promise((resolve) => {
    const request = (origin.startsWith('https:') ? requestHttps : requestHttp)(origin, options, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => {
        if (text.length < MAX_CHARACTERS) text += part
      })
      answer.on('error', () => resolve(undefined)).on('end', () => resolve(read(answer, text)))
    })
    request.on('error', () => resolve(undefined)).end(method === 'POST' ? form : undefined)
  })
}

function read({ statusCode, headers }: IncomingMessage, text: string): Answer {
  const { location, 'set-cookie': cookies = [] } = headers
  return {
    status: statusCode as number,
    json: jsonIn(text),
    location: location === undefined ? undefined : parseURL(location, 'http://app')?.pathname,
    headers,
    text,
    cookies: cookies.filter((line) => !/^[^=]*(csrf|xsrf)/i.test(line)).map(cookieIn),
  }
}

function jsonIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : {}
  } catch {
    return {}
  }
}

function cookieIn(line: string): Cookie {
  const attributes = line.split(';').slice(1).map((one) => one.trim().toLowerCase())
  const sameSite = attributes.find((one) => one.startsWith('samesite='))?.slice('samesite='.length)
  return { httpOnly: attributes.includes('httponly'), secure: attributes.includes('secure'), sameSite }
}

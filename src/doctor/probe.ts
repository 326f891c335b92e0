/**
 * Sends a request to the application over loopback, with the headers that a TLS proxy adds, and reads the response.
 *
 * Out of scope: judging the response (`route-checks.ts`). The command `probe` is in the folder `probe/`.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { request as requestHttp, type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isJsonObject } from '../client/answer'
import { parseURL } from '../client/parse-url'
import { withDeadline } from './deadline'

export interface Cookie {
  readonly httpOnly: boolean
  readonly secure: boolean
  readonly sameSite: unknown
}

export interface Reply {
  readonly status: number
  /** The body as a JSON object; an empty object if the body is anything else. */
  readonly json: Readonly<Record<string, unknown>>
  readonly location: string | undefined
  /**
   * The cookies of the response that may identify a session. The doctor checks their flags, such as HttpOnly. CSRF cookies are left out: scripts must read
   * them, so they cannot be HttpOnly.
   */
  readonly cookies: readonly Cookie[]
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** Names of the Nevis strategies that handled this request and called `fail`. */
  readonly refusedBy: readonly string[]
  /** The failure codes with which Nevis strategies refused this request, for example `unknown_transaction`. */
  readonly codes: readonly string[]
  /** The code of the first StorageError or NevisError during the request, for example `SESSION_IN_COOKIE`. */
  readonly fault: string | undefined
}

/** No transaction has this handle (the encrypted transaction id in the URL of the waiting page). So requests with this handle start and approve nothing. */
export const UNKNOWN_HANDLE = 'passport-nevis-doctor'

const DEADLINE_MS = 5000
const MAX_CHARACTERS = 100_000

/**
 * Sends one request to the application.
 * @param origin the application's origin on loopback
 * @param address a path, or the public URL, of which only path and query are used
 * @returns the response; undefined after five seconds without one
 */
export async function ask(origin: string, method: 'GET' | 'POST', address: string, fields: Readonly<Record<string, string>>, headers: OutgoingHttpHeaders = {}): Promise<Reply | undefined> {
  const refusals: { readonly strategy: string; readonly code: string }[] = []
  const faults: string[] = []
  const note = (event: unknown) => void refusals.push(event as { strategy: string; code: string })
  const noteFault = (event: unknown) => void faults.push((event as { code: string }).code)
  subscribe('passport-nevis:failed', note)
  subscribe('passport-nevis:fault', noteFault)
  try {
    const answer = await withDeadline(DEADLINE_MS, undefined, (signal) => send(origin, method, address, new URLSearchParams(fields).toString(), headers, signal))
    return answer && { ...answer, refusedBy: refusals.map(({ strategy }) => strategy), codes: refusals.map(({ code }) => code), fault: faults[0] }
  } finally {
    unsubscribe('passport-nevis:failed', note)
    unsubscribe('passport-nevis:fault', noteFault)
  }
}

type Answer = Omit<Reply, 'refusedBy' | 'codes' | 'fault'>

function send(origin: string, method: 'GET' | 'POST', address: string, form: string, headers: OutgoingHttpHeaders, signal: AbortSignal): Promise<Answer | undefined> {
  const known = new URL(address, origin)
  if (method === 'GET') known.search += `${known.search === '' ? '?' : '&'}${form}`
  const options = {
    method,
    path: known.pathname + known.search,
    // Do not check the certificate: it names the application's public host, but the request goes to 127.0.0.1.
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
    signal.addEventListener('abort', () => request.destroy())
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

/**
 * Describes the shape of a response: the paths of its fields, and the kinds of their values. The description contains no value except the words in the list
 * `WORDS`, such as `pending`, because a value may be a token, code, id, phone number, key or name.
 *
 * Out of scope: choosing the requests (`*-stage.ts`), and deciding which names of fields may be shown (`field-names.ts`).
 */
import { namesOtherPath } from '../../client/answer'
import { parseURL } from '../../client/parse-url'
import { codesInText } from '../../client/recovery-codes'
import { isFieldName } from './field-names'

/** The words that replace the instance's base URL in the report. */
export const BASE_URL = 'the base URL'
/** The words of the report for a URL that is the base URL with a slash behind it, with the same upper-case and lower-case letters. */
export const URL_WITH_SLASH = 'URL of the instance, with a slash at its end'

/** The words of the report for an error body whose field `path` is not the path of the request: probably the error body of a gateway. */
export const OTHER_PATH = 'the path: not that of the request'

/** Values that the probe has sent or received, each with the words that replace it in the report, for example `the userId`. */
export type Known = ReadonlyMap<string, string>

/** The only values that the report quotes: status words from Nevis's documentation, such as `pending`, and similar words from other services. */
const WORDS = new Set(
  `new active inactive blocked pending succeeded success failed failure unknown ok up verified processing rejected denied expired cancelled
  approved accepted declined timeout error api transaction status intent app push sms fido2 recovery pong image/png 300`.split(/\s+/),
)
const MEDIA_TYPES = ['image/png', 'image/jpeg', 'image/svg+xml', 'image/gif', 'image/webp']
const MAX_DEPTH = 8
const MAX_FIELDS = 200
/** Numbers in this range are seconds since 1970 (years 2001 to 5138). Larger numbers are milliseconds. */
const SECONDS = [1e9, 1e11] as const

/**
 * Describes a body.
 * @param json the parsed body
 * @param http the HTTP status of the response. A number in the body is called `HTTP status` only if it equals this status
 * @param requestedPath the path of the request. If the field `path` of the body is another path, the description says so
 * @returns one text per field, for example `enrollment.statusToken: JWT`, sorted. All items of a list have the same path, which ends in `[]`
 */
export function shapeOf(json: unknown, known: Known, http?: number, requestedPath?: string): string[] {
  const found = new Set<string>()
  const visit = (value: unknown, path: string, depth: number): void => {
    if (found.size >= MAX_FIELDS) return
    if (Array.isArray(value) && depth < MAX_DEPTH) {
      if (value.length === 0) found.add(`${path}: empty list`)
      for (const item of value) visit(item, `${path}[]`, depth + 1)
    } else if (typeof value === 'object' && value !== null && depth < MAX_DEPTH) {
      const entries = Object.entries(value)
      if (entries.length === 0) found.add(`${path}: empty object`)
      for (const [name, inner] of entries) {
        const shown = nameOf(name, known)
        visit(inner, path === '' ? shown : `${path}.${shown}`, depth + 1)
      }
    } else found.add(`${path === '' ? 'the body' : path}: ${kindOf(value, known, http)}`)
  }
  visit(json, '', 0)
  if (namesOtherPath(json, requestedPath)) found.add(OTHER_PATH)
  return [...found].sort()
}

/** Returns the name of a field. Returns `<key>` if the name may be data, such as a username: the report must not contain data. */
function nameOf(name: string, known: Known): string {
  return isFieldName(name) && labelOf(name, known) === undefined ? name : '<key>'
}

/** The words that replace a text that the probe has sent or received; undefined for another text. */
function labelOf(text: string, known: Known): string | undefined {
  const label = known.get(text)
  if (label !== undefined) return label
  const other = [...known].find(([value]) => value.toLowerCase() === text.toLowerCase())
  return other && `${other[1]}, in another case`
}

/** Describes the kind of a value, for example `UUID`. Returns the value itself only if it is in the list `WORDS`, for example `pending`. */
export function kindOf(value: unknown, known: Known, http?: number): string {
  if (typeof value === 'string') return kindOfText(value, known)
  if (typeof value === 'number') return kindOfNumber(value, http)
  if (typeof value === 'boolean') return String(value)
  return value === null ? 'null' : typeof value
}

function kindOfText(text: string, known: Known): string {
  const label = labelOf(text, known)
  if (label !== undefined) return label
  if (text === '') return 'empty text'
  if (WORDS.has(text.toLowerCase())) return `"${text}"`
  if (codesInText(text) !== undefined) return 'recovery codes in one text'
  return KINDS.find(([, pattern]) => pattern.test(text))?.[0] ?? linkKindOf(text, known) ?? 'text'
}

const KINDS: readonly (readonly [string, RegExp])[] = [
  ['UUID', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/],
  ['UUID in capitals', /^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/],
  ['JWT', /^[\w-]{8,}\.[\w-]{8,}\.[\w-]+$/],
  ['ISO time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$/],
  ['phone number', /^\+\d{6,15}$/],
  ['digits', /^\d+$/],
  ['base64', /^[A-Za-z0-9+/_-]{64,}={0,2}$/],
]

function linkKindOf(text: string, known: Known): string | undefined {
  const image = /^data:([^;,]*)(;[^,]*)?,([\s\S]*)$/.exec(text)
  if (image !== null) {
    const [, type = '', parameters = '', data = ''] = image
    const notes = [parameters === ';base64' ? '' : ' with other parameters', /\s/.test(data) ? ' with line breaks' : '', /[-_]/.test(data) ? ' in URL-safe base64' : '']
    return `data URI of ${MEDIA_TYPES.includes(type) ? type : 'another type'}${notes.join('')}`
  }
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase()
  if (scheme === undefined) return undefined
  if (scheme === 'intent') return 'Android intent link'
  if (scheme !== 'https' && scheme !== 'http') return 'link with the scheme of an app'
  const url = parseURL(text)
  if (url === undefined) return 'broken URL'
  const baseURL = [...known].find(([, label]) => label === BASE_URL)?.[0] ?? ''
  if (text === `${baseURL}/`) return URL_WITH_SLASH
  const own = parseURL(baseURL)
  if (url.origin === own?.origin) return 'URL of the instance'
  const slash = url.pathname === '/' && text.endsWith('/') ? ', with a slash at its end' : ''
  return own !== undefined && appHostsOf(own).includes(url.host) ? `URL of the instance's app host${slash}` : 'URL of another host'
}

/**
 * The app host of an instance, `{instance}-app.mauth.nevis.cloud`; and the hosts that some dialects of the simulator (variants of Nevis's behaviour) use
 * instead, because the simulator listens at an IP address.
 */
function appHostsOf({ host, hostname }: URL): readonly string[] {
  return [host.replace('.', '-app.'), host.replace(hostname, `${hostname}-app`), 'simulator-app.mauth.nevis.cloud']
}

function kindOfNumber(value: number, http = value): string {
  const fraction = Number.isInteger(value) ? '' : ' with a fraction'
  if (value < 0) return 'negative number'
  if (value >= SECONDS[1]) return `milliseconds since 1970${fraction}`
  if (value >= SECONDS[0]) return `seconds since 1970${fraction}`
  if (value < 400 || value >= 600) return `number${fraction}`
  return value === http ? 'HTTP status' : 'another HTTP status'
}

/** Describes a `Content-Type` header by fixed words. Never returns the header itself, which may contain data: the report must not contain data. */
export function mediaTypeOf(header: string | null): string {
  if (header === null) return 'none'
  const [type = '', ...parameters] = header.toLowerCase().replace(/\s/g, '').split(';')
  const isKnown = ['application/json', 'application/problem+json', 'text/plain', 'text/html', 'application/octet-stream'].includes(type)
  return `${isKnown ? type : 'other'}${parameters.length === 0 ? '' : parameters.includes('charset=utf-8') ? ';charset=utf-8' : ';…'}`
}

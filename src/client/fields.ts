/**
 * Reads and validates single fields of a JSON response.
 *
 * Out of scope: which fields a response has (`decode.ts`). Errors name the field, never the value.
 */
import { isJsonObject, type Answer, type RawAnswer } from './answer'
import { isToken, isUuid } from './checks'
import { isLoopback } from './loopback'
import { parseURL } from './parse-url'
import { pictureIn } from './pictures'
import { fieldIn } from './places'
import type { QrCode } from './results'

/** White space or a control character. Written as a range because `\p{Cc}` makes V8 build the set from all of Unicode at load. */
const WHITE_SPACE = /\s|[^ -~\xa0-\uffff]/
/** Links are kept in the session and put in the page. In Nevis's documents a link has a few hundred characters. */
const MAX_LINK_CHARACTERS = 8192
/** Schemes that a browser handles itself: an app cannot have registered them. */
const BROWSER_SCHEMES: readonly string[] = ['http:', 'javascript:', 'data:', 'blob:', 'file:', 'vbscript:', 'about:', 'ftp:', 'ws:', 'wss:', 'view-source:', 'filesystem:']

/** A JSON object and the response that it came in, which is needed to create an error. */
export class Fields {
  constructor(
    readonly answer: Answer,
    readonly json: RawAnswer,
  ) {}

  /** The own field, or else the field of this name deeper in the JSON: see `places.ts`. `null` counts as absent. */
  get(name: string): unknown {
    return fieldIn(this.json, name)
  }

  /** A required string. */
  string(name: string): string {
    return this.optionalString(name) ?? this.#refuse(name, 'is missing')
  }

  /** An optional string that decisions depend on: if it is present, it must be a non-empty string. */
  optionalString(name: string): string | undefined {
    const value = this.get(name)
    if (value === undefined) return undefined
    if (typeof value !== 'string' || value === '') this.#refuse(name, 'is not a non-empty string')
    return value
  }

  /** A required id. */
  id(name: string): string {
    return this.optionalId(name) ?? this.#refuse(name, 'is missing')
  }

  /**
   * An optional id, in small letters: a UUID is the same in capitals (RFC 9562, section 4). Ids go into the paths of later requests, so
   * only UUIDs are accepted: `../x` would reach another endpoint.
   */
  optionalId(name: string): string | undefined {
    const value = this.optionalString(name)
    if (value !== undefined && !isUuid(value)) this.#refuse(name, 'is not a UUID')
    return value?.toLowerCase()
  }

  /** Nevis's id of a transaction: a UUID in small letters, or any other token as it is. */
  optionalTransactionId(): string | undefined {
    const value = this.optionalToken('transactionId')
    return isUuid(value) ? value.toLowerCase() : value
  }

  /** Any string; an id in small letters if it is a UUID. */
  looseId(name: string): string | undefined {
    const value = this.optionalString(name)
    return isUuid(value) ? value.toLowerCase() : value
  }

  /** A required token. */
  token(name: string): string {
    return this.optionalToken(name) ?? this.#refuse(name, 'is missing')
  }

  /** An optional token. Tokens are sent in later requests, so one with line breaks or of many kilobytes is rejected. */
  optionalToken(name: string): string | undefined {
    const value = this.optionalString(name)
    if (value !== undefined && !isToken(value)) this.#refuse(name, 'cannot be used as a token')
    return value
  }

  /** A string that is only displayed (dates, names). A value of the wrong type counts as absent, so no login fails for it. */
  optionalText(name: string): string | undefined {
    const value = this.get(name)
    return typeof value === 'string' ? value : undefined
  }

  /** The object in a field, or `undefined` if it is absent. */
  object(name: string): Fields | undefined {
    const value = this.get(name)
    if (value === undefined) return undefined
    if (!isJsonObject(value)) this.#refuse(name, 'is not an object')
    return new Fields(this.answer, value)
  }

  /** The objects in a list, or `undefined` if the list is absent. */
  objects(name: string): readonly Fields[] | undefined {
    const value = this.get(name)
    if (value === undefined) return undefined
    if (!Array.isArray(value)) this.#refuse(name, 'is not a list')
    return value.map((item: unknown) => {
      if (!isJsonObject(item)) this.#refuse(name, 'is not a list of objects')
      return new Fields(this.answer, item)
    })
  }

  /** The value becomes the `src` of an image; any character outside base64 could break out of the attribute. */
  qrCode(): QrCode | undefined {
    const value = this.get('qrCode')
    const fields = typeof value === 'string' ? new Fields(this.answer, { dataUri: value }) : this.object('qrCode')
    if (fields === undefined) return undefined
    const dataUri = pictureIn(fields.string('dataUri'))
    if (dataUri === undefined) this.#refuse('qrCode.dataUri', 'is not a picture')
    const size = fields.get('size')
    return compact<QrCode>({ dataUri, type: fields.optionalText('type'), size: typeof size === 'number' ? size : undefined })
  }

  /**
   * The value becomes the `href` of a link, so `javascript:` and the like are rejected. A link of a branded app has a scheme of its own:
   * it is left out here, and the factor `app` shows it if the app names the scheme.
   */
  link(name: string): string | undefined {
    const value = this.optionalString(name)
    if (value === undefined) return undefined
    const url = WHITE_SPACE.test(value) || value.length > MAX_LINK_CHARACTERS ? undefined : parseURL(value)
    if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url))) return value
    if (url === undefined || BROWSER_SCHEMES.includes(url.protocol)) this.#refuse(name, 'is not an https URL')
    return undefined
  }

  /** Returns the value, or throws that the field is missing. */
  required<T>(name: string, value: T | undefined): T {
    return value ?? this.#refuse(name, 'is missing')
  }

  #refuse(name: string, fault: string): never {
    throw this.answer.unexpected(`${name} ${fault}`)
  }
}

type Loose<T> = { [Name in keyof T]: T[Name] | undefined }

/** Removes properties that are `undefined`, so that an absent field is absent. */
export function compact<T extends object>(value: Required<Loose<T>>): T
export function compact(value: object): object {
  const given: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(value)) if (field !== undefined) given[name] = field
  return given
}

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
import { fieldIn, ownField } from './places'
import type { QrCode } from './results'

/**
 * Finds white space or a control character. Written as a range, because for `\p{Cc}` V8 would build a set from all of Unicode when it loads this
 * file.
 */
const WHITE_SPACE = /\s|[^ -~\xa0-\uffff]/
/**
 * Longest link that is accepted, because links are stored in the session and inserted into the page. In Nevis's examples, a link has a few hundred
 * characters.
 */
const MAX_LINK_CHARACTERS = 8192
/** Longest list of authenticators that is accepted: a longer list would keep the process busy for seconds. */
const MAX_LIST_LENGTH = 200
/** Schemes that the browser handles itself, so they cannot belong to a phone's app. Links with these schemes are rejected. */
const BROWSER_SCHEMES: readonly string[] = ['http:', 'javascript:', 'data:', 'blob:', 'file:', 'vbscript:', 'about:', 'ftp:', 'ws:', 'wss:', 'view-source:', 'filesystem:']

/** Reads the fields of a JSON object. It keeps the response that contained the object, to create errors from it. */
export class Fields {
  constructor(
    readonly answer: Answer,
    readonly json: RawAnswer,
  ) {}

  /** The object's own field. If it has none: the field of this name in a nested object, see `places.ts`. `null` counts as absent. */
  get(name: string): unknown {
    return fieldIn(this.json, name)
  }

  /** A required string. */
  string(name: string): string {
    return this.optionalString(name) ?? this.#refuse(name, 'is missing')
  }

  /** An optional string on which a decision depends. If the field is present, it must be a non-empty string. */
  optionalString(name: string): string | undefined {
    return this.#nonEmpty(name, this.get(name))
  }

  /** Like `optionalString`, for a field of this object alone: a nested object, such as an authenticator, may have a field of the same name. */
  optionalOwnString(name: string): string | undefined {
    return this.#nonEmpty(name, ownField(this.json, name))
  }

  /** A required id. */
  id(name: string): string {
    return this.optionalId(name) ?? this.#refuse(name, 'is missing')
  }

  /**
   * An optional id, in lower case: case makes no difference in a UUID (RFC 9562, section 4). Ids become part of the paths of later requests,
   * so only UUIDs are accepted: `../x` would reach another endpoint.
   */
  optionalId(name: string): string | undefined {
    const value = this.optionalString(name)
    if (value !== undefined && !isUuid(value)) this.#refuse(name, 'is not a UUID')
    return value?.toLowerCase()
  }

  /** Nevis's id of a transaction: a UUID in lower case, or any other token unchanged. */
  optionalTransactionId(): string | undefined {
    const value = this.optionalToken('transactionId')
    return isUuid(value) ? value.toLowerCase() : value
  }

  /** Any string as an id. A UUID is converted to lower case. */
  looseId(name: string): string | undefined {
    const value = this.optionalString(name)
    return isUuid(value) ? value.toLowerCase() : value
  }

  /** A required token. */
  token(name: string): string {
    return this.optionalToken(name) ?? this.#refuse(name, 'is missing')
  }

  /** Reads an optional token. Tokens are sent in later requests, so a token with line breaks, or of many kilobytes, is rejected. */
  optionalToken(name: string): string | undefined {
    const value = this.optionalString(name)
    if (value !== undefined && !isToken(value)) this.#refuse(name, 'cannot be used as a token')
    return value
  }

  /** Reads a string that is only displayed (a date, a name). A login must not fail because of it, so a value of the wrong type counts as absent. */
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
    if (value.length > MAX_LIST_LENGTH) this.#refuse(name, `has more than ${MAX_LIST_LENGTH} entries`)
    return value.map((item: unknown) => {
      if (!isJsonObject(item)) this.#refuse(name, 'is not a list of objects')
      return new Fields(this.answer, item)
    })
  }

  /** Reads the QR code. It becomes the `src` of an image, so any character outside base64 is rejected: such a character could end the attribute. */
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
   * A link. It becomes the `href` of an anchor, so `javascript:` and other schemes of the browser are rejected. For any other scheme than
   * https, as in links of a branded Access App, this method returns undefined; the factor `app` reads such a link if its scheme is in `linkSchemes`.
   */
  link(name: string): string | undefined {
    const value = this.optionalString(name)
    if (value === undefined) return undefined
    const url = WHITE_SPACE.test(value) || value.length > MAX_LINK_CHARACTERS ? undefined : parseURL(value)
    if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url))) return value
    if (url === undefined || BROWSER_SCHEMES.includes(url.protocol)) this.#refuse(name, 'is not an https URL')
    return undefined
  }

  /** Returns the value. If it is undefined, throws an error that says that the field is missing. */
  required<T>(name: string, value: T | undefined): T {
    return value ?? this.#refuse(name, 'is missing')
  }

  #nonEmpty(name: string, value: unknown): string | undefined {
    if (value === undefined) return undefined
    if (typeof value !== 'string' || value === '') this.#refuse(name, 'is not a non-empty string')
    return value
  }

  #refuse(name: string, fault: string): never {
    throw this.answer.unexpected(`${name} ${fault}`)
  }
}

type Loose<T> = { [Name in keyof T]: T[Name] | undefined }

/** Removes the properties whose value is `undefined`. */
export function compact<T extends object>(value: Required<Loose<T>>): T
export function compact(value: object): object {
  const given: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(value)) if (field !== undefined) given[name] = field
  return given
}

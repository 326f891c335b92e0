/**
 * Reads and validates single fields of a JSON response.
 *
 * Out of scope: which fields a response has (`decode.ts`). An error names the field, never its value.
 */
import { isJsonObject, type Answer, type RawAnswer } from './answer'
import { isToken, isUuid } from './checks'
import { isLoopback } from './loopback'
import { parseURL } from './parse-url'
import { pictureIn } from './pictures'
import { fieldIn, ownField } from './places'
import type { QrCode } from './results'

/** White space and control characters. The pattern does not use `\p{Cc}`, because V8 takes long to load a pattern with `\p`. */
const WHITE_SPACE = /\s|[^ -~\xa0-\uffff]/
/** The longest link that is accepted, because links are stored in the session. The links in Nevis's examples have a few hundred characters. */
const MAX_LINK_CHARACTERS = 8192
/** The longest list of authenticators that is accepted. A much longer list would block the process for seconds. */
const MAX_LIST_LENGTH = 200
/** A link with one of these schemes would open something in the browser, not the Access App. Such a link is rejected, except http to this machine. */
const BROWSER_SCHEMES: readonly string[] = ['http:', 'javascript:', 'data:', 'blob:', 'file:', 'vbscript:', 'about:', 'ftp:', 'ws:', 'wss:', 'view-source:', 'filesystem:']

/** Reads the fields of one JSON object, and creates the error for a missing or invalid field. */
export class Fields {
  constructor(
    readonly answer: Answer,
    readonly json: RawAnswer,
  ) {}

  /** Returns a field of the object. If the object does not have it, searches nested objects (`places.ts`). `null` counts as absent. */
  get(name: string): unknown {
    return fieldIn(this.json, name)
  }

  string(name: string): string {
    return this.optionalString(name) ?? this.#refuse(name, 'is missing')
  }

  /** Returns undefined if the field is absent. Throws if the field is present but not a non-empty string. */
  optionalString(name: string): string | undefined {
    return this.#nonEmpty(name, this.get(name))
  }

  /** Like `optionalString`, but does not search nested objects. */
  optionalOwnString(name: string): string | undefined {
    return this.#nonEmpty(name, ownField(this.json, name))
  }

  id(name: string): string {
    return this.optionalId(name) ?? this.#refuse(name, 'is missing')
  }

  /**
   * Returns a UUID in lower case (RFC 9562 treats both cases as equal); undefined if the field is absent. Throws for any other value, because ids become part
   * of URL paths.
   */
  optionalId(name: string): string | undefined {
    const value = this.optionalString(name)
    if (value !== undefined && !isUuid(value)) this.#refuse(name, 'is not a UUID')
    return value?.toLowerCase()
  }

  /** Returns a UUID in lower case, and any other transaction id unchanged. Throws if the id has characters that a token must not have. */
  optionalTransactionId(): string | undefined {
    const value = this.optionalToken('transactionId')
    return isUuid(value) ? value.toLowerCase() : value
  }

  /** Reads a string that is only compared and never sent. An empty string, or a value of another type, counts as absent. */
  looseString(name: string): string | undefined {
    return this.optionalText(name) || undefined
  }

  /** Accepts any non-empty string as an id, for an id that is only compared and never sent. Converts a UUID to lower case. */
  looseId(name: string): string | undefined {
    const value = this.looseString(name)
    return isUuid(value) ? value.toLowerCase() : value
  }

  token(name: string): string {
    return this.optionalToken(name) ?? this.#refuse(name, 'is missing')
  }

  /** Returns undefined if the field is absent. Throws if the token cannot be sent in a header, for example because of a line break. */
  optionalToken(name: string): string | undefined {
    const value = this.optionalString(name)
    if (value !== undefined && !isToken(value)) this.#refuse(name, 'cannot be used as a token')
    return value
  }

  /** Reads a string that is only displayed, for example a date. Ignores a value of another type, because no login should fail for it. */
  optionalText(name: string): string | undefined {
    const value = this.get(name)
    return typeof value === 'string' ? value : undefined
  }

  object(name: string): Fields | undefined {
    const value = this.get(name)
    if (value === undefined) return undefined
    if (!isJsonObject(value)) this.#refuse(name, 'is not an object')
    return new Fields(this.answer, value)
  }

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

  /** Reads the QR code for the `src` of an image. Accepts only base64 characters: a quotation mark would end the HTML attribute. */
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
   * Reads a link for the `href` of a page. Returns only an https link, or an http link to this machine. Throws for `javascript:` and other schemes that a
   * browser handles itself. Returns undefined for any other scheme, such as that of a branded Access App: such a link is no error, because the factor `app`
   * reads it in another way.
   */
  link(name: string): string | undefined {
    const value = this.optionalString(name)
    if (value === undefined) return undefined
    const url = WHITE_SPACE.test(value) || value.length > MAX_LINK_CHARACTERS ? undefined : parseURL(value)
    if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url))) return value
    if (url === undefined || BROWSER_SCHEMES.includes(url.protocol)) this.#refuse(name, 'is not an https URL')
    return undefined
  }

  /** Throws if the value is undefined. `name` is the field that the error names. */
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

export function compact<T extends object>(value: Required<Loose<T>>): T
export function compact(value: object): object {
  const given: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(value)) if (field !== undefined) given[name] = field
  return given
}

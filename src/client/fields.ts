/**
 * Reads single fields out of the JSON of an answer, and refuses what is not as promised.
 *
 * Out of scope: which fields an answer has (`decode.ts`). Errors name the field, never the value.
 */
import { isJsonObject, type Answer, type RawAnswer } from './answer'
import { isToken, isUuid } from './checks'
import { isLoopback } from './loopback'
import { parseURL } from './parse-url'
import type { QrCode } from './results'

/** Or a control character. Not `\p{Cc}`: it has V8 build the set from all of Unicode when the file is loaded. */
const WHITE_SPACE = /\s|[^ -~\xa0-\uffff]/
/** Both go into the session and the page. Those of the documents have a few hundred characters, and a few kilobytes. */
const MAX_LINK_CHARACTERS = 8192
const MAX_IMAGE_CHARACTERS = 262_144
const PNG_DATA_URI = /^data:image\/png;base64,[A-Za-z0-9+/=]+$/

/** A JSON object together with the answer that it is part of, for the error. */
export class Fields {
  constructor(
    readonly answer: Answer,
    readonly json: RawAnswer,
  ) {}

  /** Own fields only; `null` means absent, as it does for a user without a username. */
  get(name: string): unknown {
    return Object.hasOwn(this.json, name) ? (this.json[name] ?? undefined) : undefined
  }

  /** A promised string. */
  string(name: string): string {
    return this.optionalString(name) ?? this.#refuse(name, 'is missing')
  }

  /** A string that decisions hang on: it may be absent, but not something else. */
  optionalString(name: string): string | undefined {
    const value = this.get(name)
    if (value === undefined) return undefined
    if (typeof value !== 'string' || value === '') this.#refuse(name, 'is not a non-empty string')
    return value
  }

  /** A promised id. */
  id(name: string): string {
    return this.optionalId(name) ?? this.#refuse(name, 'is missing')
  }

  /** An id goes into the paths of later requests: Nevis's are UUIDs, and `../x` would ask for something else. */
  optionalId(name: string): string | undefined {
    const value = this.optionalString(name)
    if (value !== undefined && !isUuid(value)) this.#refuse(name, 'is not a UUID')
    return value
  }

  /** A promised token. */
  token(name: string): string {
    return this.optionalToken(name) ?? this.#refuse(name, 'is missing')
  }

  /** A token goes into later requests as it is: one with line breaks, or of many kilobytes, could not. */
  optionalToken(name: string): string | undefined {
    const value = this.optionalString(name)
    if (value !== undefined && !isToken(value)) this.#refuse(name, 'cannot be used as a token')
    return value
  }

  /** A string for people to read (dates, names): of the wrong type it counts as absent, and no login fails for it. */
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

  /** The objects in a list, or `undefined` if it is absent. */
  objects(name: string): readonly Fields[] | undefined {
    const value = this.get(name)
    if (value === undefined) return undefined
    if (!Array.isArray(value)) this.#refuse(name, 'is not a list')
    return value.map((item: unknown) => {
      if (!isJsonObject(item)) this.#refuse(name, 'is not a list of objects')
      return new Fields(this.answer, item)
    })
  }

  /** It becomes the `src` of an image, so anything but base64 could break out of the attribute. */
  qrCode(): QrCode | undefined {
    const fields = this.object('qrCode')
    if (fields === undefined) return undefined
    const dataUri = fields.string('dataUri')
    if (dataUri.length > MAX_IMAGE_CHARACTERS || !PNG_DATA_URI.test(dataUri)) this.#refuse('qrCode.dataUri', 'is not a PNG data URI')
    const size = fields.get('size')
    return compact<QrCode>({ dataUri, type: fields.optionalText('type'), size: typeof size === 'number' ? size : undefined })
  }

  /** It becomes the `href` of a link: `javascript:` and the like must not get there. */
  link(name: string): string | undefined {
    const value = this.optionalString(name)
    if (value === undefined) return undefined
    const url = WHITE_SPACE.test(value) || value.length > MAX_LINK_CHARACTERS ? undefined : parseURL(value)
    const trusted = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url))
    if (!trusted) this.#refuse(name, 'is not an https URL')
    return value
  }

  /** The value, or an error that says that the field is missing. */
  required<T>(name: string, value: T | undefined): T {
    return value ?? this.#refuse(name, 'is missing')
  }

  #refuse(name: string, fault: string): never {
    throw this.answer.unexpected(`${name} ${fault}`)
  }
}

type Loose<T> = { [Name in keyof T]: T[Name] | undefined }

/** Leaves out what is undefined, so that an absent field is absent and not a field without a value. */
export function compact<T extends object>(value: Required<Loose<T>>): T
export function compact(value: object): object {
  const given: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(value)) if (field !== undefined) given[name] = field
  return given
}

/**
 * Finds the new recovery codes in the response to an enrolment of recovery codes. Nevis documents the form of a code, but not which field contains the codes.
 *
 * So this file searches all fields for a list of codes, and for a text with several codes. It ignores a list that contains anything else: otherwise the user
 * would save strings that are not codes. Out of scope: codes that users type (`typed-input.ts`).
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-use-cases/recovery-codes/request-recovery-codes: 16 characters, alphanumeric. Nevis's reference of
 * the code check (`verification-ref`) adds dashes.
 */
import { isJsonObject } from './answer'

/** The documented form of a code: 16 letters and digits with or without dashes, or 16 characters including the dashes. */
const CODE = /^(?=(?:-?[A-Za-z0-9]){16}$|[A-Za-z0-9-]{16}$)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*$/
/** The form of a code in a field whose name says that it contains codes. */
const NAMED_CODE = /^(?=.{8,64}$)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*$/
const RECOVERY_NAME = /^recovery[_-]?codes?$/i
/** If several fields of one object look like a code, the field with one of these names is the code. */
const CODE_NAME = /^(?:code|value|recovery[_-]?code)$/i
/** Fields with one of these names contain no codes, but values that may look like a code: the id of a trace, or the name of a phone. */
const OTHER_NAME = /^name$|^ids?$|_ids?$|Ids?$/
const MAX_DEPTH = 6

/** How much each sign of recovery codes counts: the name of a field around the list, and the documented form. The weight of a list is the sum of its signs. */
const WEIGHTS = { namedRecovery: 4, documentedForm: 2, namedCodes: 1 }

interface Found {
  readonly codes: readonly string[]
  readonly weight: number
}

interface Place {
  /** The highest weight of the field names around the value; 0 if none of these names stands for codes (see `WEIGHTS`). */
  readonly named: number
  /** True if the name of the field itself is that of recovery codes. */
  readonly isNamedRecovery: boolean
  /** True inside of `authenticators`, where only a field with a name for codes contains codes. */
  readonly isInAuthenticators: boolean
}

/**
 * @param value the JSON of the response, or its text
 * @returns the codes of the list with the highest weight; undefined if there are no codes, or if several lists with this weight contain different codes
 */
export function recoveryCodesIn(value: unknown): readonly string[] | undefined {
  const found = listsIn(value, { named: 0, isNamedRecovery: false, isInAuthenticators: false }, 0)
  const heaviest = Math.max(...found.map(({ weight }) => weight))
  const candidates = found.filter(({ weight }) => weight === heaviest)
  const [first] = candidates
  const isOne = candidates.every(({ codes }) => JSON.stringify(codes) === JSON.stringify(first?.codes))
  return isOne ? first?.codes : undefined
}

/** Finds all lists whose values have the form of recovery codes. */
function listsIn(value: unknown, place: Place, depth: number): Found[] {
  if (depth > MAX_DEPTH) return []
  const list = place.named === 0 && place.isInAuthenticators ? [] : listOf(value, place)
  if (list.length > 0 || typeof value !== 'object' || value === null) return list
  return partsOf(value).flatMap(([name, inner]) =>
    // A text in a list is one item of this list, and not a list of its own.
    Array.isArray(value) && typeof inner === 'string' ? [] : listsIn(inner, placeIn(name, place), depth + 1),
  )
}

/** All items of a list. Of an object, only the fields that may contain codes. */
function partsOf(value: object): readonly [string, unknown][] {
  const parts: [string, unknown][] = Object.entries(value)
  return Array.isArray(value) ? parts : parts.filter(([name]) => !OTHER_NAME.test(name))
}

function placeIn(name: string, { named, isInAuthenticators }: Place): Place {
  const isNamedRecovery = RECOVERY_NAME.test(name)
  const own = isNamedRecovery ? WEIGHTS.namedRecovery : name === 'codes' ? WEIGHTS.namedCodes : 0
  return { named: Math.max(named, own), isNamedRecovery, isInAuthenticators: isInAuthenticators || name === 'authenticators' }
}

/** Returns the codes of this value with their weight (see `WEIGHTS`). Returns an empty list for a value that is no list, object or text of codes. */
function listOf(value: unknown, { named, isNamedRecovery }: Place): Found[] {
  if (typeof value === 'string') return listOfText(value, isNamedRecovery ? 1 : 2).map((codes) => ({ codes, weight: named + WEIGHTS.documentedForm }))
  if (typeof value !== 'object' || value === null) return []
  const values = partsOf(value).map(([, part]) => part)
  const isNamedList = Array.isArray(value) && named > 0
  const documented = codesOf(values, CODE, isNamedList ? 1 : 2, !isNamedList)
  if (documented !== undefined) return isNamedList || hasLetter(documented) ? [{ codes: documented, weight: named + WEIGHTS.documentedForm }] : []
  const other = named > 0 ? codesOf(values, NAMED_CODE, isNamedList && named === WEIGHTS.namedRecovery ? 1 : 2) : undefined
  return other !== undefined && (isNamedList || hasLetter(other)) ? [{ codes: other, weight: named }] : []
}

function listOfText(text: string, least: number): (readonly string[])[] {
  const codes = codesOf(text.trim().split(/[\s,;]+/), CODE, least)
  return codes !== undefined && hasLetter(codes) ? [codes] : []
}

/** Returns the codes in a text that contains nothing but codes: at least two, separated by white space, commas or semicolons. */
export function codesInText(text: string): readonly string[] | undefined {
  return listOfText(text, 2)[0]
}

/**
 * Returns the codes of a list. Returns undefined if an item is neither a code nor an object with a code, if a code occurs twice, if the codes do not look alike,
 * or if the list is too short.
 * @param least the smallest number of codes that counts as a list
 * @param needsDigit true if at least one code must have a digit: a word such as `generated` has none
 */
function codesOf(values: readonly unknown[], form: RegExp, least: number, needsDigit = true): readonly string[] | undefined {
  const isCode = (value: unknown): value is string => typeof value === 'string' && form.test(value)
  const codes = values.map((value) => (isJsonObject(value) ? codeIn(value, isCode) : value)).filter(isCode)
  const isAll = codes.length === values.length && codes.length >= least && new Set(codes).size === codes.length
  return isAll && areAlike(codes) && (!needsDigit || codes.some((code) => /\d/.test(code))) ? codes : undefined
}

/** True if all codes have the same length, with the dashes in the same places. */
function areAlike(codes: readonly string[]): boolean {
  return new Set(codes.map((code) => code.replace(/[^-]/g, 'x'))).size === 1
}

/** False for numbers and dates. A field whose name says that it contains codes may contain codes without a letter. */
function hasLetter(codes: readonly string[]): boolean {
  return codes.some((code) => /[a-z]/i.test(code))
}

function codeIn(json: object, isCode: (value: unknown) => value is string): unknown {
  const fields = Object.entries(json).filter(([name, value]) => isCode(value) && !OTHER_NAME.test(name))
  return (fields.length === 1 ? fields[0] : fields.find(([name]) => CODE_NAME.test(name)))?.[1]
}

/**
 * The list of all dialects of the simulator, and the search for a dialect by its name.
 *
 * A dialect is one possible behaviour of Nevis where its documentation leaves something open. Several dialects can be combined.
 * The folder `dialects/` has one file for each group of dialects, such as `status.ts`.
 * Out of scope: applying dialects (`apply.ts`).
 */
import { isRecord } from '../answer'
import { nearest } from '../nearest'
import { accessKey } from './access-key'
import { appEnrolment } from './app-enrolment'
import { approval } from './approval'
import { clock } from './clock'
import type { Dialect, DialectGroup, DialectReport } from './dialect'
import { intent } from './intent'
import { introspection } from './introspection'
import { limits } from './limits'
import { links } from './links'
import { recoveryEnrolment } from './recovery-enrolment'
import { smsEnrolment } from './sms-enrolment'
import { smsStatus } from './sms-status'
import { status } from './status'
import { users } from './users'
import { verification } from './verification'
import { wire } from './wire'

export const DIALECT_GROUPS: readonly DialectGroup[] = [
  appEnrolment, smsEnrolment, recoveryEnrolment, approval, links, status, smsStatus, introspection, verification, limits, users, intent, accessKey, clock, wire,
]

/** At most this many characters of an unknown name are quoted. */
const MOST_SHOWN = 60

const byName = new Map(DIALECT_GROUPS.flatMap(({ dialects }) => dialects).map((dialect) => [dialect.name, dialect]))

/** The value of the option `dialect`: a name, a list of names, or the report of `npx passport-nevis probe`. */
export type DialectOption = string | readonly string[] | DialectReport

/**
 * Finds dialects by their names.
 * @throws TypeError for an unknown name (the message suggests the most similar name), or for a report that names no dialects, because the probe got no answers
 * from Nevis or was interrupted
 */
export function dialectsOf(option: DialectOption): readonly Dialect[] {
  const value: unknown = option
  const version = isRecord(value) ? otherVersionOf(value) : undefined
  if (version !== undefined) throw new TypeError(`NevisSimulator: the report ${version}`)
  const namesNone = isRecord(value) && Array.isArray(value['dialects']) && value['dialects'].length === 0
  if (namesNone && value['obstacle'] !== undefined) throw new TypeError('NevisSimulator: this is the report of a probe that got no answers of Nevis, so it names no dialects')
  if (isRecord(value) && value['isCompared'] === false) throw new TypeError('NevisSimulator: this is the report of a probe that was interrupted before the comparison, so it names no dialects')
  const names: unknown = isRecord(value) ? value['dialects'] : typeof value === 'string' ? [value] : value
  if (Array.isArray(names) && names.some(isRecord)) {
    throw new TypeError("NevisSimulator: dialect is a list with a report in it: pass the names in the report, [...report.dialects, 'name']")
  }
  if (!Array.isArray(names) || names.some((name) => typeof name !== 'string')) {
    throw new TypeError('NevisSimulator: dialect must be a name, a list of names, or a report with a list `dialects`')
  }
  return [...new Set(names as string[])].map(dialectNamed)
}

/** Says that a report was made by another version of the probe; returns undefined for a report of this version, and for an object without a version. */
export function otherVersionOf({ probe }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof probe === 'number' && probe !== 1 ? `was made by another version of the probe (probe: ${probe}, this version reads probe: 1)` : undefined
}

function dialectNamed(name: string): Dialect {
  const found = byName.get(name)
  if (found !== undefined) return found
  if (/^\s*[{[\uFEFF]/.test(name)) throw new TypeError('NevisSimulator: dialect is the text of a report: pass the object, JSON.parse(text)')
  if (/[./\\]/.test(name)) throw new TypeError("NevisSimulator: dialect is a path: pass the report itself, JSON.parse(readFileSync(path, 'utf8'))")
  if (name.includes(',')) throw new TypeError("NevisSimulator: dialect is a text with commas: pass a list, ['first', 'second']")
  const shown = name.length <= MOST_SHOWN ? name : `${name.slice(0, MOST_SHOWN)}…`
  throw new TypeError(`NevisSimulator: the dialect "${shown}" is unknown, ${hintFor(shown)}`)
}

/** Suggests the most similar name, if at least half of its characters agree. */
function hintFor(name: string): string {
  const found = nearest(name, [...byName.keys()], name.length > MOST_SHOWN ? Infinity : undefined)
  return found === undefined ? 'see the list: npx passport-nevis-simulator --list-dialects' : `did you mean "${found}"?`
}

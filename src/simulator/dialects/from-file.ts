/**
 * Reads a value of the flag `--dialect`: names of dialects (variants of Nevis's behaviour), or a file with the report of the command `probe`.
 *
 * Out of scope: finding a dialect by its name (`index.ts`).
 */
import { existsSync, readFileSync } from 'node:fs'
import { isRecord } from '../answer'
import { otherVersionOf } from './index'

/** A value with one of these characters is a path, because no name of a dialect contains them. */
const OF_PATHS = /[./\\]/

export interface Named {
  /** The names of the dialects. */
  readonly names: readonly string[]
  /** One line that says which answers of the probed instance the simulator cannot imitate with the dialects in `names`; undefined if it can imitate all. */
  readonly gap?: string | undefined
}

/**
 * Returns the names of the dialects in a value of the flag `--dialect`.
 * @throws TypeError for an empty value, and for a file that is not a report with the answers of Nevis
 */
export function namesIn(value: string): Named {
  const names = value.split(',').map((name) => name.trim()).filter((name) => name !== '')
  if (OF_PATHS.test(value)) {
    if (names.length > 1 && !existsSync(value)) throw new TypeError('--dialect: a value is a file or names, not both; repeat the flag: --dialect report.json --dialect chunked')
    return namesInReport(value)
  }
  if (names.length === 0) throw new TypeError('--dialect needs the name of a dialect, or the file of a report')
  return { names }
}

function namesInReport(file: string): Named {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (reason) {
    throw new TypeError(`--dialect: ${file} cannot be read (${String(Reflect.get(Object(reason) as object, 'code'))})`, { cause: reason })
  }
  const report = reportIn(text)
  const version = report && otherVersionOf(report)
  if (version !== undefined) throw new TypeError(`--dialect: ${file} ${version}`)
  const names = report?.['dialects']
  if (!Array.isArray(names) || !names.every((name): name is string => typeof name === 'string')) throw new TypeError(`--dialect: ${file} is not a report of the probe: write one with: npx passport-nevis probe --users --out report.json`)
  if (report?.['obstacle'] !== undefined) throw new TypeError(`--dialect: ${file} is the report of a probe that got no answers of Nevis, so it names no dialects`)
  if (report?.['isCompared'] === false) throw new TypeError(`--dialect: ${file} is the report of a probe that was interrupted before the comparison, so it names no dialects`)
  return { names, gap: gapIn(file, report ?? {}) }
}

/** The lists in the report of the command `probe` whose entries no dialect imitates. Each list has the words for one entry and for several entries. */
const LISTS_OF_GAPS = [
  ['unexplained', 'difference that no dialect explains', 'differences that no dialect explains'],
  ['unsettled', 'request that the instance refused', 'requests that the instance refused'],
  ['leftOut', 'failed stage', 'failed stages'],
] as const

function gapIn(file: string, report: Readonly<Record<string, unknown>>): string | undefined {
  const gaps = LISTS_OF_GAPS.flatMap(([name, one, several]) => {
    const list = report[name]
    return Array.isArray(list) && list.length > 0 ? [`${list.length} ${list.length === 1 ? one : several} (\`${name}\` in the file)`] : []
  })
  return gaps.length === 0 ? undefined : `the simulator imitates the instance of ${file} only in part. It does not imitate: ${gaps.join(', ')}`
}

function reportIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    // An editor may have put a byte-order mark before the JSON.
    const json: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    return isRecord(json) ? json : undefined
  } catch {
    return undefined
  }
}

/**
 * Reads a value of the flag `--dialect`: names of dialects, or a file with the report of the command `probe`.
 *
 * Out of scope: finding a dialect by its name (`index.ts`).
 */
import { readFileSync } from 'node:fs'
import { isRecord } from '../answer'

/** A value with one of these characters is a path, because no name of a dialect contains them. */
const OF_PATHS = /[./\\]/

/**
 * Returns the names of the dialects in a value of the flag.
 * @throws TypeError for an empty value, and for a file that is not a report with the answers of Nevis
 */
export function namesIn(value: string): readonly string[] {
  if (OF_PATHS.test(value)) return namesInReport(value)
  const names = value.split(',').map((name) => name.trim()).filter((name) => name !== '')
  if (names.length === 0) throw new TypeError('--dialect needs the name of a dialect, or the file of a report')
  return names
}

function namesInReport(file: string): readonly string[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (reason) {
    throw new TypeError(`--dialect: ${file} cannot be read (${String(Reflect.get(Object(reason) as object, 'code'))})`, { cause: reason })
  }
  const report = reportIn(text)
  const names = report?.['dialects']
  if (!Array.isArray(names) || !names.every((name): name is string => typeof name === 'string')) throw new TypeError(`--dialect: ${file} is not a report of the probe: write one with passport-nevis probe --out ${file}`)
  if (report?.['obstacle'] !== undefined) throw new TypeError(`--dialect: ${file} is the report of a probe that got no answers of Nevis, so it names no dialects`)
  return names
}

function reportIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const json: unknown = JSON.parse(text)
    return isRecord(json) ? json : undefined
  } catch {
    return undefined
  }
}

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
 * @throws TypeError for a file that is no report
 */
export function namesIn(value: string): readonly string[] {
  return OF_PATHS.test(value) ? namesInReport(value) : value.split(',').filter((name) => name !== '')
}

function namesInReport(file: string): readonly string[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (reason) {
    throw new TypeError(`--dialect: ${file} cannot be read (${String(Reflect.get(Object(reason) as object, 'code'))})`, { cause: reason })
  }
  const names = dialectsIn(text)
  if (names === undefined) throw new TypeError(`--dialect: ${file} is not a report of the probe: write one with passport-nevis probe --out ${file}`)
  return names
}

function dialectsIn(text: string): readonly string[] | undefined {
  try {
    const json: unknown = JSON.parse(text)
    const names: unknown = isRecord(json) ? json['dialects'] : undefined
    return Array.isArray(names) && names.every((name): name is string => typeof name === 'string') ? names : undefined
  } catch {
    return undefined
  }
}

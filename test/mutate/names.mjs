// @ts-check
/**
 * Finds the files that belong to a slice (a folder of src with its tests), and checks that every file of src is in a slice.
 *
 * Out of scope: which slices there are (`slices.mjs`), and running the mutants.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { exempt, slices } from './slices.mjs'

const SOURCE = '.ts'
const TEST = '.test.ts'
export const sourceOf = (/** @type {string} */ name) => `src/${name}${SOURCE}`
export const testOf = (/** @type {string} */ name) => `test/${name}${TEST}`
/** Functions of jest that replace modules. `runner.mjs` does not have these functions, so `testsOf` leaves out the test files that call one of them. */
const MODULE_MOCKS = /\bjest\.(mock|doMock|isolateModules|resetModules)\(/

/**
 * @param {string} slice
 * @returns the names of the source files in this slice (a folder of src with its tests), without those that are exempt from mutation testing
 */
export function filesOf(slice) {
  return expand(sliceOf(slice).files, 'src', SOURCE).filter((name) => reasonFor(name) === undefined)
}

/**
 * @param {string} slice
 * @returns paths of test files: `tests` are quick; the tests in `more` run only for mutants that survive `tests`
 */
export function testsOf(slice) {
  const { tests, more = [] } = sliceOf(slice)
  const pathsOf = (/** @type {readonly string[]} */ patterns) => expand(patterns, 'test', TEST).map(testOf).filter((path) => !MODULE_MOCKS.test(readFileSync(path, 'utf8')))
  return { tests: pathsOf(tests), more: pathsOf(more) }
}

/** @throws if a file of src is in no slice and not exempt from mutation testing, or if slices.mjs names a file that does not exist */
export function assertComplete() {
  const names = Object.keys(slices)
  const placed = new Set(names.flatMap((slice) => filesOf(slice)))
  const without = [...namesIn('src', SOURCE), ...namesIn('src', '.js')].filter((name) => !placed.has(name) && reasonFor(name) === undefined)
  if (without.length > 0) throw new Error(`test/mutate/slices.mjs: give these files a slice, or exempt them: ${without.join(', ')}`)
  const gone = Object.keys(exempt).filter((name) => !name.endsWith('/') && !existsSync(sourceOf(name)))
  if (gone.length > 0) throw new Error(`test/mutate/slices.mjs: exempt, but not in src: ${gone.join(', ')}`)
  for (const slice of names) testsOf(slice)
}

/** @param {string} slice */
function sliceOf(slice) {
  const found = slices[slice]
  if (found === undefined) throw new Error(`test/mutate/slices.mjs: no slice ${slice}`)
  return found
}

/** @param {string} name */
function reasonFor(name) {
  const key = Object.keys(exempt).find((one) => (one.endsWith('/') ? name.startsWith(one) : name === one))
  return key === undefined ? undefined : exempt[key]
}

/**
 * Resolves patterns: `a/` is a whole folder, `!a/b` excludes a file, and anything else is a file that must exist.
 * @param {readonly string[]} patterns
 * @param {string} root
 * @param {string} ending
 */
function expand(patterns, root, ending) {
  const all = namesIn(root, ending)
  const matches = (/** @type {string} */ pattern) => all.filter((name) => (pattern.endsWith('/') ? name.startsWith(pattern) : name === pattern))
  const left = patterns.filter((one) => one.startsWith('!')).map((one) => one.slice(1))
  const taken = patterns.filter((one) => !one.startsWith('!'))
  for (const pattern of [...left, ...taken]) if (matches(pattern).length === 0) throw new Error(`test/mutate/slices.mjs: no such file: ${root}/${pattern}`)
  const out = new Set(left.flatMap(matches))
  return [...new Set(taken.flatMap(matches))].filter((name) => !out.has(name))
}

/** @param {string} root @param {string} ending */
function namesIn(root, ending) {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile() && one.name.endsWith(ending) && !one.parentPath.includes('node_modules'))
    .map((one) => join(one.parentPath, one.name).slice(root.length + 1, -ending.length).replaceAll('\\', '/'))
    .sort()
}

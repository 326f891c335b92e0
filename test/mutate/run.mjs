// @ts-check
/**
 * Mutation testing: changes src in many places, one at a time, and expects a test to fail each time.
 *
 *   npm run mutate                              every folder
 *   npm run mutate -- trust client/http         one folder, one file
 *   npm run mutate -- --lone trust              two more kinds of changes (lone.mjs): remove a statement, change a number
 *
 * `CONCURRENCY` sets how many of Stryker's mutants run at once (1), `MINUTES` after how many minutes no further folder is started (60).
 * The results of a folder are stored after the whole folder has run. At the end, a table with the score of each folder is printed. A run that fails prints the
 * error instead of the table. The command ends with exit code 1 if the run fails, or if the score is below 90 %.
 * Out of scope: which tests belong to which file (`slices.mjs`).
 */
import { Stryker } from '@stryker-mutator/core'
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runLone } from './lone-run.mjs'
import { assertComplete, filesOf, sourceOf, testsOf } from './names.mjs'
import { isAlive, printSurvivors, printTable, save } from './results.mjs'
import { slices } from './slices.mjs'

/** @typedef {import('./results.mjs').Result} Result */

const LEAST_SCORE = 90
const { jest } = JSON.parse(readFileSync('package.json', 'utf8'))
const swc = jest.transform['^.+\\.ts$'][1]

/**
 * Runs all mutants with the quick tests of their folder (`tests`). Then runs those mutants again that no test has killed, with other tests (`more`).
 * @param {readonly string[]} files names of source files
 * @param {{ tests: string[], more: string[] }} tests paths
 * @returns {Promise<Result[]>}
 */
async function runStryker(files, { tests, more }) {
  const results = await mutate(files.map(sourceOf), tests)
  const alive = results.filter(isAlive)
  const again = more.length === 0 || alive.length === 0 ? [] : await mutate([...new Set(alive.map(rangeOf))], more)
  const killed = new Map(again.filter((one) => !isAlive(one)).map((one) => [keyOf(one), one]))
  return results.map((one) => killed.get(keyOf(one)) ?? one)
}

/** @param {string[]} ranges @param {string[]} tests */
function mutate(ranges, tests) {
  /** @type {Partial<import('@stryker-mutator/api/core').StrykerOptions>} */
  const options = {
    mutate: ranges,
    testRunner: 'jest-without-sandbox',
    plugins: [fileURLToPath(new URL('runner.mjs', import.meta.url))],
    inProcess: { tests, swc },
    coverageAnalysis: 'perTest',
    disableTypeChecks: false,
    ignorePatterns: ['*', '!package.json', '!*.md', '!docs/**', '!src/**', '!test/**', '!dist/waiting/assets/**'],
    concurrency: Number(process.env.CONCURRENCY ?? 1),
    timeoutMS: 120_000,
    reporters: ['progress-append-only'],
    logLevel: /** @type {import('@stryker-mutator/api/core').LogLevel} */ ('warn'),
    tempDirName: '.stryker-tmp',
    warnings: { slow: false, preprocessorErrors: true, unknownOptions: true, unserializableOptions: true },
  }
  return new Stryker(options).runMutationTest()
}

/**
 * Formats the position of a mutant for Stryker's option `mutate`, which counts columns from 0. Stryker's results count lines and columns from 1.
 * @param {Result} result
 */
function rangeOf({ fileName, location: { start, end } }) {
  return `${relative(process.cwd(), fileName).replaceAll('\\', '/')}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`
}

/** @param {Result} result */
function keyOf(result) {
  return `${rangeOf(result)} ${result.mutatorName} ${result.replacement}`
}

/**
 * Finds the slices and files that the arguments of the command name. A slice is a folder of source files with its tests: see `slices.mjs`.
 * @param {readonly string[]} names
 * @returns {Record<string, string[]>} each slice that contains one of these names, with the names of its files to mutate; without names, all slices
 */
function wantedOf(names) {
  const all = Object.fromEntries(Object.keys(slices).map((slice) => [slice, filesOf(slice)]))
  const unknown = names.filter((name) => !(name in all) && !Object.values(all).flat().includes(name))
  if (unknown.length > 0) throw new Error(`neither a folder nor a file with mutants: ${unknown.join(', ')}`)
  if (names.length === 0) return all
  const some = Object.entries(all).map(([slice, files]) => ({ slice, files: names.includes(slice) ? files : files.filter((file) => names.includes(file)) }))
  return Object.fromEntries(some.filter(({ files }) => files.length > 0).map(({ slice, files }) => [slice, files]))
}

/** @param {readonly string[]} args */
async function main(args) {
  assertComplete()
  const operators = args.includes('--lone') ? 'lone' : 'stryker'
  const folders = wantedOf(args.filter((one) => one !== '--lone'))
  const endsAt = Date.now() + Number(process.env.MINUTES ?? 60) * 60_000
  const left = []
  for (const [slice, files] of Object.entries(folders)) {
    if (Date.now() > endsAt) {
      left.push(slice)
      continue
    }
    const startedAt = Date.now()
    const results = operators === 'lone' ? await runLone(files, testsOf(slice), swc) : await runStryker(files, testsOf(slice))
    save(operators, files, results)
    console.log(`${slice}: ${results.length} mutants in ${Math.round((Date.now() - startedAt) / 1000)} s`)
    printSurvivors(operators, files)
  }
  if (left.length > 0) throw new Error(`no time was left for: ${left.join(', ')}`)
  return printTable(operators, folders)
}

const score = await main(process.argv.slice(2)).catch((error) => {
  console.error(`no table, because the run did not end well: ${error?.message ?? error}`)
  return undefined
})
// Exit explicitly: a mutant may have left timers or connections open that would keep the run alive.
process.exit(score !== undefined && score >= LEAST_SCORE ? 0 : 1)

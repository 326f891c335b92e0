/**
 * Mutation testing: every line of src is broken in turn, and some test must fail.
 *
 *   npm run mutate                          everything; an hour or so
 *   npm run mutate -- trust client/http     one slice, one file
 *
 * `CONCURRENCY` sets how many mutants run at once (2). The results of each file stay in `reports/mutation/`, so that the
 * table at the end is of all that were ever run. Ends with an error below 90 %, or for a source file without a slice.
 */
import { Stryker } from '@stryker-mutator/core'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { exempt, slices } from './slices.mjs'

const REPORTS = 'reports/mutation'
const LEAST_SCORE = 90
const { jest } = JSON.parse(readFileSync('package.json'))
const sourceOf = (name) => `src/${name}.ts`
const testOf = (name) => `test/${name}.test.ts`

function homeless() {
  const known = new Set(Object.values(slices).flatMap(({ files }) => files))
  const isExempt = (name) => Object.keys(exempt).some((one) => (one.endsWith('/') ? name.startsWith(one) : name === one))
  const names = filesIn('src').filter((path) => path.endsWith('.ts')).map((path) => path.slice('src/'.length, -'.ts'.length))
  return [...names.filter((name) => !known.has(name) && !isExempt(name)), ...[...known].filter((name) => !names.includes(name))]
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile()).map((one) => `${one.parentPath}/${one.name}`)
}

/** First with the few tests that are quick and close; what they let live, once more with the others of the slice. */
async function runSlice(name, files) {
  const { tests, more = [] } = slices[name]
  const startedAt = Date.now()
  const results = await mutate(files.map(sourceOf), tests)
  saveAll(files, results)
  const alive = results.filter(isAlive)
  const again = more.length === 0 || alive.length === 0 ? [] : await mutate([...new Set(alive.map(rangeOf))], more)
  const killed = new Map(again.filter((one) => !isAlive(one)).map((one) => [keyOf(one), one]))
  saveAll(files, results.map((one) => killed.get(keyOf(one)) ?? one))
  console.log(`${name}: ${results.length} mutants in ${Math.round((Date.now() - startedAt) / 1000)} s`)
}

function mutate(ranges, tests) {
  return new Stryker({
    mutate: ranges,
    testRunner: 'jest-without-sandbox',
    plugins: [new URL('runner.mjs', import.meta.url).pathname],
    inProcess: { tests: tests.map(testOf), swc: jest.transform['^.+\\.ts$'][1] },
    coverageAnalysis: 'perTest',
    disableTypeChecks: false,
    ignorePatterns: ['*', '!package.json', '!src/**', '!test/**', '!dist/waiting/assets/**'],
    concurrency: Number(process.env.CONCURRENCY ?? 2),
    timeoutMS: 120_000,
    reporters: ['progress-append-only'],
    logLevel: 'warn',
    tempDirName: '.stryker-tmp',
    warnings: { slow: false },
  }).runMutationTest()
}

function isAlive({ status }) {
  return status !== 'Killed' && status !== 'Timeout'
}

/** A result counts lines and columns from 1, the option `mutate` lines from 1 and columns from 0. */
function rangeOf({ fileName, location: { start, end } }) {
  return `${fileName.slice(process.cwd().length + 1)}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`
}

function keyOf(result) {
  return `${rangeOf(result)} ${result.mutatorName} ${result.replacement}`
}

function saveAll(files, results) {
  for (const file of files) save(file, results.filter((one) => one.fileName.endsWith(`/${sourceOf(file)}`)))
}

function save(file, results) {
  const lines = readFileSync(sourceOf(file), 'utf8').split('\n')
  const counts = {}
  for (const { status } of results) counts[status] = (counts[status] ?? 0) + 1
  const survivors = results.filter(isAlive).map(({ status, location, replacement, mutatorName }) => ({
    status, line: location.start.line, mutatorName, original: textAt(lines, location), replacement,
  }))
  const statics = results.filter((one) => one.static).length
  writeFileSync(`${REPORTS}/${file.replaceAll('/', '--')}.json`, JSON.stringify({ file, counts, statics, survivors }, undefined, 1))
}

function textAt(lines, { start, end }) {
  const text = lines.slice(start.line - 1, end.line)
  text[text.length - 1] = text.at(-1).slice(0, end.column - 1)
  text[0] = text[0].slice(start.column - 1)
  return text.join('\n')
}

/** @returns the score over all files with results */
function table() {
  const rows = readdirSync(REPORTS).sort().map((one) => JSON.parse(readFileSync(`${REPORTS}/${one}`)))
  const line = (name, { Killed = 0, Timeout = 0, Survived = 0, NoCoverage = 0, ...others }, statics) => {
    const all = Killed + Timeout + Survived + NoCoverage
    const score = all === 0 ? 100 : (100 * (Killed + Timeout)) / all
    const other = Object.values(others).reduce((sum, one) => sum + one, 0)
    console.log(`| ${name} | ${all + other} | ${statics} | ${Killed} | ${Timeout} | ${Survived} | ${NoCoverage} | ${other} | ${score.toFixed(1)} |`)
    return score
  }
  console.log('| file | mutants | of them static | killed | timed out | survived | not covered | other | score % |\n|---|---|---|---|---|---|---|---|---|')
  const total = {}
  let statics = 0
  for (const row of rows) {
    line(sourceOf(row.file), row.counts, row.statics)
    statics += row.statics
    for (const [status, count] of Object.entries(row.counts)) total[status] = (total[status] ?? 0) + count
  }
  return line('all', total, statics)
}

function printSurvivors(files) {
  for (const file of files) {
    const { survivors } = JSON.parse(readFileSync(`${REPORTS}/${file.replaceAll('/', '--')}.json`))
    const short = (text) => text.replace(/\s+/g, ' ').slice(0, 160)
    for (const one of survivors) console.log(`${sourceOf(file)}:${one.line} ${one.status}: ${short(one.original)} → ${short(one.replacement)}`)
  }
}

const without = homeless()
if (without.length > 0) throw new Error(`test/mutate/slices.mjs: give these files a slice, or take them out: ${without.join(', ')}`)
for (const { tests, more = [] } of Object.values(slices)) for (const test of [...tests, ...more]) if (!existsSync(testOf(test))) throw new Error(`no such test: ${testOf(test)}`)
mkdirSync(REPORTS, { recursive: true })
const wanted = process.argv.slice(2)
const done = []
for (const [name, { files }] of Object.entries(slices)) {
  const asked = wanted.length === 0 || wanted.includes(name) ? files : files.filter((file) => wanted.includes(file))
  if (asked.length === 0) continue
  await runSlice(name, asked)
  printSurvivors(asked)
  done.push(...asked)
}
const score = table()
if (score < LEAST_SCORE || done.length === 0) process.exitCode = 1

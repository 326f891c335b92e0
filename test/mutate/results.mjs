// @ts-check
/**
 * Stores the results of mutation runs for each source file in `reports/mutation`, and prints them as one table with a row for each folder.
 *
 * A result counts only while its file is unchanged: the table leaves out files that were changed, renamed or removed since. Out of scope: the runs.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { sourceOf } from './names.mjs'

const REPORTS = 'reports/mutation'

/**
 * @typedef {{ line: number, column: number }} Position counted from 1
 * @typedef {{ fileName: string, mutatorName: string, replacement?: string | undefined, status: string, location: { start: Position, end: Position } }} Result the result of one mutant, as Stryker reports it
 * @typedef {{ status: string, line: number, mutatorName: string, original: string, replacement?: string | undefined }} Survivor
 *   a mutant that no test has killed: Stryker has put the code `replacement` in the place of `original`
 * @typedef {{ file: string, at: string, source: string, counts: Record<string, number>, survivors: Survivor[] }} Measured the results of one file, as they are stored; `at` is the day, such as 2026-11-30
 */

/** @param {{ status: string }} result */
export function isAlive({ status }) {
  return status !== 'Killed' && status !== 'Timeout'
}

/**
 * Stores the results of all files of a run. Call it only after the whole run has succeeded.
 *
 * @param {string} operators which mutation operators: `stryker` (Stryker's own) or `lone` (those of `lone.mjs`)
 * @param {readonly string[]} files names of source files
 * @param {readonly Result[]} results
 */
export function save(operators, files, results) {
  mkdirSync(REPORTS, { recursive: true })
  const at = new Date().toISOString().slice(0, 10)
  for (const file of files) {
    const text = readFileSync(sourceOf(file), 'utf8')
    const own = results.filter((one) => one.fileName.replaceAll('\\', '/').endsWith(`/${sourceOf(file)}`))
    /** @type {Record<string, number>} */
    const counts = {}
    for (const { status } of own) counts[status] = (counts[status] ?? 0) + 1
    const survivors = own.filter(isAlive).map((one) => survivorOf(one, text.split('\n')))
    const path = pathOf(operators, file)
    writeFileSync(`${path}.new`, JSON.stringify({ file, at, source: digestOf(text), counts, survivors }, undefined, 1))
    renameSync(`${path}.new`, path)
  }
}

/**
 * Prints every mutant that no test has killed.
 * @param {string} operators which mutation operators: `stryker` (Stryker's own) or `lone` (those of `lone.mjs`)
 * @param {readonly string[]} files names of source files
 */
export function printSurvivors(operators, files) {
  const short = (text = '') => text.replace(/\s+/g, ' ').slice(0, 160)
  for (const { file, survivors } of measuredOf(operators, files)) {
    for (const one of survivors) console.log(`${sourceOf(file)}:${one.line} ${one.status}: ${short(one.original)} → ${short(one.replacement)}`)
  }
}

/**
 * Prints a table with one row for each folder.
 * @param {string} operators which mutation operators: `stryker` (Stryker's own) or `lone` (those of `lone.mjs`)
 * @param {Record<string, readonly string[]>} folders the names of the source files in each folder
 * @returns {number} the mutation score over all results: the percentage of mutants that were killed or timed out
 */
export function printTable(operators, folders) {
  console.log('| folder | measured on | files | mutants | killed | timed out | alive | score % |\n|---|---|---|---|---|---|---|---|')
  /** @type {Measured[]} */
  const all = []
  for (const [name, files] of Object.entries(folders)) {
    const measured = measuredOf(operators, files)
    all.push(...measured)
    console.log(rowOf(name, measured, files.length))
  }
  console.log(rowOf('all', all, Object.values(folders).flat().length))
  return scoreOf(all)
}

/** One row of the table of `printTable`. @param {string} name of the folder @param {readonly Measured[]} measured @param {number} files in the folder */
function rowOf(name, measured, files) {
  const { killed, timedOut, alive } = totalOf(measured)
  const days = [...new Set(measured.map(({ at }) => at))].sort()
  const when = days.length > 1 ? `${days[0]} to ${days.at(-1)}` : (days[0] ?? 'not measured')
  return `| ${name} | ${when} | ${measured.length} of ${files} | ${killed + timedOut + alive} | ${killed} | ${timedOut} | ${alive} | ${scoreOf(measured).toFixed(1)} |`
}

/** @param {readonly Measured[]} measured */
function totalOf(measured) {
  const sum = (/** @type {string} */ status) => measured.reduce((total, { counts }) => total + (counts[status] ?? 0), 0)
  return { killed: sum('Killed'), timedOut: sum('Timeout'), alive: sum('Survived') + sum('NoCoverage') }
}

/** @param {readonly Measured[]} measured */
function scoreOf(measured) {
  const { killed, timedOut, alive } = totalOf(measured)
  return killed + timedOut + alive === 0 ? 100 : (100 * (killed + timedOut)) / (killed + timedOut + alive)
}

/**
 * The stored results of those files that have not changed since their results were stored.
 * @param {string} operators which mutation operators: `stryker` (Stryker's own) or `lone` (those of `lone.mjs`)
 * @param {readonly string[]} files
 */
function measuredOf(operators, files) {
  return files.map((file) => read(operators, file)).filter((one) => one !== undefined)
}

/**
 * Reads the stored result of a file.
 * @param {string} operators which mutation operators: `stryker` (Stryker's own) or `lone` (those of `lone.mjs`)
 * @param {string} file
 * @returns {Measured | undefined} undefined if there is none, or if the file has changed since
 */
function read(operators, file) {
  const path = pathOf(operators, file)
  if (!existsSync(path)) return undefined
  const result = JSON.parse(readFileSync(path, 'utf8'))
  return result.source === digestOf(readFileSync(sourceOf(file), 'utf8')) ? result : undefined
}

/** @param {string} operators @param {string} file */
function pathOf(operators, file) {
  return `${REPORTS}/${operators}--${file.replaceAll('/', '--')}.json`
}

/** @param {string} text */
function digestOf(text) {
  return createHash('sha256').update(text).digest('hex')
}

/** Describes a mutant that no test has killed. @param {Result} result @param {readonly string[]} lines of the source @returns {Survivor} */
function survivorOf({ status, location, replacement, mutatorName }, lines) {
  return { status, line: location.start.line, mutatorName, original: textAt(lines, location), replacement }
}

/** The source text at a location. @param {readonly string[]} lines of the source @param {Result['location']} location */
function textAt(lines, { start, end }) {
  const text = lines.slice(start.line - 1, end.line)
  text.push(String(text.pop()).slice(0, end.column - 1))
  text.unshift(String(text.shift()).slice(start.column - 1))
  return text.join('\n')
}

/**
 * Stores the results of mutation runs for each source file in `reports/mutation`, and prints them as one table with a row for each folder.
 *
 * A result counts only while its file is unchanged: the table leaves out files that were changed, renamed or removed since. Out of scope: the runs.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { sourceOf } from './names.mjs'

const REPORTS = 'reports/mutation'

export function isAlive({ status }) {
  return status !== 'Killed' && status !== 'Timeout'
}

/**
 * All files of a run at once, after it has ended well.
 *
 * @param operators `stryker` or `lone`
 * @param files names of source files
 * @param results of Stryker's shape
 */
export function save(operators, files, results) {
  mkdirSync(REPORTS, { recursive: true })
  const at = new Date().toISOString().slice(0, 10)
  for (const file of files) {
    const text = readFileSync(sourceOf(file), 'utf8')
    const own = results.filter((one) => one.fileName.endsWith(`/${sourceOf(file)}`))
    const counts = {}
    for (const { status } of own) counts[status] = (counts[status] ?? 0) + 1
    const survivors = own.filter(isAlive).map((one) => survivorOf(one, text.split('\n')))
    const path = pathOf(operators, file)
    writeFileSync(`${path}.new`, JSON.stringify({ file, at, source: digestOf(text), counts, survivors }, undefined, 1))
    renameSync(`${path}.new`, path)
  }
}

export function printSurvivors(operators, files) {
  const short = (text) => text.replace(/\s+/g, ' ').slice(0, 160)
  for (const { file, survivors } of files.map((file) => read(operators, file)).filter(Boolean)) {
    for (const one of survivors) console.log(`${sourceOf(file)}:${one.line} ${one.status}: ${short(one.original)} → ${short(one.replacement)}`)
  }
}

/**
 * @param folders each slice with the names of its files
 * @returns the score over all results, from 0 to 100
 */
export function printTable(operators, folders) {
  console.log('| folder | measured on | files | mutants | killed | timed out | alive | score % |\n|---|---|---|---|---|---|---|---|')
  const all = []
  for (const [name, files] of Object.entries(folders)) {
    const measured = files.map((file) => read(operators, file)).filter(Boolean)
    all.push(...measured)
    console.log(rowOf(name, measured, files.length))
  }
  console.log(rowOf('all', all, Object.values(folders).flat().length))
  return scoreOf(all)
}

function rowOf(name, measured, files) {
  const { killed, timedOut, alive } = totalOf(measured)
  const days = [...new Set(measured.map(({ at }) => at))].sort()
  const when = days.length > 1 ? `${days[0]} to ${days.at(-1)}` : (days[0] ?? 'not measured')
  return `| ${name} | ${when} | ${measured.length} of ${files} | ${killed + timedOut + alive} | ${killed} | ${timedOut} | ${alive} | ${scoreOf(measured).toFixed(1)} |`
}

function totalOf(measured) {
  const sum = (status) => measured.reduce((total, { counts }) => total + (counts[status] ?? 0), 0)
  return { killed: sum('Killed'), timedOut: sum('Timeout'), alive: sum('Survived') + sum('NoCoverage') }
}

function scoreOf(measured) {
  const { killed, timedOut, alive } = totalOf(measured)
  return killed + timedOut + alive === 0 ? 100 : (100 * (killed + timedOut)) / (killed + timedOut + alive)
}

function read(operators, file) {
  const path = pathOf(operators, file)
  if (!existsSync(path)) return undefined
  const result = JSON.parse(readFileSync(path, 'utf8'))
  return result.source === digestOf(readFileSync(sourceOf(file), 'utf8')) ? result : undefined
}

function pathOf(operators, file) {
  return `${REPORTS}/${operators}--${file.replaceAll('/', '--')}.json`
}

function digestOf(text) {
  return createHash('sha256').update(text).digest('hex')
}

function survivorOf({ status, location, replacement, mutatorName }, lines) {
  return { status, line: location.start.line, mutatorName, original: textAt(lines, location), replacement }
}

function textAt(lines, { start, end }) {
  const text = lines.slice(start.line - 1, end.line)
  text[text.length - 1] = text.at(-1).slice(0, end.column - 1)
  text[0] = text[0].slice(start.column - 1)
  return text.join('\n')
}

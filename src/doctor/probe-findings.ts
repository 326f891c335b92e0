/**
 * Turns the report of the command `probe` into findings of the command `doctor`: options that this Nevis instance needs, and responses that the simulator
 * cannot imitate.
 *
 * Out of scope: making the report (`probe/`).
 */
import { readFileSync } from 'node:fs'
import { isJsonObject } from '../client/answer'
import { error, ok, warning, type Finding } from './findings'

const REMEDY = 'write a report with: npx passport-nevis probe --users --out report.json'

export function findingsOfReport(file: string): Finding[] {
  const report = readReport(file)
  if (report === undefined) return [error('cloud.probe', 'the file is not a report of the probe', REMEDY)]
  const { answers, unexplained } = report
  const needed = answers.filter(({ option }) => typeof option === 'string')
  const findings = needed.map(({ question, answer, option }) => warning('cloud.probe', `${String(question)} ${String(answer)}`, `compare with your options: ${String(option)}`))
  if (unexplained.length > 0) {
    findings.push(warning('cloud.probe', `${unexplained.length} answers of the instance differ from the documents in ways that this version does not know`, 'test each factor once with a user of your own before you go live'))
  }
  return findings.length > 0 ? findings : [ok('cloud.probe', 'the instance answers as the documents say, as far as the probe asked')]
}

function readReport(file: string): { readonly answers: readonly Readonly<Record<string, unknown>>[]; readonly unexplained: readonly unknown[] } | undefined {
  try {
    const json: unknown = JSON.parse(readFileSync(file, 'utf8'))
    const { probe, answers, unexplained } = isJsonObject(json) ? json : {}
    if (probe !== 1 || !Array.isArray(answers) || !answers.every(isJsonObject) || !Array.isArray(unexplained)) return undefined
    return { answers, unexplained }
  } catch {
    return undefined
  }
}

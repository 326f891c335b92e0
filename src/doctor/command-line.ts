/**
 * Selects the command of `npx passport-nevis`: `doctor` checks the configuration of an application, `probe` finds out how a Nevis instance behaves, and
 * `init` adds the second factor to an application.
 *
 * This file also runs `doctor`, which notifies no user, changes nothing at Nevis, and prints no secret. Out of scope: the process and its exit code
 * (`command.ts`), `probe` (`probe/probe-command.ts`), and `init` (`init/init-command.ts`).
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Environment } from './environment'
import { printableFinding } from './findings'
import type { Output } from './output'
import { printable } from './printable'
import { findingsOfReport } from './probe-findings'
import { readReport } from './probe-report'
import { probeCommand } from './probe/probe-command'
import { reportOf, wrapped } from './report'
import { runChecks } from './run-checks'
import { initCommand } from './init/init-command'

const COMMANDS = ['doctor', 'probe', 'init'] as const

const USAGE = `Usage: passport-nevis doctor [file] [--report <file>] [--json] [--app-output]
       passport-nevis probe [--help]
       passport-nevis init [folder] [--write] [--help]

  doctor        checks the configuration of your app
    file          the file that starts your app, or a module that exports it. The doctor loads it
                  and sends requests to it, on a free port of this machine. Without a file, the
                  doctor checks only the cloud that NEVIS_INSTANCE (or NEVIS_BASE_URL) and
                  NEVIS_ACCESS_KEY name.
    --report      a report that "probe --out <file>" has written. The doctor says which options of
                  your app do not fit your instance; without a file, which options to look at.
    --json        print the findings as JSON
    --app-output  let the app print to standard error, to see why it does not start
  probe         finds out from your instance what Nevis's documents do not say
  init          shows where your app signs users in, and adds the second factor

  --help        print this text
  --version     print the version

The doctor notifies no user and prints no secret; with --app-output, your app may print some.
Set NODE_ENV=production to check against the rules for production.
Exit code: 0 without errors, 1 with errors, 2 for wrong arguments.
`

export async function main(argv: readonly string[], env: Environment, output: Output): Promise<0 | 1 | 2> {
  if (argv[0] === 'probe') return probeCommand(argv.slice(1), env, output)
  if (argv[0] === 'init') return initCommand(argv.slice(1), version(), output)
  const given = argumentsIn(argv)
  if (typeof given === 'string') {
    output.error(`passport-nevis: ${printable(given)}${given.endsWith('?') ? '' : '.'} Usage: passport-nevis doctor [file] [--report <file>] [--json]`)
    return 2
  }
  if (given.help || given.version) {
    output.log(given.help ? USAGE : version())
    return 0
  }
  const report = given.report === undefined ? undefined : readReport(given.report)
  if (typeof report === 'string') {
    output.error(`passport-nevis: --report ${printable(given.report ?? '')}: ${report}; write a report with: npx passport-nevis probe --users --out report.json`)
    return 2
  }
  const say = given.json ? () => undefined : (text: string) => output.error(`… ${text}`)
  const checked = await runChecks({ file: given.file, env, report: given.report, showsOutput: given['app-output'], say })
  // If no app was checked, no options could be compared with the report of the command `probe`. So list the options that the report suggests.
  const isCompared = checked.some(({ check }) => check === 'cloud.probe')
  const findings = [...checked, ...(report === undefined || isCompared ? [] : findingsOfReport(report))].map(printableFinding)
  const isWell = findings.every(({ level }) => level !== 'error')
  if (given.json) output.log(JSON.stringify({ ok: isWell, findings }, undefined, 2))
  else output.log(`${wrapped(titleOf(given.file, env), 0).join('\n')}\n\n${reportOf(findings, output)}`)
  return isWell ? 0 : 1
}

function version(): string {
  return (JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as { version: string }).version
}

function argumentsIn(argv: readonly string[]) {
  const flag = { type: 'boolean', default: false } as const
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options: { json: flag, help: flag, version: flag, 'app-output': flag, report: { type: 'string' } }, allowPositionals: true })
    const [command, file, ...others] = positionals
    if (command !== 'doctor' && !values.help && !values.version) return command === undefined ? 'no command was given' : `unknown command "${command}"${suggestionFor(command)}`
    return others.length > 0 ? 'doctor takes at most one file' : { file, ...values }
  } catch (reason) {
    return String(Reflect.get(Object(reason) as object, 'message')).split('. ')[0] as string
  }
}

function suggestionFor(typed: string): string {
  const shared = (command: string) => [...new Set(command)].filter((letter) => typed.includes(letter)).length / new Set(command + typed).size
  const [best] = [...COMMANDS].sort((one, other) => shared(other) - shared(one))
  return best !== undefined && shared(best) >= 0.5 ? `, did you mean "${best}"?` : ''
}

function titleOf(file: string | undefined, env: Environment): string {
  const what = file ?? 'the cloud of the environment variables'
  return `passport-nevis doctor: ${printable(what)} (NODE_ENV is ${env['NODE_ENV'] === 'production' ? '' : 'not '}production)`
}

/**
 * Selects the command of `npx passport-nevis`: `doctor` checks the configuration of an application, `probe` finds out how a Nevis instance behaves, and
 * `init` adds the second factor to an application.
 *
 * The folder `doctor/` contains these three commands: `probe/` and `init/` have a folder each, and the other files are the command `doctor`. `run-checks.ts`
 * starts the checks, and the files `*-check.ts` and `*-checks.ts` make them.
 * This file also runs `doctor`, which notifies no user, changes nothing at Nevis, and prints no secret. Out of scope: the process and its exit code
 * (`command.ts`), `probe` (`probe/probe-command.ts`), and `init` (`init/init-command.ts`).
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { HELP, readArguments, seeHelp } from '../simulator/arguments'
import type { Environment } from './environment'
import { printableFinding } from './findings'
import type { Output } from './output'
import { printable } from './printable'
import { findingsOfReport } from './probe-findings'
import { readReport } from './probe-report'
import { PROBE_USAGE, probeCommand } from './probe/probe-command'
import { reportOf, wrapped } from './report'
import { runChecks } from './run-checks'
import { INIT_USAGE, initCommand } from './init/init-command'

const USAGE = `Usage: passport-nevis <command>

  doctor       checks the configuration of your app
  probe        finds out from your instance what Nevis's documents do not say
  init         shows where your app signs users in, and adds the second factor
  help         prints this text; "help <command>" prints the flags of a command

  --help, -h   print this text; after a command, the flags of the command
  --version    print the version

The simulator of Nevis is a command of its own: npx passport-nevis-simulator --help
`

const DOCTOR_USAGE = `Usage: passport-nevis doctor [file] [--report <file>] [--json] [--app-output]

  Checks the configuration of your app.

  file             the file that starts your app, or a module that exports it. The doctor loads it
                   and sends requests to it, on a free port of this machine. Without a file, the
                   doctor checks only the cloud that NEVIS_INSTANCE (or NEVIS_BASE_URL) and
                   NEVIS_ACCESS_KEY name.
  --report <file>  a report that "probe --out <file>" has written. The doctor says which options of
                   your app do not fit your instance; without a file, which options to look at.
  --json           print the findings as JSON
  --app-output     let the app print to standard error, to see why it does not start
  --help, -h       print this text

The doctor notifies no user and prints no secret; with --app-output, your app may print some.
Set NODE_ENV=production to check against the rules for production.
Exit code: 0 without errors, 1 with errors, 2 for wrong arguments.
`

const USAGES = { doctor: DOCTOR_USAGE, probe: PROBE_USAGE, init: INIT_USAGE } as const
type Command = keyof typeof USAGES

export async function main(argv: readonly string[], env: Environment, output: Output): Promise<0 | 1 | 2> {
  // Flags may be before the command: `--help probe` means `probe --help`.
  const at = argv[0]?.startsWith('-') === true ? argv.findIndex((one) => isCommand(one) || one === 'help') : 0
  const command = argv[at]
  const others = argv.filter((_one, index) => index !== at)
  if (command === 'help') return helpCommand(others, output)
  if (command === 'doctor') return doctorCommand(others, env, output)
  if (command === 'probe') return probeCommand(others, env, output)
  if (command === 'init') return initCommand(others, version(), output)
  const given = readArguments({ args: others, options: { help: HELP, version: { type: 'boolean', default: false } } })
  const why = command !== undefined ? unknownCommand(command) : typeof given === 'string' ? given : given.values.help || given.values.version ? undefined : 'no command was given'
  if (why !== undefined) return refuse(why, 'passport-nevis', output)
  output.log(typeof given !== 'string' && given.values.version ? version() : USAGE)
  return 0
}

function helpCommand([command, ...others]: readonly string[], output: Output): 0 | 2 {
  if (others.length > 0) return refuse('help takes at most one command', 'passport-nevis', output)
  if (command !== undefined && !isCommand(command) && !['--help', '-h'].includes(command)) return refuse(unknownCommand(command), 'passport-nevis', output)
  output.log(command !== undefined && isCommand(command) ? USAGES[command] : USAGE)
  return 0
}

/** Prints why the arguments are wrong, and how to get help. `program` is the command that was called, for example `passport-nevis doctor`. */
function refuse(why: string, program: string, output: Output): 2 {
  output.error(`${program}: ${seeHelp(printable(why), program)}`)
  return 2
}

async function doctorCommand(argv: readonly string[], env: Environment, output: Output): Promise<0 | 1 | 2> {
  const given = argumentsIn(argv)
  if (typeof given === 'string') return refuse(given, 'passport-nevis doctor', output)
  if (given.help || given.version) {
    output.log(given.help ? DOCTOR_USAGE : version())
    return 0
  }
  const report = given.report === undefined ? undefined : readReport(given.report)
  if (typeof report === 'string') {
    output.error(`passport-nevis doctor: --report ${printable(given.report ?? '')}: ${report}; write a report with: npx passport-nevis probe --users --out report.json`)
    return 2
  }
  const say = given.json ? () => undefined : (text: string) => output.error(`… ${text}`)
  const checked = await runChecks({ file: given.file, env, report: given.report, showsOutput: given['app-output'], say })
  // If no app was checked, there are no options to compare with the report of the command `probe`. So list the options that the report suggests.
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
  const given = readArguments({ args: [...argv], options: { json: flag, help: HELP, version: flag, 'app-output': flag, report: { type: 'string', takes: 'file' } }, allowPositionals: true })
  if (typeof given === 'string') return given
  const [file, ...others] = given.positionals
  return others.length > 0 ? 'doctor takes at most one file' : { file, ...given.values }
}

function isCommand(typed: string): typed is Command {
  return Object.hasOwn(USAGES, typed)
}

function unknownCommand(typed: string): string {
  if (/^simulat/.test(typed)) return `unknown command "${typed}", did you mean "npx passport-nevis-simulator"?`
  if (/\.[cm]?[jt]sx?$/.test(typed) || typed.includes('/')) return `unknown command "${typed}", did you mean "npx passport-nevis doctor ${typed}"?`
  const shared = (command: string) => [...new Set(command)].filter((letter) => typed.includes(letter)).length / new Set(command + typed).size
  const [best] = Object.keys(USAGES).sort((one, other) => shared(other) - shared(one))
  return `unknown command "${typed}"${best !== undefined && shared(best) >= 0.5 ? `, did you mean "${best}"?` : ''}`
}

function titleOf(file: string | undefined, env: Environment): string {
  const what = file ?? 'the cloud of the environment variables'
  return `passport-nevis doctor: ${printable(what)} (NODE_ENV is ${env['NODE_ENV'] === 'production' ? '' : 'not '}production)`
}

/**
 * This wing is the command `passport-nevis doctor`: it checks the configuration of an app and gives one finding, with a remedy, per
 * check. This file reads the arguments, runs the checks (`run-checks.ts`) and prints the report. The checks notify no user, change
 * nothing at Nevis, and print no secret.
 *
 * Out of scope: the process and its exit code (`command.ts`).
 */
import { parseArgs } from 'node:util'
import { runChecks } from './run-checks'
import { printableFinding } from './findings'
import { printable } from './printable'
import { reportOf } from './report'

const USAGE = `Usage: passport-nevis doctor [file] [--json]

  file      the file that starts your app, or a module that exports it. The doctor loads it and sends requests to it,
            on a free port of this machine. Without a file, the doctor checks only the cloud that NEVIS_INSTANCE
            (or NEVIS_BASE_URL) and NEVIS_ACCESS_KEY name.
  --json    print the findings as JSON
  --help    print this text

The doctor notifies no user and prints no secret. Set NODE_ENV=production to check against the rules for production.
Exit code: 0 without errors, 1 with errors, 2 for wrong arguments.
`

/** Where the command writes. */
export interface Output {
  log(text: string): void
  error(text: string): void
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * @param argv the arguments without node and the script
 * @returns the exit code
 */
export async function main(argv: readonly string[], env: Environment, output: Output): Promise<0 | 1 | 2> {
  const given = argumentsIn(argv)
  if (typeof given === 'string') {
    output.error(`passport-nevis: ${printable(given)}. Usage: passport-nevis doctor [file] [--json]`)
    return 2
  }
  if (given.help) {
    output.log(USAGE)
    return 0
  }
  const findings = (await runChecks(given.file, env)).map(printableFinding)
  const isWell = findings.every(({ level }) => level !== 'error')
  if (given.json) output.log(JSON.stringify({ ok: isWell, findings }, undefined, 2))
  else output.log(`${titleOf(given.file, env)}\n\n${reportOf(findings)}`)
  return isWell ? 0 : 1
}

/** @returns an error message if they are wrong */
function argumentsIn(argv: readonly string[]): string | { file: string | undefined; json: boolean; help: boolean } {
  try {
    const options = { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } } as const
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true })
    const [command, file, ...others] = positionals
    if (command !== 'doctor' && !values.help) return command === undefined ? 'no command was given' : `unknown command "${command}"`
    return others.length > 0 ? 'doctor takes at most one file' : { file, ...values }
  } catch (reason) {
    return String(Reflect.get(Object(reason) as object, 'message')).split('. ')[0] as string
  }
}

function titleOf(file: string | undefined, env: Environment): string {
  const what = file ?? 'the cloud of the environment variables'
  return `passport-nevis doctor: ${printable(what)} (NODE_ENV is ${env['NODE_ENV'] === 'production' ? '' : 'not '}production)`
}

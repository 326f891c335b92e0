/**
 * The command `passport-nevis-simulator`: parses its flags, starts a simulator and prints its URL and access key.
 *
 * Out of scope: exit codes and signals (`command.ts`).
 */
import { HELP, readArguments, seeHelp } from './arguments'
import { DIALECT_GROUPS } from './dialects'
import { namesIn } from './dialects/from-file'
import { NevisSimulator } from './simulator'

const USAGE = `Usage: passport-nevis-simulator [options]

  --port <number>       TCP port on 127.0.0.1 (default 4001, 0 is any free one)
  --instance <id>       instance id (default simulator)
  --access-key <key>    access key (default a new one)
  --user <name>         a user who is already enrolled; may be repeated (default anna and ben)
  --dialect <names>     how Nevis behaves where its documents do not say it: names, separated by commas,
                        or a file: the report that "passport-nevis probe --out <file>" has written.
                        A value with a dot or a slash is a file. May be repeated, for example for a
                        file and a name
  --list-dialects       print the names for --dialect
  --help, -h            print this text
`

export interface Output {
  log(text: string): void
  error(text: string): void
}

/** The result of the command: a running simulator, or an exit code (0 after `--help` or `--list-dialects`, 2 for an invalid flag, 1 for any other error). */
export type Outcome = { simulator: NevisSimulator } | { exitCode: 0 | 1 | 2 }

function parse(argv: readonly string[]) {
  const given = readArguments({
    // The command `passport-nevis` accepts `help`, so people also write `help` here.
    args: argv[0] === 'help' ? ['--help'] : [...argv],
    options: {
      port: { type: 'string', takes: 'number', default: '4001' },
      instance: { type: 'string', takes: 'id', default: 'simulator' },
      'access-key': { type: 'string', takes: 'key' },
      user: { type: 'string', takes: 'name', multiple: true, default: ['anna', 'ben'] },
      dialect: { type: 'string', takes: 'names', multiple: true, default: [] },
      'list-dialects': { type: 'boolean', default: false },
      help: HELP,
    },
  })
  if (typeof given === 'string') return given
  return /^\d+$/.test(given.values.port) ? given.values : '--port takes a number'
}

/** Reads a property of an error. `instanceof Error` would be false here in jest, which runs the code in another realm. */
function stringProperty(error: unknown, member: 'message' | 'code'): string {
  const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, member) : undefined
  return typeof value === 'string' ? value : ''
}

function reasonOf(error: unknown, port: string): string {
  return stringProperty(error, 'code') === 'EADDRINUSE' ? `port ${port} is already in use` : `this user may not open port ${port}`
}

/** The first sentence of an error message. After this sentence, an error of `parseArgs` gives advice that does not fit this command. */
const firstSentence = (error: unknown): string => stringProperty(error, 'message').split('. ')[0] ?? ''

function dialectList(): string {
  const lines = ({ title, dialects }: (typeof DIALECT_GROUPS)[number]) => [`${title}`, ...dialects.map(({ name, says }) => `  ${name.padEnd(44)} ${says}`), '']
  return DIALECT_GROUPS.flatMap(lines).join('\n').trimEnd()
}

function startupText(simulator: NevisSimulator, users: readonly string[]): string {
  const lines = [
    `baseURL     ${simulator.baseURL}`,
    `instance    ${simulator.instance}`,
    `accessKey   ${simulator.accessKey}`,
    `phones      ${simulator.baseURL}/`,
  ]
  users.forEach((username, at) => {
    const phone = `+4179555${String(at + 1).padStart(4, '0')}`
    const { recoveryCodes } = simulator.addUser({ username, phone, recoveryCodes: 3 })
    lines.push(`user        ${username}, phone ${phone}, recovery codes ${recoveryCodes.join(' ')}`)
  })
  return lines.join('\n')
}

export async function main(argv: readonly string[], output: Output): Promise<Outcome> {
  const flags = parse(argv)
  if (typeof flags === 'string') {
    output.error(`passport-nevis-simulator: ${seeHelp(flags, 'passport-nevis-simulator')}`)
    return { exitCode: 2 }
  }
  if (flags.help) {
    output.log(USAGE)
    return { exitCode: 0 }
  }
  if (flags['list-dialects']) {
    output.log(dialectList())
    return { exitCode: 0 }
  }
  const { port, instance, 'access-key': accessKey } = flags
  let simulator: NevisSimulator | undefined
  try {
    const named = flags.dialect.map(namesIn)
    const dialect = named.flatMap(({ names }) => names)
    simulator = await NevisSimulator.start({ port: Number(port), instance, dialect, ...(accessKey !== undefined && { accessKey }) })
    for (const { gap } of named) if (gap !== undefined) output.error(`passport-nevis-simulator: ${gap}`)
    output.log(startupText(simulator, [...new Set(flags.user)]))
    return { simulator }
  } catch (error) {
    await simulator?.close()
    const wrongFlag = !['EADDRINUSE', 'EACCES'].includes(stringProperty(error, 'code'))
    output.error(`passport-nevis-simulator: ${wrongFlag ? firstSentence(error) : `${reasonOf(error, port)}; choose another with --port (0 = any free port)`}`)
    return { exitCode: wrongFlag ? 2 : 1 }
  }
}

/**
 * Reads the arguments of a command, and says in one sentence which argument is wrong.
 *
 * Out of scope: what the flags mean (`command-line.ts`, and the commands in `src/doctor/`).
 */
import { parseArgs, type ParseArgsConfig } from 'node:util'

/** The flag `--help` of every command. */
export const HELP = { type: 'boolean', short: 'h', default: false } as const

type Options = Readonly<Record<string, { readonly type: 'boolean' | 'string'; readonly takes?: string }>>

/**
 * Parses arguments like `parseArgs`. For a flag of the type `string`, `takes` names its value in the sentence about a missing value: `number` for
 * `--sms <number>`.
 * @returns the arguments; or a sentence without a full stop, if an argument is wrong
 */
export function readArguments<const Config extends ParseArgsConfig & { readonly options: Options }>(config: Config): ReturnType<typeof parseArgs<Config>> | string {
  const missing = (name: string) => `--${name} needs a value: --${name} <${config.options[name]?.takes ?? 'value'}>`
  try {
    const parsed = parseArgs<Config>(config)
    const [empty] = Object.entries(parsed.values as Readonly<Record<string, unknown>>).find(([, value]) => [value].flat().includes('')) ?? []
    return empty === undefined ? parsed : missing(empty)
  } catch (reason) {
    const { code, message } = Object(reason) as { code?: unknown; message?: unknown }
    const text = String(message)
    const [, name] = code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE' ? (/'(?:-\w, )?--([\w-]+)/.exec(text) ?? []) : []
    // Node.js writes more sentences, for example about positional arguments, which do not fit these commands.
    return name !== undefined && config.options[name]?.type === 'string' ? missing(name) : (text.split('. ')[0] as string)
  }
}

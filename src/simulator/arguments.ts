/**
 * Reads the arguments of a command, and says in one sentence which argument is wrong.
 *
 * Out of scope: what the flags mean (`command-line.ts`, and the commands in `src/doctor/`).
 */
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { nearest } from './nearest'

export const HELP = { type: 'boolean', short: 'h', default: false } as const

/** At most this many characters of an unknown option are compared with the options, because comparing takes time. */
const MOST_COMPARED = 60

type Options = Readonly<Record<string, { readonly type: 'boolean' | 'string'; readonly takes?: string }>>

/**
 * Parses arguments like `parseArgs`. If the value of a flag is missing, the returned sentence names the value by its word in `takes`: `--sms <number>` for the
 * word `number`.
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
    if (name !== undefined && config.options[name]?.type === 'string') return missing(name)
    // Keep only the first sentence of Node.js's message. The other sentences, such as advice about positional arguments, do not apply to these commands.
    const sentence = text.split('. ')[0] as string
    const unknown = code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' ? /'--([^']+)'/.exec(sentence)?.[1] : undefined
    const meant = unknown === undefined ? undefined : nearest(unknown.slice(0, MOST_COMPARED), Object.keys(config.options))
    return meant === undefined ? sentence : `${sentence}, did you mean "--${meant}"?`
  }
}

/** Adds to a sentence about wrong arguments the command that prints the help. */
export function seeHelp(why: string, command: string): string {
  return `${why}${why.endsWith('?') ? '' : '.'} See: ${command} --help`
}

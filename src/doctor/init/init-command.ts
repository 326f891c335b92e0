/**
 * The command `passport-nevis init`: lists where an application signs users in, and shows a diff that adds the second factor. With `--write`, the command
 * changes the files. The command runs no code of the application.
 *
 * The folder `init/` reads the application's files: `plan.ts` chooses the changes, the files `*-edit.ts` make them, and the other files find routes, sessions and
 * sign-ins in the code.
 * Out of scope: choosing the changes (`plan.ts`), and checking the running application (the command `doctor`).
 */
import { Script } from 'node:vm'
import { HELP, readArguments, seeHelp } from '../../simulator/arguments'
import type { Output } from '../output'
import { printable } from '../printable'
import { wrapped } from '../report'
import { readApp, writeChanges, type AppFolder, type FileChange } from './app-folder'
import { diffOf } from './diff'
import { gitState } from './git-state'
import { planOf, type SignInCallResult, type Plan } from './plan'
import { Source } from './source'

export const INIT_USAGE = `Usage: passport-nevis init [folder] [--write] [--allow-uncommitted-changes]

  Reads the app in the folder (default: this folder), lists the places where the app signs users in,
  and prints a diff that adds the second factor. It runs no code of the app, and writes no file.

  --write                        write the changes, unless git has uncommitted changes in the folder
  --allow-uncommitted-changes    with --write: write the changes even then
  --help, -h                     print this text

It changes Express apps with passport-local and express-session, in JavaScript and TypeScript.
Where it is not certain what to change, it changes nothing, and prints the file and the line.
Exit code: 0 if you have nothing left to change, 1 if you must change some places yourself or a file
was not read, 2 if it could not change anything. It does not find every sign-in: docs/guides/init.md
says which it misses.
`

const OPTIONS = {
  write: { type: 'boolean', default: false },
  'allow-uncommitted-changes': { type: 'boolean', default: false },
  help: HELP,
} as const

export function initCommand(argv: readonly string[], version: string, output: Output): 0 | 1 | 2 {
  const fail = (text: string): 2 => {
    output.error(wrapped(`passport-nevis init: ${printable(text)}`, 0).join('\n'))
    return 2
  }
  const given = argumentsIn(argv)
  if (typeof given === 'string') return fail(seeHelp(given, 'passport-nevis init'))
  if (given.help) {
    output.log(INIT_USAGE)
    return 0
  }
  let app: AppFolder
  let plan: Plan
  try {
    app = readApp(given.folder)
    plan = planOf(app, version)
  } catch (reason) {
    return fail(messageOf(reason))
  }
  const broken = plan.changes.find(({ path, after }) => !isReadable(path, after))
  if (broken !== undefined) return fail(`the changed ${broken.path} would not be valid, so nothing was changed: follow docs/guides/existing-app.md`)
  output.log(textOf(plan, app))
  const isLeft = plan.refusals.length > 0 || plan.unguarded.length > 0 || app.unread.length > 0 || plan.signInCalls.some(({ state }) => state === 'left')
  if (given.write && plan.changes.length > 0) {
    const git = gitState(app.root)
    if (['dirty', 'unknown'].includes(git) && !given['allow-uncommitted-changes']) {
      return fail(`nothing was written: ${git === 'dirty' ? 'git has uncommitted changes in this folder. Commit them first' : 'git does not say whether everything is committed'}, or use --allow-uncommitted-changes`)
    }
    try {
      writeChanges(app.root, plan.changes)
    } catch (reason) {
      return fail(messageOf(reason))
    }
    output.log(`Written: ${plan.changes.map(({ path }) => printable(path)).join(', ')}`)
  }
  return isLeft ? 1 : 0
}

function argumentsIn(argv: readonly string[]) {
  const given = readArguments({ args: [...argv], options: OPTIONS, allowPositionals: true })
  if (typeof given === 'string') return given
  const { values, positionals } = given
  return positionals.length > 1 ? 'init takes at most one folder' : { ...values, folder: positionals[0] ?? '.' }
}

function messageOf(reason: unknown): string {
  const { message } = Object(reason) as { message?: unknown }
  return String(message)
}

/** True if the changed file is still valid code. Node compiles a CommonJS file; in TypeScript and ES modules, only the tokens are checked. */
function isReadable(path: string, text: string): boolean {
  if (!/\.[cm]?[jt]s$/.test(path)) return true
  const source = Source.read(path, text)
  if (source === undefined || source.isTypeScript || source.isModule) return source !== undefined
  try {
    // `new Script` compiles the code without running it.
    new Script(`(function (exports, require, module, __filename, __dirname) {${text.replace(/^#!.*/, '')}\n})`)
    return true
  } catch {
    return false
  }
}

function textOf({ signInCalls, changes, done, unguarded, refusals, notes }: Plan, { unread }: AppFolder): string {
  const lines: string[] = []
  const section = (title: string, texts: readonly string[]) => {
    if (texts.length === 0) return
    lines.push(title, '')
    // Do not write `lines.push(...texts)`: JavaScript limits the number of a call's arguments.
    for (const text of texts) lines.push(wrapped(printable(text), 2, 2).join('\n'))
    lines.push('')
  }
  const counted = `${signInCalls.length} ${signInCalls.length === 1 ? 'place signs users in, or makes' : 'places sign users in, or make'} a token`
  section(counted, signInCalls.map(described))
  if (signInCalls.length === 0) lines.push('No place was found that signs users in.', '')
  for (const change of changes) lines.push(shown(change))
  section('What changes', done)
  section('Nothing is changed, because', refusals.map(({ source, line, why }) => `${source === undefined ? '' : `${source.path}:${line} `}${why}`))
  const left = signInCalls.filter(({ state }) => state === 'left').map(({ signInCall, why }) => `${signInCall.source.path}:${signInCall.line} ${signInCall.remedy}${why === undefined ? '' : ` (${why})`}`)
  section('Look at these yourself', [...left, ...unguarded])
  section('Not read', unread.map(({ path, why }) => `${path} ${why}`))
  if (changes.length > 0) section('Then', [...notes, 'npx passport-nevis doctor <the file that starts your app>'])
  else if (refusals.length > 0) section('By hand', ['follow docs/guides/existing-app.md, then run npx passport-nevis doctor <the file that starts your app>'])
  else if (unread.length === 0 && unguarded.length === 0 && signInCalls.every(({ state }) => state !== 'left')) lines.push('Nothing to change.')
  return lines.join('\n').trimEnd()
}

function described({ signInCall, state }: SignInCallResult): string {
  const words = { closed: 'ok', changed: 'changed below', left: 'LEFT' } as const
  return `${words[state].padEnd(14)}${signInCall.source.path}:${signInCall.line}  ${signInCall.what}`
}

/** Returns the diff without escape sequences and other unprintable characters, which a terminal would interpret. */
function shown({ path, before, after }: FileChange): string {
  return diffOf(path, before, after).split('\n').map((line) => line.replace(/(?!\t|\r$)[\p{C}\u2028\u2029]/gu, '?')).join('\n')
}

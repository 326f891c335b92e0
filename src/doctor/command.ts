#!/usr/bin/env node
/**
 * Entry point of `npx passport-nevis`: runs the command and sets the exit code. The exit code is not 0 if the output was lost.
 *
 * Out of scope: arguments and output (`command-line.ts`).
 */
import { main } from './command-line'
import { showsColours } from './output'
import { wordOf } from './probe/word-of'

const { stdout, env } = process
const output = { log: (text: string) => console.log(text), error: (text: string) => console.error(text), hasColours: showsColours(stdout, env) }

// `console.log` ignores errors of the stream, for example of a full disk or a closed pipe. A command whose output is lost has not succeeded. If standard output
// was closed from the beginning, Node.js opens `/dev/null` in its place. This is not an error, because the caller may also have chosen `/dev/null`.
let isOutputLost = false
stdout.on('error', () => void (isOutputLost = true))
process.on('exit', () => {
  if (isOutputLost && Number(process.exitCode ?? 0) === 0) process.exitCode = 1
})

void main(process.argv.slice(2), env, output)
  // The message and the stack of an unexpected error are not printed, because they may contain secret data.
  .catch((reason: unknown) => {
    output.error(`passport-nevis: unexpected error (${wordOf(reason)})`)
    return 1
  })
  .then((exitCode) => {
    process.exitCode = exitCode
    // The command is complete. A second Ctrl-C, before the process has ended, must not change the exit code.
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => process.exit())
  })

#!/usr/bin/env node
/**
 * Entry point of `npx passport-nevis`: runs the command and sets the exit code.
 *
 * Out of scope: arguments and output (`command-line.ts`).
 */
import { main } from './command-line'

const { stdout, env } = process
// A non-empty NO_COLOR switches colours off: https://no-color.org
const hasColours = stdout.isTTY && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
const output = { log: (text: string) => console.log(text), error: (text: string) => console.error(text), hasColours }

void main(process.argv.slice(2), env, output).then((exitCode) => {
  process.exitCode = exitCode
})

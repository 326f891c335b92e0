#!/usr/bin/env node
/**
 * Entry point of the command: sets the exit code.
 *
 * Out of scope: arguments and output (`command-line.ts`).
 */
import { main } from './command-line'

void main(process.argv.slice(2), process.env, console).then((exitCode) => {
  process.exitCode = exitCode
})

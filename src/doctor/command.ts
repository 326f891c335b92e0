#!/usr/bin/env node
/**
 * The process around the command.
 *
 * Out of scope: arguments and output (see `command-line.ts`).
 */
import { main } from './command-line'

void main(process.argv.slice(2), process.env, console).then((exitCode) => {
  process.exitCode = exitCode
})

#!/usr/bin/env node
/**
 * Entry point of the command `passport-nevis-simulator`: sets exit codes and handles signals.
 *
 * Out of scope: flags and output (`command-line.ts`).
 */
import { main } from './command-line'

const running = main(process.argv.slice(2), console)

// Register the signal handlers before the first output, because a program that reads this output may send a signal at once.
const stop = (): void => {
  void running.then((outcome) => ('simulator' in outcome ? outcome.simulator.close() : undefined))
}
process.once('SIGINT', stop)
process.once('SIGTERM', stop)

void running.then((outcome) => {
  if ('exitCode' in outcome) process.exitCode = outcome.exitCode
})

#!/usr/bin/env node
/**
 * Entry point of the command: exit codes and signals.
 *
 * Out of scope: flags and output (`command-line.ts`).
 */
import { main } from './command-line'

const running = main(process.argv.slice(2), console)

// The handlers are registered before anything is printed, because a program that reads the output may send a signal at once.
const stop = (): void => {
  void running.then((outcome) => ('simulator' in outcome ? outcome.simulator.close() : undefined))
}
process.once('SIGINT', stop)
process.once('SIGTERM', stop)

void running.then((outcome) => {
  if ('exitCode' in outcome) process.exitCode = outcome.exitCode
})

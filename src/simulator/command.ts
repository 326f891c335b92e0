#!/usr/bin/env node
/**
 * The process around the command: exit codes and signals.
 *
 * Not its job: flags and output (see `command-line.ts`).
 */
import { main } from './command-line'

void main(process.argv.slice(2), console).then((outcome) => {
  if ('exitCode' in outcome) {
    process.exitCode = outcome.exitCode
    return
  }
  const stop = (): void => {
    void outcome.simulator.close()
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
})

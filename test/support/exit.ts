/**
 * How long a process runs after its last answer, once it got SIGTERM and `closeStreams()` has ended its event streams. The guides promise less than a second:
 * their code ends idle connections twice a second.
 *
 * The process counts the tenths of a second itself. So a busy machine, on which the process hardly runs, does not change the result: the timer of the count is
 * late by as much as the timer of the guides' code.
 */
const COUNT = `
import { subscribe } from 'node:diagnostics_channel'
import { writeSync } from 'node:fs'
process.once('SIGTERM', () => {
  setInterval(() => writeSync(2, 'tenth of a second\\n'), 100).unref()
  subscribe('http.server.response.finish', () => writeSync(2, 'answered\\n'))
})
`

/** An option for Node, with which a process prints after SIGTERM each answer and each tenth of a second. */
export const COUNTING_TO_EXIT = `--import=data:text/javascript,${encodeURIComponent(COUNT)}`

/** @param output what a process that was started with `COUNTING_TO_EXIT` has printed until its end */
export function expectExitWithinASecond(output: string): void {
  expect(output).toContain('answered\n')
  const afterLastAnswer = output.split('answered\n').at(-1) as string
  expect(afterLastAnswer.split('tenth of a second\n').length - 1).toBeLessThan(10)
}

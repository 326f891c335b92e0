// @ts-check
/**
 * A jest reporter that prints the totals to standard output as the last line. Jest itself prints its totals to
 * standard error, so they would be missing in a pipe or a file.
 */
import { writeSync } from 'node:fs'

export default class TotalReporter {
  /**
   * Jest calls this method once, after the last test file.
   * @param {unknown} _contexts
   * @param {import('@jest/test-result').AggregatedResult} results
   */
  onRunComplete(_contexts, { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites, startTime }) {
    const seconds = Math.round((Date.now() - startTime) / 1000)
    const broken = numRuntimeErrorTestSuites > 0 ? `, ${numRuntimeErrorTestSuites} files did not run` : ''
    const total = `${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped${broken}, in ${seconds} s\n`
    process.once('exit', () => void writeSync(1, total))
  }
}

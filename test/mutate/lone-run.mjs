// @ts-check
/**
 * Runs the mutants of `lone.mjs` one after the other, in a process that is ended and replaced if a mutant never ends.
 *
 * Out of scope: making the mutants (`lone.mjs`), and the table of results (`run.mjs`).
 */
import { fork } from 'node:child_process'
import { isAlive } from './results.mjs'
import { sourceOf } from './names.mjs'

/** A mutant counts as endless if it takes longer than `MUTANT_MS`, and longer than `SLOWER` times the time of all tests without a mutant. */
const MUTANT_MS = 60_000
const SLOWER = 4
const DRY_RUN_MS = 300_000

/** @typedef {import('./lone.mjs').Mutant & { status: string }} Result a mutant, and whether a test has killed it (`status`, in Stryker's words) */

/**
 * Runs all mutants of the files.
 * @param {string[]} files names of source files
 * @param {{ tests: string[], more: string[] }} tests paths. The tests of `more` run only for the mutants that survive `tests`
 * @param {object} swc options
 * @returns {Promise<Result[]>} in the format of Stryker's results
 */
export async function runLone(files, { tests, more }, swc) {
  const results = await round({ files: files.map(sourceOf), tests, swc })
  const alive = new Set(results.filter(isAlive).map(({ id }) => id))
  if (more.length === 0 || alive.size === 0) return results
  const again = new Map((await round({ files: files.map(sourceOf), tests: more, swc }, alive)).map((one) => [one.id, one]))
  return results.map((one) => {
    const other = again.get(one.id)
    return other !== undefined && (!isAlive(other) || one.status === 'NoCoverage') ? other : one
  })
}

/**
 * Runs the tests once without a mutant, and then once for each mutant.
 * @param {{ files: string[], tests: string[], swc: object }} load
 * @param {Set<string>} [only] ids of the mutants to run; by default all
 */
async function round(load, only) {
  let worker = new Worker()
  try {
    const { mutants } = await worker.ask('load', load, DRY_RUN_MS)
    console.log(`${only?.size ?? mutants.length} mutants; first all tests without a mutant …`)
    const startedAt = performance.now()
    const dry = await worker.ask('dryRun', undefined, DRY_RUN_MS)
    const timeoutMs = Math.max(MUTANT_MS, SLOWER * (performance.now() - startedAt))
    const failed = dry.tests?.find((/** @type {{ failureMessage?: string }} */ one) => one.failureMessage !== undefined)
    if (dry.status !== 'complete' || failed) throw new Error(`a test fails without any mutant: ${failed ? `${failed.name}: ${failed.failureMessage}` : dry.errorMessage}`)
    /** @type {Result[]} */
    const results = []
    for (const mutant of mutants.filter((/** @type {Result} */ { id }) => only?.has(id) ?? true)) {
      const options = optionsFor(mutant.id, dry.mutantCoverage)
      let status = 'NoCoverage'
      if (options !== undefined) {
        const run = await worker.ask('mutant', options, timeoutMs).catch(() => undefined)
        status = run === undefined ? 'Timeout' : run.status[0].toUpperCase() + run.status.slice(1)
        if (run === undefined) {
          worker.end()
          worker = new Worker()
          await worker.ask('load', load, DRY_RUN_MS)
        }
      }
      results.push({ ...mutant, status })
      if (results.length % 50 === 0) console.log(`${results.length} of ${only?.size ?? mutants.length} mutants, ${results.filter(isAlive).length} alive`)
    }
    return results
  } finally {
    worker.end()
  }
}

/**
 * Selects the tests that reach a mutant.
 * @param {string} id
 * @param {{ static: Record<string, number>, perTest: Record<string, Record<string, number>> } | undefined} coverage
 * @returns the options that Stryker gives its runner; undefined if no test reaches the mutant
 */
function optionsFor(id, coverage) {
  if (coverage?.static[id]) return { activeMutant: { id }, mutantActivation: 'static' }
  const testFilter = Object.entries(coverage?.perTest ?? {}).filter(([, counts]) => counts[id]).map(([test]) => test)
  return testFilter.length === 0 ? undefined : { activeMutant: { id }, testFilter, mutantActivation: 'runtime' }
}

/** A child process that runs the tests. It gets one message at a time, and answers each. */
class Worker {
  #process = fork(new URL('lone-worker.mjs', import.meta.url), { stdio: 'ignore' })

  /**
   * Sends a message to the process.
   * @param {string} ask name of a function in `answers` (`lone-worker.mjs`) @param {unknown} value its argument @param {number} timeoutMs
   * @returns {Promise<any>} the answer of the process
   */
  ask(ask, value, timeoutMs) {
    return new Promise((resolve, reject) => {
      const end = (/** @type {() => void} */ settle) => {
        clearTimeout(timer)
        this.#process.removeAllListeners()
        settle()
      }
      const timer = setTimeout(() => end(() => reject(new Error(`no answer to ${ask} in ${timeoutMs} ms`))), timeoutMs)
      this.#process.once('message', (/** @type {any} */ { answer, error }) => end(() => (error === undefined ? resolve(answer) : reject(new Error(error)))))
      this.#process.once('exit', (code) => end(() => reject(new Error(`the worker has ended with ${code} (${ask})`))))
      this.#process.send({ ask, with: value })
    })
  }

  end() {
    this.#process.kill('SIGKILL')
  }
}

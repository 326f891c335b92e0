// @ts-check
/**
 * Runs jest's test files for Stryker in one process: jest's own `describe`, `it`, `expect`, spies and timers, but without its sandbox, which costs
 * seconds for each mutant. The project's files are loaded again for every mutant and test file.
 *
 * Out of scope: which tests run (`slices.mjs`), and how code is mutated (Stryker).
 */
import { jestExpect } from '@jest/expect'
import { ModernFakeTimers } from '@jest/fake-timers'
import { INSTRUMENTER_CONSTANTS } from '@stryker-mutator/api/core'
import { commonTokens, declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin'
import { determineHitLimitReached, DryRunStatus, MutantRunStatus, TestStatus } from '@stryker-mutator/api/test-runner'
import * as circus from 'jest-circus'
import { ModuleMocker } from 'jest-mock'
import { SnapshotState } from 'jest-snapshot'
import { AsyncLocalStorage } from 'node:async_hooks'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { ProjectFiles } from './files.mjs'

/** Time limit of a test with an active mutant. A test usually takes milliseconds, so a test that reaches this limit counts as hanging. */
const TEST_TIMEOUT_MS = 4000
/** On a busy machine, a test may take longer than `TEST_TIMEOUT_MS`, but at most this many times as long as without the mutant. */
const SLOWER = 4
const PATIENT_MS = 60_000
const KILLERS = 4
const STRAYS = ['uncaughtException', 'unhandledRejection']
/** Fake timers of a test must not replace these functions: Node's own code uses them too, and would stop with the test's clock. */
const NEVER_FAKED = ['nextTick', 'queueMicrotask']

/**
 * @typedef {import('@stryker-mutator/api/test-runner').MutantRunOptions} MutantRunOptions
 * @typedef {import('@stryker-mutator/api/test-runner').TestResult} TestResult
 * @typedef {import('@jest/types').Circus.TestEntry} Test
 * @typedef {import('@jest/types').Circus.DescribeBlock} Block
 * @typedef {{ results: TestResult[], error?: unknown, reached?: string | undefined }} Run
 *   `error`: an error outside of the tests; `reached`: set if the mutant's code ran so often that the mutant counts as endless;
 *   contains Stryker's message about this
 * @typedef {{ tests: string[], swc: import('./files.mjs').SwcOptions, sources?: Map<string, string> }} InProcess
 *   `tests`: the test files; `sources`: texts that replace source files, by path
 * @typedef {{ timeoutMs: number, wanted?: Set<string> | undefined, activate?: () => void, bail?: boolean | undefined, counts?: boolean | undefined }} RunOptions
 *   `wanted`: the ids of the tests to run, by default all; `activate`: turns the mutant on; `bail`: stop at the first failure; `counts`: Stryker counts which
 *   test reaches which mutant
 */

/** The global object, which holds Stryker's switches and jest's globals. @type {any} */
const world = globalThis
/** Stryker's switches: which mutant is active, and how often a mutant was reached. @type {import('@stryker-mutator/api/core').InstrumenterContext} */
const stryker = (world[INSTRUMENTER_CONSTANTS.NAMESPACE] ??= {})
const real = { setTimeout, clearTimeout, Timeout: setTimeout(() => {}).constructor }
const runs = new AsyncLocalStorage()
const mocker = new ModuleMocker(globalThis)
const timers = new ModernFakeTimers({ global: globalThis, config: /** @type {any} */ ({ fakeTimers: {}, rootDir: process.cwd() }) })

const { describe, it, test, beforeAll, beforeEach, afterAll, afterEach } = circus
Object.assign(world, { describe, it, test, beforeAll, beforeEach, afterAll, afterEach, expect: jestExpect })
world.jest = {
  fn: mocker.fn.bind(mocker),
  spyOn: mocker.spyOn.bind(mocker),
  mocked: (/** @type {unknown} */ mock) => mock,
  requireActual: (/** @type {string} */ name) => createRequire(String(jestExpect.getState().testPath))(name),
  restoreAllMocks: () => mocker.restoreAllMocks(),
  useFakeTimers: (/** @type {{ doNotFake?: string[] }} */ { doNotFake = [], ...options } = {}) => {
    timers.useRealTimers()
    timers.useFakeTimers(/** @type {any} */ ({ ...options, doNotFake: [...doNotFake, ...NEVER_FAKED] }))
    spareNode()
  },
  useRealTimers: () => timers.useRealTimers(),
  setSystemTime: (/** @type {number | Date | undefined} */ now) => timers.setSystemTime(now),
  advanceTimersByTime: (/** @type {number} */ ms) => timers.advanceTimersByTime(ms),
  advanceTimersByTimeAsync: (/** @type {number} */ ms) => timers.advanceTimersByTimeAsync(ms),
  getTimerCount: () => timers.getTimerCount(),
  setTimeout: () => {},
}

/** While a test uses fake timers, lets Node's own code, such as `fetch`, use the real timers. In jest's sandbox, Node's code uses the real timers, too. */
function spareNode() {
  const { setTimeout: fake, clearTimeout: clearFake } = globalThis
  if (fake === real.setTimeout) return
  const isNode = () => /^.*\n.*\n.*\n.*\(?node:/.test(String(new Error().stack).split('\n', 4).join('\n'))
  world.setTimeout = Object.assign((/** @type {Parameters<typeof setTimeout>} */ ...args) => (isNode() ? real.setTimeout : fake)(...args), fake)
  world.clearTimeout = (/** @type {NodeJS.Timeout} */ timer) => (timer instanceof real.Timeout ? real.clearTimeout : clearFake)(timer)
}

export class JestWithoutSandbox {
  /** @type {['options']} */
  static inject = [commonTokens.options]

  /** @param {import('@stryker-mutator/api/core').StrykerOptions | { inProcess: InProcess }} options */
  constructor(options) {
    const { tests, swc, sources } = /** @type {InProcess} */ (options.inProcess)
    this.tests = tests
    this.files = new ProjectFiles(process.cwd(), swc, sources)
    /** @type {string[]} */
    this.killers = []
  }

  async init() {
    process.env.NODE_ENV = 'test'
    // A mutant may leave promises that reject long after its run. Such a rejection must not end the process.
    for (const name of STRAYS) process.on(name, () => {})
  }

  capabilities() {
    return { reloadEnvironment: true }
  }

  /**
   * Runs all tests without a mutant, so that Stryker learns which tests reach which mutants.
   * @param {{ coverageAnalysis: string }} options
   * @returns {Promise<import('@stryker-mutator/api/test-runner').DryRunResult>}
   */
  async dryRun({ coverageAnalysis }) {
    delete stryker.activeMutant
    delete stryker.hitLimit
    /** @type {TestResult[]} */
    const tests = []
    for (const file of this.tests) {
      const { results, error } = await this.#run(file, { timeoutMs: PATIENT_MS, counts: coverageAnalysis === 'perTest' })
      if (error !== undefined) return { status: DryRunStatus.Error, errorMessage: `${file}: ${textOf(error)}` }
      tests.push(...results)
    }
    return { status: DryRunStatus.Complete, tests, ...(stryker.mutantCoverage && { mutantCoverage: stryker.mutantCoverage }) }
  }

  /**
   * Runs the tests until the first one fails. Neighbouring mutants often fail in the same tests, so the tests that failed last run first.
   * @param {Pick<MutantRunOptions, 'testFilter' | 'hitLimit' | 'mutantActivation'> & { activeMutant: { id: string } }} options
   * @returns {Promise<import('@stryker-mutator/api/test-runner').MutantRunResult>}
   */
  async mutantRun({ activeMutant: { id }, testFilter, hitLimit, mutantActivation }) {
    const options = { mutant: id, hitLimit, isStatic: mutantActivation === 'static', bail: true }
    const wanted = testFilter && new Set(testFilter)
    const killers = this.killers.filter((one) => wanted?.has(one) ?? true)
    let nrOfTests = 0
    for (const [file, tests] of [...roundsOf(this.tests, killers), ...roundsOf(this.tests, testFilter)]) {
      const attempt = (/** @type {number} */ timeoutMs) => this.#attempt(file, { ...options, timeoutMs, wanted: tests })
      let run = await attempt(TEST_TIMEOUT_MS)
      if (isTimeout(run)) {
        const usualMs = await this.#usualMs(file, run)
        if (usualMs * SLOWER > TEST_TIMEOUT_MS) run = await attempt(usualMs * SLOWER)
      }
      const ran = run.results.filter(({ status }) => status !== TestStatus.Skipped)
      nrOfTests += ran.length
      if (run.reached !== undefined) return { status: MutantRunStatus.Timeout, reason: run.reached }
      const failed = failedIn(run)
      if (failed !== undefined) this.killers = [failed.id, ...this.killers.filter((one) => one !== failed.id)].slice(0, KILLERS)
      if (failed !== undefined || run.error !== undefined) {
        const killedBy = [failed?.id ?? ran.at(-1)?.id ?? testFilter?.[0] ?? file]
        return { status: MutantRunStatus.Killed, killedBy, failureMessage: failed?.failureMessage ?? textOf(run.error), nrOfTests }
      }
    }
    return { status: MutantRunStatus.Survived, nrOfTests }
  }

  /**
   * Runs the tests of a file with a mutant.
   * @param {string} file
   * @param {RunOptions & { mutant: string, hitLimit: number | undefined, isStatic: boolean }} options
   * @returns {Promise<Run>}
   */
  async #attempt(file, { mutant, hitLimit, isStatic, ...options }) {
    Object.assign(stryker, { hitCount: hitLimit === undefined ? undefined : 0, hitLimit })
    const activate = () => void (stryker.activeMutant = mutant)
    if (isStatic) activate()
    try {
      const run = await this.#run(file, { ...options, activate })
      return { ...run, reached: determineHitLimitReached(stryker.hitCount, stryker.hitLimit)?.reason }
    } finally {
      delete stryker.activeMutant
    }
  }

  /** Measures how long the test that has timed out takes now without the mutant. @param {string} file @param {Run} run */
  async #usualMs(file, run) {
    const startedAt = performance.now()
    await this.#run(file, { timeoutMs: PATIENT_MS, wanted: new Set([String(failedIn(run)?.id)]) })
    return performance.now() - startedAt
  }

  /**
   * @param {string} file
   * @param {RunOptions} options
   * @returns {Promise<Run>} the result of each test, and an error that occurred outside of the tests, if any
   */
  #run(file, options) {
    return runs.run({}, () => this.#runHere(file, options))
  }

  /** Runs the tests of a file, and then undoes their mocks and fake timers. @param {string} file @param {RunOptions} options @returns {Promise<Run>} */
  async #runHere(file, { timeoutMs, wanted, activate, bail, counts }) {
    /** @type {Set<unknown>} */
    const strays = new Set()
    const restore = catchStrays(strays)
    circus.resetState()
    const state = circus.getState()
    state.testTimeout = timeoutMs
    const onEvent = this.#listener(file, { bail, counts })
    circus.addEventHandler(onEvent)
    const testPath = join(process.cwd(), file)
    const snapshotState = new SnapshotState(`${testPath}.snap`, { updateSnapshot: 'none', rootDir: process.cwd(), snapshotFormat: { escapeString: false, printBasicPrototype: false }, expand: false })
    jestExpect.setState(/** @type {any} */ ({ testPath, snapshotState, expand: false }))
    try {
      this.files.load(file)
      const all = testsIn(state.rootDescribeBlock)
      if (wanted !== undefined) for (const one of all) if (!wanted.has(idOf(file, one))) one.mode = 'skip'
      activate?.()
      await circus.run()
      await setImmediate()
      const error = [...state.unhandledErrors, ...strays][0]
      return { results: all.map((one) => resultOf(file, one)), error }
    } catch (error) {
      return { results: [], error }
    } finally {
      circus.removeEventHandler(onEvent)
      mocker.restoreAllMocks()
      timers.useRealTimers()
      this.files.forget()
      restore()
    }
  }

  /**
   * Returns a function that jest calls before and after each test of the file. It tells jest and Stryker the name of the test, and collects errors.
   * @param {string} file
   * @param {Pick<RunOptions, 'bail' | 'counts'>} options
   * @returns {import('@jest/types').Circus.EventHandler}
   */
  #listener(file, { bail, counts }) {
    return (event, state) => {
      if (event.name === 'test_start') {
        const { test } = event
        jestExpect.setState({ currentTestName: nameOf(test) })
        if (counts) stryker.currentTestId = idOf(file, test)
      }
      if (event.name === 'test_done') {
        const { test } = event
        delete stryker.currentTestId
        test.errors.push(...jestExpect.extractExpectedAssertionsErrors().map(({ error }) => error))
        // A snapshot that does not match does not throw. Collect its error here, as jest's own adapter does.
        test.errors.push(...(jestExpect.getState().suppressedErrors ?? []))
        jestExpect.setState({ suppressedErrors: [] })
        if (bail && test.errors.length > 0) for (const one of testsIn(state.rootDescribeBlock)) if (one.status === null || one.status === undefined) one.mode = 'skip'
      }
    }
  }
}

/**
 * @param {readonly string[]} files
 * @param {readonly string[] | undefined} ids of the tests to run; undefined means all tests
 * @returns {[file: string, wanted: Set<string> | undefined][]} each file with tests to run, and their ids; undefined means all tests of the file
 */
function roundsOf(files, ids) {
  if (ids === undefined) return files.map((file) => [file, undefined])
  const inFile = (/** @type {string} */ file) => new Set(ids.filter((id) => id.startsWith(`${file} › `)))
  return files.flatMap((file) => (inFile(file).size > 0 ? [[file, inFile(file)]] : []))
}

/** @param {Run} run */
function failedIn({ results }) {
  return results.find((one) => one.status === TestStatus.Failed)
}

/** @param {Run} run */
function isTimeout(run) {
  return failedIn(run)?.failureMessage.includes('Exceeded timeout') === true
}

/** Adds the unhandled rejections and uncaught exceptions of this run to `strays`, and ignores those of other runs. @param {Set<unknown>} strays */
function catchStrays(strays) {
  const run = runs.getStore()
  const mine = (/** @type {unknown} */ error) => void (runs.getStore() === run && strays.add(error))
  const before = STRAYS.map((name) => ({ name, listeners: process.rawListeners(name) }))
  for (const name of STRAYS) process.removeAllListeners(name).on(name, mine)
  return () => {
    for (const { name, listeners } of before) {
      process.removeAllListeners(name)
      for (const listener of listeners) process.on(name, /** @type {(error: unknown) => void} */ (listener))
    }
  }
}

/** @param {Block} block @returns {Test[]} */
function testsIn(block) {
  return block.children.flatMap((child) => (child.type === 'describeBlock' ? testsIn(child) : [child]))
}

/** @param {Test} test */
function nameOf(test) {
  const names = []
  for (let one = /** @type {Test | Block} */ (test); one.parent !== undefined; one = one.parent) names.unshift(one.name)
  return names.join(' ')
}

/** @param {string} file @param {Test} test */
function idOf(file, test) {
  return `${file} › ${nameOf(test)}`
}

/** The result of a test, in Stryker's form. @param {string} file @param {Test} test @returns {TestResult} */
function resultOf(file, test) {
  const id = idOf(file, test)
  const result = { id, name: id, fileName: join(process.cwd(), file), timeSpentMs: test.duration ?? 0 }
  if (test.status !== 'done') return { ...result, status: TestStatus.Skipped }
  if (test.errors.length === 0) return { ...result, status: TestStatus.Success }
  return { ...result, status: TestStatus.Failed, failureMessage: textOf(test.errors[0]) }
}

/** @param {unknown} error */
function textOf(error) {
  const one = Array.isArray(error) ? (error[0] ?? error[1]) : error
  return String(/** @type {{ stack?: unknown } | undefined} */ (one)?.stack ?? one).slice(0, 2000)
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'jest-without-sandbox', JestWithoutSandbox)]
export const strykerValidationSchema = { properties: { inProcess: { type: 'object' } } }

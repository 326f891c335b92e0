// @ts-check
// Starts the processes of a benchmark and ends them by their pid.
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** @type {import('node:child_process').ChildProcess[]} */
const children = []

/**
 * @typedef {{ flags?: readonly string[], env?: NodeJS.ProcessEnv }} ProcessOptions `flags` for Node
 * @typedef {{ cpuMicros: number, heap: number }} Answer of a contestant; `heap` in bytes, known only with --expose-gc
 */

/**
 * Starts a program in a new process, and waits until it prints a line.
 * @param {string} file relative to this folder
 * @param {readonly unknown[]} [args]
 * @param {ProcessOptions} [options]
 * @returns {Promise<{ address: string, pid: number, child: import('node:child_process').ChildProcess }>} `address` is the first line that the process prints
 */
export async function start(file, args = [], { flags = [], env = {} } = {}) {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const child = spawn(process.execPath, [...flags, path, ...args.map(String)], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } })
  children.push(child)
  const [chunk] = await once(child.stdout, 'data')
  return { address: String(chunk).trim(), pid: Number(child.pid), child }
}

/**
 * Starts a contestant (one of the compared packages) in a process of its own. Each message to the process asks for a number of logins: see
 * `servers/contestant.mjs`.
 * @param {string} file of the contestant
 * @param {readonly unknown[]} args
 * @param {ProcessOptions} [options]
 */
export async function contest(file, args, { flags = [], env = {} } = {}) {
  const path = fileURLToPath(new URL('./servers/contestant.mjs', import.meta.url))
  const child = fork(path, [file, ...args.map(String)], { execArgv: [...flags], env: { ...process.env, ...env } })
  children.push(child)
  /** @type {((answer: any) => void) | undefined} */
  let settle
  child.on('message', (answer) => settle?.(answer))
  child.on('exit', () => settle?.({ error: `${file} has ended` }))
  /**
   * Sends a message to the contestant's process, and waits for the answer.
   * @param {object} [message]
   * @returns {Promise<Answer>}
   */
  const ask = async (message) => {
    const answered = new Promise((resolve) => (settle = resolve))
    if (message !== undefined) child.send(message)
    const answer = await answered
    if (answer.error !== undefined) throw new Error(answer.error)
    return answer
  }
  await ask()
  return { file, ask }
}

/** Multiplies a count by the environment variable BENCH_SHARE, for a quick try with fewer runs. Default: 1. @param {number} count */
export const tried = (count) => Math.ceil(count * Number(process.env.BENCH_SHARE ?? 1))

/** Kills all processes that this file has started. */
export function stop() {
  for (const child of children.splice(0)) child.kill('SIGKILL')
}

/**
 * @param {string[]} certificate for https: the file of the certificate, and the file of its key
 * @returns the address of the upstream server, and `calls`: the number of requests to each path since the last call of `calls`
 */
export async function startUpstream(...certificate) {
  const [address = '', counts = ''] = (await start('./servers/upstream.mjs', certificate)).address.split(' ')
  return { address, calls: async () => /** @type {Record<string, number>} */ (await (await fetch(counts)).json()) }
}

/**
 * A quantile of the values, for example the median for `q` = 0.5.
 * @param {readonly number[]} values
 * @param {number} q from 0 to 1
 */
export const quantile = (values, q) => Number([...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))])
/** @param {readonly number[]} values */
export const median = (values) => quantile(values, 0.5)

/**
 * Calls the function of each contestant once per round, in a new random order each round. So a disturbance of the machine affects all contestants alike. A
 * fixed order would be unfair: the upstream server could then be active before every call of one contestant, and idle before every call of another.
 * @template T
 * @param {number} count
 * @param {readonly (() => T | Promise<T>)[]} asked
 * @param {() => number} [random]
 * @returns {Promise<T[][]>} for each contestant, what its function returned in each round
 */
export async function rounds(count, asked, random = seeded(count)) {
  /** @type {T[][]} */
  const answers = asked.map(() => [])
  for (let round = 0; round < count; round++) {
    const order = asked.map((ask, one) => ({ at: random(), ask, one })).sort((a, b) => a.at - b.at)
    for (const { ask, one } of order) answers[one]?.push(await ask())
  }
  return answers
}

/**
 * Divides the values of one contestant by those of another, round by round, and returns the median of the ratios.
 * @param {readonly number[]} row one value for each round
 * @param {readonly number[]} base as long as the row
 */
export const medianRatio = (row, base) => median(row.map((value, round) => value / Number(base[round])))

/**
 * Seconds until a simulated person answers the approval request: log-normal, median 8 s, 0.1 % beyond 120 s.
 * @param {() => number} random
 */
export function answerSeconds(random) {
  const gauss = Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random())
  return 8 * Math.exp((Math.log(15) / 3.09) * gauss)
}

/**
 * For each of `people` simulated people, the seconds until the answer. The values have exactly the distribution of `answerSeconds`, from which a small random
 * sample could deviate. Only their order is random.
 * @param {number} people
 * @param {() => number} random
 */
export function spreadAnswers(people, random) {
  const many = Array.from({ length: people * 200 }, () => answerSeconds(random)).sort((a, b) => a - b)
  const answers = Array.from({ length: people }, (_, i) => Number(many[i * 200 + 100]))
  return answers.map((seconds) => ({ at: random(), seconds })).sort((a, b) => a.at - b.at).map(({ seconds }) => seconds)
}

/**
 * A generator of random numbers with a seed, so that two runs simulate the same people.
 * @param {number} seed
 */
export function seeded(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296
  }
}

// Starts the processes of a benchmark and ends them by their pid.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const children = []

/** @returns the first line that the process prints */
export async function start(file, args = [], { flags = [], env = {} } = {}) {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const child = spawn(process.execPath, [...flags, path, ...args.map(String)], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } })
  children.push(child)
  const [chunk] = await once(child.stdout, 'data')
  return { address: String(chunk).trim(), pid: child.pid }
}

export function stop() {
  for (const child of children.splice(0)) child.kill()
}

export const quantile = (values, q) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))]

/** Seconds until a person answers: log-normal, median 8 s, 0.1 % beyond 120 s. */
export function answerSeconds(random) {
  const gauss = Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random())
  return 8 * Math.exp((Math.log(15) / 3.09) * gauss)
}

/** Answers of so many people that have the distribution's own spread, in random order: few people drawn at random would not. */
export function spreadAnswers(people, random) {
  const many = Array.from({ length: people * 200 }, () => answerSeconds(random)).sort((a, b) => a - b)
  const answers = Array.from({ length: people }, (_, i) => many[i * 200 + 100])
  return answers.map((seconds) => [random(), seconds]).sort(([a], [b]) => a - b).map(([, seconds]) => seconds)
}

/** A generator with a seed, so that two runs have the same people. */
export function seeded(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296
  }
}

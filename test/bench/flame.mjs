// @ts-check
// Draws a flame graph of the CPU time of a push login: node test/bench/flame.mjs PICTURE.svg [FILE]
// FILE is the dist/index.js of another build, to compare with an earlier version: run `git worktree add`, `npm ci` and `npm run build` for that version.
// The profiler slows every function down a little. So the graph shows which share of the time each function takes, not how long. `parts/cpu.mjs` measures that.
import { readFileSync, writeFileSync } from 'node:fs'
import { register } from 'node:module'
import { Session } from 'node:inspector/promises'
import { pathToFileURL } from 'node:url'
import { startUpstream, stop } from './processes.mjs'
import { flames } from './svg.mjs'

const [, , picture, entry] = process.argv
if (picture === undefined) {
  console.error('node test/bench/flame.mjs PICTURE.svg [FILE]')
  process.exit(2)
}
const WARM_UP = 4000
const LOGINS = 6000
const INTERVAL_MICROS = 200
/** @typedef {import('node:inspector').Runtime.CallFrame} CallFrame */

/** Functions with a smaller share of the time are left out, because they would be too narrow to see. */
const LEAST_SHARE = 0.002

/** Assigns the CPU time of each function to an owner: the first one whose pattern matches the function's file (or its name, if it has no file). */
/** @type {readonly (readonly [owner: string, pattern: RegExp])[]} */
const OWNERS = [
  ['garbage collector', /^\(garbage collector\)$/],
  ['native: system calls, parser, OpenSSL', /^[^/:]*$/],
  ['axios', /node_modules\/(axios|follow-redirects|form-data|proxy-from-env)\//],
  ['the benchmark', /test\/bench\//],
  ['passport-nevis', /\/dist\//],
  ['node', /^node:/],
]
const ownerOf = (/** @type {CallFrame} */ { url, functionName }) => OWNERS.find(([, pattern]) => pattern.test(url || functionName))?.[0] ?? 'others'

const nameOf = (/** @type {CallFrame} */ { functionName, url, lineNumber }) => `${functionName || '(anonymous)'}${url && ` ${url.replace(/^.*\/(?=node_modules|dist|test)/, '')}:${lineNumber + 1}`}`

/**
 * Merges the samples into one tree. Calls of the same function by the same caller become one node.
 * @param {import('node:inspector').Profiler.Profile} profile
 */
function treeOf({ nodes, samples = [], timeDeltas = [] }) {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  /** The parent of each node, by the id of the node. @type {Map<number, import('node:inspector').Profiler.ProfileNode>} */
  const parents = new Map()
  for (const node of nodes) for (const child of node.children ?? []) parents.set(child, node)
  /** @type {import('./svg.mjs').Flame} */
  const root = { name: 'all', owner: 'all', micros: 0, children: new Map() }
  /** @type {Map<string, number>} */
  const owners = new Map()
  samples.forEach((id, i) => {
    /** @type {CallFrame[]} */
    const path = []
    // The root has no parent, and is not in the path.
    for (let node = byId.get(id); node !== undefined && parents.has(node.id); node = parents.get(node.id)) path.unshift(node.callFrame)
    const last = path.at(-1)
    if (last === undefined || last.functionName === '(idle)') return
    const micros = Number(timeDeltas[i])
    owners.set(ownerOf(last), (owners.get(ownerOf(last)) ?? 0) + micros)
    root.micros += micros
    let at = root
    for (const frame of path) {
      const name = nameOf(frame)
      /** @type {import('./svg.mjs').Flame} */
      const below = at.children.get(name) ?? { name, owner: ownerOf(frame), micros: 0, children: new Map() }
      at.children.set(name, below)
      at = below
      at.micros += micros
    }
  })
  return { root, owners }
}

if (entry !== undefined) {
  const url = JSON.stringify(String(pathToFileURL(entry)))
  const resolve = `export const resolve = (name, context, next) => (name === 'passport-nevis' ? { url: ${url}, shortCircuit: true } : next(name, context))`
  register(`data:text/javascript,${encodeURIComponent(resolve)}`)
}
try {
  const { contestant } = await import('./contestants/nevis.mjs')
  const login = await contestant((await startUpstream()).address)
  for (let i = 0; i < WARM_UP; i++) await login()
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_MICROS })
  await session.post('Profiler.start')
  for (let i = 0; i < LOGINS; i++) await login()
  const { profile } = await session.post('Profiler.stop')
  const { root, owners } = treeOf(profile)
  const each = root.micros / LOGINS
  const shares = [...owners].sort(([, a], [, b]) => b - a).map(([owner, micros]) => /** @type {const} */ ([owner, micros / root.micros]))
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  writeFileSync(picture, flames(`A push login, passport-nevis ${entry === undefined ? version : 'before'}: ${each.toFixed(0)} µs with the profiler on`, root, shares, LEAST_SHARE))
  console.log(`${each.toFixed(0)} µs: ${shares.map(([owner, share]) => `${owner} ${(100 * share).toFixed(0)} %`).join(', ')}`)
} finally {
  stop()
}
process.exit()

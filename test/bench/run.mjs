// @ts-check
// npm run bench -- [part …] | --without part … | page
// Measures all parts, or the named ones, stores the results in results.json, and writes docs/performance.md and its plots from them.
// `page` measures nothing, and only writes docs/performance.md and its plots again. Run `npm run build` first.
// BENCH_SHARE=0.05 npm run bench -- monitoring scale crowd crowd-polling rolling   tries these parts with a twentieth of the logins, and stores nothing
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { npmCommand } from '../../scripts/run.mjs'
import { writePage } from './page.mjs'

/** The parts of the benchmark, in the order in which they run. The parts that most need a quiet machine come first. */
const PARTS = ['cpu', 'login', 'handshakes', 'storage', 'loading', 'size', 'monitoring', 'first-paint', 'scale', 'memory', 'schedule', 'tap', 'tap-at-best', 'waiting', 'crowd', 'crowd-polling', 'load', 'rolling']
const PEERS = fileURLToPath(new URL('./peers/', import.meta.url))
const RESULTS = new URL('./results.json', import.meta.url)

const args = process.argv.slice(2)
const unknown = args.filter((arg) => !['page', '--without', ...PARTS].includes(arg))
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(' ')}; there are: ${PARTS.join(' ')}, page, --without`)
  process.exit(2)
}
const named = (/** @type {string} */ part) => args.includes(part)
const isAll = args.length === 0
const wanted = named('--without') ? PARTS.filter((part) => !named(part)) : isAll ? PARTS : PARTS.filter(named)

const results = JSON.parse(readFileSync(RESULTS, 'utf8'))
if (wanted.some((part) => ['cpu', 'handshakes', 'loading'].includes(part)) && !existsSync(`${PEERS}node_modules`)) {
  execFileSync(...npmCommand(['ci', '--no-audit', '--no-fund']), { cwd: PEERS, stdio: 'inherit' })
}
for (const part of wanted) {
  const began = performance.now()
  const loadBefore = Number(loadavg()[0])
  console.log(`${wanted.indexOf(part) + 1}/${wanted.length} ${part} …`)
  try {
    const { measure } = await import(`./parts/${part}.mjs`)
    const result = await measure({ log: (/** @type {string} */ line) => console.log(`  ${line}`) })
    if (process.env.BENCH_SHARE !== undefined) {
      console.log(result)
      continue
    }
    const isVoid = result.control !== undefined && (result.control < 0.95 || result.control > 1.05)
    if (isVoid) {
      console.error(`  void: the same calls once more cost ${result.control.toFixed(3)} times as much; the machine is not quiet`)
      process.exitCode = 1
    }
    results[part] = {
      date: new Date().toISOString().slice(0, 10),
      node: process.version,
      machine: `${availableParallelism()} cores, ${cpus()[0]?.model}`,
      load: Number(loadBefore.toFixed(1)),
      ...(isVoid && { void: true }),
      ...result,
    }
    writeFileSync(RESULTS, `${JSON.stringify(results, (_key, value) => (typeof value === 'number' ? Number(value.toPrecision(5)) : value), 1)}\n`)
  } catch (error) {
    console.error(`  failed: ${error instanceof Error ? error.stack : error}`)
    process.exitCode = 1
  }
  console.log(`  ${((performance.now() - began) / 1000).toFixed(0)} s`)
}
if (process.env.BENCH_SHARE === undefined) writePage(results)

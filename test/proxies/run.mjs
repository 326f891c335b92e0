// @ts-check
/**
 * Signs in through nginx, HAProxy and Apache, each in several common configurations, and stops apps under process managers.
 *
 *   npm run proxies             every scenario; installs PM2 from npm
 *   npm run proxies -- --quick  only the scenarios that the test suite runs, too
 *   npm run proxies -- Apache   only the scenarios whose name contains `Apache`
 *
 * Run `npm run build` first. Prints a line for each scenario, and ends with 1 if one failed.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { attacks, quickAttacks } from './attacks.mjs'
import { managers } from './managers.mjs'
import { quick, slow } from './shapes.mjs'

const DEADLINE_MS = 120_000

if (!existsSync(join(import.meta.dirname, '../../dist/index.js'))) throw new Error('run "npm run build" first')
const [choice = ''] = process.argv.slice(2)
const inTheSuite = { ...quick, ...quickAttacks }
const shapes = choice === '--quick' ? inTheSuite : { ...inTheSuite, ...slow, ...attacks, ...managers }
let failures = 0
for (const [name, shape] of Object.entries(shapes)) {
  if (choice !== '--quick' && !name.includes(choice)) continue
  const startedAt = Date.now()
  console.log(`...  ${name}`)
  /** @type {NodeJS.Timeout | undefined} */
  let timer
  try {
    const late = new Promise((_resolve, reject) => (timer = setTimeout(() => reject(new Error(`not over after ${DEADLINE_MS / 1000} s`)), DEADLINE_MS)))
    const outcome = await Promise.race([shape(), late])
    console.log(`ok   ${name} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)${outcome ? `: ${outcome}` : ''}`)
  } catch (error) {
    failures++
    console.log(`FAIL ${name}: ${error instanceof Error ? error.stack : String(error)}`)
  } finally {
    clearTimeout(timer)
  }
}
process.exit(failures === 0 ? 0 : 1)

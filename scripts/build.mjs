// @ts-check
/**
 * Builds everything that runs from a build: the package, the waiting page's browser script, and the example app.
 * `npm run build`, or `node scripts/build.mjs package` for the package alone.
 */
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, runNode, step } from './run.mjs'

const onlyPackage = process.argv[2] === 'package'
const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')

step('Building the package (dist/)')
rmSync(join(ROOT, 'dist'), { recursive: true, force: true })
await runNode([tsc])
await runNode([tsc, '-p', 'src/waiting/assets'])
cpSync(join(ROOT, 'src/waiting/assets/waiting.css'), join(ROOT, 'dist/waiting/assets/waiting.css'))

if (!onlyPackage) {
  step('Building the example app (example-app/dist/)')
  rmSync(join(ROOT, 'example-app/dist'), { recursive: true, force: true })
  await runNode([tsc, '-p', 'example-app'])
}

// @ts-check
/**
 * Builds the package, the waiting page's browser script and the example app.
 * `npm run build`, or `node scripts/build.mjs package` for the package alone.
 */
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { ROOT, runNode, step } from './run.mjs'

const onlyPackage = process.argv[2] === 'package'
const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')

step('Building the package (dist/)')
rmSync(join(ROOT, 'dist'), { recursive: true, force: true })
await runNode([tsc])
await runNode([tsc, '-p', 'src/waiting/assets'])
cpSync(join(ROOT, 'src/waiting/assets/waiting.css'), join(ROOT, 'dist/waiting/assets/waiting.css'))

// Replaces `asset-text.js`, which reads the script and the style of the pages from files, by a module that contains both as strings. A bundled package
// does not find the files.
const assetText = join(ROOT, 'dist/waiting/asset-text.js')
const { script, style } = /** @type {{ script: string, style: string }} */ (createRequire(import.meta.url)(assetText))
writeFileSync(assetText, `"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.script = ${JSON.stringify(script)};
exports.style = ${JSON.stringify(style)};
`)

if (!onlyPackage) {
  step('Building the example app (example-app/dist/)')
  rmSync(join(ROOT, 'example-app/dist'), { recursive: true, force: true })
  await runNode([tsc, '-p', 'example-app'])
}

// @ts-check
/**
 * Checks the types of all code in this repository: `npm run typecheck`. Run `npm run build` first, because the example app imports the built
 * package.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, runNode, step } from './run.mjs'

const PROJECTS = [
  ['.', 'the package'],
  ['src/waiting/assets', 'the browser script of the waiting page'],
  ['src/waiting/browser', 'the browser entry, without types of Node'],
  ['example-app', 'the example app'],
  ['example-app/tsconfig.public.json', 'the browser script of the example app'],
  ['test', 'the tests'],
  ['test/types', 'apps that must compile, and apps that must not'],
  ['test/hosts', 'the hosts: Fastify, NestJS'],
  ['test/stranger/shapes/typescript', 'an app in TypeScript that was not made here'],
  ['scripts', 'scripts, CI helpers, benchmarks, mutation tests'],
]

if (!existsSync(join(ROOT, 'dist/index.d.ts'))) {
  console.error('The example app imports the built package: run "npm run build" first.')
  process.exit(1)
}
// TypeScript 7 needs half as long as TypeScript 6 for these checks. `npm run build` compiles the package with TypeScript 6.
const tsc = join(ROOT, 'node_modules/typescript-7/bin/tsc')
for (const [i, [project, what]] of PROJECTS.entries()) {
  step(`Types ${i + 1}/${PROJECTS.length}: ${what} (${project})`)
  await runNode([tsc, '--noEmit', '-p', /** @type {string} */ (project)])
}

// @ts-check
/** `npm start`: installs and builds if needed, then runs the example app in this process, so that a signal reaches the app directly. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT, runNode, runNpm, step } from './run.mjs'

if (!existsSync(join(ROOT, 'node_modules/typescript'))) {
  step('Installing dependencies (npm ci; about a minute)')
  await runNpm(['ci', '--include=dev', '--no-audit', '--no-fund'])
}
await runNode([join(ROOT, 'scripts/build.mjs')])
step('Starting the example app')
// On SIGTERM, npm signals only the shell that runs this script, and not every shell forwards the signal. So this process ends when the shell has
// ended.
const shell = process.ppid
if (process.env['npm_lifecycle_event'] !== undefined) setInterval(() => process.ppid !== shell && process.kill(process.pid, 'SIGTERM'), 100).unref()
await import(pathToFileURL(join(ROOT, 'example-app/dist/server.js')).href)

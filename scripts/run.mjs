// @ts-check
/** Functions for all scripts: run other programs in the project's folder, on every operating system. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '..')

/**
 * Prints a line that says what the script does next.
 * @param {string} text
 */
export function step(text) {
  console.log(`> ${text}`)
}

/**
 * Runs Node with these arguments, and forwards SIGTERM and SIGINT to the new process. If the new process fails, this process exits with the same code.
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env] in addition to the environment of this process
 * @returns {Promise<void>}
 */
export async function runNode(args, env = {}) {
  await run(process.execPath, args, env)
}

/**
 * @param {readonly string[]} args
 * @returns {Promise<void>}
 */
export async function runNpm(args) {
  await run(...npmCommand(args), {})
}

/**
 * The program and the arguments that run npm. On Windows, the command `npm` is a shell script, which Node cannot start. `npm_execpath` is the JavaScript
 * file behind it; npm sets it for the scripts of a `package.json`.
 * @param {readonly string[]} args
 * @returns {[program: string, args: string[]]}
 */
export function npmCommand(args) {
  const script = process.env['npm_execpath']
  return script === undefined ? ['npm', [...args]] : [process.execPath, [script, ...args]]
}

/**
 * Runs a program in the project's folder, and forwards SIGTERM and SIGINT to it. If it fails, this process exits with the same code.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
async function run(program, args, env) {
  const child = spawn(program, args, { cwd: ROOT, env: { ...process.env, ...env }, stdio: 'inherit' })
  const signals = /** @type {const} */ (['SIGTERM', 'SIGINT'])
  const passOn = (/** @type {NodeJS.Signals} */ signal) => void child.kill(signal)
  for (const signal of signals) process.on(signal, passOn)
  const [code, signal] = await once(child, 'close')
  for (const each of signals) process.off(each, passOn)
  if (signal !== null) process.kill(process.pid, signal)
  if (code !== 0) process.exit(code ?? 1)
}

// @ts-check
/**
 * Runs once before the tests: compiles the waiting page's browser script if it is older than its source. All other code is tested from `src`,
 * without a build.
 */
import { cpSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, runNode } from './run.mjs'

const source = join(ROOT, 'src/waiting/assets')
const built = join(ROOT, 'dist/waiting/assets')

export default async function beforeTests() {
  mkdirSync(built, { recursive: true })
  if (isOlder('waiting.css', 'waiting.css')) cpSync(join(source, 'waiting.css'), join(built, 'waiting.css'))
  const scripts = readdirSync(source).filter((file) => file.endsWith('.ts'))
  if (scripts.some((file) => isOlder(file.replace(/ts$/, 'js'), file))) await runNode([join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', source])
}

/**
 * True if the compiled file does not exist, or is older than its source.
 * @param {string} file the compiled file
 * @param {string} from the source file
 */
function isOlder(file, from) {
  const made = statSync(join(built, file), { throwIfNoEntry: false })
  return made === undefined || made.mtimeMs < statSync(join(source, from)).mtimeMs
}

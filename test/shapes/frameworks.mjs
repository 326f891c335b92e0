// @ts-check
/**
 * Tools that build a folder with everything that the app needs: Next.js with `output: 'standalone'`, Nitro, and a tracer of files. The built folder is moved away
 * and the sources are removed, so that the app cannot use them. Out of scope: bundlers (`shapes.mjs`), signing in (`sign-in.mjs`).
 */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { byNpm, layOut, writePackage } from './installed.mjs'

const run = promisify(execFile)
const node = process.execPath

/**
 * Builds the app with a framework, and moves the result to another folder.
 * @param {string} name of a folder next to this file
 * @param {Record<string, string>} dependencies
 * @param {{ build: string[], output: string, start: Omit<import('./shapes.mjs').Start, 'program'> }} how `build`: arguments of Node; `output`: the folder that
 * the framework builds
 * @returns {import('./shapes.mjs').Shape}
 */
const withFramework = (name, dependencies, { build, output, start }) => ({
  async make(entry, folder, tools) {
    cpSync(join(import.meta.dirname, name), tools, { recursive: true })
    cpSync(join(dirname(entry), 'site.mjs'), join(tools, 'site.mjs'))
    await writePackage(tools, dependencies)
    await byNpm(tools)
    const env = { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', BASE_PATH: start.base ?? '', NEVIS_BASE_URL: 'http://127.0.0.1:1', NEVIS_ACCESS_KEY: 'unused-while-building' }
    await run(node, build, { cwd: tools, env, timeout: 280_000, maxBuffer: 1e8 })
    rmSync(folder, { recursive: true })
    renameSync(join(tools, output), folder)
    rmSync(tools, { recursive: true })
    return { program: node, ...start }
  },
})

/** @type {Record<string, import('./shapes.mjs').Shape>} */
export const frameworks = {
  'Next.js, standalone': withFramework('next', { next: '16.4.6', react: '^18.3.1', 'react-dom': '^18.3.1' }, {
    build: ['node_modules/next/dist/bin/next', 'build'],
    output: '.next/standalone',
    start: { args: ['server.js'], base: '/api', env: (port) => ({ PORT: String(port), HOSTNAME: '127.0.0.1' }) },
  }),
  Nitro: withFramework('nitro', { nitropack: '2.13.6', h3: '^1.15.11' }, {
    build: ['node_modules/nitropack/dist/cli/index.mjs', 'build'],
    output: '.output',
    start: { args: ['server/index.mjs'], env: (port) => ({ PORT: String(port), HOST: '127.0.0.1' }) },
  }),
  'a tracer of files (nft)': {
    needs: ['@vercel/nft'],
    async make(entry, folder, tools) {
      const { nodeFileTrace } = createRequire(join(tools, 'index.js'))('@vercel/nft')
      const source = join(tools, 'app')
      mkdirSync(source)
      await layOut(entry, source)
      await byNpm(source)
      const { fileList } = await nodeFileTrace([join(source, 'app.mjs')], { base: source, conditions: ['node', 'module-sync'] })
      for (const file of fileList) cpSync(join(source, file), join(folder, file))
      rmSync(source, { recursive: true })
      return { program: node, args: ['app.mjs'] }
    },
  },
}

// @ts-check
/**
 * Loads the project's files (TypeScript, compiled as jest does it) in this process: anew for each run of a test file, so that a mutant leaves no state behind.
 *
 * Packages are loaded only once, because they are not under test. The only exception is nock (see `AGAIN`). Out of scope: running tests (`runner.mjs`).
 */
import { transformSync } from '@swc/core'
import { readFileSync } from 'node:fs'
import Module, { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'
import { Script } from 'node:vm'

/** The package nock, and @mswjs, which nock uses, are loaded again for each run, because nock replaces node:http when it is loaded. */
const AGAIN = /[\\/]node_modules[\\/](nock|@mswjs)[\\/]/
const PACKAGES = `${sep}node_modules${sep}`

/** @typedef {import('@swc/core').Options} SwcOptions */

export class ProjectFiles {
  /** @type {Map<string, (module: NodeJS.Module) => void>} */
  #compiled = new Map()
  #root
  #require

  /**
   * @param {string} root
   * @param {SwcOptions} swc
   * @param {Map<string, string>} [sources] texts that replace the files with these absolute paths
   */
  constructor(root, swc, sources = new Map()) {
    this.#root = root
    this.#require = createRequire(join(root, 'package.json'))
    this.#require.extensions['.ts'] = (module, filename) => {
      let run = this.#compiled.get(filename)
      if (run === undefined) this.#compiled.set(filename, (run = compiled(filename, sources.get(filename) ?? readFileSync(filename, 'utf8'), swc)))
      run(module)
    }
  }

  /** @param {string} file path below the root */
  load(file) {
    return this.#require(join(this.#root, file))
  }

  forget() {
    const { cache } = this.#require
    for (const [filename, module] of Object.entries(cache)) {
      const isOurs = filename.startsWith(this.#root) && !filename.slice(this.#root.length).includes(PACKAGES)
      if (!isOurs && !AGAIN.test(filename)) continue
      if (/[\\/]nock[\\/]index\.js$/.test(filename)) module?.exports.restore()
      delete cache[filename]
    }
  }
}

/**
 * @param {string} filename
 * @param {string} text
 * @param {SwcOptions} swc
 * @returns {(module: NodeJS.Module) => void} a function that runs the file again and sets the module's exports
 */
function compiled(filename, text, swc) {
  const { code } = transformSync(text, { ...swc, filename, swcrc: false, sourceMaps: false })
  const body = new Script(Module.wrap(code), { filename }).runInThisContext()
  const require = createRequire(filename)
  return (module) => body.call(module.exports, module.exports, require, module, filename, dirname(filename))
}

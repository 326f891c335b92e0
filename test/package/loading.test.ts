/** Tests which files are loaded by `require` and by `import` of the package, and that these files load no others at run time. */
import { buildSync } from 'esbuild'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { ROOT } from '../support/installed'

interface Loaded {
  /** The loaded files of dist, without extension. */
  readonly ours: readonly string[]
  readonly packages: readonly string[]
  readonly result: unknown
}

function afterRunning(script: string): Loaded {
  const print = 'console.log(JSON.stringify({ paths: Object.keys(require.cache), result }))'
  const answer = execFileSync(process.execPath, ['-e', `${script}; ${print}`], { cwd: ROOT, encoding: 'utf8' })
  const { paths, result } = JSON.parse(answer) as { paths: string[]; result: unknown }
  const names = paths.map((path) => path.slice(ROOT.length + 1).split(sep).join('/'))
  return {
    ours: names.filter((name) => name.startsWith('dist/')).map((name) => name.slice('dist/'.length, -'.js'.length)),
    packages: [...new Set(names.flatMap((name) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(name)?.[1] ?? []))],
    result,
  }
}

describe('require', () => {
  it('loads the package and what it needs, and neither the simulator nor the doctor', () => {
    const { ours, packages } = afterRunning("const result = require('passport-nevis') && 1")
    expect(ours).toContain('strategy/strategy')
    expect(ours.filter((name) => /^(simulator|doctor)\//.test(name))).toEqual([])
    expect(packages.filter((name) => ['axios', 'passport-strategy', 'proxy-from-env', 'passport', 'express'].includes(name)).sort()).toEqual(['axios', 'passport-strategy', 'proxy-from-env'])
  })

  it('and import give the same names, and the same objects', () => {
    const script = `
      const required = require('passport-nevis')
      import('passport-nevis').then((imported) => {
        const names = Object.keys(imported).filter((name) => !['default', 'module.exports', '__esModule'].includes(name))
        const oneClass = [imported.default, imported.Strategy, imported.NevisStrategy].every((strategy) => strategy === required)
        console.log(JSON.stringify({ oneClass, names, required: Object.keys(required), same: names.filter((name) => imported[name] === required[name] && required[name] !== undefined) }))
      })`
    const answer = execFileSync(process.execPath, ['-e', script], { cwd: ROOT, encoding: 'utf8' })
    const { names, required, same, oneClass } = JSON.parse(answer) as Record<'names' | 'required' | 'same', string[]> & { oneClass: boolean }
    expect(oneClass).toBe(true)
    expect(names.length).toBeGreaterThan(20)
    expect(required.filter((name) => name !== 'default').toSorted()).toEqual(names.toSorted())
    expect(same).toEqual(names)
  })
})

// A bundler does not see a file that is read at run time, or loaded by a `require` that is made at run time. Such a file would be missing in a bundle.
it.each(['index.js', 'index.mjs', 'waiting/browser/index.mjs'])('no file that is reachable from %s reads a file or makes a require of its own', (entry) => {
  const { metafile } = buildSync({ entryPoints: [join(ROOT, 'dist', entry)], absWorkingDir: ROOT, bundle: true, platform: 'node', format: 'esm', packages: 'external', metafile: true, write: false })
  const files = Object.keys(metafile.inputs)
  expect(files.length).toBeGreaterThan(2)
  expect(files.filter((file) => !file.startsWith('dist/') || /^dist\/(doctor|simulator)\//.test(file))).toEqual([])
  expect(files.filter((file) => /\b(readFile|createRequire)|["'](node:)?(fs|module)["'/]/.test(readFileSync(join(ROOT, file), 'utf8')))).toEqual([])
})

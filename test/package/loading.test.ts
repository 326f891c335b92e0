/** What is loaded when: nothing with the package, each name with its own files, axios with the first client. In fresh processes. */
import { execFileSync } from 'node:child_process'
import { sep } from 'node:path'
import { ROOT } from '../support/installed'

interface Loaded {
  /** Of dist, without extension. */
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
  it('loads one file and no package, until a name is asked for', () => {
    const { ours, packages } = afterRunning("const result = require('passport-nevis') && 1")
    expect(ours).toEqual(['on-demand'])
    expect(packages).toEqual([])
  })

  it('loads for the client what lies in its folder, and no axios', () => {
    const { ours, packages } = afterRunning("const result = require('passport-nevis').NevisClient.name")
    expect(ours.filter((name) => !name.startsWith('client/'))).toEqual(['on-demand'])
    expect(packages).toEqual(['proxy-from-env'])
  })

  it('loads axios with the first client, so that no login waits for it', () => {
    const { packages } = afterRunning("const result = new (require('passport-nevis').NevisClient)({ instance: 'i', accessKey: 'k' }) && 1")
    expect(packages).toContain('axios')
  })

  it('loads for the strategy no page and no text', () => {
    const { ours, packages } = afterRunning("const result = require('passport-nevis').NevisStrategy.name")
    expect(ours).toContain('exchange')
    expect(ours.filter((name) => name === 'waiting/page' || name.startsWith('waiting/texts/'))).toEqual([])
    expect(packages).toEqual(['proxy-from-env', 'passport-strategy'])
  })

  it('gives the names of index, and the same objects as import', () => {
    const script = `
      const required = require('passport-nevis')
      import('passport-nevis').then((imported) => {
        const names = Object.keys(imported).filter((name) => !['default', 'module.exports', '__esModule'].includes(name))
        console.log(JSON.stringify({ names, required: Object.keys(required), same: names.filter((name) => imported[name] === required[name] && required[name] !== undefined) }))
      })`
    const { names, required, same } = JSON.parse(execFileSync(process.execPath, ['-e', script], { cwd: ROOT, encoding: 'utf8' })) as Record<string, string[]>
    expect(names?.length).toBeGreaterThan(20)
    expect(required?.toSorted()).toEqual(names?.toSorted())
    expect(same).toEqual(names)
  })
})

/** Tests that tools which look for the package's names without a call find all of them: jest, when it mocks the package, and Node, for an `import` by name. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT } from '../support/installed'

type Exports = Record<string, unknown>

const INDEX = join(ROOT, 'dist/index.js')
const real = jest.requireActual<Exports>(INDEX)
const names = Object.keys(real)

/** The names of a class's methods, without getters. Empty for any other value. */
function methodsOf(value: unknown): string[] {
  const { prototype } = Object(value) as { prototype?: object }
  const properties = Object.entries(Object.getOwnPropertyDescriptors(prototype ?? {}))
  return properties.filter(([name, { value }]) => name !== 'constructor' && typeof value === 'function').map(([name]) => name)
}

describe("jest.mock('passport-nevis')", () => {
  const mocked = jest.createMockFromModule<Exports>(INDEX)

  it('gives every name of the package, with a value of the same type, and every function as a mock', () => {
    expect(names.length).toBeGreaterThan(25)
    expect(names.filter((name) => typeof mocked[name] !== typeof real[name])).toEqual([])
    expect(names.filter((name) => typeof real[name] === 'function' && !jest.isMockFunction(mocked[name]))).toEqual([])
  })

  it('gives every class with its methods as mocks', () => {
    const classes = names.filter((name) => methodsOf(real[name]).length > 0)
    expect(classes).toEqual(expect.arrayContaining(['default', 'NevisStrategy', 'NevisClient', 'MemoryLedger', 'PostgresLedger', 'RedisLedger']))
    const isMocked = (name: string, method: string) => jest.isMockFunction((mocked[name] as { prototype: Record<string, unknown> }).prototype[method])
    expect(classes.flatMap((name) => methodsOf(real[name]).flatMap((method) => (isMocked(name, method) ? [] : `${name}.${method}`)))).toEqual([])
  })

  it('gives the class of the strategy as the module itself, and by its three names', () => {
    expect(typeof mocked).toBe('function')
    expect([mocked['default'], mocked['Strategy'], mocked['NevisStrategy']].every((one) => one === mocked)).toBe(true)
  })
})

// Node reads the names of a CommonJS file from its text, without running it. An app gets this file if its tool resolves the package by the condition `require`.
it('an import by name from the CommonJS file finds every name', () => {
  const script = `import * as names from ${JSON.stringify(pathToFileURL(INDEX).href)}; console.log(JSON.stringify(Object.keys(names)))`
  const found = JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })) as string[]
  expect(found).toEqual(expect.arrayContaining(names))
})

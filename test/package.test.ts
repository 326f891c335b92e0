/** The package as its users get it: its doors, its files, and what loading it costs. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(__dirname, '..')
/** Runs a script inside the package, where its own name leads through its own doors. */
const run = (script: string, type = 'commonjs'): unknown =>
  JSON.parse(execFileSync(process.execPath, [`--input-type=${type}`, '-e', script], { cwd: root, encoding: 'utf8' }))

describe('the doors', () => {
  it.each(['passport-nevis', 'passport-nevis/simulator'])('%s gives the same values to import and to require', (door) => {
    const names = run(
      `import { createRequire } from 'node:module'
       import * as imported from '${door}'
       const required = createRequire(process.cwd() + '/x.js')('${door}')
       const names = Object.keys(required)
       console.log(JSON.stringify(names.map((name) => [name, imported[name] === required[name]])))`,
      'module',
    ) as [string, boolean][]
    expect(names.length).toBeGreaterThan(0)
    expect(names.filter(([, isSame]) => !isSame)).toEqual([])
  })

  it('passport-nevis gives these names and no others', () => {
    expect((run(`console.log(JSON.stringify(Object.keys(require('passport-nevis'))))`) as string[]).sort()).toMatchInlineSnapshot(`
[
  "MemoryLedger",
  "NevisClient",
  "NevisError",
  "NevisStrategy",
  "RedisLedger",
  "StorageError",
  "app",
  "atLeast",
  "defaultSchedule",
  "failures",
  "htmlMessage",
  "languages",
  "outagePage",
  "ownAuthenticator",
  "push",
  "recordSecondFactor",
  "recovery",
  "requireSecondFactor",
  "secondFactorOf",
  "sms",
  "statusEndpoint",
  "waitingPage",
  "watchTransaction",
  "widget",
]
`)
  })

  it('passport-nevis/package.json is there', () => {
    expect(run(`console.log(JSON.stringify(require('passport-nevis/package.json').name))`)).toBe('passport-nevis')
  })

  it('anything else is closed', () => {
    expect(run(`try { require('passport-nevis/dist/strategy.js') } catch ({ code }) { console.log(JSON.stringify(code)) }`)).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED')
  })
})

describe('loading passport-nevis', () => {
  it('loads neither the simulator nor the doctor nor axios', () => {
    const loaded = run(`require('passport-nevis'); console.log(JSON.stringify(Object.keys(require.cache)))`) as string[]
    expect(loaded.length).toBeGreaterThan(0)
    expect(loaded.filter((file) => /simulator|dist.doctor|node_modules.axios/.test(file))).toEqual([])
  })
})

describe('the tarball', () => {
  it('holds the build, the papers and nothing else', () => {
    const [{ files }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })) as [
      { files: { path: string }[] },
    ]
    const paths = files.map(({ path }) => path)
    const others = paths.filter((path) => !/^dist\/.+\.(js|mjs|d\.ts|d\.mts|css)$/.test(path)).sort()
    expect(others).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'docs/asvs.md', 'docs/coverage.md', 'docs/events.md', 'docs/performance.md', 'package.json'])
    expect(paths).toEqual(expect.arrayContaining(['dist/index.js', 'dist/index.mjs', 'dist/index.d.ts', 'dist/index.d.mts', 'dist/waiting/assets/waiting.js', 'dist/waiting/assets/waiting.css', 'dist/simulator/command.js', 'dist/doctor/command.js', 'dist/doctor/app-process.js']))
  })

  it('has these commands, each a script for node', () => {
    const { bin } = run(`console.log(JSON.stringify(require('passport-nevis/package.json')))`) as { bin: Record<string, string> }
    expect(bin).toEqual({ 'passport-nevis': 'dist/doctor/command.js', 'passport-nevis-simulator': 'dist/simulator/command.js' })
    for (const file of Object.values(bin)) expect(readFileSync(join(root, file), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
  })

  it('runs nothing when it is installed', () => {
    const { scripts } = JSON.parse(execFileSync(process.execPath, ['-p', `JSON.stringify(require('./package.json'))`], { cwd: root, encoding: 'utf8' })) as { scripts: object }
    expect(Object.keys(scripts).filter((name) => ['preinstall', 'install', 'postinstall', 'prepare'].includes(name))).toEqual([])
  })
})

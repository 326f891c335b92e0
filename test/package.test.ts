/** Tests the package as its users get it: its entry points, its files, and what loading it costs. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { pack, ROOT, runtimeClosure } from './support/installed'
import { guides, targetsOf } from './support/markdown'

/** Runs a script inside the package, so that the package's name resolves to its own entry points. */
const run = (script: string, type = 'commonjs'): unknown =>
  JSON.parse(execFileSync(process.execPath, [`--input-type=${type}`, '-e', script], { cwd: ROOT, encoding: 'utf8' }))

describe('the entry points', () => {
  it.each(['passport-nevis', 'passport-nevis/simulator'])('%s exports the same values to import and to require', (entryPoint) => {
    const names = run(
      `import { createRequire } from 'node:module'
       import * as imported from '${entryPoint}'
       const required = createRequire(process.cwd() + '/x.js')('${entryPoint}')
       const names = Object.keys(required)
       console.log(JSON.stringify(names.map((name) => [name, imported[name] === required[name]])))`,
      'module',
    ) as [string, boolean][]
    expect(names.length).toBeGreaterThan(0)
    expect(names.filter(([, isSame]) => !isSame)).toEqual([])
  })

  // Shows: N-oob-2
  it('passport-nevis gives these names and no others', () => {
    expect((run(`console.log(JSON.stringify(Object.keys(require('passport-nevis'))))`) as string[]).sort()).toMatchInlineSnapshot(`
[
  "MemoryLedger",
  "NevisClient",
  "NevisError",
  "NevisStrategy",
  "PostgresLedger",
  "RedisLedger",
  "StorageError",
  "Strategy",
  "app",
  "atLeast",
  "default",
  "defaultSchedule",
  "failureText",
  "failures",
  "forgetBrowsers",
  "htmlMessage",
  "languages",
  "liftLimits",
  "metricsOf",
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
  it('loads nothing of the simulator', () => {
    const loaded = run(`require('passport-nevis'); console.log(JSON.stringify(Object.keys(require.cache)))`) as string[]
    expect(loaded.length).toBeGreaterThan(0)
    expect(loaded.filter((file) => /simulator/.test(file))).toEqual([])
  })
})

describe('the tarball', () => {
  const { files, size, unpackedSize } = pack('--dry-run')
  const paths = files.map(({ path }) => path)

  it('holds the build of every source, the papers, the guides and nothing else', () => {
    const sources = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && entry.name !== 'tsconfig.json')
    const built = sources.map((entry) => relative(join(ROOT, 'src'), join(entry.parentPath, entry.name))).flatMap((path) => {
      const [, name, kind] = /^(.+)\.(ts|mts|js|css)$/.exec(path) as unknown as [string, string, string]
      // The script and the style of the pages are not in the package as files: `waiting/asset-text.js` contains their text.
      if (name.startsWith('waiting/assets/')) return []
      // The folder `doctor` contains the commands. Apps do not import them, so they need no type declarations.
      if (name.startsWith('doctor/')) return [`${name}.js`]
      return kind === 'ts' ? [`${name}.js`, `${name}.d.ts`] : kind === 'mts' ? [`${name}.mjs`, `${name}.d.mts`] : [path]
    })
    expect(paths.filter((path) => path.startsWith('dist/')).sort()).toEqual(built.map((path) => `dist/${path}`).sort())
    expect(readFileSync(join(ROOT, 'dist/waiting/asset-text.js'), 'utf8')).not.toMatch(/require\(|readFile\w*\(/)
    const others = paths.filter((path) => !path.startsWith('dist/')).sort()
    const papers = ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'docs/asvs.md', 'docs/coverage.md', 'docs/cross-device.md', 'docs/events.md', 'docs/performance.md', 'docs/reference.md', 'docs/threat-model.md', 'package.json']
    expect(others).toEqual([...papers, ...guides, 'docs/monitoring/alerts.yml', 'docs/monitoring/dashboard.json'].sort())
  })

  it('holds every file to which a document in it links, pictures included', () => {
    const lost = paths.filter((path) => path.endsWith('.md')).flatMap((path) => {
      const files = targetsOf(readFileSync(join(ROOT, path), 'utf8')).flatMap((target) => target.split('#')[0] || [])
      return files.filter((file) => !paths.includes(join(dirname(path), file))).map((file) => `${path}: ${file}`)
    })
    expect(lost).toEqual([])
  })

  it('holds each command, as a script of Node', () => {
    const { bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { bin: Record<string, string> }
    expect(bin).toEqual({ 'passport-nevis': 'dist/doctor/command.js', 'passport-nevis-simulator': 'dist/simulator/command.js' })
    expect(paths).toEqual(expect.arrayContaining(Object.values(bin)))
    for (const file of Object.values(bin)) expect(readFileSync(join(ROOT, file), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
  })

  // At least 76 KB of the packed size are comments in JavaScript, for reviewers who read the installed files. The limits are a little above today's size, so that
  // a file that is packed by mistake is noticed.
  it('is no bigger than 895 KB packed, and 3050 KB unpacked', () => {
    expect(size).toBeLessThan(895_000)
    expect(unpackedSize).toBeLessThan(3_050_000)
  })
})

describe('an installation', () => {
  it('brings along four packages and their own, 44 at most', () => {
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { dependencies: object }
    expect(Object.keys(dependencies)).toEqual(['@types/passport', 'axios', 'passport-strategy', 'proxy-from-env'])
    const folders = [...runtimeClosure().keys()]
    expect(folders).toEqual(expect.arrayContaining(['node_modules/axios', 'node_modules/form-data', 'node_modules/@types/express-serve-static-core']))
    expect(folders.length).toBeLessThanOrEqual(44)
  })

  it('works with Passport 0.6 and 0.7, and does not install Passport, because some frameworks bring their own', () => {
    const { peerDependencies, peerDependenciesMeta } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<string, object>
    expect({ peerDependencies, peerDependenciesMeta }).toEqual({ peerDependencies: { passport: '^0.6.0 || ^0.7.0' }, peerDependenciesMeta: { passport: { optional: true } } })
  })

  it('runs no script, of this package or of another', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object }
    expect(Object.keys(scripts).filter((name) => ['preinstall', 'install', 'postinstall', 'prepare'].includes(name))).toEqual([])
    expect([...runtimeClosure()].filter(([, { hasInstallScript }]) => hasInstallScript).map(([folder]) => folder)).toEqual([])
  })
})

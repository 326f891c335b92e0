/**
 * Compiles a TypeScript application that has installed only this package and its dependencies: with several versions of TypeScript and each module resolution,
 * as ESM and as CommonJS. The compiler also checks the declarations of this package (`skipLibCheck: false`).
 *
 * Out of scope: what the application contains, and which of its lines must not compile (`test/types`).
 */
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { installElsewhere, ROOT } from '../support/installed'

/** The names of the compilers in package.json. */
const COMPILERS = ['typescript-5.4', 'typescript-5.9', 'typescript', 'typescript-7']
const BOTH = ['app.mts', 'app.cts', 'refused.mts', 'refused.cts', 'browser.mts']
/** `moduleResolution: 'bundler'` does not allow `require`, so it gets no `.cts` file. It uses TypeScript's default libraries, with the types of a browser. */
const RESOLUTIONS = {
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext', lib: ['es2022'], files: BOTH },
  node16: { module: 'node16', moduleResolution: 'node16', lib: ['es2022'], files: BOTH },
  bundler: { module: 'esnext', moduleResolution: 'bundler', lib: undefined, files: ['app.mts', 'refused.mts', 'browser.mts'] },
}
type Resolution = keyof typeof RESOLUTIONS
const resolutions = Object.keys(RESOLUTIONS) as Resolution[]
/** The oldest and the newest compiler run with each module resolution, the compilers between them only with `nodenext`. */
const PAIRS = COMPILERS.flatMap((compiler) => resolutions.map((resolution) => [compiler, resolution] as const))
  .filter(([compiler, resolution]) => resolution === 'nodenext' || ['typescript-5.4', 'typescript-7'].includes(compiler))
const LIMIT_MS = 600_000

let folder: string
/** The running compilations, by compiler and module resolution. As many run in parallel as the machine has cores. */
const compilations = new Map<string, Promise<string>>()

beforeAll(() => {
  folder = installElsewhere()
  for (const name of ['app', 'refused']) for (const kind of ['mts', 'cts']) cpSync(join(ROOT, 'test', 'types', `${name}.ts`), join(folder, `${name}.${kind}`))
  cpSync(join(ROOT, 'test', 'types', 'browser.ts'), join(folder, 'browser.mts'))
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  const lanes = Array.from({ length: availableParallelism() }, () => Promise.resolve(''))
  const all = PAIRS.map(([compiler, resolution]) => ({ compiler, resolution }))
  for (const [i, { compiler, resolution }] of all.entries()) {
    const compilation = (lanes[i % lanes.length] as Promise<string>).then(() => compile(compiler, resolution))
    lanes[i % lanes.length] = compilation
    compilations.set(`${compiler} ${resolution}`, compilation)
  }
})

afterAll(async () => {
  await Promise.all(compilations.values())
  rmSync(folder, { recursive: true, force: true })
}, LIMIT_MS)

async function compile(compiler: string, resolution: Resolution, more: object = {}, files = RESOLUTIONS[resolution].files): Promise<string> {
  const { files: _files, ...options } = RESOLUTIONS[resolution]
  const compilerOptions = { ...options, target: 'es2022', strict: true, skipLibCheck: false, noEmit: true, ...more }
  mkdirSync(join(folder, 'projects'), { recursive: true })
  const project = join(folder, 'projects', `${compiler}-${resolution}-${Object.keys(more).length}-${files.length}.json`)
  writeFileSync(project, JSON.stringify({ compilerOptions, files: files.map((file) => `../${file}`) }))
  const child = spawn(process.execPath, [join(ROOT, 'node_modules', compiler, 'bin', 'tsc'), '-p', project], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (chunk) => (said += String(chunk)))
  const code = await new Promise((resolve) => child.once('close', resolve))
  return code === 0 ? 'compiles' : `${String(code)}: ${said}`
}

describe('an application with nothing but the package and its own dependencies', () => {
  it('has neither Express, Passport nor types of anything else', () => {
    const installed = readdirSync(join(folder, 'node_modules'))
    expect(installed).toEqual(expect.arrayContaining(['@types', 'axios', 'passport-nevis', 'passport-strategy']))
    expect(installed.filter((name) => ['express', 'passport', 'typescript'].includes(name))).toEqual([])
    expect(readdirSync(join(folder, 'node_modules', '@types'))).not.toContain('express-session')
  })

  describe.each(COMPILERS)('%s', (compiler) => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'node_modules', compiler, 'package.json'), 'utf8')) as { version: string }

    it.each(PAIRS.filter(([one]) => one === compiler).map(([, resolution]) => resolution))(`${version} compiles it, and refuses what is wrong: %s`, async (resolution) => {
      expect(await compilations.get(`${compiler} ${resolution}`)).toBe('compiles')
    }, LIMIT_MS)
  })

  it('compiles with the strictest options, too', async () => {
    const strictest = { exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noPropertyAccessFromIndexSignature: true, isolatedModules: true, types: [] }
    expect(await compile('typescript-7', 'nodenext', strictest)).toBe('compiles')
  }, LIMIT_MS)

  it('compiles a page for browsers without types of Node', async () => {
    expect(await compile('typescript-7', 'bundler', { types: [], lib: ['es2022', 'dom'] }, ['browser.mts'])).toBe('compiles')
  }, LIMIT_MS)

  it('would be found out if it did not compile', async () => {
    writeFileSync(join(folder, 'wrong.mts'), "import { atLeast } from 'passport-nevis'\nexport const wrong: number = atLeast('sms')\n")
    expect(await compile('typescript-7', 'nodenext', {}, ['wrong.mts'])).toMatch(/^\d: .*wrong\.mts\(2,14\): error TS2322/)
  }, LIMIT_MS)
})

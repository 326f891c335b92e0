/** Tests that the npm scripts and the line endings work on any operating system, and that TypeScript checks the types of the programs that the scripts run. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ts from 'typescript'
import { notOnWindows } from '../support/windows'

const ROOT = join(__dirname, '../..')
const { checked, programs } = scripts()

const textOf = (path: string) => readFileSync(join(ROOT, path), 'utf8')

/**
 * Returns two lists: the JavaScript files whose types `scripts/tsconfig.json` checks (`checked`), and the JavaScript programs whose types must be checked
 * (`programs`). Paths are relative to the root, with slashes.
 */
function scripts() {
  const config = ts.readConfigFile(join(ROOT, 'scripts/tsconfig.json'), (path) => readFileSync(path, 'utf8')).config as object
  const { fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, join(ROOT, 'scripts'))
  const checked = fileNames.map((path) => path.slice(ROOT.length + 1).replaceAll('\\', '/'))
  const folders = ['.ci', '.vitepress', 'scripts', 'test/bench', 'test/evidence', 'test/mutate', 'test/proxies', 'test/shapes']
  const programs = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
      .filter((path) => /\.[cm]?js$/.test(path) && !/node_modules|\/peers\/|\/(\.temp|cache|pages|theme)\/|(proxies|shapes)\/(app|cluster)\.mjs$|shapes\/(next|nitro)\//.test(path)),
  )
  return { checked, programs }
}
const scriptsOf = (folder: string) => Object.entries((JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as { scripts: Record<string, string> }).scripts)

describe('the npm scripts', () => {
  it.each([...scriptsOf('.'), ...scriptsOf('example-app')])('run on Windows too, because they use only Node, npm and installed commands: %s', (_name, script) => {
    for (const command of script.split(' && ')) expect(command).toMatch(/^(node|npm run|eslint|jest|tsc|typedoc)( [\w./-]+)*$/)
  })
})

describe('a program behind an npm script', () => {
  it('has types that npm run typecheck checks', () => {
    expect(programs.length).toBeGreaterThan(60)
    expect(programs.filter((path) => !checked.includes(path))).toEqual([])
    expect(programs.filter((path) => !/^(#!.*\n)?\/\/ @ts-check\n/.test(textOf(path)))).toEqual([])
  })

  it('is checked by npm run typecheck, with the project in scripts/', () => {
    expect(readFileSync(join(ROOT, 'scripts/typecheck.mjs'), 'utf8')).toContain("['scripts', ")
  })

  it('starts neither npm nor a shell by its name, because Windows has no such program', () => {
    const starting = programs.filter((path) => /(exec|spawn|run)\w*\(\s*['"`](npm|npx|sh|bash)\b|shell: true/.test(textOf(path)))
    expect(starting).toEqual(['.ci/release.mjs', '.ci/sign-in.mjs']) // parts of the workflow and of .ci/run, which run on Linux
  })
})

describe('a test that needs what Windows does not have', () => {
  afterEach(() => jest.restoreAllMocks())

  it('is skipped there, if it uses a POSIX shell, a file mode or a symbolic link', () => {
    const files = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.test.ts')).map((path) => join('test', path))
    const needing = files.filter((path) => /\(\s*'(sh|bash|sha512sum)',|\bchmodSync\(|\bsymlinkSync\((?!.*'junction'\))/.test(textOf(path)))
    expect(needing.length).toBeGreaterThan(5)
    expect(needing.filter((path) => !textOf(path).includes('notOnWindows('))).toEqual([])
  })

  it.each([['win32', 'skipped', ['Skipped on Windows: this test needs the shell sh']], ['linux', 'run', []]])('on %s is %s', (platform, how, printed) => {
    const log = jest.spyOn(console, 'log').mockImplementation(() => undefined)
    const skip = () => 'skipped'
    const run = Object.assign(() => 'run', { skip: Object.assign(skip, { skip }) })
    expect(notOnWindows<{ (): string; skip: any }>(run, 'the shell sh', platform as NodeJS.Platform)()).toBe(how)
    expect(log.mock.calls.flat()).toEqual(printed)
  })
})

describe('a command that takes minutes', () => {
  it('npm run lint › says from its beginning what it does', async () => {
    const child = spawn(process.execPath, [join(ROOT, 'scripts/lint.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string]
    child.kill()
    expect(line).toMatch(/^> Lint 1\/\d+: the package \(src\)\n/)
  })

  notOnWindows(it, 'bash')('.ci/run › prints a line before and after each check', () => {
    const [check = ''] = /^check\(\) \{[^]*?^\}$/m.exec(textOf('.ci/run')) ?? []
    const folder = mkdtempSync(join(tmpdir(), 'run-'))
    const script = `${check}\nlog=${folder}; passed=0; failed=0; check right true; check wrong sh -c 'echo why; exit 1'; echo $passed $failed`
    const printed = execFileSync('bash', ['-c', script], { encoding: 'utf8' })
    rmSync(folder, { recursive: true })
    expect(printed).toBe('...  right\nok   right\n...  wrong\nFAIL wrong\nwhy\n1 1\n')
  })
})

describe('the line endings', () => {
  it('are the same on every system', () => {
    expect(readFileSync(join(ROOT, '.gitattributes'), 'utf8')).toMatch(/^\* text=auto eol=lf$/m)
  })
})

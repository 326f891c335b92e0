/** Tests that the npm scripts and the line endings work on any operating system, and that `npm run typecheck` checks all code of the repository. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import ts from 'typescript'
import { notOnWindows } from '../support/windows'

const ROOT = join(__dirname, '../..')
const textOf = (path: string) => readFileSync(join(ROOT, path), 'utf8')

/** The code whose types `npm run typecheck` does not check, each with the reason. */
const UNCHECKED: readonly (readonly [reason: string, path: RegExp])[] = [
  ['code of the guides and of other apps, in JavaScript as their authors write it', /^test\/(stranger|kit|single-page|hosts\/(express|koa)|ledger\/own)\/.+\.m?jsx?$/],
  ['apps in JavaScript that the tests start, some of them wrong on purpose', /^test\/(doctor\/apps\/|(proxies|shapes)\/(app|cluster)\.mjs$|shapes\/(next|nitro)\/)/],
  ['code that imports packages which only `npm run bench` installs', /^test\/bench\/peers\//],
  ['types that test/guides.test.ts compiles together with the code of the guides', /^test\/given\//],
  ['a theme that imports a style sheet, which only VitePress can load', /^\.vitepress\/theme\//],
]
const isException = (path: string) => UNCHECKED.some(([, unchecked]) => unchecked.test(path))
/** What git ignores, and git itself. */
const NOT_OURS = /(^|\/)(node_modules|dist|coverage|\.built|\.stryker-tmp)$|^(\.git|reports|release|site|\.vitepress\/(pages|cache|\.temp)|example-app\/data)$/
const all = codeIn('')
const checked = checkedFiles()
const programs = all.filter((path) => isJavaScript(path) && !isException(path))

/** Returns the code in a folder of the repository, without what is installed or built. Paths are relative to the root, with slashes. */
function codeIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) return NOT_OURS.test(path) ? [] : codeIn(path)
    return /\.[cm]?[jt]sx?$/.test(path) ? [path] : []
  })
}

function isJavaScript(path: string): boolean {
  return /\.[cm]?jsx?$/.test(path)
}

/** Returns the files of all projects that `npm run typecheck` checks. A JavaScript file counts only if TypeScript checks its types, too. */
function checkedFiles(): Set<string> {
  const projects = [...textOf('scripts/typecheck.mjs').matchAll(/^ {2}\['([^']+)', '/gm)].map(([, path = '']) => (path.endsWith('.json') ? path : join(path, 'tsconfig.json')))
  return new Set(projects.flatMap((project) => {
    const file = join(ROOT, project)
    const { config } = ts.readConfigFile(file, (path) => readFileSync(path, 'utf8')) as { config: object }
    const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, dirname(file))
    const paths = fileNames.map((path) => path.slice(ROOT.length + 1).replaceAll('\\', '/'))
    return paths.filter((path) => !isJavaScript(path) || options.checkJs === true || /^(#!.*\n)?\/\/ @ts-check\n/.test(textOf(path)))
  }))
}
const scriptsOf = (folder: string) => Object.entries((JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as { scripts: Record<string, string> }).scripts)

describe('the npm scripts', () => {
  it.each([...scriptsOf('.'), ...scriptsOf('example-app')])('run on Windows too, because they use only Node, npm and installed commands: %s', (_name, script) => {
    for (const command of script.split(' && ')) expect(command).toMatch(/^(node|npm run|eslint|jest|tsc|typedoc)( [\w./-]+)*$/)
  })
})

describe('the code of the repository', () => {
  it('has types that npm run typecheck checks, but for a few files, each with a reason', () => {
    expect(programs.length).toBeGreaterThan(60)
    expect(all.filter((path) => !checked.has(path) && !isException(path))).toEqual([])
  })

  it.each(UNCHECKED)('is not checked: %s', (_reason, path) => {
    const exceptions = all.filter((one) => path.test(one))
    expect([exceptions.length > 0, exceptions.filter((one) => checked.has(one))]).toEqual([true, []])
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
  it('the script lint › says from its beginning what it does', async () => {
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

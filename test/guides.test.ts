/** Checks the documents: every snippet compiles, every command and picture exists, every link leads somewhere. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import ts from 'typescript'
import * as passportNevis from '../src'
import { failures } from '../src'
import { anchorsOf, brokenIn, documents, guides, read, ROOT, snippetsOf, targetsOf, type Snippet } from './support/markdown'

const snippets = documents.flatMap(snippetsOf)
const { version, scripts, bin, dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<'scripts' | 'bin' | 'dependencies' | 'devDependencies', Record<string, string>> & { version: string }

/** The snippets are compiled as if they were at this path, so that their imports can be resolved. No file exists there. */
const PLACE = join(ROOT, 'test', 'given', 'snippet')
const GIVEN = join(ROOT, 'test', 'given', 'given.d.ts')
const MODULES = join(ROOT, 'test', 'given', 'modules.d.ts')
const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  paths: { 'passport-nevis': [join(ROOT, 'src/index.ts')], 'passport-nevis/simulator': [join(ROOT, 'src/simulator/index.ts')], 'passport-nevis/browser': [join(ROOT, 'src/waiting/browser/index.mts')] },
  types: ['node', 'jest'],
  allowJs: true,
  checkJs: true,
  strict: false,
  noEmit: true,
  skipDefaultLibCheck: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
}

/** Declares every export of the package as a global name, because a snippet need not repeat the imports of an earlier one. */
const NAMES = `import type * as passportNevis from '../../src'\ndeclare global {\n${Object.keys(passportNevis).filter((name) => !['app', 'default'].includes(name)).map((name) => `const ${name}: typeof passportNevis.${name}`).join('\n')}\n}`

/** The TypeScript errors of each snippet. */
function faultsIn(all: readonly Snippet[]): string[] {
  const files = new Map([[`${PLACE}-names.d.ts`, NAMES]])
  const places = new Map<string, string>()
  all.forEach(({ at, language, code }, i) => {
    const file = `${PLACE}-${i}.${language}`
    places.set(file, at)
    // In a snippet, a comment such as `/* … */` stands for code that the reader adds. `...rest,` takes its place, so that the snippet compiles.
    files.set(file, `${code.replace(/\/\* ….*?\*\//g, '...rest,')}\nexport {}\n`)
  })
  const host = ts.createCompilerHost(OPTIONS)
  const { fileExists, readFile, getSourceFile } = host
  host.fileExists = (file) => files.has(resolve(file)) || fileExists(file)
  host.readFile = (file) => files.get(resolve(file)) ?? readFile(file)
  host.getSourceFile = (file, target) => {
    const text = files.get(resolve(file))
    return text === undefined ? getSourceFile.call(host, file, target) : ts.createSourceFile(file, text, target, true)
  }
  const program = ts.createProgram([...files.keys(), GIVEN, MODULES], OPTIONS, host)
  return [...files.keys(), GIVEN].flatMap((file) => {
    const source = program.getSourceFile(file)
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(({ messageText, start = 0 }) => {
      const line = source === undefined ? 0 : source.getLineAndCharacterOfPosition(start).line
      const place = (places.get(file) ?? `${file}:1`).split(':')
      return `${place[0]}:${Number(place[1]) + line} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
    })
    // Ignore errors about imports of files of the app (`./…`), which does not exist here. In JavaScript, also ignore errors about properties that TypeScript
    // does not know: fields of `req.body`, and properties that other middleware adds to `req` and `res`.
    return found.filter((fault) => !/Cannot find module '\.\.?\//.test(fault) && !(file.endsWith('js') && /on type 'unknown'|Spread types may only|Property '(csrfToken|locals)'/.test(fault)))
  })
}

/** The snippets of these guides are parts of programs. The test named here runs the programs, and compares the snippets with them letter by letter. */
const OF_PROGRAMS = { test: 'test/stranger/guides.test.ts', guides: ['existing-app', 'testing', 'single-page-apps'] }
const isOfProgram = ({ at, code }: Snippet) => OF_PROGRAMS.guides.some((guide) => at.startsWith(`docs/guides/${guide}.md:`)) && /^(\/\/|<!--) \S+\.\w+( -->)?\n/.test(code)
const isCode = ({ language }: Snippet) => ['js', 'ts', 'mjs', 'mts'].includes(language)

describe('the snippets', () => {
  const code = snippets.filter((snippet) => isCode(snippet) && !isOfProgram(snippet))
  const wrong = ['requireSecondFactor({ maxAge: 3 })', 'const { pusch } = require("passport-nevis")', 'app.get("/", (req) => req.authInfo.nevi)', 'sms({ mesage: "{{CODE}}" })']
  let faults: readonly string[]
  beforeAll(() => {
    faults = faultsIn([...code, ...wrong.map((text, i) => ({ at: `wrong.md:${i}`, language: 'js', code: text }))])
  }, 180_000)

  it('compile, all of them', () => {
    expect(code.length).toBeGreaterThan(15)
    expect(faults.filter((fault) => !fault.startsWith('wrong.md:'))).toEqual([])
  })

  it('would not compile with a misspelt option, name or field', () => {
    const found = faults.map((fault) => fault.split(' ')[0] as string).filter((at) => at.startsWith('wrong.md:'))
    expect(found).toEqual(wrong.map((_text, i) => `wrong.md:${i}`))
  })

  it('answer an error only if no response has begun, wherever they contain an error handler', () => {
    const handlers = snippets.filter(isCode).flatMap(({ at, code }) => code.split(/\((?:error|err), _?req, res, next\) => \{/).slice(1).map((rest) => ({ at, body: rest.split(/^\s*\}/m)[0] as string })))
    const answering = handlers.filter(({ body }) => /res\.(status|send|json|render)\(/.test(body))
    expect(answering.length).toBeGreaterThan(3)
    expect(answering.filter(({ body }) => !body.includes('res.headersSent')).map(({ at }) => at)).toEqual([])
  })

  it('that are left out are pieces of programs, which a test says', () => {
    for (const guide of OF_PROGRAMS.guides) expect(read(OF_PROGRAMS.test)).toMatch(new RegExp(`\\b'?${guide}'?: \\[join\\(`))
    expect(snippets.filter(isOfProgram).length).toBeGreaterThan(10)
  })

  it('are in a language that is highlighted, none without one', () => {
    const known = ['js', 'jsx', 'vue', 'ts', 'sh', 'json', 'css', 'html', 'text', 'yaml', 'nginx', 'apache']
    expect(snippets.filter(({ language }) => !known.includes(language)).map(({ at, language }) => `${at} ${language}`)).toEqual([])
  })
})

/** Finds the scripts, packages, options and so on that a command in the documents uses although they do not exist. */
function missingFor(command: string): string[] {
  const words = command.replace(/\s#.*$/, '').trim().split(/\s+/).filter((word) => !/^([A-Z_]+=\S*|sudo)$/.test(word))
  const [program, ...args] = words
  const flags = args.filter((arg) => arg.startsWith('-'))
  const names = args.filter((arg) => !arg.startsWith('-'))
  const isScript = (name: string | undefined) => name !== undefined && Object.hasOwn(scripts, name)
  const isTarball = (name: string) => name.endsWith(`/passport-nevis-${version}.tgz`)
  const isPackage = (name: string) => isTarball(name) || name.replace(/(?<=.)@.*$/, '') === 'passport-nevis' || Object.hasOwn({ ...dependencies, ...devDependencies }, name.replace(/(?<=.)@.*$/, ''))
  if (program === 'npm') {
    const [verb, ...rest] = names
    if (verb === 'install' || verb === 'ls') return rest.filter((name) => !isPackage(name))
    if (verb === 'run') return isScript(rest[0]) ? [] : [`script ${rest[0]}`]
    if (verb === 'start' || verb === 'test') return isScript(verb) ? [] : [`script ${verb}`]
    return ['init', 'ci', 'cit', 'audit', 'pack'].includes(verb as string) ? [] : [command]
  }
  if (program === 'npx') {
    const [name, ...rest] = names
    const file = Object.hasOwn(bin, name as string) ? bin[name as string] : undefined
    if (file === undefined) return existsSync(join(ROOT, 'node_modules/.bin', name as string)) ? [] : [`command ${name}`]
    const source = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((path) => /command/.test(path)).map((path) => read(join('src', path))).join('\n')
    const subcommands = rest.filter((word) => word === 'doctor' && !source.includes(word))
    return [...subcommands, ...flags.filter((flag) => !source.includes(flag.split('=')[0] as string))]
  }
  if (program === 'node') return names.filter((file) => !/^app\.m?js$/.test(file) && !existsSync(join(ROOT, file)))
  return ['cd', 'mkdir', 'git', 'curl', 'redis-server', 'export', 'createdb'].includes(program as string) || existsSync(join(ROOT, program as string)) ? [] : [command]
}

describe('the commands', () => {
  const commands = snippets
    .filter(({ language }) => language === 'sh')
    .flatMap(({ at, code }) => code.replaceAll('\\\n', ' ').split(/\n|&&/).map((line) => ({ at, line: line.trim() })))
    .filter(({ line }) => line !== '' && !line.startsWith('#'))

  it('exist, with their flags and packages', () => {
    expect(commands.length).toBeGreaterThan(5)
    expect(commands.flatMap(({ at, line }) => missingFor(line).map((missing) => `${at} ${missing}`))).toEqual([])
  })

  it('install the built file, while the README says that the package is not on the registry', () => {
    const isPublished = !read('README.md').includes('not on the npm registry yet')
    const byName = commands.filter(({ line }) => /^npm (i|install|add) .*(?<=\s)passport-nevis(@\S+)?(\s|$)/.test(line)).map(({ at, line }) => `${at} ${line}`)
    const builtFile = commands.filter(({ line }) => line.startsWith('npm install') && line.includes('.tgz')).map(({ at }) => at)
    if (isPublished) expect(builtFile).toEqual([])
    else expect([byName, builtFile.length > 0]).toEqual([[], true])
  })

  it('would be missed', () => {
    for (const line of ['npm run nothing', 'npm install left-pad', 'npm install ../passport-nevis-0.0.0.tgz', 'npx passport-nevis-simulator --prot 1', 'npx nothing', 'node nothing.js', 'nothing']) expect(missingFor(line)).toHaveLength(1)
  })
})

describe('the links', () => {
  it.each(documents)('lead to a file that is there, and to a heading in it: %s', (path) => {
    expect(brokenIn(path, read(path))).toEqual([])
  })

  it('are found out: a file, a heading, a picture that is gone', () => {
    expect(brokenIn('README.md', '# A\n[a](#a) [b](docs/threat-model.md#the-widget) [c](docs/events.md)')).toEqual([])
    expect(brokenIn('README.md', '# A\n[a](#b) [b](docs/threat-model.md#the-gadget) ![c](docs/images/nothing.png)')).toEqual(['#b', 'docs/threat-model.md#the-gadget', 'docs/images/nothing.png'])
  })

  it('reach every guide from the README', () => {
    const linked = targetsOf(read('README.md')).map((target) => join(target.split('#')[0] as string))
    expect(guides.length).toBeGreaterThan(5)
    expect(guides.filter((guide) => !linked.includes(guide) && !/guides.hosts./.test(guide))).toEqual([])
  })
})

describe('the documents', () => {
  it.each(documents)('begin with their one title: %s', (path) => {
    const markdown = read(path)
    expect(markdown).toMatch(/^# .+\n/)
    const anchors = anchorsOf(markdown)
    expect(anchors.filter((anchor, i) => anchors.indexOf(anchor) !== i && !/^(added|changed|fixed|removed)$/.test(anchor))).toEqual([])
  })
})

describe('the pictures', () => {
  const pictures = readdirSync(join(ROOT, 'docs/images')).map((name) => join('docs/images', name))

  it('are small, and each is used', () => {
    expect(pictures.filter((path) => statSync(join(ROOT, path)).size > 72 * 1024)).toEqual([])
    const used = documents.flatMap((path) => targetsOf(read(path)).map((target) => join(path, '..', target)))
    expect(pictures.filter((path) => !used.includes(path))).toEqual([])
  })

  it('have an alternative text', () => {
    expect(documents.flatMap((path) => [...read(path).matchAll(/!\[([^\]]*)\]/g)].filter(([, words]) => (words as string).length < 10).map(([text]) => `${path} ${text}`))).toEqual([])
  })
})

describe('docs/guides/failure-codes.md', () => {
  const codes = [...read('docs/guides/failure-codes.md').matchAll(/^\| `(\w+)` \| (.+) \| (.+) \| (.+) \|$/gm)]

  it('says of every failure and error who sees it, what to tell them and what to do, and of no other', () => {
    const errors = [...read('docs/reference.md').matchAll(/^\| `([A-Z][A-Z_]+)` \| .* \| \d{3} \|$/gm)].map(([, code]) => code)
    expect(errors.length).toBeGreaterThan(9)
    expect(codes.map(([, code]) => code).sort()).toEqual([...Object.keys(failures), ...errors].sort())
  })
})

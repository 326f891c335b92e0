/** Checks the structure of `src/`: which folder may import which, which files may touch the response, and how long a file may be. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import ts from 'typescript'

const SRC = resolve(__dirname, '../src')
const MAX_LINES = 300
/** The longest chain of files in which each file imports the next one, types included. Counted on 2026-11-30. */
const LONGEST_CHAIN = 31

interface Import {
  /** What is imported: the path of the file from src, without extension, or the name of a package. */
  readonly to: string
  readonly isLocal: boolean
  readonly isType: boolean
}

interface Source {
  readonly path: string
  readonly text: string
  readonly tree: ts.SourceFile
  readonly imports: readonly Import[]
}

const named = (file: string) => file.replace(/\.m?ts$/, '')

const sources = new Map<string, Source>(
  readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.ts$|^waiting.browser.*\.mts$/.test(file))
    .map((file) => {
      const text = readFileSync(join(SRC, file), 'utf8')
      const tree = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true)
      const path = file.split(sep).join('/')
      return [named(path), { path, text, tree, imports: importsOf(path, tree) }]
    }),
)

function importsOf(path: string, tree: ts.SourceFile): Import[] {
  const found: Import[] = []
  const add = (specifier: ts.Node | undefined, isType: boolean) => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return
    const isLocal = specifier.text.startsWith('.')
    const to = isLocal ? relative(SRC, resolve(SRC, dirname(path), specifier.text)).split(sep).join('/').replace(/\.m?js$/, '') : specifier.text
    found.push({ to, isLocal, isType })
  }
  visit(tree, (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeImport(node.importClause))
    else if (ts.isExportDeclaration(node)) {
      const { exportClause } = node
      const all = exportClause !== undefined && ts.isNamedExports(exportClause) && exportClause.elements.every((one) => one.isTypeOnly)
      add(node.moduleSpecifier, node.isTypeOnly || all)
    } else if (ts.isImportTypeNode(node)) add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true)
    else if (ts.isExternalModuleReference(node)) add(node.expression, false)
    else if (ts.isCallExpression(node)) {
      const { expression } = node
      const isRequire = ts.isIdentifier(expression) && expression.text === 'require'
      if (isRequire || expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0], false)
    }
  })
  return found
}

function isTypeImport(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false
  const { name, namedBindings, isTypeOnly } = clause
  if (isTypeOnly) return true
  return name === undefined && namedBindings !== undefined && ts.isNamedImports(namedBindings) && namedBindings.elements.every((one) => one.isTypeOnly)
}

function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node)
  ts.forEachChild(node, (child) => visit(child, see))
}

/** Resolves a local import to its file, for example `./factors` to `factors/index`. */
function target({ to }: Import): string {
  return sources.has(to) ? to : `${to}/index`
}

const inside = (folder: string) => [...sources].filter(([name]) => name.startsWith(`${folder}/`))
const folderOf = (name: string) => (name.includes('/') ? name.slice(0, name.indexOf('/')) : '')

/** `from → to` of all local imports that break a rule. */
function breaking(files: [string, Source][], isAllowed: (to: string, one: Import) => boolean): string[] {
  return files.flatMap(([name, { imports }]) =>
    imports.filter((one) => one.isLocal && !isAllowed(target(one), one)).map((one) => `${name} → ${target(one)}`),
  )
}

function packagesOf(files: [string, Source][]): Set<string> {
  return new Set(files.flatMap(([, { imports }]) => imports.filter(({ isLocal }) => !isLocal).map(({ to }) => to)))
}

/** All identifiers of a file, wherever they stand. */
function identifiersOf({ tree }: Source): Set<string> {
  const names = new Set<string>()
  visit(tree, (node) => { if (ts.isIdentifier(node)) names.add(node.text) })
  return names
}

/** The members that a file reads or destructures: `x.fail`, `x['fail']`, `const { fail } = x`. */
function membersOf({ tree }: Source): Set<string> {
  const names = new Set<string>()
  visit(tree, (node) => {
    if (ts.isPropertyAccessExpression(node)) names.add(node.name.text)
    else if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) names.add(node.argumentExpression.text)
    else if (ts.isBindingElement(node)) {
      const name = node.propertyName ?? node.name
      if (ts.isIdentifier(name)) names.add(name.text)
    }
  })
  return names
}

describe('the source', () => {
  describe('as this test reads it', () => {
    it('has been found, with its imports', () => {
      expect(sources.size).toBeGreaterThan(40)
      const importsOfFile = (name: string) => (sources.get(name) as Source).imports
      expect(importsOfFile('factors/push')).toContainEqual({ to: 'factors/shared', isLocal: true, isType: false })
      expect(importsOfFile('factors/push')).toContainEqual({ to: 'factors/factor', isLocal: true, isType: true })
      expect(importsOfFile('strategy/strategy')).toContainEqual({ to: 'passport-strategy', isLocal: false, isType: false })
      const missing = [...sources.values()].flatMap(({ imports }) => imports.filter((one) => one.isLocal && !sources.has(target(one))))
      expect(missing).toEqual([])
    })
  })

  describe('in its imports', () => {
    it('has no import cycle, not even of types', () => {
      const cycles: string[] = []
      const done = new Set<string>()
      const walk = (name: string, way: string[]) => {
        if (way.includes(name)) return void cycles.push([...way.slice(way.indexOf(name)), name].join(' → '))
        if (done.has(name)) return
        for (const one of (sources.get(name) as Source).imports) if (one.isLocal) walk(target(one), [...way, name])
        done.add(name)
      }
      for (const name of sources.keys()) walk(name, [])
      expect(cycles).toEqual([])
    })

    it('has ten folders beside the entry points, and no chain of folders that is longer than ten', () => {
      expect(readdirSync(SRC).sort()).toEqual(['client', 'doctor', 'factors', 'host', 'index.mts', 'index.ts', 'ledger', 'session', 'simulator', 'strategy', 'trust', 'waiting'])
      const below = new Map<string, Set<string>>()
      for (const [name, { imports }] of sources) {
        const folder = folderOf(name)
        for (const one of imports.filter(({ isLocal }) => isLocal)) if (folderOf(target(one)) !== folder) below.set(folder, (below.get(folder) ?? new Set()).add(folderOf(target(one))))
      }
      const floorOf = (folder: string): number => 1 + Math.max(0, ...[...(below.get(folder) ?? [])].map(floorOf))
      expect(floorOf('')).toBeGreaterThan(5)
      expect(Math.max(...[...sources.keys()].map((name) => floorOf(folderOf(name))))).toBeLessThanOrEqual(10)
    })

    it(`has no chain of files, each importing the next, that is longer than ${LONGEST_CHAIN} files`, () => {
      const lengths = new Map<string, number>()
      const lengthFrom = (name: string): number => {
        const known = lengths.get(name)
        if (known !== undefined) return known
        const next = (sources.get(name) as Source).imports.filter(({ isLocal }) => isLocal).map((one) => lengthFrom(target(one)))
        const length = 1 + Math.max(0, ...next)
        lengths.set(name, length)
        return length
      }
      expect(Math.max(...[...sources.keys()].map(lengthFrom))).toBeLessThanOrEqual(LONGEST_CHAIN)
    })

    // Shows: ASVS V11.2.1
    it('uses only the packages that package.json lists as dependencies', () => {
      const ours = [...packagesOf([...sources])].filter((name) => !name.startsWith('node:')).sort()
      expect(ours).toEqual(['axios', 'passport', 'passport-strategy', 'proxy-from-env'])
      // The package may import only types from Passport, because the application installs Passport.
      const passport = [...sources.values()].flatMap(({ imports }) => imports.filter(({ to }) => to === 'passport'))
      expect(passport.filter(({ isType }) => !isType)).toEqual([])
    })
  })

  describe('in each file', () => {
    it.each([...sources.values()].map(({ path, text }) => [path, text]))('%s begins with a comment about its job and has at most 300 lines', (_path, text) => {
      expect(text.replace(/^#!.*\n/, '')).toMatch(/^\/\*\*\s+(?:\*\s+)?\S/)
      expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(MAX_LINES)
    })
  })
})

/** Each folder of src with the folders that it may import from, types included. `index.ts` may import from all folders of this list but the last two. */
const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  client: [],
  factors: ['client'],
  host: ['client'],
  ledger: ['client', 'factors', 'host'],
  trust: ['client', 'factors', 'host'],
  session: ['client', 'factors', 'host', 'trust'],
  strategy: ['client', 'factors', 'host', 'ledger', 'session', 'trust'],
  waiting: ['client', 'factors', 'host', 'session', 'strategy', 'trust'],
  // `ledger` is allowed, because the simulator's entry point also exports the checks for ledgers: an app uses simulator and checks in its tests.
  simulator: ['client', 'ledger'],
  doctor: ['client', 'simulator', 'strategy', 'trust'],
}

describe('the folders of src', () => {
  it('import from the folders that the table in CONTRIBUTING.md lists', () => {
    const [map = ''] = /^\| folder \| job \|[^]*?\n\n/m.exec(readFileSync(join(SRC, '../CONTRIBUTING.md'), 'utf8')) ?? []
    const rows = [...map.matchAll(/^\| `(\w+)` \| .* \|(.*)\|$/gm)]
    const table = rows.map(([, folder = '', from = '']) => [folder, [...from.matchAll(/`(\w+)`/g)].map(([, name]) => name)])
    expect(Object.fromEntries(table)).toEqual(FOLDERS)
  })

  it('are all that src contains, beside the entry points', () => {
    expect(readdirSync(SRC).sort()).toEqual([...Object.keys(FOLDERS), 'index.mts', 'index.ts'].sort())
  })

  it.each(Object.entries(FOLDERS))('%s imports only from these folders, in one direction: %j', (folder, allowed) => {
    expect(breaking(inside(folder), (to) => folderOf(to) === folder || allowed.includes(folderOf(to)))).toEqual([])
    const names = Object.keys(FOLDERS)
    for (const other of allowed) expect(names.indexOf(other)).toBeLessThan(names.indexOf(folder))
  })
})

/** The main file of each folder. Its first comment tells a newcomer what the folder contains. */
const MAIN_FILES: Readonly<Record<string, string>> = {
  client: 'client.ts', doctor: 'command-line.ts', 'doctor/init': 'init-command.ts', 'doctor/probe': 'probe-command.ts', factors: 'factor.ts', host: 'request.ts',
  ledger: 'ledger.ts', session: 'transactions.ts', simulator: 'simulator.ts', 'simulator/dialects': 'index.ts', strategy: 'strategy.ts', 'strategy/watch': 'watch.ts',
  trust: 'proof.ts', waiting: 'waiting-page.ts', 'waiting/assets': 'waiting.ts', 'waiting/browser': 'second-factor.mts', 'waiting/texts': 'texts.ts',
}

describe('the main file of a folder', () => {
  it('is known for every folder of src', () => {
    const folders = readdirSync(SRC, { recursive: true, withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => relative(SRC, join(entry.parentPath, entry.name)).split(sep).join('/'))
    expect(folders.sort()).toEqual(Object.keys(MAIN_FILES).sort())
  })

  it.each(Object.entries(MAIN_FILES))('says what is in the folder and what is out of scope: %s', (folder, file) => {
    const [comment = ''] = /\/\*\*[^]*?\*\//.exec(readFileSync(join(SRC, folder, file), 'utf8')) ?? []
    expect(comment).toContain(`The folder \`${folder.split('/').at(-1)}/\` `)
    expect(comment).toContain('Out of scope')
  })
})

describe('waiting/browser/, which runs in browsers', () => {
  it('imports only its own files, and no file of the server imports it', () => {
    expect(breaking(inside('waiting/browser'), (to) => to.startsWith('waiting/browser/'))).toEqual([])
    const others = [...sources].filter(([name]) => !name.startsWith('waiting/browser/'))
    expect(others.length).toBeLessThan(sources.size)
    expect(breaking(others, (to) => !to.startsWith('waiting/browser/'))).toEqual([])
  })
})

describe('strategy/watch/', () => {
  it('imports only from client, factors and trust', () => {
    expect(breaking(inside('strategy/watch'), (to) => to.startsWith('strategy/watch/') || ['client', 'factors', 'trust'].includes(folderOf(to)))).toEqual([])
  })
})

describe('client/', () => {
  describe('in its imports', () => {
    it('uses neither Express nor Passport', () => {
      expect([...packagesOf(inside('client'))].filter((name) => !name.startsWith('node:'))).toEqual(['axios', 'proxy-from-env'])
    })
  })
})

describe('factors/', () => {
  describe('in its imports', () => {
    it('uses no package', () => {
      expect([...packagesOf(inside('factors'))].filter((name) => name !== 'node:crypto')).toEqual([])
    })
  })

  describe('in its identifiers', () => {
    it.each(inside('factors'))('%s uses no request', (_name, source) => {
      const names = identifiersOf(source)
      for (const name of ['req', 'res', 'session', 'IncomingMessage', 'NevisRequest']) expect(names).not.toContain(name)
    })
  })
})

describe('the response', () => {
  const mayTouch = (name: string) => ['waiting', 'simulator'].includes(folderOf(name)) || ['host/answer', 'host/cookies'].includes(name)

  describe('outside waiting/, host/answer and host/cookies', () => {
    it.each([...sources].filter(([name]) => !mayTouch(name)))('is not touched by %s', (_name, source) => {
      const names = identifiersOf(source)
      for (const name of ['res', 'ServerResponse', 'OutgoingMessage']) expect(names).not.toContain(name)
    })
  })

  describe('in waiting/ and host/answer', () => {
    it('is read in waiting/, and written in host/answer by Node\'s own members only, never by Express\'s methods', () => {
      for (const [name, source] of [...inside('waiting'), ['host/answer', sources.get('host/answer') as Source] as const]) {
        const used: string[] = []
        visit(source.tree, (node) => {
          if (ts.isPropertyAccessExpression(node) && node.expression.getText() === 'res') used.push(node.name.text)
        })
        const mayRead = (member: string) => member === 'headersSent' || /^(has|get)/.test(member)
        const mayWrite = ['statusCode', 'setHeader', 'end', 'req', 'write', 'on', 'once', 'destroy', 'destroyed', 'writableEnded']
        const own = used.filter((member) => mayRead(member) || (name === 'host/answer' && mayWrite.includes(member)))
        expect([name, used.filter((member) => !own.includes(member))]).toEqual([name, []])
      }
    })
  })
})

describe('Passport\'s actions', () => {
  describe('outside strategy and the simulator', () => {
    it.each([...sources].filter(([name]) => name !== 'strategy/strategy' && folderOf(name) !== 'simulator'))('are not used by %s', (_name, source) => {
      const members = membersOf(source)
      for (const action of ['success', 'fail', 'redirect', 'pass']) expect(members).not.toContain(action)
      expect(source.imports.map(({ to }) => to)).not.toContain('passport-strategy')
      expect(identifiersOf(source)).not.toContain('PassportActions')
    })
  })

  describe('in strategy', () => {
    it('are used', () => {
      const members = membersOf(sources.get('strategy/strategy') as Source)
      for (const action of ['success', 'fail', 'redirect', 'error']) expect(members).toContain(action)
    })
  })
})

/** All files that the entry point of the package loads, or from which it takes a type. */
function reachedFromEntryPoint(): string[] {
  const reached = new Set<string>()
  const walk = (name: string) => {
    if (reached.has(name)) return
    reached.add(name)
    for (const one of (sources.get(name) as Source).imports) if (one.isLocal) walk(target(one))
  }
  walk('index')
  return [...reached]
}

describe('the simulator', () => {
  describe('from the entry point of the package', () => {
    it('cannot be reached, not even for a type', () => {
      expect(reachedFromEntryPoint()).toContain('client/client')
      expect(reachedFromEntryPoint().filter((name) => folderOf(name) === 'simulator')).toEqual([])
    })
  })

  describe('in its imports', () => {
    it('uses only the types of the JSON that is exchanged, and exports the checks for ledgers', () => {
      const isAllowed = (to: string, { isType }: Import) => folderOf(to) === 'simulator' || (to === 'client/wire' && isType)
      expect(breaking(inside('simulator'), isAllowed)).toEqual(['simulator/index → ledger/contract'])
    })

    it('uses no package', () => {
      expect([...packagesOf(inside('simulator'))].filter((name) => !name.startsWith('node:'))).toEqual([])
    })
  })
})

describe('the doctor', () => {
  describe('from the entry point of the package', () => {
    it('cannot be reached, not even for a type', () => {
      expect(inside('doctor').length).toBeGreaterThan(5)
      expect(reachedFromEntryPoint().filter((name) => folderOf(name) === 'doctor')).toEqual([])
    })
  })

  describe('in its imports', () => {
    it('uses only the client, the form of an issuer, the type of the strategy, and the simulator', () => {
      const isAllowed = (to: string, { isType }: Import) => ['client', 'doctor', 'simulator'].includes(folderOf(to)) || to === 'trust/binding' || (to === 'strategy/strategy' && isType)
      expect(breaking(inside('doctor'), isAllowed)).toEqual([])
    })

    it('uses no package', () => {
      expect([...packagesOf(inside('doctor'))].filter((name) => !name.startsWith('node:'))).toEqual([])
    })
  })
})

describe('the probe', () => {
  describe('in its imports', () => {
    it('does not use the client, which refuses unexpected answers: the probe sends its requests itself', () => {
      expect(inside('doctor/probe').length).toBeGreaterThan(5)
      expect(breaking(inside('doctor/probe'), (to) => to !== 'client/client')).toEqual([])
    })
  })
})

describe('the entry point of the package', () => {
  describe('index', () => {
    it('only exports names, and makes `require` return the strategy, as with other Passport strategies', () => {
      const { tree } = sources.get('index') as Source
      const isName = (one: ts.Statement) => ts.isExportDeclaration(one) || ts.isImportDeclaration(one)
      expect(tree.statements.filter((one) => !isName(one)).map((one) => one.getText())).toEqual([
        'module.exports = Object.assign(NevisStrategy, exports as object)',
        "Object.defineProperty(NevisStrategy, '__esModule', { value: true })",
      ])
    })
  })
})

/**
 * The papers must not outlive what they name: tests, files, events, codes and options.
 *
 * Tests are named as file › describe › it, with the titles as they stand in the file: `%s` of a table and
 * `${…}` of a template included. What is skipped counts as gone.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import ts from 'typescript'
import * as door from '../src'
import { failures, NevisError, StorageError, type NevisErrorCode, type StorageErrorCode } from '../src'
import { guides, targetsOf } from './support/markdown'

const ROOT = resolve(__dirname, '..')
const SEPARATOR = ' › '
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const isFile = (path: string) => existsSync(join(ROOT, path))

const readme = read('README.md')
const papers: [string, string][] = ['CONTRIBUTING.md', 'SECURITY.md', 'docs/asvs.md', 'docs/coverage.md', 'docs/events.md', ...guides].map((path) => [path, read(path)])
const paper = (path: string) => (papers.find(([name]) => name === path) as [string, string])[1]

/** Inline code outside of fenced blocks. */
function spansOf(markdown: string): string[] {
  return [...markdown.replace(/^```[^]*?^```$/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, span]) => span as string)
}

/** The rows, as cells, of every table with these first words in its head. */
function rowsOf(markdown: string, ...head: string[]): string[][] {
  const rows: string[][] = []
  let isInside = false
  for (const line of markdown.split('\n')) {
    const cells = line.startsWith('|') ? line.split('|').slice(1, -1).map((cell) => cell.trim()) : undefined
    if (cells === undefined) isInside = false
    else if (isInside) rows.push(cells)
    else isInside = head.every((words, i) => cells[i] === words)
  }
  return rows.filter(([first]) => !/^:?-+:?$/.test(first as string))
}

const codeIn = (cell: string | undefined) => spansOf(cell ?? '')

function treeOf(path: string): ts.SourceFile {
  return ts.createSourceFile(path, read(path), ts.ScriptTarget.ES2022, true)
}

/** Every describe and it of a file, as the path of titles that leads to it. */
function titlesOf(path: string): Set<string> {
  const titles = new Set<string>()
  const visit = (node: ts.Node, above: readonly string[]): void => {
    const [title] = ts.isCallExpression(node) && isTestCall(node.expression) ? node.arguments.map(textOf) : []
    if (title === undefined) return void node.forEachChild((child) => visit(child, above))
    const here = [...above, title]
    titles.add(here.join(SEPARATOR))
    node.forEachChild((child) => visit(child, here))
  }
  visit(treeOf(path), [])
  return titles
}

/** `it`, `describe`, `describeWithRedis`, each of them with `.each(…)`; nothing that is skipped. */
function isTestCall(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return /^(it|test|describe\w*)$/.test(callee.text)
  if (ts.isPropertyAccessExpression(callee)) return callee.name.text === 'each' && isTestCall(callee.expression)
  return ts.isCallExpression(callee) && isTestCall(callee.expression)
}

function textOf(node: ts.Expression): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text
  return ts.isTemplateExpression(node) ? node.getText().slice(1, -1) : undefined
}

/** Tests and files that a paper names and that are not there. */
function lostIn(path: string, markdown: string): string[] {
  const links = targetsOf(markdown).filter((target) => !target.startsWith('#')).map((target) => join(dirname(path), target.split('#')[0] as string))
  const spans = spansOf(markdown)
  const files = spans.filter((span) => /^(src|test|docs|example-app|\.ci)\/\S+$/.test(span) || /^[\w.-]+\.(md|json|mjs)$/.test(span))
  const tests = spans.filter((span) => span.startsWith('test/') && span.includes(SEPARATOR))
  return [...links.filter((file) => !isFile(file)), ...files.filter((file) => !isFile(file)), ...tests.filter((test) => !isThere(test))]
}

const known = new Map<string, Set<string>>()

function isThere(test: string): boolean {
  const [file, ...titles] = test.split(SEPARATOR) as [string, ...string[]]
  if (!isFile(file)) return false
  if (!known.has(file)) known.set(file, titlesOf(file))
  return (known.get(file) as Set<string>).has(titles.join(SEPARATOR))
}

/** The members of a union of string literals, or the properties of an interface. */
function namesOf(path: string, name: string): string[] {
  const found = treeOf(path).statements.find((one) => (ts.isTypeAliasDeclaration(one) || ts.isInterfaceDeclaration(one)) && one.name.text === name)
  if (found === undefined) throw new Error(`${path} has no ${name}`)
  if (ts.isInterfaceDeclaration(found)) return found.members.map((member) => (member.name as ts.Identifier).text)
  const { types } = (found as ts.TypeAliasDeclaration).type as ts.UnionTypeNode
  return types.map((type) => ((type as ts.LiteralTypeNode).literal as ts.StringLiteral).text)
}

/** Names of all properties below a node. */
function propertiesIn(node: ts.Node): string[] {
  const found: string[] = []
  const visit = (child: ts.Node): void => {
    if (ts.isPropertySignature(child)) found.push((child.name as ts.Identifier).text)
    child.forEachChild(visit)
  }
  node.forEachChild(visit)
  return found
}

/** The methods of a class that are for everybody. */
function methodsOf(path: string, name: string): string[] {
  const found = treeOf(path).statements.find((one) => ts.isClassDeclaration(one) && one.name?.text === name) as ts.ClassDeclaration
  return found.members
    .filter((member) => ts.isMethodDeclaration(member) && ts.isIdentifier(member.name))
    .filter((member) => !ts.getJSDocTags(member).some(({ tagName }) => tagName.text === 'internal'))
    .map((member) => (member.name as ts.Identifier).text)
}

/** The first cell of each row that names no file of src, or no test in its last cell. */
function unshownIn(rows: string[][]): string[] {
  const isShown = (cells: string[]) => codeIn(cells.join(' ')).some((span) => /^src\/\S+$/.test(span)) && codeIn(cells.at(-1)).some(isThere)
  return rows.filter((cells) => !isShown(cells)).map(([first]) => first as string)
}

const nevisErrorCodes = namesOf('src/client/errors.ts', 'NevisErrorCode') as NevisErrorCode[]
const storageErrorCodes = namesOf('src/host/storage.ts', 'StorageErrorCode') as StorageErrorCode[]

describe('the tests and files that a paper names', () => {
  describe('in the paper as it is', () => {
    it.each(papers)('are all there: %s', (path, markdown) => {
      expect(lostIn(path, markdown)).toEqual([])
    })

    it('are many: the papers are read', () => {
      expect(spansOf(paper('docs/asvs.md')).filter(isThere).length).toBeGreaterThan(50)
      expect(spansOf(paper('SECURITY.md')).filter(isThere).length).toBeGreaterThan(30)
    })
  })

  describe('in a paper that is out of date', () => {
    const test = 'test/docs.test.ts › the tests and files that a paper names › in the paper as it is › are all there: %s'

    it('are found out: a test, a file, a link that is gone', () => {
      expect(lostIn('SECURITY.md', `\`${test}\` and \`src/index.ts\` and [this](docs/asvs.md)`)).toEqual([])
      const gone = [`${test}!`, test.replace('docs.test', 'docs2.test'), test.replace('names ›', 'named ›'), test.split(SEPARATOR).slice(0, 1).concat('are all there: %s').join(SEPARATOR)]
      for (const name of gone) expect(lostIn('SECURITY.md', `\`${name}\``)).toEqual([name])
      expect(lostIn('SECURITY.md', '`src/nowhere.ts`, `test/nowhere.test.ts`')).toEqual(['src/nowhere.ts', 'test/nowhere.test.ts'])
      expect(lostIn('docs/asvs.md', '[this](nowhere.md)')).toEqual(['docs/nowhere.md'])
    })

    it('are found out: a test that is skipped', () => {
      const callee = (text: string) => {
        const [statement] = ts.createSourceFile('x.ts', text, ts.ScriptTarget.ES2022, true).statements
        return ((statement as ts.ExpressionStatement).expression as ts.CallExpression).expression
      }
      for (const text of ['it("x")', 'it.each([1])("x")', 'describe.each<number>([1])("x")', 'describeWithRedis("x")']) expect(isTestCall(callee(text))).toBe(true)
      for (const text of ['it.skip("x")', 'it.todo("x")', 'xit("x")', 'describe.skip.each([1])("x")', 'describe["skip"]("x")']) expect(isTestCall(callee(text))).toBe(false)
    })
  })
})

describe('docs/asvs.md', () => {
  const claims = rowsOf(paper('docs/asvs.md'), 'requirement', 'level')

  describe('in each row of what is claimed', () => {
    it('names one requirement, once, a file and a test', () => {
      expect(claims.length).toBeGreaterThan(20)
      const ids = claims.map(([id]) => id)
      expect(ids.filter((id) => !/^V\d{1,2}\.\d{1,2}\.\d{1,2}$/.test(id as string))).toEqual([])
      expect(new Set(ids).size).toBe(ids.length)
      expect(unshownIn(claims)).toEqual([])
    })
  })

  describe('in its lists', () => {
    it('claims nothing that it does not claim', () => {
      const [, notClaimed = ''] = paper('docs/asvs.md').split('## Not claimed')
      const listed = [...notClaimed.matchAll(/V\d{1,2}\.\d{1,2}\.\d{1,2}/g)].map(([id]) => id)
      expect(listed.length).toBeGreaterThan(5)
      expect(claims.map(([id]) => id).filter((id) => listed.includes(id as string))).toEqual([])
    })
  })
})

describe('docs/coverage.md', () => {
  const rows = rowsOf(paper('docs/coverage.md'), 'capability', 'code', 'test')
  const isLeftOut = ([, code]: string[]) => code === 'not covered'

  describe('in each row', () => {
    it('names a file and a test, or says in a sentence why not', () => {
      expect(rows.length).toBeGreaterThan(100)
      expect(rows.filter((cells) => cells.length !== 3)).toEqual([])
      expect(unshownIn(rows.filter((row) => !isLeftOut(row)))).toEqual([])
      expect(rows.filter(isLeftOut).filter(([, , why]) => !/^[A-Z].{30,}\.$/.test(why as string))).toEqual([])
    })

    it('names a capability that no other row names', () => {
      const capabilities = rows.map(([first]) => first as string)
      expect(capabilities.filter((one, i) => capabilities.indexOf(one) !== i)).toEqual([])
    })
  })

  describe('compared with src/client', () => {
    const told = rows.flatMap(([capability]) => codeIn(capability)).flatMap((span) => span.split(/\W+/))

    it('has every field that travels', () => {
      const fields = [...new Set(propertiesIn(treeOf('src/client/wire.ts')))]
      expect(fields.length).toBeGreaterThan(40)
      expect(fields.filter((field) => !told.includes(field))).toEqual([])
    })

    it('has every method of NevisClient', () => {
      const methods = methodsOf('src/client/client.ts', 'NevisClient')
      expect(methods.length).toBeGreaterThan(10)
      expect(methods.filter((method) => !told.includes(method))).toEqual([])
    })
  })
})

describe('docs/events.md', () => {
  const events = paper('docs/events.md')
  const names = namesOf('src/strategy/events.ts', 'NevisEvents')

  const declared = (name: string) => treeOf('src/strategy/events.ts').statements.find((one) => ts.isInterfaceDeclaration(one) && one.name.text === name) as ts.InterfaceDeclaration
  const common = [...propertiesIn(declared('Base')), ...propertiesIn(declared('About'))]
  const fieldsOf = (event: string) => {
    const member = declared('NevisEvents').members.find(({ name }) => (name as ts.Identifier).text === event) as ts.PropertySignature
    return [...common, ...propertiesIn(member)]
  }

  describe('compared with src/strategy/events.ts', () => {
    it('has every channel, and no other', () => {
      const told = rowsOf(events, 'channel').map(([cell]) => codeIn(cell)[0])
      expect(told.sort()).toEqual(names.map((name) => `passport-nevis:${name}`).sort())
      const mentioned = [...events.matchAll(/passport-nevis:(\w+)/g)].map(([, name]) => name as string)
      expect(mentioned.filter((name) => !names.includes(name))).toEqual([])
    })

    it('has every field, and no other', () => {
      const told = rowsOf(events, 'field').flatMap(([cell]) => codeIn(cell))
      expect([...new Set(told)].sort()).toEqual([...new Set(names.flatMap(fieldsOf))].sort())
    })

    it('has every value of a field that does not fit', () => {
      const [cells] = rowsOf(events, 'field').filter(([cell]) => cell === '`field`')
      expect(namesOf('src/trust/binding.ts', 'Mismatch').filter((name) => !codeIn(cells?.[3]).includes(name))).toEqual([])
    })

    it('has every budget', () => {
      const budget = declared('NevisEvents').members.find(({ name }) => (name as ts.Identifier).text === 'budget')?.getText() ?? ''
      const [cells] = rowsOf(events, 'field').filter(([cell]) => cell === '`budget`')
      const values = [...(/readonly budget: (.+)/.exec(budget)?.[1] ?? '').matchAll(/'(\w+)'/g)].map(([, value]) => value as string)
      expect(values.length).toBeGreaterThan(5)
      expect(values.filter((value) => !codeIn(cells?.[1]).includes(`'${value}'`))).toEqual([])
    })

    it('shows an example of every channel, with fields that it has', () => {
      const examples = [...events.matchAll(/^### `passport-nevis:(\w+)`$[^]*?^```json\n([^]*?)^```$/gm)]
      expect(examples.map(([, name]) => name).sort()).toEqual([...names].sort())
      for (const [, name, text] of examples) {
        const fields = Object.keys(JSON.parse(text as string) as object)
        expect(fields).toContain('strategy')
        expect(fields.filter((field) => !fieldsOf(name as string).includes(field))).toEqual([])
      }
    })
  })
})

describe('README.md', () => {
  describe('compared with the failures', () => {
    it('has every code with its HTTP status, and no other', () => {
      const told = rowsOf(readme, 'code', 'HTTP').map(([code, status]) => [codeIn(code)[0], Number(status)])
      expect(Object.fromEntries(told)).toEqual(Object.fromEntries(Object.entries(failures).map(([code, { status }]) => [code, status])))
      expect(told).toHaveLength(Object.keys(failures).length)
    })
  })

  describe('compared with the errors', () => {
    const statuses = (head: string) => rowsOf(readme, head).map(([code, , status]) => [codeIn(code)[0], Number(status)])

    it('has every NevisError code with its status, and no other', () => {
      expect(statuses('`NevisError` code').sort()).toEqual(nevisErrorCodes.map((code) => [code, new NevisError(code, 'ping').status]).sort())
    })

    it('has every StorageError code with its status, and no other', () => {
      expect(statuses('`StorageError` code').sort()).toEqual(storageErrorCodes.map((code) => [code, new StorageError(code).status]).sort())
    })
  })

  describe('compared with the exports', () => {
    it('names every function and class, or a guide does', () => {
      const words = new Set([readme, ...papers.map(([, markdown]) => markdown)].flatMap((markdown) => markdown.split(/\W+/)))
      expect(Object.keys(door).length).toBeGreaterThan(15)
      expect(Object.keys(door).filter((name) => !words.has(name))).toEqual([])
    })

    it('names every option of sms, or a guide does', () => {
      const words = new Set([readme, paper('docs/guides/factors.md')].flatMap((markdown) => markdown.split(/\W+/)))
      expect(namesOf('src/factors/sms.ts', 'SmsOptions').filter((name) => !words.has(name))).toEqual([])
    })
  })

  describe('compared with NevisStrategyOptions', () => {
    it('has every option, and no other', () => {
      const told = rowsOf(readme, 'option', 'unit, default').flatMap(([cell]) => codeIn(cell).map((name) => name.replace(/\(.*\)$/, '')))
      expect(told.sort()).toEqual(namesOf('src/strategy/options.ts', 'NevisStrategyOptions').sort())
    })
  })
})

describe('the codes in words', () => {
  describe('of every paper', () => {
    it.each([['README.md', readme], ...papers])('exist: %s', (_path, markdown) => {
      const settings: readonly string[] = read('example-app/src/config.ts').match(/\b[A-Z]+(_[A-Z]+)+\b/g) ?? []
      const codes = spansOf(markdown).filter((span) => /^(NEVIS|SESSION|LEDGER)_[A-Z_]+$/.test(span) && !settings.includes(span))
      expect(codes.filter((code) => ![...nevisErrorCodes, ...storageErrorCodes].includes(code as NevisErrorCode))).toEqual([])
    })
  })
})

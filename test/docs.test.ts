/**
 * Tests that documents agree with the code that they describe: file names, security promises, events, codes, options, exported names, sizes.
 *
 * Out of scope: which test proves which promise (`test/evidence.test.ts`), and snippets, commands and links (`test/guides.test.ts`).
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import ts from 'typescript'
import * as passportNevis from '../src'
import * as simulatorDoor from '../src/simulator'
import { failures, NevisError, StorageError, type NevisErrorCode, type StorageErrorCode } from '../src'
import { guides, targetsOf } from './support/markdown'

const ROOT = resolve(__dirname, '..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const isFile = (path: string) => existsSync(join(ROOT, path))

const papers: [string, string][] = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs/asvs.md', 'docs/coverage.md', 'docs/cross-device.md', 'docs/events.md', 'docs/reference.md', 'docs/threat-model.md', 'docs/waiting-page-compared.md', 'test/mutation.md', ...guides]
  .map((path) => [path, read(path).split('\n## Sources\n')[0] as string]) // the sources of `docs/waiting-page-compared.md` are files of other projects
const paper = (path: string) => (papers.find(([name]) => name === path) as [string, string])[1]

/** The inline code of a document, without its fenced blocks. */
function spansOf(markdown: string): string[] {
  return [...markdown.replace(/^```[^]*?^```$/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, span]) => span as string)
}

/** The rows, as cells, of every table whose header begins with these words. */
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

/** Files that a document names or links to, but that do not exist. A file name without a folder is at the root, or in a folder that the document names. */
function lostIn(path: string, markdown: string): string[] {
  const links = targetsOf(markdown).filter((target) => !target.startsWith('#')).map((target) => join(dirname(path), target.split('#')[0] as string))
  const spans = spansOf(markdown)
  const folders = ['.', ...spans.filter((span) => /^test\/[\w/-]+$/.test(span))]
  const named = spans.filter((span) => /^[\w.-]+\.(md|json|mjs)$/.test(span)).filter((file) => !folders.some((folder) => isFile(join(folder, file))))
  const files = spans.filter((span) => /^(src|test|docs|example-app|\.ci)\/\S+$/.test(span))
  return [...[...links, ...files].filter((file) => !isFile(file)), ...named]
}

/** The titles of all tests, and of the `describe` calls around the tests. */
const titles = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.ts'))
  .flatMap((path) => [...read(join('test', path)).matchAll(/(?:\b(?:it|test|describe\w*)|\))\(\s*(['"`])((?:(?!\1)[^\\\n]|\\.)+)\1/g)].map(([, , title]) => (title as string).replace(/\\(.)/g, '$1')))
const longTitles = titles.filter((title) => title.split(' ').length >= 4)

/** Forms in which a document can repeat a title: code, emphasis, quotation marks. */
const FORMS = [/`([^`\n]+)`/g, /(?<![\w*])\*+([^*\n]+)\*+/g, /(?<!\w)_+([^_\n]+)_+(?!\w)/g, /["“]([^"“”\n]+)["”]/g]

/**
 * Finds titles of tests in a document. The documents must not repeat a title, because it would soon be out of date: `npm run evidence` lists the tests of a
 * requirement. A text counts if it contains ` › `, if a title begins with it (at least three
 * words) or ends with it (at least five words), or if it begins with a whole title of at least four words.
 */
function titlesIn(markdown: string): string[] {
  const prose = markdown.replace(/^```[^]*?^```$/gm, '')
  const isTitle = (text: string) => {
    const words = text.split(' ').length
    if (text.includes(' › ') || words < 3 || /^\w+\(/.test(text)) return text.includes(' › ')
    return titles.some((title) => title.startsWith(text) || (words >= 5 && title.endsWith(text))) || longTitles.some((title) => text.startsWith(title))
  }
  return FORMS.flatMap((form) => [...prose.matchAll(form)].map(([, text]) => text as string)).filter(isTitle)
}

/** The ids of the threat model's promises that a document names, such as T-planted-1. */
const promisesIn = (markdown: string) => [...new Set([...markdown.matchAll(/\bT-[a-z-]+-\d+\b/g)].map(([id]) => id))]

/** The members of a union of string literals, or the properties of an interface. */
function namesOf(path: string, name: string): string[] {
  const found = treeOf(path).statements.find((one) => (ts.isTypeAliasDeclaration(one) || ts.isInterfaceDeclaration(one)) && one.name.text === name)
  if (found === undefined) throw new Error(`${path} has no ${name}`)
  if (ts.isInterfaceDeclaration(found)) return found.members.map((member) => (member.name as ts.Identifier).text)
  const { types } = (found as ts.TypeAliasDeclaration).type as ts.UnionTypeNode
  return types.map((type) => ((type as ts.LiteralTypeNode).literal as ts.StringLiteral).text)
}

function propertiesIn(node: ts.Node): string[] {
  const found: string[] = []
  const visit = (child: ts.Node): void => {
    if (ts.isPropertySignature(child)) found.push((child.name as ts.Identifier).text)
    child.forEachChild(visit)
  }
  node.forEachChild(visit)
  return found
}

/** The public methods of a class. */
function methodsOf(path: string, name: string): string[] {
  const found = treeOf(path).statements.find((one) => ts.isClassDeclaration(one) && one.name?.text === name) as ts.ClassDeclaration
  return found.members
    .filter((member) => ts.isMethodDeclaration(member) && ts.isIdentifier(member.name))
    .filter((member) => !ts.getJSDocTags(member).some(({ tagName }) => tagName.text === 'internal'))
    .map((member) => (member.name as ts.Identifier).text)
}

/** Finds the rows in which no cell names a file in `src`, and returns the first cell of each of these rows. */
function withoutSource(rows: string[][]): string[] {
  return rows.filter((cells) => !codeIn(cells.join(' ')).some((span) => /^src\/\S+$/.test(span))).map(([first]) => first as string)
}

const nevisErrorCodes = namesOf('src/client/errors.ts', 'NevisErrorCode') as NevisErrorCode[]
const storageErrorCodes = namesOf('src/host/storage.ts', 'StorageErrorCode') as StorageErrorCode[]

describe('what a paper names', () => {
  describe('in the paper as it is', () => {
    it.each(papers)('is there, and no title of a test is among it: %s', (path, markdown) => {
      expect(lostIn(path, markdown)).toEqual([])
      expect(titlesIn(markdown)).toEqual([])
    })

    it('is a promise of the threat model', () => {
      const made = [...paper('docs/threat-model.md').matchAll(/\[(T-[a-z-]+-\d+)\]/g)].map(([, id]) => id as string)
      expect(made.length).toBeGreaterThan(60)
      expect(papers.flatMap(([path, markdown]) => promisesIn(markdown).filter((id) => !made.includes(id)).map((id) => `${path} ${id}`))).toEqual([])
    })
  })

  describe('in a paper that is out of date', () => {
    it('is found out: a file, a link, a title', () => {
      expect(lostIn('SECURITY.md', '`src/index.ts` and [this](docs/asvs.md)')).toEqual([])
      expect(lostIn('SECURITY.md', '`src/nowhere.ts`, `test/nowhere.test.ts`')).toEqual(['src/nowhere.ts', 'test/nowhere.test.ts'])
      expect(lostIn('docs/asvs.md', '[this](nowhere.md)')).toEqual(['docs/nowhere.md'])
      const title = 'is found out: a file, a link, a title'
      const repeated = ['`test/docs.test.ts › what a paper names`', `*${title}*`, `**${title}**`, `_${title}_`, `"${title}"`, `“${title}”`, `\`${title}\``]
      expect(repeated.filter((span) => titlesIn(`The test ${span} fails.`).length !== 1)).toEqual([])
      expect(titlesIn('The option "what a test is not called" is *new*.')).toEqual([])
      expect(promisesIn('T-old-session-1, `T-once-2`, T-planted')).toEqual(['T-old-session-1', 'T-once-2'])
    })
  })
})

describe('the size of a document', () => {
  it.each([['README.md', 10], ['SECURITY.md', 8]])('is what people read: %s has at most %i KB', (path, kilobytes) => {
    expect(Buffer.byteLength(read(path))).toBeLessThanOrEqual(kilobytes * 1024)
  })
})

describe('docs/waiting-page-compared.md', () => {
  const compared = read('docs/waiting-page-compared.md')
  const names = [
    'what your app can change on the page', 'help for the user', 'language', 'offers only factors that the user has set up',
    'code that the user types to approve a push', 'browser and app on the same phone', 'links to install the phone app',
    'makes sure that the user saves new recovery codes', 'works without JavaScript', 'time limit', 'users who have asked for reduced motion',
  ]

  it('compares every point with five others, and names a test of each', () => {
    const rows = rowsOf(compared, '', 'passport-nevis')
    expect(rows.map(([name]) => name)).toEqual(names)
    expect(rows.filter((cells) => cells.length !== 7 || cells.includes(''))).toEqual([])
    const tests = rowsOf(compared, 'row of the first table', 'tests')
    expect(tests.flatMap(([row]) => (row as string).split(', ')).sort()).toEqual([...names].sort())
    expect(tests.filter(([, files]) => !/^`test\/\S+\.test\.ts`(, `test\/\S+\.test\.ts`)*$/.test(files as string))).toEqual([])
  })
})

describe('docs/asvs.md', () => {
  const claims = rowsOf(paper('docs/asvs.md'), 'requirement', 'level')

  describe('in each row of what is claimed', () => {
    it('names one requirement, once, and a file', () => {
      expect(claims.length).toBeGreaterThan(20)
      const ids = claims.map(([id]) => id)
      expect(ids.filter((id) => !/^V\d{1,2}\.\d{1,2}\.\d{1,2}$/.test(id as string))).toEqual([])
      expect(new Set(ids).size).toBe(ids.length)
      expect(withoutSource(claims)).toEqual([])
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
  const rows = rowsOf(paper('docs/coverage.md'), 'id', 'capability', 'code', 'tests')
  const isLeftOut = ([, , code]: string[]) => code === 'not covered'

  describe('in each row', () => {
    it('has an id and a file, or says in a sentence why not', () => {
      expect(rows.length).toBeGreaterThan(100)
      expect(rows.filter((cells) => cells.length !== 4)).toEqual([])
      const covered = rows.filter((row) => !isLeftOut(row))
      expect(covered.filter(([id]) => !/^C-[a-z-]+-\d+$/.test(id as string))).toEqual([])
      expect(withoutSource(covered)).toEqual([])
      expect(rows.filter(isLeftOut).filter(([id, , , why]) => id !== '–' || !/^[A-Z].{30,}\.$/.test(why as string))).toEqual([])
    })

    it('names a capability that no other row names', () => {
      const capabilities = rows.map(([, capability]) => capability as string)
      expect(capabilities.filter((one, i) => capabilities.indexOf(one) !== i)).toEqual([])
    })
  })

  describe('compared with src/client', () => {
    const told = rows.flatMap(([, capability]) => codeIn(capability)).flatMap((span) => span.split(/\W+/))

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

describe('docs/cross-device.md', () => {
  const rows = rowsOf(paper('docs/cross-device.md'), 'id')
  const isLeftOut = ([id]: string[]) => id === '–'

  describe('in each row', () => {
    it('has an id and a file, or says in a sentence why not', () => {
      expect(rows.length).toBeGreaterThan(50)
      expect(rows.filter((cells) => cells.length !== 5)).toEqual([])
      expect(rows.filter((row) => !isLeftOut(row)).filter(([id]) => !/^(CD|N)-[a-z]+-\d+$/.test(id as string))).toEqual([])
      expect(withoutSource(rows.filter((row) => !isLeftOut(row)))).toEqual([])
      expect(rows.filter(isLeftOut).filter(([, , here, , tests]) => tests !== 'not covered' || !/^[*A-Z`].{6,}/.test(here as string))).toEqual([])
    })
  })

  describe('compared with the standards', () => {
    const told = (section: string) => rows.filter(([, what]) => (what as string).split(/[ :,]+/).includes(section)).length

    /** The sections of RFC 10027, from its table of contents. */
    it.each([...Array.from({ length: 17 }, (_, i) => `6.1.${i + 1}`), ...Array.from({ length: 4 }, (_, i) => `6.2.${i + 1}`), '6.3'])('has a row for RFC 10027, %s', (section) => {
      expect(told(section)).toBe(1)
    })

    it.each([['3.1.2.1', 2], ['3.1.2.2', 5], ['3.1.3', 1], ['3.1.3.1', 4], ['3.1.3.2', 8], ['3.1.3.3', 2], ['3.1.3.4', 1], ['3.2.9', 1], ['4.1.2.2', 1]])('has the rows for NIST SP 800-63B-4, %s', (section, count) => {
      expect(told(section)).toBe(count)
    })

    it('has the rows for NIST SP 800-63B-4, 3.2.2: the limit, several authenticators, the new binding, what is optional, the count after a success', () => {
      const [, limits = ''] = paper('docs/cross-device.md').split('\n## NIST SP 800-63B-4, 3.2.2')
      const opening = (what: string | undefined) => what?.split(/[ ,]+/).slice(0, 2).join(' ')
      expect(rowsOf(limits, 'id').map(([, what]) => opening(what))).toEqual(['No more', 'If several', 'A disabled', 'Optional: growing', 'After a'])
    })
  })
})

describe('what a user of the package must know', () => {
  it.each([
    ['docs/events.md', 'the reason of a failure is only inferred, and not for a browser', /^\| `reason` \| `'denied'` or `'timed_out'` .*\*\*inferred\*\*.* Never show the reason to a browser \|$/m],
    ['SECURITY.md', 'the time tells a denial from a time-out', /A browser can tell a denial from a time-out\.\*\* A denial comes earlier/],
    ['docs/guides/remembered-browsers.md', 'a new password is a reason to forget browsers', /Call `forgetBrowsers` when the user's password changes/],
    ['docs/guides/factors.md', 'when a QR code is better than a typed code', /^\| when to make this factor the default \| for sign-ins.*\| if users cannot scan.*\| only if an accidental approval does no harm \|$/m],
  ])('%s says that %s', (path, _what, words) => {
    expect(paper(path)).toMatch(words)
  })
})

describe('docs/guides/step-up-and-signing.md', () => {
  const rows = rowsOf(paper('docs/guides/step-up-and-signing.md'), 'factor', '`amr`')
  const { push, app, sms, recovery, widget } = passportNevis

  describe('compared with the factors', () => {
    it('has the values of RFC 8176 of each, with a reason and a level of NIST', () => {
      const made = { push: push(), 'push({ typedCode: true })': push({ typedCode: true }), app: app(), sms: sms(), recovery: recovery(), widget: widget() }
      expect(rows.map(([factor, amr]) => [codeIn(factor)[0], codeIn(amr)])).toEqual(Object.entries(made).map(([factor, { amr }]) => [factor, amr]))
      expect(rows.filter(([, , because, level]) => (because as string).length < 10 || !/^AAL[12]\b/.test(level as string))).toEqual([])
    })
  })
})

describe('docs/events.md', () => {
  const events = paper('docs/events.md')
  const names = namesOf('src/strategy/events.ts', 'NevisEvents')

  /** Events that are declared in another file than `events.ts`: in the file that publishes them. */
  const ELSEWHERE = { NevisCall: 'src/client/calls.ts', NevisFault: 'src/host/faults.ts' }
  const declared = (name: string) => treeOf('src/strategy/events.ts').statements.find((one) => ts.isInterfaceDeclaration(one) && one.name.text === name) as ts.InterfaceDeclaration
  const common = [...propertiesIn(declared('Base')), ...propertiesIn(declared('About'))]
  const fieldsOf = (event: string) => {
    const member = declared('NevisEvents').members.find(({ name }) => (name as ts.Identifier).text === event) as ts.PropertySignature
    const own = [...propertiesIn(member), ...Object.entries(ELSEWHERE).flatMap(([type, path]) => (member.getText().includes(type) ? namesOf(path, type) : []))]
    return member.getText().includes('About') ? [...common, ...own] : own
  }

  describe('compared with src/strategy/events.ts', () => {
    it('has every channel, and no other', () => {
      const told = rowsOf(events, 'channel').map(([cell]) => codeIn(cell)[0])
      expect(told.sort()).toEqual(names.map((name) => `passport-nevis:${name}`).sort())
      const mentioned = [...events.matchAll(/passport-nevis:(\w+)/g)].map(([, name]) => name as string)
      expect(mentioned.filter((name) => !names.includes(name))).toEqual([])
    })

    // Shows: ASVS V16.2.5
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
        if (name !== 'call') expect(fields).toContain('strategy')
        expect(fields.filter((field) => !fieldsOf(name as string).includes(field))).toEqual([])
      }
    })
  })
})

describe('docs/reference.md', () => {
  const reference = paper('docs/reference.md')

  describe('compared with the failures', () => {
    it('has every code with its HTTP status, and no other', () => {
      const told = rowsOf(reference, 'code', 'HTTP').map(([code, status]) => [codeIn(code)[0], Number(status)])
      expect(Object.fromEntries(told)).toEqual(Object.fromEntries(Object.entries(failures).map(([code, { status }]) => [code, status])))
      expect(told).toHaveLength(Object.keys(failures).length)
    })
  })

  describe('compared with the errors', () => {
    const statuses = (head: string) => rowsOf(reference, head).map(([code, , status]) => [codeIn(code)[0], Number(status)])

    it('has every NevisError code with its status, and no other', () => {
      expect(statuses('`NevisError` code').sort()).toEqual(nevisErrorCodes.map((code) => [code, new NevisError(code, 'ping').status]).sort())
    })

    it('has every StorageError code with its status, and no other', () => {
      expect(statuses('`StorageError` code').sort()).toEqual(storageErrorCodes.map((code) => [code, new StorageError(code).status]).sort())
    })
  })

  describe('compared with the exports', () => {
    it('has every function and class, and no other', () => {
      const told = (head: string) => rowsOf(reference, head).flatMap(([cell]) => codeIn(cell))
      expect(told('name of `passport-nevis`').sort()).toEqual(Object.keys(passportNevis).filter((name) => name !== 'default').sort())
      expect(told('name of `passport-nevis/simulator`').sort()).toEqual(Object.keys(simulatorDoor).sort())
      const ofBrowser = [...read('src/waiting/browser/index.mts').matchAll(/^export \{ (\w+) \}/gm)].map(([, name]) => name)
      expect(told('name of `passport-nevis/browser`').sort()).toEqual(ofBrowser.sort())
    })

    it.each([
      ['src/factors/sms.ts', 'SmsOptions'],
      ['src/factors/app.ts', 'AppOptions'],
      ['src/factors/widget.ts', 'WidgetOptions'],
      ['src/waiting/waiting-page.ts', 'WaitingPageOptions'],
      ['src/waiting/page-options.ts', 'PageOptions'],
      ['src/waiting/status-endpoint.ts', 'StatusEndpointOptions'],
      ['src/session/require-second-factor.ts', 'RequireSecondFactorOptions'],
      ['src/ledger/redis-ledger.ts', 'RedisLedgerOptions'],
    ])('has every option of %s: %s', (path, name) => {
      const words = new Set(rowsOf(reference, 'call', 'options').flatMap(([cell]) => (cell as string).split(/\W+/)))
      expect(namesOf(path, name).filter((option) => !words.has(option))).toEqual([])
    })

    it('has every option of a route and of the client, and no other', () => {
      const told = (head: string) => rowsOf(reference, head).flatMap(([cell]) => codeIn(cell))
      expect(told('route option').sort()).toEqual(namesOf('src/strategy/route-options.ts', 'NevisAuthenticateOptions').sort())
      const common = ['instance', 'baseURL', 'accessKey']
      expect([...told('client option'), ...common].sort()).toEqual(namesOf('src/client/options.ts', 'NevisClientOptions').sort())
    })
  })

  describe('compared with NevisStrategyOptions', () => {
    it('has every option, and no other', () => {
      const told = rowsOf(reference, 'option', 'unit, default').flatMap(([cell]) => codeIn(cell).map((name) => name.replace(/\(.*\)$/, '')))
      expect(told.sort()).toEqual(namesOf('src/strategy/options.ts', 'NevisStrategyOptions').sort())
    })
  })
})

describe('the codes in words', () => {
  describe('of every paper', () => {
    it.each(papers)('exist: %s', (_path, markdown) => {
      const settings: readonly string[] = read('example-app/src/config.ts').match(/\b[A-Z]+(_[A-Z]+)+\b/g) ?? []
      const codes = spansOf(markdown).filter((span) => /^(NEVIS|SESSION|LEDGER)_[A-Z_]+$/.test(span) && !settings.includes(span))
      expect(codes.filter((code) => ![...nevisErrorCodes, ...storageErrorCodes].includes(code as NevisErrorCode))).toEqual([])
    })
  })
})

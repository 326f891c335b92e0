/** `npm run docs` fails for a document that is not in the menu, and for a broken link. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { documents, ROOT } from './support/markdown'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'site-'))))
afterEach(() => rmSync(folder, { recursive: true }))

/** Evaluates an expression in a process of its own, because the site's files are ES modules. */
function evaluated(file: string, expression: string): unknown {
  const code = `import * as site from ${JSON.stringify(join(ROOT, '.vitepress', file))}\nprocess.stdout.write(JSON.stringify(${expression}) ?? 'null')`
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8', stdio: 'pipe', cwd: ROOT }))
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

describe('the menu', () => {
  it('lists the guides first, then the reference', () => {
    const headings = evaluated('menu.mjs', 'site.menu') as [string, string[]][]
    const last = headings.findLastIndex(([, paths]) => paths.some((path) => path.startsWith('docs/guides/')))
    expect(headings.findIndex(([heading]) => heading === 'Reference')).toBe(last + 1)
  })
})

describe('the menu of the reference', () => {
  it('has a group for each name by the folder in src: a folder inside another folder goes first', () => {
    const folders = (evaluated('menu.mjs', 'site.groups') as [string, string[]][]).flatMap(([, names]) => names)
    expect(folders.filter((folder) => !existsSync(join(ROOT, 'src', folder)))).toEqual([])
    const paths = ['waiting/waiting-page.ts', 'waiting/browser/contract.mts', 'strategy/options.ts', 'strategy/watch/schedule.ts', 'doctor/probe/stages.ts', 'index.ts']
    const found = evaluated('menu.mjs', `${JSON.stringify(paths)}.map((path) => site.groupOf('/home/src/' + path) ?? 'none')`)
    expect(found).toEqual(['Pages', 'Single-page apps', 'Strategy', 'Pages', 'none', 'none'])
  })

  it('has no group without a name of ours: TypeDoc would call it Interfaces', () => {
    const reference = [{ title: 'Reference', children: [{ title: 'passport-nevis', path: 'index.md', children: [{ title: 'Pages', children: [] }, { title: 'Interfaces', children: [] }] }] }]
    expect(evaluated('menu.mjs', `site.unnamedGroups(${JSON.stringify(reference)})`)).toEqual(['Interfaces'])
  })
})

describe('the pages of the site', () => {
  it('are all the documents, each with the links of the site', () => {
    evaluated('pages.mjs', `site.writePages(${JSON.stringify(ROOT)}, ${JSON.stringify(folder)})`)
    const addresses = evaluated('pages.mjs', `${JSON.stringify(documents)}.map((path) => site.addressOf(path))`) as string[]
    expect(new Set(addresses).size).toBe(documents.length)
    const guide = readFileSync(join(folder, 'guides/factors.md'), 'utf8')
    expect(guide).toContain('](/reference#what-is-checked-for-each-factor)')
    expect(readFileSync(join(folder, 'pictures.md'), 'utf8')).toContain('](/images/waiting-push.png)')
  })

  it.each([
    ['a document that the menu does not name', 'docs/guides/new.md', '# New\n', 'menu.mjs does not name docs/guides/new.md'],
    ['a link to what the site does not have', 'README.md', '# Readme\n[code](src/index.ts)\n', 'README.md: the site has no page for src/index.ts'],
  ])('are refused with %s', (_what, path, text, why) => {
    for (const document of documents) write(document, '# Title\n')
    write(path, text)
    const make = () => evaluated('pages.mjs', `site.writePages(${JSON.stringify(folder)}, ${JSON.stringify(join(folder, 'pages'))})`)
    expect(make).toThrow(why)
  })
})

describe('the finished site', () => {
  it('is searched for links to a page, a heading or a picture that is not there', () => {
    write('index.html', '<h1 id="here">A</h1><a href="#here"></a><a href="/b.html#there"></a><a href="/b#gone"></a><a href="/c"></a><a href="https://example.com/c"></a>')
    write('b.html', '<h1 id="there">B</h1><img src="/none.png">')
    const broken = evaluated('broken-links.mjs', `site.brokenLinks(${JSON.stringify(folder)})`) as string[]
    expect(broken.sort()).toEqual(['b.html: /none.png', 'index.html: /b#gone', 'index.html: /c'])
  })
})

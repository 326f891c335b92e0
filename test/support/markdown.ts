/**
 * Reads snippets, links, anchors and pictures of the documents.
 *
 * Out of scope: checking them (`test/guides.test.ts`, `test/docs.test.ts`).
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

export const ROOT = resolve(__dirname, '../..')
export const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

/** The path of every document for readers, from the root. */
export const documents: readonly string[] = [
  ...['README.md', 'SECURITY.md', 'CHANGELOG.md', 'CONTRIBUTING.md'].filter((path) => existsSync(join(ROOT, path))),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.md')).map((path) => join('docs', path)).sort(),
]
export const guides = documents.filter((path) => path.startsWith(join('docs', 'guides')))

export interface Snippet {
  /** Where the snippet begins, such as `README.md:34`. */
  readonly at: string
  readonly language: string
  readonly code: string
}

export function snippetsOf(path: string): Snippet[] {
  const markdown = read(path)
  return [...markdown.matchAll(/^( *)```(\w*)[^\n]*\n([^]*?)^ *```$/gm)].map(({ index, 1: indent = '', 2: language = '', 3: code = '' }) => ({
    at: `${path}:${markdown.slice(0, index).split('\n').length + 1}`,
    language,
    code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }))
}

/** The only snippet of a document that contains this text. */
export function snippetWith(path: string, text: string): string {
  const found = snippetsOf(path).filter(({ code }) => code.includes(text))
  if (found.length !== 1) throw new Error(`${path} has ${found.length} snippets with ${text}`)
  return (found[0] as Snippet).code
}

/** The text of a document without its fenced blocks. */
const prose = (markdown: string) => markdown.replace(/^( *)```[^]*?^\1```$/gm, '')

/** The targets of links and pictures that stay within the repository. */
export function targetsOf(markdown: string): string[] {
  const text = prose(markdown).replace(/`[^`\n]+`/g, '')
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target as string).filter((target) => !/^(https?|mailto):/.test(target))
}

/** The anchors of a document, in the spelling that GitHub and TypeDoc share. */
export function anchorsOf(markdown: string): string[] {
  return [...prose(markdown).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => {
    const text = heading.replace(/\[([^\]]+)\]\([^)]+\)/g, '$1').replace(/[`*]/g, '')
    return text.trim().toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-')
  })
}

/** Link targets that do not exist: a missing file, or a missing heading in it. */
export function brokenIn(path: string, markdown: string): string[] {
  return targetsOf(markdown).filter((target) => {
    const [file = '', anchor] = target.split('#') as [string, string?]
    const to = file === '' ? path : join(dirname(path), file)
    if (!existsSync(join(ROOT, to))) return true
    return anchor !== undefined && !anchorsOf(to === path ? markdown : read(to)).includes(anchor)
  })
}

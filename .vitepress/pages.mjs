// @ts-check
/** Copies the documents of the repository to their places on the site, and adapts their links. */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { menu } from './menu.mjs'

/**
 * The path of a document on the site, without extension: `docs/guides/doctor.md` is at `guides/doctor`.
 * @param {string} path in the repository, with slashes
 */
export const addressOf = (path) => (path === 'README.md' ? 'overview' : path.replace(/^docs\//, '').replace(/\.md$/, '').replace(/^[A-Z]+$/, (name) => name.toLowerCase()))

/**
 * The title of a document: its first heading.
 * @param {string} path
 */
export function titleOf(path) {
  const [, title] = /^# (.+)\n/.exec(readFileSync(path, 'utf8')) ?? []
  if (title === undefined) throw new Error(`${path} does not begin with a heading of the first level`)
  return title.replaceAll('`', '')
}

const documents = menu.flatMap(([, paths]) => paths)

/**
 * Replaces the target of every link and picture outside of code.
 * @param {string} markdown
 * @param {(target: string) => string} replace
 */
function withTargets(markdown, replace) {
  return markdown.split(/(^ *```[^]*?^ *```$|`[^`\n]+`)/gm).map((text, i) => (i % 2 === 1 ? text : text.replace(/(\]\()([^)\s]+)(\))/g, (_all, /** @type {string} */ open, /** @type {string} */ target, /** @type {string} */ close) => open + replace(target) + close))).join('')
}

/** @param {string} root @param {string} path */
function pageOf(root, path) {
  return withTargets(readFileSync(join(root, path), 'utf8'), (target) => {
    if (/^(https?:|mailto:|#)/.test(target)) return target
    const [file = '', anchor] = target.split('#')
    const to = posix.join(posix.dirname(path), file)
    if (documents.includes(to)) return `/${addressOf(to)}${anchor === undefined ? '' : `#${anchor}`}`
    if (to.startsWith('docs/') && !to.endsWith('.md')) return `/${to.replace(/^docs\//, '')}`
    throw new Error(`${path}: the site has no page for ${target}`)
  })
}

/** Writes the pages of the site. @param {string} root of the repository @param {string} pages the folder that VitePress reads */
export function writePages(root, pages) {
  const found = ['README.md', 'SECURITY.md', 'CHANGELOG.md', 'CONTRIBUTING.md', ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.md')).map((path) => `docs/${path.replaceAll('\\', '/')}`)]
  const forgotten = found.filter((path) => !documents.includes(path))
  if (forgotten.length > 0) throw new Error(`.vitepress/menu.mjs does not name ${forgotten.join(', ')}`)
  for (const path of documents) {
    const page = join(pages, `${addressOf(path)}.md`)
    mkdirSync(dirname(page), { recursive: true })
    writeFileSync(page, pageOf(root, path))
  }
  writeFileSync(join(pages, 'index.md'), readFileSync(join(root, '.vitepress/home.md')))
  for (const folder of ['images', 'monitoring', 'performance']) cpSync(join(root, 'docs', folder), join(pages, 'public', folder), { recursive: true })
}

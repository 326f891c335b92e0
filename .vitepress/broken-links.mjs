// @ts-check
/** Finds links of the finished site that lead to no page, no file or no heading. VitePress itself checks only links to pages. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'

const textOf = (/** @type {string} */ html) => html.replaceAll('&amp;', '&').replaceAll('&quot;', '"')

/** @param {string} site the folder of the built site @returns {string[]} `page: link` for each broken link */
export function brokenLinks(site) {
  const pages = new Map(readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.html')).map((path) => [path.replaceAll('\\', '/'), readFileSync(join(site, path), 'utf8')]))
  const ids = new Map([...pages].map(([path, html]) => [path, new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id = '']) => textOf(id)))]))

  const isBroken = (/** @type {string} */ from, /** @type {string} */ link) => {
    const [path = '', anchor] = decodeURIComponent(link).split('#')
    const to = path === '' ? from : posix.relative('/', posix.join('/', path.startsWith('/') ? '' : posix.dirname(from), path))
    const page = [to, `${to}.html`, posix.join(to, 'index.html')].find((file) => pages.has(file))
    if (page === undefined) return !existsSync(join(site, to)) || to === ''
    return anchor !== undefined && anchor !== '' && ids.get(page)?.has(anchor) !== true
  }

  return [...pages].flatMap(([path, html]) => {
    const links = [...html.matchAll(/\s(?:href|src)="([^"]+)"/g)].map(([, link = '']) => textOf(link)).filter((link) => !/^(\w+:|\/\/)/.test(link))
    return [...new Set(links)].filter((link) => isBroken(path, link)).map((link) => `${path}: ${link}`)
  })
}

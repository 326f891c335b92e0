// @ts-check
/** The settings of VitePress for the pages that `build.mjs` has written: the menu, the search, the head. */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { defineConfig } from 'vitepress'
import { menu } from './menu.mjs'
import { addressOf, titleOf } from './pages.mjs'

const ROOT = resolve(import.meta.dirname, '..')
const { version, description } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#0b57a4"/><path d="M4 8.5 7 11.5 12 5" fill="none" stroke="#fff" stroke-width="2"/></svg>'
const REFERENCE = join(import.meta.dirname, 'pages/reference.json')

/** Documents whose entry in the menu is not their own heading. @type {Record<string, string>} */
const ENTRIES = { 'README.md': 'Overview', 'docs/reference.md': 'Options, codes and checks' }
const documents = menu.map(([text, paths]) => ({
  text,
  collapsed: text === 'The project',
  items: paths.map((path) => ({ text: ENTRIES[path] ?? titleOf(join(ROOT, path)), link: `/${addressOf(path)}` })),
}))

/** @typedef {import('./menu.mjs').Entry} Entry */

/**
 * Turns an entry of TypeDoc's navigation, and all entries below it, into an entry of VitePress's menu.
 * @param {Entry} entry
 * @returns {import('vitepress').DefaultTheme.SidebarItem}
 */
const itemOf = ({ title, path, children }) => ({ text: title, ...(path && { link: `/reference/${path.replace(/\.md$/, '')}` }), ...(children && { collapsed: true, items: children.map(itemOf) }) })
/** The entry points `passport-nevis/simulator` and `passport-nevis/browser`, with their titles in the menu. @type {Record<string, string>} */
const ENTRY_POINTS = { simulator: 'Simulator', browser: 'Single-page apps' }
/** @type {Entry[]} */
const modules = existsSync(REFERENCE) ? JSON.parse(readFileSync(REFERENCE, 'utf8'))[0].children : []
/** @type {(entry: Entry) => Entry[]} */
const namesIn = ({ children = [] }) => children.flatMap((child) => (child.children ? namesIn(child) : [child]))
const reference = modules.flatMap(({ children = [] }) => children.map((child) => itemOf(child.title in ENTRY_POINTS ? { ...child, title: ENTRY_POINTS[child.title] ?? child.title, children: namesIn(child) } : child)))

/** Makes the anchor of a heading as GitHub does, so that the same link works on GitHub and on the site. */
const slugify = (/** @type {string} */ heading) => heading.trim().toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-')

export default defineConfig({
  title: 'passport-nevis',
  description,
  lang: 'en',
  head: [['link', { rel: 'icon', href: `data:image/svg+xml,${encodeURIComponent(ICON)}` }]],
  srcDir: '.vitepress/pages',
  outDir: 'site',
  cleanUrls: false,
  lastUpdated: false,
  markdown: { anchor: { slugify }, theme: { light: 'github-light-high-contrast', dark: 'github-dark-default' } },
  themeConfig: {
    nav: [
      { text: 'Guides', link: '/guides/quick-start', activeMatch: '^/guides/' },
      { text: 'Reference', link: '/reference/', activeMatch: '^/reference/' },
      { text: 'Security', link: '/security' },
      { text: version, link: '/changelog' },
    ],
    sidebar: {
      '/reference/': [{ text: 'Reference', link: '/reference/', items: reference }, { text: 'Guides', collapsed: true, items: documents.flatMap(({ items }) => items) }],
      '/': documents.map((group) => (group.text === 'Reference' ? { ...group, items: [...group.items, { text: 'Every exported name', link: '/reference/' }] } : group)),
    },
    outline: { level: [2, 3], label: 'On this page' },
    search: {
      provider: 'local',
      options: {
        miniSearch: {
          searchOptions: {
            // Search results: guides first, then other documents, then names of the reference.
            boostDocument: (id) => (id.startsWith('/guides/') ? 10 : id.startsWith('/reference/') ? 0.5 : 1),
          },
        },
      },
    },
    docFooter: { prev: 'Before', next: 'Next' },
    externalLinkIcon: true,
  },
})

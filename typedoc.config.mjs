/**
 * The documentation site: `npm run docs` makes it of README, guides, papers and docstrings, in `site/`.
 *
 * A document's title is its first heading and its group is its folder, so that the files need no front matter, which GitHub
 * and npm would show. Not its job: to check the words; `test/docs.test.ts` and `test/guides.test.ts` do.
 */
import { existsSync, readdirSync } from 'node:fs'
import { relative } from 'node:path'
import { Converter, KindRouter } from 'typedoc'

/** The order of reading; guides that are not named here come after those that are, by name. */
const ORDER = [
  'docs/guides/quick-start.md', 'docs/guides/existing-app.md', 'docs/guides/factors.md', 'docs/guides/enrolment.md', 'docs/guides/waiting-page.md',
  'docs/guides/step-up-and-signing.md', 'docs/guides/failure-codes.md', 'docs/guides/several-processes.md', 'docs/guides/forward-proxy.md', 'docs/guides/testing.md', 'docs/guides/doctor.md',
  'docs/guides/upgrading.md',
]
const guides = readdirSync('docs/guides', { recursive: true }).map((path) => `docs/guides/${path.replaceAll('\\', '/')}`).filter((path) => path.endsWith('.md')).sort()
const papers = ['SECURITY.md', 'docs/asvs.md', 'docs/coverage.md', 'docs/events.md', 'docs/performance.md', 'CONTRIBUTING.md', 'CHANGELOG.md']

const groupOf = (path) => {
  if (path.includes('/guides/hosts/')) return 'Hosts'
  return path.includes('/guides/') ? 'Guides' : 'Papers'
}

const pathOf = (document) => document.project.files.getReflectionPath(document)?.replaceAll('\\', '/') ?? ''

/** A document's address is its path, so that it outlives its title. */
class PathRouter extends KindRouter {
  getIdealBaseName(reflection) {
    if (!reflection.isDocument()) return super.getIdealBaseName(reflection)
    return relative('.', pathOf(reflection)).replaceAll('\\', '/').replace(/^docs\//, '').replace(/\.md$/, '')
  }
}

/** Titles, groups and addresses of documents. */
function documents(app) {
  app.renderer.defineRouter('path', PathRouter)
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, document) => {
    const [, title] = /^\s*# (.+)\n/.exec(document.content[0]?.text ?? '') ?? []
    const path = pathOf(document)
    document.frontmatter.group ??= groupOf(path)
    if (title === undefined) return app.logger.warn(`${path} has no heading of the first level`)
    document.name = title.replaceAll('`', '')
  })
}

/** @type {Partial<import('typedoc').TypeDocOptions>} */
export default {
  name: 'passport-nevis',
  includeVersion: true,
  entryPoints: ['src/index.ts', 'src/simulator/index.ts'],
  projectDocuments: [...new Set([...ORDER.filter((path) => existsSync(path)), ...guides, ...papers.filter((path) => existsSync(path))])],
  plugin: [documents],
  router: 'path',
  out: 'site',
  customCss: 'docs/site.css',
  disableSources: true,
  excludeInternal: true,
  excludePrivate: true,
  excludeExternals: true,
  sort: ['source-order'],
  sortEntryPoints: false,
  groupOrder: ['Guides', 'Hosts', 'Reference', 'Papers', 'Classes', 'Functions', 'Variables', '*'],
  navigation: { includeGroups: true },
  headings: { readme: false },
  useFirstParagraphOfCommentAsSummary: true,
  includeHierarchySummary: false,
  searchInComments: true,
  searchInDocuments: true,
  hideGenerator: true,
  githubPages: false,
  treatWarningsAsErrors: true,
  validation: { notExported: true, invalidLink: true, invalidPath: true, rewrittenLink: true, notDocumented: true, unusedMergeModuleWith: true },
}

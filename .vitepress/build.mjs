// @ts-check
/**
 * Makes the documentation site in `site/`: `npm run docs`.
 *
 * The site shows copies of the documents, with adapted links. So the documents themselves need no front matter, which GitHub and npm would show.
 * Out of scope: the content of the documents, which `test/docs.test.ts` and `test/guides.test.ts` check.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Application, TSConfigReader } from 'typedoc'
import { build } from 'vitepress'
import { brokenLinks } from './broken-links.mjs'
import { unnamedGroups } from './menu.mjs'
import { writePages } from './pages.mjs'
import options from './typedoc.mjs'

const ROOT = resolve(import.meta.dirname, '..')
const PAGES = join(ROOT, '.vitepress/pages')
const SITE = join(ROOT, 'site')

async function writeReference() {
  const app = await Application.bootstrapWithPlugins(options, [new TSConfigReader()])
  const project = await app.convert()
  if (project !== undefined) {
    app.validate(project)
    await app.generateOutputs(project)
  }
  if (project === undefined || app.logger.errorCount + app.logger.warningCount > 0) throw new Error('TypeDoc found the faults above')
  const unnamed = unnamedGroups(JSON.parse(readFileSync(/** @type {string} */ (options.navigationJson), 'utf8')))
  if (unnamed.length > 0) throw new Error(`menu.mjs does not name these groups of the reference: ${unnamed.join(', ')}`)
}

process.chdir(ROOT)
for (const folder of [PAGES, SITE]) rmSync(folder, { recursive: true, force: true })
await writeReference()
writePages(ROOT, PAGES)
await build(ROOT)
const broken = existsSync(SITE) ? brokenLinks(SITE) : ['no site']
if (broken.length > 0) throw new Error(`Links that lead nowhere:\n${broken.join('\n')}`)

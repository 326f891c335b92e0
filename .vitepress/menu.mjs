// @ts-check
/** The menu of the site. It lists every document of the repository once; the build fails if a document is missing. */

/**
 * Headings, and below each the documents in the order of reading, by their path in the repository.
 * @type {[heading: string, paths: string[]][]}
 */
export const menu = [
  ['Start here', ['docs/guides/quick-start.md', 'docs/guides/existing-app.md', 'docs/guides/init.md', 'docs/guides/testing.md', 'docs/guides/dialects.md']],
  ['Your framework', ['docs/guides/hosts/express.md', 'docs/guides/hosts/nestjs.md', 'docs/guides/hosts/fastify.md', 'docs/guides/hosts/koa.md']],
  ['The second factor', [
    'docs/guides/factors.md', 'docs/guides/enrolment.md', 'docs/guides/waiting-page.md', 'docs/pictures.md', 'docs/waiting-page-compared.md', 'docs/guides/step-up-and-signing.md', 'docs/guides/single-page-apps.md', 'docs/guides/remembered-browsers.md', 'docs/guides/failure-codes.md',
  ]],
  ['In production', ['docs/guides/several-processes.md', 'docs/guides/tenants.md', 'docs/guides/ledgers.md', 'docs/guides/bundling.md', 'docs/guides/reverse-proxies.md', 'docs/guides/forward-proxy.md', 'docs/guides/doctor.md', 'docs/guides/probe.md', 'docs/guides/monitoring.md', 'docs/events.md', 'docs/guides/upgrading.md', 'docs/performance.md']],
  ['Reference', ['docs/reference.md']],
  ['For security reviewers', ['SECURITY.md', 'docs/threat-model.md', 'docs/asvs.md', 'docs/cross-device.md', 'docs/coverage.md']],
  ['The project', ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md']],
]

/**
 * The groups of the reference, in their order, each with the folders of `src` whose exported names it contains. A folder inside another folder goes first: the
 * names of `waiting/browser` are not in the group of `waiting`.
 * @type {[group: string, folders: string[]][]}
 */
export const groups = [
  ['Strategy', ['strategy', 'trust']],
  ['Factors', ['factors']],
  ['Pages', ['waiting', 'strategy/watch']],
  ['Sessions and step-up', ['session']],
  ['Ledgers', ['ledger']],
  ['Nevis client', ['client']],
  ['Frameworks', ['host']],
  ['Simulator', ['simulator']],
  ['Single-page apps', ['waiting/browser']],
]

/**
 * The group of the names that a file of `src` exports; undefined if no group contains the file's folder.
 * @param {string} path of the file, with slashes
 */
export function groupOf(path) {
  const [, file = ''] = /\/src\/(.+)$/.exec(path) ?? []
  const folders = groups.flatMap(([group, names]) => names.map((folder) => ({ group, folder }))).filter(({ folder }) => file.startsWith(`${folder}/`))
  return folders.sort((a, b) => b.folder.length - a.folder.length)[0]?.group
}

/**
 * Finds groups of the reference that are not in the list `groups`. TypeDoc puts a name without a group under a heading of its own, such as "Interfaces".
 * @typedef {{ title: string, path?: string, children?: Entry[] }} Entry of TypeDoc's own navigation; a group has no page
 * @param {readonly Entry[]} entries
 * @returns {string[]}
 */
export function unnamedGroups(entries) {
  const isNamed = (/** @type {Entry} */ { title, path }) => path !== undefined || title === 'Reference' || groups.some(([name]) => name === title)
  return entries.flatMap((entry) => [...(entry.children === undefined || isNamed(entry) ? [] : [entry.title]), ...unnamedGroups(entry.children ?? [])])
}

// @ts-check
/**
 * Collects the evidence: which test shows which requirement.
 *
 *   npm run evidence                     writes the tables of the documents
 *   npm run evidence -- V6.6.3 T-widget  lists the tests of these requirements, with file and line
 *   npm run evidence -- --check          writes nothing; ends with 1 if a table is out of date
 *
 * A test says what it shows in a comment directly above `it(`: `// Shows: ASVS V6.6.3, T-password-2, C-sms-7`. Several such lines are one list.
 * A requirement is a row of `docs/asvs.md`, `docs/coverage.md` or `docs/cross-device.md`, or a reference such as [T-password-2] in
 * `docs/threat-model.md`.
 * Ends with 1 for a requirement without a test, for a marker without a requirement, and for a marker that is not above a test that runs.
 *
 * Out of scope: whether the tests pass (jest), and whether a test really shows what it claims (the reader).
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import ts from 'typescript'

/** @typedef {{ file: string, line: number, title: string, shows: string[] }} Test `shows`: the requirements in the marker above the test */

const MARKER = /^\/\/ Shows: (.+)$/
const GENERATED = 'tests'
const TABLES = ['docs/asvs.md', 'docs/coverage.md', 'docs/cross-device.md']
const STORY = 'docs/threat-model.md'
const STORY_TABLE = '\n## Tests\n'

/** In docs/asvs.md, a requirement is only a number, such as `V6.6.3`. The tests name it `ASVS V6.6.3`, so add the word. @param {string} cell */
const requirementIn = (cell) => (/^V\d+\.\d+\.\d+$/.test(cell) ? `ASVS ${cell}` : cell)

/**
 * True for a call of one of these functions (`it`, `test` or `describe`), with or without `.each(…)`. False for a skipped call, such as `it.skip`.
 * @param {ts.Expression} callee @param {RegExp} names @returns {boolean}
 */
function isCallOf(callee, names) {
  if (ts.isIdentifier(callee)) return names.test(callee.text)
  if (ts.isPropertyAccessExpression(callee)) return callee.name.text === 'each' && isCallOf(callee.expression, names)
  return ts.isCallExpression(callee) && isCallOf(callee.expression, names)
}

/** `it.skip`, `describe.skip.each(…)`, `it.todo`, `xit`: jest runs nothing inside such a call. @param {ts.Expression} callee @returns {boolean} */
function isSkipped(callee) {
  if (ts.isIdentifier(callee)) return /^x(it|test|describe)$/.test(callee.text)
  if (ts.isPropertyAccessExpression(callee)) return (/^(skip|todo)$/.test(callee.name.text) && isCallOf(callee.expression, /^(it|test|describe)$/)) || isSkipped(callee.expression)
  return ts.isCallExpression(callee) && isSkipped(callee.expression)
}

/** The text of a string or template; undefined for any other code. @param {ts.Expression | undefined} node @returns {string | undefined} */
function titleOf(node) {
  if (node === undefined) return undefined
  if (ts.isStringLiteralLike(node)) return node.text
  return ts.isTemplateExpression(node) ? node.getText().slice(1, -1) : undefined
}

/**
 * Finds the tests of a file with a marker (`// Shows: …`), and the markers that are not directly above a test.
 * @param {string} file @returns {{ tests: Test[], lost: string[] }}
 */
function markersIn(file) {
  const text = readFileSync(file, 'utf8')
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true)
  /** @param {number} position */
  const lineOf = (position) => tree.getLineAndCharacterOfPosition(position).line + 1
  /** @type {Test[]} */
  const tests = []
  const used = new Set()
  /** Finds the tests in a node. @param {ts.Node} node @param {readonly string[]} above the titles of the `describe` calls around the node */
  const visit = (node, above) => {
    if (ts.isCallExpression(node) && isSkipped(node.expression)) return
    const title = ts.isCallExpression(node) && isCallOf(node.expression, /^(it|test|describe\w*)$/) ? titleOf(node.arguments[0]) : undefined
    if (title === undefined || !ts.isCallExpression(node)) return void node.forEachChild((child) => visit(child, above))
    const here = [...above, title]
    if (isCallOf(node.expression, /^(it|test)$/)) {
      const lines = (ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []).map(({ pos, end }) => ({ line: lineOf(pos), list: MARKER.exec(text.slice(pos, end))?.[1] })).filter(({ list }) => list !== undefined)
      for (const { line } of lines) used.add(line)
      if (lines.length > 0) tests.push({ file, line: lineOf(node.getStart()), title: here.join(' › '), shows: lines.flatMap(({ list }) => /** @type {string} */ (list).split(/,\s*/)) })
    }
    node.forEachChild((child) => visit(child, here))
  }
  visit(tree, [])
  const lost = text.split('\n').flatMap((line, i) => (MARKER.test(line.trim()) && !used.has(i + 1) ? [`${file}:${i + 1}: this marker is not above a test that runs`] : []))
  return { tests, lost }
}

/** @param {string} line */
const cellsOf = (line) => line.split('|').slice(1, -1).map((cell) => cell.trim())

/** Returns the table cell for these tests: each file, with the number of its tests if there are several. @param {readonly Test[]} tests */
function cellFor(tests) {
  const files = [...new Set(tests.map(({ file }) => file))].sort()
  return files.map((file) => [file, tests.filter((test) => test.file === file).length]).map(([file, count]) => `\`${file}\`${count === 1 ? '' : ` (${count} tests)`}`).join('<br>')
}

/**
 * Regenerates the last column of a document's tables. Also returns the requirements in the document.
 * @param {string} markdown @param {(requirement: string) => string} cell returns the text of the last column
 */
function withTables(markdown, cell) {
  /** @type {string[]} */
  const requirements = []
  let isInside = false
  const lines = markdown.split('\n').map((line) => {
    if (!line.startsWith('|')) return ((isInside = false), line)
    const cells = cellsOf(line)
    if (cells.at(-1) === GENERATED) return ((isInside = true), line)
    if (!isInside || !/\d$/.test(cells[0] ?? '')) return line
    const requirement = requirementIn(/** @type {string} */ (cells[0]))
    requirements.push(requirement)
    return `| ${[...cells.slice(0, -1), cell(requirement)].join(' | ')} |`
  })
  return { text: lines.join('\n'), requirements }
}

/**
 * Regenerates the table at the end of the threat model. The table has one row for each promise that the text names, for example `[T-password-2]`.
 * @param {string} markdown @param {(requirement: string) => string} cell lists the test files of a promise
 */
function withStoryTable(markdown, cell) {
  const [story = ''] = markdown.split(STORY_TABLE)
  const requirements = [...story.matchAll(/\[(T-[a-z-]+-\d+)\](?!\()/g)].map(([, id]) => /** @type {string} */ (id))
  const note = 'The table lists the files with the tests of each promise. A number in parentheses says how many tests in the file show the promise.\n`npm run evidence` writes this table.'
  const rows = requirements.map((id) => `| ${id} | ${cell(id)} |`)
  const header = '| promise | test files |\n|---|---|'
  return { text: `${story}${STORY_TABLE}\n${note}\n\n${header}\n${rows.join('\n')}\n`, requirements }
}

const files = readdirSync('test', { recursive: true, encoding: 'utf8' }).map((path) => `test/${path.replaceAll('\\', '/')}`).filter((path) => /\.m?ts$/.test(path) && !path.includes('/node_modules/')).sort()
const found = files.filter((file) => readFileSync(file, 'utf8').includes('// Shows: ')).map(markersIn)
const tests = found.flatMap((one) => one.tests)
/** @type {Map<string, Test[]>} */
const byRequirement = new Map()
for (const test of tests) for (const id of test.shows) byRequirement.set(id, [...(byRequirement.get(id) ?? []), test])
/** @param {string} requirement */
const cell = (requirement) => cellFor(byRequirement.get(requirement) ?? [])

const documents = [...TABLES, STORY].filter((path) => existsSync(path)).map((path) => {
  const before = readFileSync(path, 'utf8')
  return { path, before, ...(path === STORY ? withStoryTable(before, cell) : withTables(before, cell)) }
})
const requirements = documents.flatMap((one) => one.requirements)

const faults = found.flatMap(({ lost }) => lost)
for (const [i, id] of requirements.entries()) {
  if (!byRequirement.has(id)) faults.push(`${id}: no test shows this`)
  if (requirements.indexOf(id) !== i) faults.push(`${id}: stands in the documents twice`)
}
for (const { file, line, shows } of tests) {
  for (const [i, id] of shows.entries()) {
    if (!requirements.includes(id)) faults.push(`${file}:${line}: no document has the requirement ${id}`)
    if (shows.indexOf(id) !== i) faults.push(`${file}:${line}: names ${id} twice`)
  }
}

const [first, ...others] = process.argv.slice(2)
if (first !== undefined && !first.startsWith('--')) {
  for (const wanted of [first, ...others]) {
    const matching = [...byRequirement].filter(([id]) => [id, id.replace('ASVS ', '')].some((name) => name === wanted || (name.startsWith(wanted) && /^[-. ]/.test(name.slice(wanted.length)))))
    if (matching.length === 0) faults.push(`${wanted}: no such requirement`)
    for (const [id, shown] of matching) console.log([id, ...shown.map(({ file, line, title }) => `  ${file}:${line}\n    ${title}`)].join('\n'))
  }
} else {
  for (const { path, text } of documents.filter((one) => one.before !== one.text)) {
    if (first === '--check') faults.push(`${path}: its table of tests is out of date: npm run evidence`)
    else writeFileSync(path, text)
  }
  console.log(`${requirements.length} requirements, ${tests.length} tests, ${tests.reduce((sum, { shows }) => sum + shows.length, 0)} markers`)
}
for (const fault of faults) console.error(fault)
process.exitCode = faults.length > 0 ? 1 : 0

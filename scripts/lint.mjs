// @ts-check
/**
 * Lints all code of this repository: `npm run lint`. Prints a line for each part, because the whole takes a minute or longer.
 *
 * Out of scope: corrections (`npx eslint --fix`).
 */
import { ESLint } from 'eslint'
import { ROOT, step } from './run.mjs'

/** What is linted, in this order; `without` is linted in another step. @type {{ what: string, folders: string[], without: string[] }[]} */
const STEPS = [
  { what: 'the package', folders: ['src'], without: [] },
  { what: 'the example app', folders: ['example-app'], without: [] },
  { what: 'the tests of attacks', folders: ['test/security'], without: [] },
  { what: 'the tests of the doctor', folders: ['test/doctor'], without: [] },
  { what: 'all other tests', folders: ['test'], without: ['test/security/', 'test/doctor/'] },
  { what: 'everything else', folders: ['.'], without: ['src/', 'example-app/', 'test/'] },
]

process.env['TSESTREE_SINGLE_RUN'] = 'true' // The rules about types load each TypeScript project once, as with the command `eslint`.
let hasFailed = false
for (const [i, { what, folders, without }] of STEPS.entries()) {
  step(`Lint ${i + 1}/${STEPS.length}: ${what} (${folders.join()})`)
  const eslint = new ESLint({ cwd: ROOT, ignorePatterns: without })
  const results = await eslint.lintFiles(folders)
  const text = await (await eslint.loadFormatter()).format(results)
  if (text !== '') console.log(text)
  if (results.some(({ errorCount }) => errorCount > 0)) hasFailed = true
}
process.exitCode = hasFailed ? 1 : 0

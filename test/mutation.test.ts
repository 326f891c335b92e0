/** Tests that `test/mutation.md`, the results of mutation testing, names only files that exist, and explains only surviving mutants of code that exists. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(__dirname, '..')
const page = readFileSync(join(__dirname, 'mutation.md'), 'utf8').replace(/^```.*?^```$/gms, '')

const codesIn = (text = '') => [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code as string)
const sourceOf = (name: string) => join(ROOT, `src/${name}.ts`)

/** The code of a file without comments, and with one space for each run of spaces. */
function codeOf(name: string): string {
  return readFileSync(sourceOf(name), 'utf8').replace(/^\s*\/\/.*$/gm, '').replace(/\s+/g, ' ')
}

/** The rows of every table whose column `heading` says what the mutant replaces: names of files, and the replaced code. */
const survivors = page.split('\n').flatMap((line) => {
  const [, file, change] = /^\| (`[a-z/-]+`(?:, `[a-z/-]+`)*) \| (.+→.+?) \|/.exec(line) ?? []
  if (file === undefined || change === undefined) return []
  const originals = [...change.matchAll(/`([^`]+)`(?= →|, `[^`]+` →)/g)].map(([, code]) => code as string)
  return [{ files: codesIn(file), originals }]
})

it('names only files of src and test that exist', () => {
  const names = codesIn(page).filter((name) => /^[a-z-]+(\/[a-z-]+)+$/.test(name))
  expect(names.length).toBeGreaterThan(50)
  expect(names.filter((name) => !['src/{}.ts', 'src/{}', 'test/{}.test.ts', 'test/{}.ts', '{}'].some((path) => existsSync(join(ROOT, path.replace('{}', name)))))).toEqual([])
})

it('explains surviving mutants only of code that is there', () => {
  expect(survivors.length).toBeGreaterThan(30)
  const gone = survivors.flatMap(({ files, originals }) => {
    const code = files.filter((name) => existsSync(sourceOf(name))).map(codeOf).join('\n')
    return originals.filter((original) => !original.split('…').every((part) => code.includes(part))).map((original) => `${files.join()}: ${original}`)
  })
  expect(gone).toEqual([])
})

/**
 * Tests that every requirement in the documents has a test, every comment `Shows: …` names an existing requirement, and the tables of tests are up to date.
 *
 * Runs the command (`npm run evidence`) on this repository, and on small repositories that contain a mistake.
 * Out of scope: the text of the documents (`test/docs.test.ts`).
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

const ROOT = resolve(__dirname, '..')
const COMMAND = join(ROOT, 'test/evidence/run.mjs')

function evidence(cwd: string, ...args: string[]): { status: number | null; out: string; faults: string[] } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...args], { cwd, encoding: 'utf8' })
  return { status, out: stdout, faults: stderr.split('\n').filter((line) => line !== '') }
}

describe('the evidence of this repository', () => {
  it('is complete: each requirement has a test, each marker a requirement, and no table is out of date', () => {
    const { status, out, faults } = evidence(ROOT, '--check')
    expect(faults).toEqual([])
    expect(status).toBe(0)
    const [requirements, tests, markers] = [...out.matchAll(/\d+/g)].map(Number)
    expect(requirements).toBeGreaterThan(200)
    expect(tests).toBeGreaterThan(350)
    expect(markers).toBeGreaterThan(500)
  }, 60_000)

  it('is in each file of test/security', () => {
    const files = readdirSync(join(ROOT, 'test/security')).filter((name) => name.endsWith('.test.ts'))
    expect(files.length).toBeGreaterThan(30)
    expect(files.filter((name) => !/^ *\/\/ Shows: .*\bT-/m.test(readFileSync(join(ROOT, 'test/security', name), 'utf8')))).toEqual([])
  })

  it('is listed for a requirement, or for a group of them, with file, line and title', () => {
    const { status, out, faults } = evidence(ROOT, 'V6.6.3', 'T-planted', 'V99.1.1')
    expect(out).toMatch(/^ASVS V6\.6\.3\n {2}test\/\S+\.ts:\d+\n {4}\S.* › /)
    expect(out).toMatch(/^T-planted-1$[^]*^T-planted-4$/m)
    expect([status, faults]).toEqual([1, ['V99.1.1: no such requirement']])
  }, 60_000)
})

describe('a small repository', () => {
  let root: string
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const row = (id: string, tests = '') => `| requirement | what holds | tests |\n|---|---|---|\n| ${id} | it holds | ${tests} |\n`
  const test = (marker: string, call = "it('works', () => {})") => `describe('a', () => {\n  ${marker}\n  ${call}\n})\n`

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'evidence-'))
    put('docs/asvs.md', row('V6.1.3'))
    put('docs/threat-model.md', '# Threats\n\nA promise. [T-planted-1]\n\n## Tests\n')
    put('test/a.test.ts', test('// Shows: ASVS V6.1.3, T-planted-1'))
  })
  afterEach(() => rmSync(root, { recursive: true }))

  describe('with a test for each requirement', () => {
    it('gets its tables written, and has then nothing to write', () => {
      expect(evidence(root, '--check').faults).toEqual(['docs/asvs.md: its table of tests is out of date: npm run evidence', 'docs/threat-model.md: its table of tests is out of date: npm run evidence'])
      expect(evidence(root)).toMatchObject({ status: 0, out: '2 requirements, 1 tests, 2 markers\n', faults: [] })
      expect(readFileSync(join(root, 'docs/asvs.md'), 'utf8')).toBe(row('V6.1.3', '`test/a.test.ts`'))
      expect(readFileSync(join(root, 'docs/threat-model.md'), 'utf8')).toContain('\n| T-planted-1 | `test/a.test.ts` |\n')
      expect(evidence(root, '--check')).toMatchObject({ status: 0, faults: [] })
    })

    it('counts the tests of a file, in markers of one line or of several', () => {
      put('test/a.test.ts', test('// Shows: ASVS V6.1.3\n  // Shows: T-planted-1') + test('// Shows: ASVS V6.1.3', "it.each([1])('%i works', () => {})"))
      expect(evidence(root)).toMatchObject({ status: 0, faults: [] })
      expect(readFileSync(join(root, 'docs/asvs.md'), 'utf8')).toBe(row('V6.1.3', '`test/a.test.ts` (2 tests)'))
    })
  })

  describe('with a fault', () => {
    it('names each requirement and promise without a test', () => {
      put('test/a.test.ts', '')
      expect(evidence(root)).toMatchObject({ status: 1, faults: ['ASVS V6.1.3: no test shows this', 'T-planted-1: no test shows this'] })
    })

    it('names each marker without a requirement, and one that repeats itself', () => {
      put('test/b.test.ts', test('// Shows: T-planted-1, T-planted-2, T-planted-1'))
      expect(evidence(root)).toMatchObject({ status: 1, faults: ['test/b.test.ts:3: no document has the requirement T-planted-2', 'test/b.test.ts:3: names T-planted-1 twice'] })
    })

    it('names each marker above what is no test that runs', () => {
      const others = ["it.skip('works', () => {})", "it.skip.each([1])('works', () => {})", "it.todo('works')", "xit('works', () => {})", "describe('works', () => {})", 'const x = 1']
      put('test/b.test.ts', others.map((call) => test('// Shows: T-planted-1', call)).join(''))
      put('test/c.test.ts', ['skip', 'skip.each([1])'].map((how) => test('// Shows: T-planted-1').replace('describe(', `describe.${how}(`)).join(''))
      const lines = [...others.map((_call, i) => `b.test.ts:${2 + 4 * i}`), 'c.test.ts:2', 'c.test.ts:6']
      expect(evidence(root)).toMatchObject({ status: 1, faults: lines.map((line) => `test/${line}: this marker is not above a test that runs`) })
    })

    it('names a requirement that stands in the documents twice', () => {
      put('docs/asvs.md', row('V6.1.3') + row('V6.1.3'))
      expect(evidence(root).faults).toEqual(['ASVS V6.1.3: stands in the documents twice'])
    })
  })
})

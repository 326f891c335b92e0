/** Tests the command `npm run mutate` with a name that it does not know, and the mutants that it makes itself (`lone.mjs`). */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import ts from 'typescript'

jest.setTimeout(60_000)

const ROOT = join(__dirname, '../..')
const node = (...args: string[]) => spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })

it.each(['no-such-folder', 'trust/no-such-file'])('a mutation run of %s › ends with exit code 1 and a sentence, and prints no table', (name) => {
  const { status, stdout, stderr } = node('test/mutate/run.mjs', 'trust', name)
  expect([status, stdout, stderr]).toEqual([1, '', `no table, because the run did not end well: neither a folder nor a file with mutants: ${name}\n`])
})

describe('the mutants of lone.mjs', () => {
  const SOURCE = `type Unchanged = 7
const seen: Record<number, unknown> = { 5: 'a name of a field is not changed' }
seen[1] = 404
if (true) delete seen[5]
void note(2)
return seen`
  const FIELD = { 5: 'a name of a field is not changed' }

  interface Mutant {
    readonly id: string
    readonly mutatorName: string
    readonly replacement: string
    readonly location: { readonly start: { readonly line: number; readonly column: number } }
  }
  const program = "import { withSwitches } from './test/mutate/lone.mjs'; console.log(JSON.stringify(withSwitches('/a.ts', process.argv[1])))"
  const { text, mutants } = JSON.parse(node('--input-type=module', '-e', program, SOURCE).stdout) as { text: string; mutants: Mutant[] }

  const { outputText, diagnostics } = ts.transpileModule(text, { reportDiagnostics: true })

  /** Runs the source while one mutant is active. Returns its result, and what it has noted. */
  function run(active: string | undefined): unknown[] {
    const notes: number[] = []
    const code = new Function('__lone__', 'note', outputText) as (isActive: (id: string) => boolean, note: (value: number) => void) => unknown
    return [code((id) => id === active, (value) => void notes.push(value)), notes]
  }

  it('change nothing while none of them is active', () => {
    expect(diagnostics?.map(({ messageText }) => messageText)).toEqual([])
    expect(run(undefined)).toEqual([{ 1: 404 }, [2]])
  })

  it('remove a statement that stands alone, or change a number, each alone', () => {
    const changes = mutants.map(({ id, mutatorName, replacement, location: { start } }) => [`${start.line}:${start.column} ${mutatorName} ${replacement}`.trim(), ...run(id)])
    expect(changes).toEqual([
      ['3:1 LoneStatement', {}, [2]],
      ['3:6 Number 3', { 3: 404 }, [2]],
      ['3:11 Number 405', { 1: 405 }, [2]],
      ['4:11 LoneStatement', { 1: 404, ...FIELD }, [2]],
      ['4:23 Number 11', { 1: 404, ...FIELD }, [2]],
      ['5:1 LoneStatement', { 1: 404 }, []],
      ['5:11 Number 5', { 1: 404 }, [5]],
    ])
  })
})

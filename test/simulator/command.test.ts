/** The simulator's command: its flags, what it prints, its exit codes and signals. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NevisSimulator } from '../../src/simulator'
import { main } from '../../src/simulator/command-line'
import { closing } from '../support/closing'

const COMMAND = join(__dirname, '../../dist/simulator/command.js')

async function run(...argv: string[]) {
  const out: string[] = []
  const err: string[] = []
  const outcome = await main(argv, { log: (text) => out.push(text), error: (text) => err.push(text) })
  const simulator = 'simulator' in outcome ? outcome.simulator : undefined
  await simulator?.close()
  return { exitCode: 'exitCode' in outcome ? outcome.exitCode : undefined, simulator, out: out.join('\n'), err: err.join('\n') }
}

describe('the command', () => {
  test('with a free port › prints how to reach it and its two users', async () => {
    const { simulator, out, err } = await run('--port', '0')
    expect(err).toBe('')
    for (const part of [simulator?.baseURL, simulator?.accessKey, 'simulator']) expect(out).toContain(part)
    expect(out).toMatch(/user {8}anna, phone \+41795550001, recovery codes \S{19} \S{19} \S{19}\nuser {8}ben, /)
    expect(simulator?.users.map(({ status }) => status)).toEqual(['active', 'active'])
  })

  test('with instance, key and users › takes them', async () => {
    const { simulator } = await run('--port=0', '--instance', 'demo', '--access-key', 'key', '--user', 'cleo', '--user', 'cleo')
    expect([simulator?.instance, simulator?.accessKey]).toEqual(['demo', 'key'])
    expect(simulator?.users.map(({ username }) => username)).toEqual(['cleo'])
  })

  test('with --help › prints the flags and ends with 0', async () => {
    for (const way of ['--help', '-h', 'help']) expect(await run(way)).toMatchObject({ exitCode: 0, out: expect.stringContaining('--port <number>') as string, err: '' })
  })

  test.each<[string[], string]>([
    [['--port'], '--port needs a value: --port <number>'],
    [['--port', '--user', 'cleo'], '--port needs a value: --port <number>'],
    [['--port=0', '--access-key', '--instance', 'demo'], '--access-key needs a value: --access-key <key>'],
    [['--port=0', '--user', 'cleo', '--user='], '--user needs a value: --user <name>'],
    [['--port=0', '--dialect', '--list-dialects'], '--dialect needs a value: --dialect <names>'],
    [['--port=0', '--dialect='], '--dialect needs a value: --dialect <names>'],
    [['--prot', '1'], "Unknown option '--prot', did you mean \"--port\"?"],
  ])('with %j › ends with 2 and names the help', async (argv, sentence) => {
    expect(await run(...argv)).toMatchObject({ exitCode: 2, out: '', err: `passport-nevis-simulator: ${sentence}${sentence.endsWith('?') ? '' : '.'} See: passport-nevis-simulator --help` })
  })

  test.each([[['--prot', '1']], [['--port', 'x']], [['--port']], [['extra']], [['--port', '99999']], [['--port', '0', '--user', 'a b']]])(
    'with %j › ends with 2 and one sentence',
    async (argv) => {
      const { exitCode, err } = await run(...argv)
      expect(exitCode).toBe(2)
      expect(err).toMatch(/^passport-nevis-simulator: [^\n]{10,}$/)
    },
  )

  test('with a port that is taken › ends with 1 and says so', async () => {
    const simulator = closing(await NevisSimulator.start())
    const { port } = new URL(simulator.baseURL)
    const { exitCode, err } = await run('--port', port)
    expect([exitCode, err]).toEqual([1, `passport-nevis-simulator: port ${port} is already in use; choose another with --port (0 = any free port)`])
  })
})

describe('--dialect', () => {
  let folder: string
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'dialect-'))))
  afterEach(() => rmSync(folder, { recursive: true }))
  const written = (content: string) => {
    const file = join(folder, 'report.json')
    writeFileSync(file, content)
    return file
  }

  /** The HTTP status with which the simulator refuses a wrong code: 422 shows that the dialect `wrong-code-422` is on. */
  async function wrongCodeStatus(...argv: string[]): Promise<number> {
    const outcome = await main(['--port', '0', ...argv], { log: () => undefined, error: () => undefined })
    const { simulator } = outcome as { simulator: NevisSimulator }
    closing(simulator)
    const { userId } = simulator.users[0] as { userId: string }
    const response = await fetch(`${simulator.baseURL}/api/v1/users/${userId}/verification`, {
      method: 'POST',
      headers: { authorization: `Bearer ${simulator.accessKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ code: 'zzzz-yyyy-xxxx-wwww', channel: 'recovery' }),
    })
    return response.status
  }

  test('with the report of a probe › takes the dialects of the report', async () => {
    expect(await wrongCodeStatus('--dialect', written(JSON.stringify({ probe: 1, dialects: ['wrong-code-422'] })))).toBe(422)
    expect(await wrongCodeStatus('--dialect', 'chunked, wrong-code-422')).toBe(422)
    expect(await wrongCodeStatus('--dialect', 'chunked', '--dialect', written('{"dialects":["wrong-code-422"]}'))).toBe(422)
    expect(await wrongCodeStatus('--dialect', written('{"dialects":[]}'))).toBe(400)
  })

  test.each(['', '[]', '{}', '{"dialects":[7]}', '{"dialects":"chunked"}'])('with a file that is no report (%j) › ends with 2 and one line', async (content) => {
    const file = written(content)
    expect(await run('--port', '0', '--dialect', file)).toMatchObject({ exitCode: 2, out: '', err: `passport-nevis-simulator: --dialect: ${file} is not a report of the probe: write one with: npx passport-nevis probe --users --out report.json` })
  })

  test.each([' ', ','])('without a name (%j) › ends with 2 and one line', async (value) => {
    expect(await run('--port', '0', '--dialect', value)).toMatchObject({ exitCode: 2, out: '', err: 'passport-nevis-simulator: --dialect needs the name of a dialect, or the file of a report' })
  })

  test('with the report of a probe that got no answers of Nevis › ends with 2 and one line', async () => {
    const file = written('{"probe":1,"dialects":[],"obstacle":"nothing answered"}')
    expect(await run('--port', '0', '--dialect', file)).toMatchObject({ exitCode: 2, out: '', err: `passport-nevis-simulator: --dialect: ${file} is the report of a probe that got no answers of Nevis, so it names no dialects` })
  })

  test('with the report of a probe that was interrupted before the comparison › ends with 2 and one line', async () => {
    const file = written('{"probe":1,"dialects":[],"isCompared":false}')
    expect(await run('--port', '0', '--dialect', file)).toMatchObject({ exitCode: 2, out: '', err: `passport-nevis-simulator: --dialect: ${file} is the report of a probe that was interrupted before the comparison, so it names no dialects` })
  })

  test.each<[object, string | undefined]>([
    [{ unexplained: ['ping.http is 203', 'intent.http is 202'], unsettled: ['enroll.recovery: HTTP 403'], leftOut: ['sms'] }, '2 differences that no dialect explains (`unexplained` in the file), 1 request that the instance refused (`unsettled` in the file), 1 failed stage (`leftOut` in the file)'],
    [{ unexplained: ['ping.http is 203'] }, '1 difference that no dialect explains (`unexplained` in the file)'],
    [{ unexplained: [] }, undefined],
  ])('with a report of which dialects imitate only a part (%j) › starts, and says in one line what is not imitated', async (lists, gap) => {
    const err: string[] = []
    const file = written(JSON.stringify({ probe: 1, dialects: ['chunked'], ...lists }))
    const outcome = await main(['--port', '0', '--dialect', file], { log: () => undefined, error: (text) => void err.push(text) })
    closing((outcome as { simulator: NevisSimulator }).simulator)
    expect(err).toEqual(gap === undefined ? [] : [`passport-nevis-simulator: the simulator imitates the instance of ${file} only in part. It does not imitate: ${gap}`])
  })

  test('with a byte-order mark before the report › takes its dialects', async () => {
    expect(await wrongCodeStatus('--dialect', written('\uFEFF{"dialects":["wrong-code-422"]}'))).toBe(422)
  })

  test('with names and a file in one value › says to repeat the flag', async () => {
    const file = written('{"dialects":[]}')
    expect(await run('--port', '0', '--dialect', `chunked,${file}`)).toMatchObject({ exitCode: 2, err: 'passport-nevis-simulator: --dialect: a value is a file or names, not both; repeat the flag: --dialect report.json --dialect chunked' })
  })

  test('with a file that is not there › ends with 2 and one line', async () => {
    const file = join(folder, 'none.json')
    expect(await run('--port', '0', '--dialect', file)).toMatchObject({ exitCode: 2, out: '', err: `passport-nevis-simulator: --dialect: ${file} cannot be read (ENOENT)` })
  })

  test('with a report that names an unknown dialect › ends with 2 and names it', async () => {
    const { exitCode, err } = await run('--port', '0', '--dialect', written('{"dialects":["wrong-code-42"]}'))
    expect([exitCode, err]).toEqual([2, expect.stringMatching(/^passport-nevis-simulator: NevisSimulator: the dialect "wrong-code-42" is unknown, did you mean "wrong-code-4\d\d"\?$/)])
  })
})

// `COMMAND` is a file in `dist`, so these tests need a build. `npm test` builds first.
describe('the process', () => {
  test('running › ends with 0 on a signal', async () => {
    const child = spawn(process.execPath, [COMMAND, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
    closing({ close: () => child.kill('SIGKILL') })
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
    expect(chunk.toString()).toMatch(/^baseURL {5}http:\/\/127\.0\.0\.1:\d+\n/)
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  test('with a wrong flag › ends with 2', async () => {
    const child = spawn(process.execPath, [COMMAND, '--nothing'], { stdio: ['ignore', 'ignore', 'pipe'] })
    const [chunk] = (await once(child.stderr, 'data')) as [Buffer]
    expect(chunk.toString()).toContain("Unknown option '--nothing'")
    if (child.exitCode === null) await once(child, 'exit')
    expect(child.exitCode).toBe(2)
  })
})

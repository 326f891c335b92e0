/** The simulator's command: its flags, what it prints, its exit codes and signals. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
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
    expect(await run('--help')).toMatchObject({ exitCode: 0, out: expect.stringContaining('--port <number>') as string })
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

// These tests need a build, because only the built package contains this file. `npm test` builds first.
describe('the process', () => {
  test('running › ends with 0 on a signal', async () => {
    const child = spawn(process.execPath, [COMMAND, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
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

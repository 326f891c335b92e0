/** The command: its arguments, its exit codes, the apps that it loads, and that no secret comes out. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { CHECKS, type Finding } from '../../src/doctor/findings'
import { main } from '../../src/doctor/command-line'
import { NevisSimulator } from '../../src/simulator'
import { build, environment } from '../hosts/program'
import { troublesIn } from './support'

const COMMAND = join(__dirname, '../../dist/doctor/command.js')
const APPS = join(__dirname, 'apps')
/** Processes start, and load frameworks. */
jest.setTimeout(120_000)

let simulator: NevisSimulator
beforeAll(async () => void (simulator = await NevisSimulator.start({ accessKey: 'c4n4ry-access-key' })))
beforeEach(() => {
  simulator.requests.length = 0
  simulator.faults.clear()
})
afterAll(() => simulator.close())

/** What can be seen of express-session alone. */
const otherSession = ['session.store', 'session.resave', 'session.save-uninitialized', 'session.secret', 'session.trust-proxy']
const cloud = () => ({ NEVIS_BASE_URL: simulator.baseURL, NEVIS_ACCESS_KEY: simulator.accessKey })

/** In this process: for what needs no app. */
async function run(argv: string[], env: Record<string, string> = {}) {
  const out: string[] = []
  const err: string[] = []
  const exitCode = await main(argv, env, { log: (text) => out.push(text), error: (text) => err.push(text) })
  return { exitCode, out: out.join('\n'), err: err.join('\n') }
}

/** The built command as a process, from the folder of the apps. */
async function doctor(argv: string[], settings: Record<string, string> = {}) {
  const env = { PATH: process.env['PATH'], ...cloud(), SESSION_SECRET: 'c4n4ry-session-secret-of-32-characters', ...settings }
  const child = spawn(process.execPath, [COMMAND, 'doctor', ...argv], { cwd: APPS, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  let json = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => void ((printed += text), (json += text)))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed += text))
  const [exitCode] = (await once(child, 'close')) as [number | null]
  return { exitCode, printed, read: () => JSON.parse(json) as { ok: boolean; findings: Finding[] } }
}

describe('the command', () => {
  it.each([[[]], [['docter']], [['doctor', 'a.js', 'b.js']], [['doctor', '--jsn']]])('with %j › ends with 2 and one sentence', async (argv) => {
    const { exitCode, out, err } = await run(argv)
    expect([exitCode, out]).toEqual([2, ''])
    expect(err).toMatch(/^passport-nevis: [^\n]{10,} \(see passport-nevis doctor --help\)$/)
  })

  it.each([[['--help']], [['doctor', '--help']]])('with %j › says how it is used, and ends with 0', async (argv) => {
    expect(await run(argv)).toEqual({ exitCode: 0, out: expect.stringContaining('doctor [file] [--json]') as string, err: '' })
  })

  it('without an app › checks the cloud, says what it did not check, and ends with 0', async () => {
    const { exitCode, out } = await run(['doctor'], cloud())
    expect(exitCode).toBe(0)
    expect(out).toContain('ok           cloud.access-key            Nevis takes the access key')
    expect(out).toMatch(/not checked {2}app\.loaded, .*session\.trust-proxy\n {13}no app was named\n {13}→ npx passport-nevis doctor </)
    expect(out).toMatch(/\n\n6 ok, 0 warnings, 0 errors, 19 not checked$/)
    expect(out).not.toContain('c4n4ry')
  })

  it('without anything › ends with 1, each check with its finding', async () => {
    const { exitCode, out } = await run(['doctor', '--json'])
    const { ok, findings } = JSON.parse(out) as { ok: boolean; findings: Finding[] }
    expect([exitCode, ok]).toEqual([1, false])
    expect(findings.map(({ check }) => check)).toEqual([...CHECKS])
    expect(findings.filter(({ level }) => level === 'error').map(({ check }) => check)).toEqual(['cloud.settings'])
  })

  it('with warnings alone › ends with 0', async () => {
    simulator.faults.add({ on: 'introspect', patch: { aud: 'other' } })
    const { exitCode, out } = await run(['doctor'], { ...cloud(), NODE_ENV: 'production' })
    expect(exitCode).toBe(0)
    expect(out).toContain('as in production')
    expect(out).toMatch(/5 ok, 1 warning, 0 errors, 19 not checked$/)
  })

  it('with an error › ends with 1 and gives the remedy', async () => {
    const { exitCode, out } = await run(['doctor'], { ...cloud(), NEVIS_ACCESS_KEY: 'c4n4ry-other' })
    expect(exitCode).toBe(1)
    expect(out).toMatch(/\nERROR {8}cloud\.access-key {12}Nevis refuses the access key \(HTTP 403\)\n {41}→ put a key/)
    expect(out).not.toContain('c4n4ry')
  })
})

// Only a build has the process in which an app is examined; `npm test` makes one first.
describe('the app', () => {
  it.each(['exported.cjs', './listening.mjs'])('%s › is well, whatever it says itself', async (file) => {
    const { exitCode, printed, read } = await doctor([file, '--json'])
    expect(printed).not.toContain('c4n4ry')
    expect(troublesIn(read().findings)).toEqual({})
    expect(read().findings).toHaveLength(CHECKS.length)
    expect(exitCode).toBe(0)
    expect(simulator.requests.map(({ operation }) => operation)).toEqual(['ping', 'introspect'])
  })

  it.each<[string, string[]]>([
    ['nestjs/app', ['routes.start']],
    ['fastify/app', ['routes.start', ...otherSession]],
    ['fastify/secure-session', ['routes.start', ...otherSession]],
    ['koa/app', otherSession],
  ])('of the guide for %s › is well, but for what cannot be seen', async (app, unseen) => {
    const { file, remove } = build(app)
    const { exitCode, read } = await doctor([file, '--json'], environment(simulator, []))
    remove()
    const troubles = Object.entries(troublesIn(read().findings))
    expect(troubles.filter(([, text]) => !text.startsWith('unchecked: '))).toEqual([])
    expect(troubles.map(([check]) => check)).toEqual(unseen)
    expect(exitCode).toBe(0)
  })

  it('listening.mjs › does not listen where its visitors are', async () => {
    const taken = createServer().listen(0)
    await once(taken, 'listening')
    const { exitCode } = await doctor(['listening.mjs'], { PORT: String((taken.address() as AddressInfo).port) })
    taken.close()
    expect(exitCode).toBe(0)
  })

  it('without a callback › ends with 1, and the text says what to mount', async () => {
    const { exitCode, printed } = await doctor(['exported.cjs'], { FAULT: 'no callback' })
    expect(exitCode).toBe(1)
    expect(printed).toMatch(/ERROR {8}routes\.callback {13}GET \/login\/2fa\/callback is missing \(HTTP 404\)\n +→ app\.all\('\/login\/2fa\/callback', passport\.authenticate\('nevis'\), recordSecondFactor\(\), …\)/)
    expect(printed).not.toContain('c4n4ry')
  })

  it.each([
    ['throws', 'the app throws while it is loaded: Error ECONNREFUSED at line 6'],
    ['mistake', 'the app throws while it is loaded: NevisStrategy: waitingURL must be an absolute path such as "/login/2fa", or a URL'],
    ['exits', 'the app ended by itself (exit code 3)'],
    ['nothing', 'the app neither listens nor exports a function that takes requests'],
  ])('that %s › is said to, the cloud is checked all the same, and nothing is left out', async (FAULT, finding) => {
    const { exitCode, printed, read } = await doctor(['broken.cjs', '--json'], { FAULT })
    expect(exitCode).toBe(1)
    expect(printed).not.toContain('c4n4ry')
    const { findings } = read()
    expect(findings.map(({ check }) => check)).toEqual([...CHECKS])
    expect(troublesIn(findings)['app.loaded']).toBe(`error: ${finding}`)
    expect(troublesIn(findings)['routes.callback']).toBe('unchecked: the app could not be examined')
    expect(findings.filter(({ check, level }) => check.startsWith('cloud.') && level === 'ok')).toHaveLength(6)
  })

  it('that is not there › is said to be missing', async () => {
    const { exitCode, read } = await doctor(['nowhere.js', '--json'])
    expect([exitCode, troublesIn(read().findings)['app.loaded']]).toEqual([1, 'error: there is no such file'])
  })
})

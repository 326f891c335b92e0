/** Tests the command `doctor` in the test's own process and without an app: the command's arguments, exit codes and output. */
import { main } from '../../src/doctor/command-line'
import { CHECKS, type Finding } from '../../src/doctor/findings'
import { NevisSimulator } from '../../src/simulator'
import { remediesIn } from './support'

let simulator: NevisSimulator
beforeAll(async () => void (simulator = await NevisSimulator.start({ accessKey: 'c4n4ry-access-key' })))
beforeEach(() => simulator.faults.clear())
afterAll(() => simulator.close())

const cloud = () => ({ NEVIS_BASE_URL: simulator.baseURL, NEVIS_ACCESS_KEY: simulator.accessKey })

async function run(argv: string[], env: Record<string, string> = {}) {
  const out: string[] = []
  const err: string[] = []
  const exitCode = await main(argv, env, { log: (text) => out.push(text), error: (text) => err.push(text) })
  return { exitCode, out: out.join('\n'), err: err.join('\n') }
}

describe('the command', () => {
  it.each<[string[], string, string]>([
    [[], 'passport-nevis', 'no command was given.'],
    [['docter'], 'passport-nevis', 'unknown command "docter", did you mean "doctor"?'],
    [['prob', '--users'], 'passport-nevis', 'unknown command "prob", did you mean "probe"?'],
    [['xyz', 'doctor'], 'passport-nevis', 'unknown command "xyz".'],
    [['simulator'], 'passport-nevis', 'unknown command "simulator", did you mean "npx passport-nevis-simulator"?'],
    [['server.js'], 'passport-nevis', 'unknown command "server.js", did you mean "npx passport-nevis doctor server.js"?'],
    [['./dist/', '--json'], 'passport-nevis', 'unknown command "./dist/", did you mean "npx passport-nevis doctor ./dist/"?'],
    [['help', 'docter'], 'passport-nevis', 'unknown command "docter", did you mean "doctor"?'],
    [['help', 'toString'], 'passport-nevis', 'unknown command "toString".'],
    [['help', 'doctor', 'probe'], 'passport-nevis', 'help takes at most one command.'],
    [['--jsn'], 'passport-nevis', "Unknown option '--jsn'."],
    [['doctor', 'a.js', 'b.js'], 'passport-nevis doctor', 'doctor takes at most one file.'],
    [['doctor', '--jsn'], 'passport-nevis doctor', "Unknown option '--jsn', did you mean \"--json\"?"],
    [['probe', '--user'], 'passport-nevis probe', "Unknown option '--user', did you mean \"--users\"?"],
    [['probe', '--everything'], 'passport-nevis probe', "Unknown option '--everything'."],
    [['doctor', '--report', '--json'], 'passport-nevis doctor', '--report needs a value: --report <file>.'],
    [['doctor', '--report'], 'passport-nevis doctor', '--report needs a value: --report <file>.'],
    [['doctor', '--report='], 'passport-nevis doctor', '--report needs a value: --report <file>.'],
    [['probe', '--sms', '--out', 'report.json'], 'passport-nevis probe', '--sms needs a value: --sms <number>.'],
    [['probe', '--users', '--out'], 'passport-nevis probe', '--out needs a value: --out <file>.'],
    [['probe', '--out', '-h'], 'passport-nevis probe', '--out needs a value: --out <file>.'],
    [['probe', '--out', ''], 'passport-nevis probe', '--out needs a value: --out <file>.'],
    [['probe', '--users=yes'], 'passport-nevis probe', "Option '--users' does not take an argument."],
    [['probe', 'extra'], 'passport-nevis probe', "Unexpected argument 'extra'."],
    [['init', '--wrte'], 'passport-nevis init', "Unknown option '--wrte', did you mean \"--write\"?"],
    [['init', 'a', 'b'], 'passport-nevis init', 'init takes at most one folder.'],
  ])('with %j › ends with 2 and one sentence, and names the help of the command', async (argv, program, sentence) => {
    const { exitCode, out, err } = await run(argv)
    // `init` wraps long lines.
    expect({ exitCode, out, err: err.replace(/\s+/g, ' ') }).toEqual({ exitCode: 2, out: '', err: `${program}: ${sentence} See: ${program} --help` })
  })

  it.each(['--\u001b[2J', 'doctor --\u009b1A\u202e'])('with the arguments %j › prints nothing that a terminal obeys', async (argv) => {
    const { exitCode, err } = await run(argv.split(' '))
    expect([exitCode, err]).toEqual([2, expect.stringMatching(/^passport-nevis( doctor)?: Unknown option '[\x20-\x7e]+$/)])
  })

  it('with an answer from the network that holds what a terminal obeys, or no date › prints none of it', async () => {
    simulator.faults.add({ on: 'introspect', patch: { iss: 'https://\u009b1A\u202e/c4n4ry', exp: 1e300, aud: '\u001b[2J' } })
    const { exitCode, out } = await run(['doctor'], cloud())
    expect(exitCode).toBe(0)
    expect(out).toContain('cloud.issuer')
    expect(out).not.toMatch(/(?!\n)[\p{C}\u2028]|c4n4ry/u)
  })

  it.each<[string, string[]]>([
    ['<command>', ['--help', '-h', 'help', 'help --help']],
    ['doctor [file] [--report <file>] [--json] [--app-output]', ['doctor --help', 'doctor -h', 'doctor a.js --help --json', '--help doctor', 'help doctor']],
    ['probe [--users] [--app] [--sms <number>] [--wait] [--limits] [--out <file>]', ['probe --help', 'probe -h', '-h probe', 'help probe']],
    ['init [folder] [--write] [--allow-uncommitted-changes]', ['init --help', 'init -h', '--help init', 'help init']],
  ])('passport-nevis %s › each way to ask for help prints the same usage, and ends with 0', async (usage, ways) => {
    const texts = await Promise.all(ways.map((way) => run(way.split(' '))))
    expect(texts.map(({ exitCode, err }) => [exitCode, err])).toEqual(ways.map(() => [0, '']))
    expect(new Set(texts.map(({ out }) => out)).size).toBe(1)
    expect(texts[0]?.out.split('\n')[0]).toBe(`Usage: passport-nevis ${usage}`)
    expect(texts[0]?.out).toMatch(/^ +--help, -h +print/m)
  })

  it('with --version › says which, and ends with 0', async () => {
    expect(await run(['--version'])).toEqual({ exitCode: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+/) as string, err: '' })
  })

  it('without an app › checks the cloud, says what it did not check, and ends with 0', async () => {
    const { exitCode, out } = await run(['doctor'], cloud())
    expect(exitCode).toBe(0)
    expect(out).toMatch(/^passport-nevis doctor: the cloud of the environment variables \(NODE_ENV is not production\)\n\nok {11}cloud\.settings/)
    expect(out).toContain('ok           cloud.access-key            Nevis accepts the access key')
    expect(out).toMatch(/not checked {2}app\.loaded, [^]*session\.trust-proxy\n {13}no file was given\n {13}→ npx passport-nevis doctor </)
    expect(out).toMatch(/\n\n6 ok, 0 warnings, 0 errors, 26 not checked$/)
    expect(out).not.toContain('c4n4ry')
  })

  it('without an app, for a program › gives the same as JSON', async () => {
    const { exitCode, out } = await run(['doctor', '--json'], cloud())
    const { ok, findings } = JSON.parse(out) as { ok: boolean; findings: Finding[] }
    expect([exitCode, ok]).toEqual([0, true])
    expect(findings[0]).toEqual({ check: 'cloud.settings', level: 'ok', finding: `the API is ${simulator.baseURL}` })
  })

  it('without anything › ends with 1, each check with its finding', async () => {
    const { exitCode, out } = await run(['doctor', '--json'])
    const { ok, findings } = JSON.parse(out) as { ok: boolean; findings: Finding[] }
    expect([exitCode, ok]).toEqual([1, false])
    expect(findings.map(({ check }) => check)).toEqual([...CHECKS])
    expect(findings.filter(({ level }) => level === 'error').map(({ check }) => check)).toEqual(['cloud.settings'])
    expect(remediesIn(findings)).toMatchObject({
      'cloud.settings': 'set NEVIS_ACCESS_KEY, and NEVIS_INSTANCE or NEVIS_BASE_URL',
      'cloud.clock': 'see above',
      'app.loaded': 'npx passport-nevis doctor <file>, with the file that starts your app, or exports it',
    })
  })

  it('with warnings alone › ends with 0', async () => {
    simulator.faults.add({ on: 'introspect', patch: { aud: 'other' } })
    const { exitCode, out } = await run(['doctor'], { ...cloud(), NODE_ENV: 'production' })
    expect(exitCode).toBe(0)
    expect(out).toMatch(/^passport-nevis doctor: the cloud of the environment variables \(NODE_ENV is production\)\n\n/)
    expect(out).toMatch(/5 ok, 1 warning, 0 errors, 26 not checked$/)
  })

  it('with an error › ends with 1 and gives the remedy', async () => {
    const { exitCode, out } = await run(['doctor'], { ...cloud(), NEVIS_ACCESS_KEY: 'c4n4ry-other' })
    expect(exitCode).toBe(1)
    expect(out).toMatch(/\nERROR {8}cloud\.access-key {12}Nevis refuses the access key \(HTTP 403\)\n {41}→ configure a key/)
    expect(out).not.toContain('c4n4ry')
  })
})

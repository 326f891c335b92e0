/** Runs the command `doctor` as a process. Tests which apps it can load, its exit codes, and that it prints no secret. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { CHECKS, type Finding } from '../../src/doctor/findings'
import { NevisSimulator } from '../../src/simulator'
import { build, environment } from '../hosts/program'
import { troublesIn } from './support'
import { closing } from '../support/closing'
import { notOnWindows } from '../support/windows'

const COMMAND = join(__dirname, '../../dist/doctor/command.js')
const APPS = join(__dirname, 'apps')
/** A long time limit, because the tests start processes that load web frameworks. */
jest.setTimeout(120_000)

let simulator: NevisSimulator
beforeAll(async () => void (simulator = await NevisSimulator.start({ accessKey: 'c4n4ry-access-key' })))
beforeEach(() => {
  simulator.requests.length = 0
  simulator.faults.clear()
})
afterAll(() => simulator.close())

/** All unprintable characters, except for the line breaks of the report. */
const UNPRINTABLE = /(?!\n)[\p{C}\u2028\u2029]/u
/** The checks of the options of express-session. If an app uses another session library, the doctor cannot see its options. */
const otherOptions = ['session.store', 'session.resave', 'session.save-uninitialized', 'session.secret', 'session.trust-proxy']
const cloud = () => ({ NEVIS_BASE_URL: simulator.baseURL, NEVIS_ACCESS_KEY: simulator.accessKey })

/** Runs the built command as a process, in the folder of the apps. */
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

it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s after the command is complete, before the process has ended › does not change the exit code', async (signal) => {
  // The long timer keeps the process alive, as an open connection may. The interval prints `complete` as soon as the command has set its exit code.
  const timers = 'setTimeout(()=>undefined,10000);const timer=setInterval(()=>{if(process.exitCode===2){clearInterval(timer);console.log("complete")}},20)'
  const child = spawn(process.execPath, ['--import', `data:text/javascript,${timers}`, COMMAND, 'nothing'], { stdio: ['ignore', 'pipe', 'ignore'] })
  await once(child.stdout, 'data')
  child.kill(signal)
  expect(await once(child, 'close')).toEqual([2, null])
})

// These tests need a build, because only the built package contains the process in which the doctor examines an app. `npm test` builds first.
describe('the app', () => {
  it.each([
    ['exported.cjs', 'right at once'],
    ['exported.cjs', 'late'],
    ['exported.cjs', 'endless export'],
    ['./listening.mjs', 'one server'],
    ['./listening.mjs', 'metrics first'],
  ])('%s (%s) › is well, whatever it says itself', async (file, FAULT) => {
    const { exitCode, printed, read } = await doctor([file, '--json'], { FAULT })
    expect(printed).not.toContain('c4n4ry')
    expect(troublesIn(read().findings)).toEqual({})
    expect(read().findings).toHaveLength(CHECKS.length)
    expect(exitCode).toBe(0)
    expect(simulator.requests.map(({ operation }) => operation)).toEqual(['ping', 'introspect'])
  })

  it('behind a proxy that removes the prefix /sub › is well in every check, and the report names the prefix', async () => {
    const { exitCode, read } = await doctor(['exported.cjs', '--json'], { FAULT: 'prefix' })
    const { findings } = read()
    expect([exitCode, troublesIn(findings), findings.map(({ check }) => check)]).toEqual([0, {}, [...CHECKS]])
    expect(findings.find(({ check }) => check === 'routes.status')?.finding).toBe('the status endpoint is at /login/2fa/status; browsers use the prefix /sub, which your proxy must remove from the path')
  })

  it('with the report of a probe › is compared with it: an option that cannot work there is an error', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'doctor-report-'))
    const file = join(folder, 'report.json')
    const facts = { 'status.sms.verified.http': '404', 'status.sms.verified.fields': ['status: HTTP status'] }
    writeFileSync(file, JSON.stringify({ probe: 1, stages: ['quiet', 'sms'], answers: [], unexplained: [], facts }))
    const [wrong, right] = [await doctor(['exported.cjs', '--json', '--report', file], { FAULT: 'introspection' }), await doctor(['exported.cjs', '--json', '--report', file])]
    rmSync(folder, { recursive: true })
    const ofReport = ({ read }: typeof wrong) => read().findings.filter(({ check }) => check === 'cloud.probe').map(({ level }) => level)
    expect([wrong.exitCode, ofReport(wrong), right.exitCode, ofReport(right)]).toEqual([1, ['error'], 0, ['ok']])
    expect(troublesIn(wrong.read().findings)).toHaveProperty(['cloud.probe'], expect.stringMatching(/^error: requireIntrospection refuses every right code/))
  })

  it.each<[string, string[]]>([
    // In NestJS and Fastify, the doctor does not see which handlers are behind the strategy.
    ['nestjs/app', ['routes.sign-in']],
    ['fastify/app', ['routes.status', 'routes.sign-in', ...otherOptions]],
    ['fastify/secure-session', ['routes.status', 'routes.sign-in', ...otherOptions]],
    // In Koa, the doctor tries no sign-in.
    ['koa/app', ['routes.start', 'routes.status', 'routes.session', 'routes.sign-in', ...otherOptions]],
  ])('of the guide for %s › is well, but for what cannot be seen', async (app, unseen) => {
    const { file, remove } = build(app)
    const { exitCode, read } = await doctor([file, '--json'], environment(simulator, []))
    remove()
    const troubles = Object.entries(troublesIn(read().findings))
    expect(troubles.filter(([, text]) => !text.startsWith('unchecked: '))).toEqual([])
    expect(troubles.map(([check]) => check)).toEqual(unseen)
    expect(exitCode).toBe(0)
  })

  it('listening.mjs › does not listen where its visitors are, and shows a sign-in in an ES module with a computed name', async () => {
    const taken = closing(createServer().listen(0))
    await once(taken, 'listening')
    const { exitCode, read } = await doctor(['listening.mjs', '--json'], { PORT: String((taken.address() as AddressInfo).port), FAULT: 'computed import' })
    expect(exitCode).toBe(0)
    expect(troublesIn(read().findings)['routes.password']).toContain('session.passport = …, a sign-in without Passport at kiosk.mjs:3')
  })

  it('without a callback › ends with 1, and the text says what to mount', async () => {
    const { exitCode, printed } = await doctor(['exported.cjs'], { FAULT: 'no callback' })
    expect(exitCode).toBe(1)
    expect(printed).toMatch(/ERROR {8}routes\.callback {13}GET \/login\/2fa\/callback is missing \(HTTP 404\)\n +→ app\.all\('\/login\/2fa\/callback',\s+passport\.authenticate\('nevis'\), recordSecondFactor\(\),\s+…\)/)
    expect(printed).not.toContain('c4n4ry')
  })

  it.each([
    ['throws', 'the app throws while it loads: Error ECONNREFUSED at broken.cjs:6'],
    ['mistake', 'the app throws while it loads: NevisStrategy: waitingURL must be an absolute path such as "/login/2fa", or a URL'],
    ['exits', 'the app exited with code 3 before the checks were finished'],
    ['nothing', 'the app neither listens on a port nor exports a request handler'],
  ])('that %s › is said to, the cloud is checked all the same, and nothing is left out', async (FAULT, finding) => {
    const { exitCode, printed, read } = await doctor(['broken.cjs', '--json'], { FAULT })
    expect(exitCode).toBe(1)
    expect(printed).not.toContain('c4n4ry')
    const { findings } = read()
    expect(findings.map(({ check }) => check)).toEqual([...CHECKS])
    expect(troublesIn(findings)['app.loaded']).toBe(`error: ${finding}`)
    expect(troublesIn(findings)['routes.callback']).toBe('unchecked: the app could not be loaded')
    expect(findings.filter(({ check, level }) => check.startsWith('cloud.') && level === 'ok')).toHaveLength(6)
  })

  it.each([
    ['exits', 'process.exit() at broken.cjs:13; npx passport-nevis doctor broken.cjs --app-output shows what the app prints'],
    ['dies later', 'uncaught Error ECONNREFUSED at broken.cjs:6; npx passport-nevis doctor broken.cjs --app-output shows what the app prints'],
  ])('that %s › is told with the line at which it ended', async (FAULT, why) => {
    const { printed, read } = await doctor(['broken.cjs', '--json'], { FAULT })
    expect(read().findings.find(({ check }) => check === 'app.loaded')?.remedy).toBe(why)
    expect(printed).not.toContain('c4n4ry')
  })

  it('that waits for a server that is down › is told for which, and that a minute is over; no error without a name is printed, and no path that may be a URL with a password', async () => {
    const NODE_OPTIONS = `--require=${join(APPS, 'hurry.cjs')}`
    const waits = (settings: Record<string, string>) => doctor(['waiting.mjs', '--json'], { NODE_OPTIONS, ...settings })
    const [{ exitCode, read }, ofSocket] = await Promise.all([waits({}), waits({ SOCKET: 'redis://:c4n4ry@localhost:6379' })])
    const { findings } = read()
    expect(troublesIn(ofSocket.read().findings)['app.loaded']).toMatch(/; its last connection that failed was to a server \(ENOENT\)$/)
    expect(ofSocket.printed).not.toContain('c4n4ry')
    expect([exitCode, troublesIn(findings)['app.loaded']]).toEqual([1, 'error: the app neither listened on a port nor ended within 60 s; its last connection that failed was to 127.0.0.1 port 1 (ECONNREFUSED)'])
    expect(findings.find(({ check }) => check === 'app.loaded')?.remedy).toBe('start the services that the app needs; npx passport-nevis doctor waiting.mjs --app-output shows what the app prints')
  })

  it('that is exported, but registers no strategy while a connection keeps it running › is checked after a few seconds', async () => {
    const began = Date.now()
    const { exitCode, read } = await doctor(['exported.cjs', '--json'], { FAULT: 'no strategy' })
    expect(Date.now() - began).toBeLessThan(30_000)
    const { findings } = read()
    expect([exitCode, troublesIn(findings)['app.loaded'], troublesIn(findings)['app.strategy']]).toEqual([1, undefined, 'error: the app registers no NevisStrategy'])
    expect(findings.find(({ check }) => check === 'app.strategy')?.remedy).toContain('The doctor waits 5 s for the strategy; if you name the file that starts the app, and its code uses passport-nevis, the doctor waits 60 s')
  })

  it('that listens, but does not use this package › is checked after a few seconds, and not only after a minute', async () => {
    const began = Date.now()
    const { exitCode, read } = await doctor(['plain.cjs', '--json'])
    expect(Date.now() - began).toBeLessThan(30_000)
    expect([exitCode, troublesIn(read().findings)['app.strategy']]).toEqual([1, 'error: the app registers no NevisStrategy'])
  })

  it('that listens, and registers its strategy only later than these few seconds › is waited for', async () => {
    const { exitCode, read } = await doctor(['./listening.mjs', '--json'], { FAULT: 'late' })
    expect([exitCode, troublesIn(read().findings)]).toEqual([0, {}])
  })

  it('whose code never ends › is ended after the minute, and the report says why', async () => {
    const { exitCode, printed } = await doctor(['plain.cjs'], { FAULT: 'blocked', NODE_OPTIONS: `--require=${join(APPS, 'hurry.cjs')}` })
    expect([exitCode, printed.replace(/\s+/g, ' ')]).toEqual([1, expect.stringContaining('the app has not started within 60 s, because its code blocks its process, for example in an endless loop')])
  })

  it('that starts slowly › is waited for with a line of progress every ten seconds', async () => {
    const { printed } = await doctor(['waiting.mjs'], { NODE_OPTIONS: `--require=${join(APPS, 'hurry.cjs')}` })
    const lines = printed.split('\n').filter((line) => line.startsWith('… still'))
    expect(lines.slice(0, 2)).toEqual(['… still starting the app: 10 s of at most 60 s', '… still starting the app: 20 s of at most 60 s'])
  })

  it('that ends while its ledger is tried › is told so there, and the findings until then are kept', async () => {
    const { exitCode, read } = await doctor(['exported.cjs', '--json'], { FAULT: 'ledger exits' })
    const { findings } = read()
    expect([exitCode, troublesIn(findings)['ledger.claims']]).toEqual([1, 'error: the app exited with code 4 before the checks were finished'])
    expect(findings.find(({ check }) => check === 'ledger.claims')?.remedy).toMatch(/^process\.exit\(\) at exported\.cjs:\d+; /)
    expect(findings.filter(({ check, level }) => level !== 'ok' && !/^(ledger|session)\./.test(check))).toEqual([])
    expect(troublesIn(findings)['session.store']).toBe('unchecked: an earlier check failed')
  })

  it('ends with the command, also if the command is killed', async () => {
    const test = closing(createServer().listen(0))
    await once(test, 'listening')
    const env = { PATH: process.env['PATH'], ...cloud(), PORT: String((test.address() as AddressInfo).port) }
    const command = spawn(process.execPath, [COMMAND, 'doctor', 'connected.mjs'], { cwd: APPS, env, stdio: 'ignore' })
    closing({ close: () => command.kill('SIGKILL') })
    const [app] = (await once(test, 'connection')) as [Socket]
    const [pid] = (await once(app.setEncoding('utf8').on('error', () => undefined), 'data')) as [string]
    command.kill('SIGKILL')
    const isClosed = await Promise.race([once(app, 'close').then(() => true), setTimeout(20_000, false, { ref: false })])
    if (!isClosed) process.kill(Number(pid), 'SIGKILL')
    expect(isClosed).toBe(true)
  })

  it('whose process cannot be started › is an error', async () => {
    const script = `process.execPath = '/nowhere/node'; require(${JSON.stringify(join(COMMAND, '../command-line'))}).main(['doctor', 'exported.cjs', '--json'], process.env, console)`
    const child = spawn(process.execPath, ['-e', script], { cwd: APPS, env: { PATH: process.env['PATH'], ...cloud() }, stdio: ['ignore', 'pipe', 'ignore'] })
    const [[text]] = (await Promise.all([once(child.stdout.setEncoding('utf8'), 'data'), once(child, 'close')])) as [[string], unknown]
    const { findings } = JSON.parse(text) as { findings: Finding[] }
    expect(troublesIn(findings)['app.loaded']).toBe('error: the process for the app could not be started (ENOENT)')
  })

  it('with --app-output › prints on standard error what the app prints', async () => {
    const { printed } = await doctor(['broken.cjs', '--app-output'], { FAULT: 'dies later' })
    expect(printed).toContain('Error: c4n4ry: postgres://me:c4n4ry@db')
  })

  it('says what it does while it does it, in lines of at most 100 columns', async () => {
    const { printed } = await doctor(['exported.cjs'])
    expect(printed.split('\n').filter((line) => line.startsWith('… '))).toEqual(['… starting the app', '… requesting the routes of the app', '… calling Nevis: a ping and an introspection', '… trying the ledger', '… trying the session store'])
    expect(printed.split('\n').filter((line) => [...line].length > 100)).toEqual([])
  })

  /**
   * The attack: the report is read in a terminal and kept in the log of a build. An app under examination, or a library in it,
   * throws an error whose text contains the access key and escape sequences for the terminal.
   */
  it.each([
    ['escapes', 'Error at broken.cjs:8'],
    ['escapes in its name', 'Error at broken.cjs:9'],
    ['imitates', 'TypeError at broken.cjs:10'],
    ['imitates in two lines', 'TypeError at broken.cjs:11'],
    ['throws a text', 'Error (without a code or a line of the app)'],
  ])('that throws the error text of another program (%s) › is reported without the text', async (FAULT, told) => {
    for (const format of [[], ['--json']]) {
      const { exitCode, printed } = await doctor(['broken.cjs', ...format], { FAULT })
      expect(exitCode).toBe(1)
      expect(printed.replace(/\s+/g, ' ')).toContain(`the app throws while it loads: ${told}`)
      expect(printed).not.toContain('c4n4ry')
      expect(printed).not.toMatch(UNPRINTABLE)
    }
  })

  it('whose names hold what a terminal obeys › is shown without it, and cannot send findings of its own', async () => {
    const { exitCode, printed } = await doctor(['hostile.cjs'])
    expect(exitCode).toBe(1)
    expect(printed.replace(/\s+/g, ' ')).toContain('registered as "nevis?[2J?]0;title??1A?]52;c;YQ==??????ok everything.well", with the factors push, push?[2J')
    expect(printed).not.toMatch(UNPRINTABLE)
    expect(printed).not.toContain('c4n4ry')
    expect(Math.max(...printed.split('\n').map((line) => line.length))).toBeLessThan(1000)
    expect(printed.split('\n').filter((line) => line.startsWith('ok           everything.well'))).toEqual([])
    const { read } = await doctor(['hostile.cjs', '--json'])
    expect(JSON.stringify(read())).not.toMatch(UNPRINTABLE)
    expect(read().findings.find(({ check }) => check === 'app.loaded')?.finding).toBe('the app was started, and listens on loopback only')
  })

  it.each(['app\u001b[2J\n.js', '\u009b1A.js'])('with the file name %j › is named without what a terminal obeys', async (file) => {
    const { exitCode, printed } = await doctor([file])
    expect([exitCode, printed]).toEqual([1, expect.stringContaining('the file does not exist')])
    expect(printed).not.toMatch(UNPRINTABLE)
  })

  it('that is not there › is said to be missing', async () => {
    const { exitCode, read } = await doctor(['nowhere.js', '--json'])
    expect([exitCode, troublesIn(read().findings)['app.loaded']]).toEqual([1, 'error: the file does not exist'])
  })
})

it('an unexpected error in a command › prints its code, but neither message nor stack, and ends with 1', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'command-'))
  const fault = join(folder, 'fault.cjs')
  writeFileSync(fault, `require(${JSON.stringify(join(__dirname, '../../dist/doctor/command-line.js'))}).main = () => Promise.reject(Object.assign(new Error('c4n4ry'), { code: 'EMFILE' }))`)
  const { exitCode, printed } = await doctor([], { NODE_OPTIONS: `--require=${fault}` })
  rmSync(folder, { recursive: true })
  expect([exitCode, printed]).toEqual([1, 'passport-nevis: unexpected error (EMFILE)\n'])
})

/** Runs the command in a shell, which closes or redirects its output. */
async function inShell(redirection: string, argv: string) {
  const env = { PATH: process.env['PATH'], ...cloud() }
  const child = spawn('sh', ['-c', `"$NODE" "$COMMAND" ${argv} ${redirection}`], { env: { ...env, NODE: process.execPath, COMMAND }, stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const [exitCode] = (await once(child, 'close')) as [number | null]
  return { exitCode, out, err }
}

// Only Linux has `/dev/full`, a device that refuses each write as a full disk does.
const onLinux = process.platform === 'linux' ? it : it.skip

const inPosixShell = notOnWindows(it, 'the shell sh')

describe('an output', () => {
  inPosixShell.each(['doctor', 'probe', '--help'])('that is closed, of %s › crashes nothing, and does not change the exit code', async (argv) => {
    const { exitCode, err } = await inShell('>&-', argv)
    expect([exitCode, err]).toEqual([0, expect.not.stringMatching(/\n +at |unexpected error/)])
  })

  inPosixShell('that is closed, of probe --users › leaves no user behind', async () => {
    expect(await inShell('>&-', 'probe --users')).toMatchObject({ exitCode: 0 })
    expect([simulator.requests.some(({ operation }) => operation === 'enroll'), simulator.users]).toEqual([true, []])
  })

  onLinux('that cannot be written › ends with 1', async () => {
    expect(await inShell('>/dev/full', '--help')).toEqual({ exitCode: 1, out: '', err: '' })
  })

  inPosixShell.each(['>/dev/null', '<>/dev/null 1>&0', '2>&-', '<&-'])('%s › that the caller does not want: the command ends as usual', async (redirection) => {
    const { exitCode, err } = await inShell(redirection, '--help')
    expect([exitCode, err]).toEqual([0, ''])
  })

  it.each<[string, ('ignore' | 'pipe')[]]>([
    ['both outputs', ['ignore', 'ignore', 'ignore']],
    ['standard output', ['ignore', 'ignore', 'pipe']],
  ])('by a parent that does not want %s › ends as usual', async (_name, stdio) => {
    const child = spawn(process.execPath, [COMMAND, '--help'], { stdio })
    let err = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (err += text))
    expect([(await once(child, 'close'))[0], err]).toEqual([0, ''])
  })
})

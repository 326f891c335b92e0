/**
 * Tests the command `probe` at a terminal: what the command shows, which files it leaves behind, and that it ends after an interruption, after an hour, and
 * after too many calls.
 */
import { EventEmitter } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Interface } from 'node:readline/promises'
import { PassThrough } from 'node:stream'
import { NevisStrategy } from '../../../src'
import { instanceFindings } from '../../../src/doctor/instance-checks'
import { findingsOfReport } from '../../../src/doctor/probe-findings'
import { readReport, type ReportOfProbe } from '../../../src/doctor/probe-report'
import { Caller, ProbeEnded } from '../../../src/doctor/probe/caller'
import { probeCommand } from '../../../src/doctor/probe/probe-command'
import { simulate } from '../../../src/doctor/probe/recognise'
import { TerminalPerson } from '../../../src/doctor/probe/terminal-person'
import { NevisSimulator } from '../../../src/simulator'
import { strategyOptions } from '../../support/app'

jest.setTimeout(120_000)

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
/** A folder for temporary files that only this test uses. */
const mockFolder = mkdtempSync(join(jest.requireActual<typeof import('node:os')>('node:os').tmpdir(), 'terminal-'))
jest.mock('node:os', () => ({ ...jest.requireActual<object>('node:os'), tmpdir: () => mockFolder }))
/** Replaces the comparison with the simulator in each dialect (variant of Nevis's behaviour). The comparison takes seconds, and these tests do not need it. */
jest.mock('../../../src/doctor/probe/recognise', () => ({
  ...jest.requireActual<object>('../../../src/doctor/probe/recognise'),
  simulate: jest.fn(() => Promise.resolve({ facts: {}, dialects: new Map(), results: new Map() })),
}))
/** What the command says after each signal, in each phase. */
const INTERRUPTED = 'Interrupted. Please wait: the probe deletes its test users, names those that may be left, and prints the report of the completed stages.'
const leftovers = () => readdirSync(mockFolder)

let simulator: NevisSimulator
beforeEach(async () => void (simulator = await NevisSimulator.start()))
afterEach(async () => {
  jest.restoreAllMocks()
  await simulator.close()
})
afterAll(() => rmSync(mockFolder, { recursive: true }))

describe('the page to scan', () => {
  /** Runs `TerminalPerson.scan`, which asks the person to open a page with a QR code. Returns this page. `answer` returns what the person types. */
  async function shown(link: string | undefined, image: string | undefined, answer: () => Promise<string> = () => Promise.resolve('')) {
    let page = { html: '', mode: 0, folderMode: 0 }
    const question = (text: string) => {
      const file = /Open (\S+) in/.exec(text)?.[1] as string
      page = { html: readFileSync(file, 'utf8'), mode: statSync(file).mode & 0o777, folderMode: statSync(dirname(file)).mode & 0o777 }
      return answer()
    }
    const terminal = Object.assign(new EventEmitter(), { question }) as unknown as Interface
    const scan = new TerminalPerson(terminal, new AbortController().signal).scan(link, image)
    await scan.catch(() => undefined)
    return page
  }

  it('is a file that only this user can read, and is gone after the scan', async () => {
    expect(await shown('https://x.example/open', `data:image/png;base64,${PIXEL}`)).toMatchObject({ mode: 0o600, folderMode: 0o700 })
    expect(leftovers()).toEqual([])
  })

  it('is gone after an interruption, too', async () => {
    await shown('https://x.example/open', undefined, () => Promise.reject(new Error('aborted')))
    expect(leftovers()).toEqual([])
  })

  it.each([`data:image/png;base64,${PIXEL}`, PIXEL, `data:image/png;charset=utf-8;base64,${PIXEL.replace(/.{20}/g, '$&\r\n')}`])('shows a QR code in any form that the waiting page shows', async (image) => {
    expect((await shown(undefined, image)).html).toContain(`<img alt="QR code" src="data:image/png;base64,${PIXEL}">`)
  })

  it.each(['data:text/html,<script>1</script>', `"><script>1</script>${PIXEL}`, 'https://x.example/pixel.png'])('shows no image that is none, and no markup: %s', async (image) => {
    const { html } = await shown('https://x.example/?"><script>1</script>', image)
    expect(html).not.toMatch(/<img|<script/)
  })
})

describe('the link', () => {
  /** Runs `TerminalPerson.scan` with a person who types these lines. Returns the questions. */
  async function asked(link: string | undefined, ...typed: string[]) {
    const questions: string[] = []
    const question = (text: string) => Promise.resolve(typed[questions.push(text) - 1] as string)
    const terminal = Object.assign(new EventEmitter(), { question }) as unknown as Interface
    await new TerminalPerson(terminal, new AbortController().signal).scan(link, `data:image/png;base64,${PIXEL}`)
    return questions
  }
  const LINK = `https://x.example/open?dispatchTokenResponse=${'s3cret'.repeat(200)}`

  it('is not printed, unless the person types "link"', async () => {
    const [first, ...others] = await asked(LINK, '')
    expect([first, others]).toEqual([expect.stringContaining('over SSH, type "link" and press Enter'), []])
    expect(first).not.toContain('s3cret')
  })

  it.each(['link', ' LINK '])('is printed whole after %j, and the probe waits again', async (typed) => {
    expect(await asked(LINK, typed, '')).toEqual([expect.any(String), `Open this link on the phone with the Access App, then press Enter:\n  ${LINK}\n`])
    expect(leftovers()).toEqual([])
  })

  it('is printed without what a terminal obeys', async () => {
    expect((await asked('https://x.example/\u001b[2J\u202eä\n', 'link', ''))[1]).toBe('Open this link on the phone with the Access App, then press Enter:\n  https://x.example/?[2J????\n'.replace('????', '???'))
  })

  it('is not offered where there is only a picture', async () => {
    const questions = await asked(undefined, 'link')
    expect([questions.length, questions.join()]).toEqual([1, expect.not.stringContaining('link')])
  })
})

describe('the command', () => {
  let printed: string[]
  let said: string[]
  let asked: string[]
  /** Called with each line that the command prints to standard error. */
  let onLine: (line: string) => void
  beforeEach(() => {
    printed = []
    said = []
    asked = []
    onLine = () => undefined
    jest.mocked(simulate).mockClear()
  })
  const output = () => ({
    log: (text: string) => void printed.push(text),
    error: (text: string) => {
      said.push(text)
      onLine(text)
    },
  })
  const cloud = () => ({ NEVIS_BASE_URL: simulator.baseURL, NEVIS_ACCESS_KEY: simulator.accessKey })
  const enrolments = () => simulator.requests.filter(({ operation }) => operation === 'enroll').length

  /** Runs the command `probe`, and answers its question "Continue?". `isScanning` resolves when the command asks the user to scan a QR code. */
  function run(argv: string[], answer: string) {
    const input = new PassThrough()
    let shown: () => void
    const isScanning = new Promise<void>((resolve) => (shown = resolve))
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
      if (String(text).includes('Continue?')) setImmediate(() => input.write(answer))
      if (String(text).includes('Continue?')) asked.push(String(text))
      if (String(text).includes('scan the code')) setImmediate(shown)
      return true
    })
    return { input, isScanning, exitCode: probeCommand(argv, cloud(), output(), input) }
  }

  /** Runs the stage `app` until the command asks the user to scan a QR code. */
  async function scanning() {
    const running = run(['--app'], 'y\n')
    await running.isScanning
    expect([simulator.users.length, leftovers().length]).toEqual([1, 1])
    return running
  }

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('interrupted by %s while it waits for a scan, deletes the user and the page, and ends with 1', async (signal) => {
    const asked = process.listenerCount(signal)
    const { exitCode } = await scanning()
    process.emit(signal)
    expect(await exitCode).toBe(1)
    expect([simulator.users, leftovers(), process.listenerCount(signal)]).toEqual([[], [], asked])
  })

  it('interrupted again while it deletes the user › goes on, and says the same sentence each time, and at the end that no user is left', async () => {
    const asked = process.listenerCount('SIGINT')
    const { exitCode } = await scanning()
    const listening: boolean[] = []
    onLine = (line) => {
      if (line !== 'Deleting the test users …') return
      for (let presses = 0; presses < 2; presses++) {
        listening.push(process.listenerCount('SIGINT') > asked)
        process.emit('SIGINT')
      }
    }
    process.emit('SIGINT')
    expect(await exitCode).toBe(1)
    expect([simulator.users, listening, said.filter((line) => line === INTERRUPTED).length, said.at(-1)]).toEqual([[], [true, true], 3, 'No test user is left at Nevis.'])
    // The responses of an interrupted probe are not compared with the simulator's dialects, and the report says so.
    expect([jest.mocked(simulate).mock.calls, printed.join()]).toEqual([[], expect.stringContaining('dialects of the simulator:\n  not compared, because the probe was interrupted\n')])
  })

  it('interrupted during the comparison › prints and writes the report without it, and ends with 1', async () => {
    jest.mocked(simulate).mockImplementationOnce((_stages, _progress, _names, signal) => {
      process.emit('SIGINT')
      process.emit('SIGINT')
      expect(signal?.aborted).toBe(true)
      return Promise.resolve({ facts: {}, dialects: new Map(), results: new Map() })
    })
    const file = join(mockFolder, 'report.json')
    writeFileSync(file, '')
    expect(await run(['--out', file], '').exitCode).toBe(1)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ stages: ['quiet'], endedBy: 'interrupted', isCompared: false, dialects: [], unexplained: [] })
    rmSync(file)
    expect(printed.join()).toContain('not compared, because the probe was interrupted')
    expect(said.filter((line) => line === INTERRUPTED)).toHaveLength(2)
  })

  describe('whose comparison with the simulator fails', () => {
    const reason = 'the comparison with the simulator failed (EADDRNOTAVAIL)'
    beforeEach(() => {
      jest.mocked(simulate).mockRejectedValueOnce(Object.assign(new Error('c4n4ry'), { code: 'EADDRNOTAVAIL' }))
      simulator.faults.add({ on: 'deleteUser', status: 500 })
    })

    it('prints and writes the report without it, names the users who are left, and ends with 1', async () => {
      const file = join(mockFolder, 'report.json')
      writeFileSync(file, '')
      expect(await run(['--users', '--out', file], '').exitCode).toBe(1)
      expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ stages: ['quiet', 'users'], endedBy: reason, isCompared: false, dialects: [], unexplained: [] })
      rmSync(file)
      expect(printed.join()).toContain(`dialects of the simulator:\n  not compared, because ${reason}\n`)
      expect(said.join('\n').match(/Passport-Nevis-Probe-\w+/g)?.length).toBe(simulator.users.length)
      expect([...printed, ...said].join()).not.toContain('c4n4ry')
    })

    it('does not replace an older report', async () => {
      const file = join(mockFolder, 'report.json')
      const older = '{"probe":1,"answers":[],"unexplained":[]}'
      writeFileSync(file, older)
      expect(await run(['--out', file], '').exitCode).toBe(1)
      expect(readFileSync(file, 'utf8')).toBe(older)
      rmSync(file)
      expect(said).toContain(`passport-nevis probe: ${reason}, so the report in ${file} was not replaced`)
    })
  })

  it('interrupted › does not replace an older report', async () => {
    jest.mocked(simulate).mockImplementationOnce(() => {
      process.emit('SIGINT')
      return Promise.resolve({ facts: {}, dialects: new Map(), results: new Map() })
    })
    const file = join(mockFolder, 'report.json')
    const older = '{"probe":1,"answers":[],"unexplained":[]}'
    writeFileSync(file, older)
    expect(await run(['--out', file], '').exitCode).toBe(1)
    expect(readFileSync(file, 'utf8')).toBe(older)
    rmSync(file)
    expect(said).toContainEqual(expect.stringMatching(/^passport-nevis probe: the probe was interrupted, so the report in \S+ was not replaced$/))
  })

  it('names the users whom it could not delete, but not in the report', async () => {
    simulator.faults.add({ on: 'deleteUser', status: 500 })
    expect(await run(['--users'], '').exitCode).toBe(1)
    const names = said.join('\n').match(/Passport-Nevis-Probe-\w+/g)
    expect([names?.length, said.join('\n')]).toEqual([simulator.users.length, expect.stringContaining('Look for them in the management console of Nevis, and delete those that you find:')])
    expect(printed.join()).not.toMatch(/Passport-Nevis-Probe-/i)
  })

  it.each([['--app'], ['--sms', '+41791234567'], ['--app', '--limits']])('%s %s without a terminal › is refused before the first request', async (...argv) => {
    const before = process.stdin.isTTY
    process.stdin.isTTY = false
    try {
      expect(await probeCommand(argv, cloud(), output())).toBe(2)
    } finally {
      process.stdin.isTTY = before
    }
    expect([said, simulator.requests]).toEqual([[expect.stringMatching(/the probe needs a terminal/)], []])
  })

  it('deletes the user and ends with 1, if the input ends while it waits for a scan (Ctrl-D)', async () => {
    const { input, exitCode } = await scanning()
    input.end()
    expect(await exitCode).toBe(1)
    expect([simulator.users, leftovers()]).toEqual([[], []])
    // After the end of the input, as after Ctrl-C, the probe does not compare its results with the simulator.
    expect([jest.mocked(simulate).mock.calls, printed.join('\n')]).toEqual([[], expect.stringContaining('  not compared, because the input ended before the answer to a question\n')])
  })

  it('takes the end of the input at a question (Ctrl-D) for a no, says so, and goes on', async () => {
    const input = new PassThrough()
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
      if (String(text).includes('Continue?')) setImmediate(() => input.end())
      return true
    })
    expect(await probeCommand(['--app', '--sms', '+41791234567'], cloud(), output(), input)).toBe(0)
    const ended = '\nThe input ended at this question, which means no.'
    const leftOut = (stage: string) => `The stage "${stage}" was left out, so the report leaves its questions open. This is no failure.`
    expect(said.slice(2, 6)).toEqual([ended, leftOut('app'), ended, leftOut('sms')])
    expect([enrolments(), jest.mocked(simulate).mock.calls.length]).toEqual([0, 1])
  })

  it('needs no input for stages without a person', async () => {
    const { input, exitCode } = run([], '')
    input.end()
    expect(await exitCode).toBe(0)
  })

  it('ends after an hour by itself, and deletes the user', async () => {
    let endHour = () => undefined as void
    const start = globalThis.setTimeout
    const asked: number[] = []
    jest.spyOn(globalThis, 'setTimeout').mockImplementation(((task: () => void, ms: number, ...more: []) => {
      asked.push(ms)
      if (ms >= 600_000) endHour = task
      return start(task, ms, ...more)
    }) as typeof setTimeout)
    const { exitCode } = await scanning()
    endHour()
    expect(await exitCode).toBe(1)
    expect([simulator.users, Math.max(...asked), said]).toEqual([[], 3_600_000, expect.arrayContaining([INTERRUPTED.replace('Interrupted', 'An hour has passed')])])
  })

  it('prints the link only at the terminal: neither the report nor its file contains it', async () => {
    const file = join(mkdtempSync(join(mockFolder, '..', 'report-')), 'report.json')
    const input = new PassThrough()
    let shown = ''
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
      shown += String(text)
      if (String(text).includes('Continue?')) setImmediate(() => input.write('y\n'))
      if (String(text).includes('type "link"')) setImmediate(() => input.write('link\n'))
      if (String(text).includes('Open this link')) setImmediate(() => input.end())
      return true
    })
    expect(await probeCommand(['--app', '--out', file], cloud(), output(), input)).toBe(1)
    const token = /dispatchTokenResponse=([^\s&]{20,})/.exec(shown)?.[1] as string
    expect(token).toBeDefined()
    expect([...printed, ...said, readFileSync(file, 'utf8')].join('\n')).not.toContain(token)
    rmSync(dirname(file), { recursive: true })
  })

  // The probe sends these codes: one for a user who does not exist, a wrong one, a right one, the same again, one of an older set, a wrong one with an intent
  // token, and then the wrong codes of the stage `limits`.
  it.each<[string, readonly string[], object]>([
    ['every wrong code', ['--users'], {}],
    ['only the code of a user who does not exist', [], { times: 1 }],
    ['only the wrong code with an intent token', ['--users'], { skip: 5, times: 1 }],
    ['only the first wrong code of the stage limits', ['--users', '--limits'], { skip: 6, times: 1 }],
    ['only the wrong codes from the fourth of the stage limits on', ['--users', '--limits'], { skip: 9 }],
  ])('of an instance that accepts %s › ends with 1, as the doctor does, and says DANGER first', async (_which, flags, calls) => {
    simulator.faults.add({ on: 'verifyCode', status: 200, body: '', ...calls })
    const file = join(mkdtempSync(join(mockFolder, '..', 'report-')), 'report.json')
    const exitCode = await run([...flags, '--out', file], '').exitCode
    expect([exitCode, printed.join()]).toEqual([1, expect.stringMatching(/^DANGER: this instance, or a gateway in front of it, accepts wrong codes/)])
    expect(printed.join()).not.toMatch(/^When does Nevis block codes/m)
    const report = readReport(file) as ReportOfProbe
    const { settings } = new NevisStrategy(strategyOptions(simulator) as never, () => undefined)
    for (const findings of [findingsOfReport(report), instanceFindings(report, settings)]) {
      expect(findings).toContainEqual({ ...findings[0], level: 'error', finding: expect.stringMatching(/^the client takes the answer to a wrong code of the factor recovery/) })
      expect(findings.some(({ finding }) => /blocks a user/.test(finding))).toBe(false)
    }
    rmSync(dirname(file), { recursive: true })
  })

  it.each<[string, RegExp, string[]]>([
    ['sms', /^The stage "sms" sends two or three text messages/, ['--sms', '+41 79 123 45 67']],
    ['app', /^The stage "app" sends requests to the phone/, ['--app']],
  ])('asks before it notifies anybody in the stage %s: any other answer than yes leaves the stage out', async (_stage, question, argv) => {
    expect(await run(argv, 'maybe\n').exitCode).toBe(0)
    expect([enrolments(), asked]).toEqual([0, [expect.stringMatching(question)]])
  })
})

describe('the calls', () => {
  it('have a limit, which the deletion of test users may exceed', async () => {
    const caller = new Caller(simulator.baseURL, simulator.accessKey, 2, new AbortController().signal)
    const ping = { method: 'GET', path: '/ping' } as const
    await caller.call('one', ping)
    await caller.call('two', ping)
    await expect(caller.call('three', ping)).rejects.toThrow(new ProbeEnded('stopped after 2 calls'))
    expect((await caller.cleanUp(ping)).status).toBe(200)
  })
})

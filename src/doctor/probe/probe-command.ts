/**
 * The command `passport-nevis probe`: sends requests to a Nevis instance or a simulator, to find out what Nevis's documentation does not say.
 *
 * The folder `probe/` asks Nevis in stages (the files `*-stage.ts`; `stages.ts` lists them), and turns the answers into a report (`report.ts`).
 * Out of scope: checking an application, which the command `doctor` does (`../command-line.ts`).
 */
import { createInterface } from 'node:readline/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { HELP, readArguments, seeHelp } from '../../simulator/arguments'
import type { Output } from '../output'
import { cloudOf, type Environment } from '../environment'
import { printable } from '../printable'
import { Interruption } from './interruption'
import { faultOfPath, hasContent, writeWhole } from './out-file'
import { acceptedWrongCodesIn } from './code-answers'
import { NOT_COMPARED, recognise, simulate, type Recognised } from './recognise'
import { INTERRUPTED, reportOf, textOf, whyNotCompared, type ProbeReport } from './report'
import { asksIn, runStages, type Stage, type StageResults } from './stages'
import { INPUT_ENDED, TerminalPerson } from './terminal-person'
import { wordOf } from './word-of'

export const PROBE_USAGE = `Usage: passport-nevis probe [--users] [--app] [--sms <number>] [--wait] [--limits] [--out <file>]

  Sends requests to the instance in NEVIS_INSTANCE (or NEVIS_BASE_URL) and NEVIS_ACCESS_KEY, to find out what Nevis's
  documents do not say. Without a flag, it creates no user and notifies no user.

  --users           create test users, and delete them at the end; also ask Nevis for a text message to +9990000000,
                    a number that no phone has
  --app             a person scans a code with the Access App, accepts one request and denies one
  --sms <number>    send two or three text messages to this phone number, such as +41791234567, and one
                    more for each code that you mistype
  --wait            find out after which time Nevis ends an enrolment that nobody completes; with --app also an
                    approval that nobody answers; with --sms also what Nevis answers to a code that comes too late,
                    for which it sends one more text message. Each takes up to 15 minutes
  --limits          send wrong recovery codes until Nevis refuses them; with --app also pushes and new phones
  --out <file>      write the report as JSON: for the simulator (dialect) and the doctor (--report);
                    replaces no file but an older report
  --help, -h        print this text

--app and --sms ask questions, so they need a terminal. --app writes the code to scan to a file, for a browser on this
machine. Over SSH, type "link" at the question: the probe then prints the link, which you open on the phone. The report
does not contain the link.

The report describes the shapes of responses. It contains no token, code, id, phone number, key or name. You can interrupt
the probe with Ctrl-C at any time: it then deletes the test users, whose names begin with Passport-Nevis-Probe-.
The probe ends by itself after an hour.
Exit code: 0 if no stage failed, all test users are deleted, the report is complete, and the instance accepts no wrong
code (DANGER); 1 if not; 2 for wrong arguments. The exit code does not depend on other findings of the report:
"doctor --report <file>" ends with 1 if the report contains an error.
`

const OPTIONS = {
  users: { type: 'boolean', default: false },
  app: { type: 'boolean', default: false },
  sms: { type: 'string', takes: 'number' },
  wait: { type: 'boolean', default: false },
  limits: { type: 'boolean', default: false },
  out: { type: 'string', takes: 'file' },
  help: HELP,
} as const

export async function probeCommand(argv: readonly string[], env: Environment, output: Output, input: NodeJS.ReadableStream = process.stdin): Promise<0 | 1 | 2> {
  const given = argumentsIn(argv)
  if (typeof given === 'string') {
    output.error(`passport-nevis probe: ${seeHelp(printable(given), 'passport-nevis probe')}`)
    return 2
  }
  if (given.help) {
    output.log(PROBE_USAGE)
    return 0
  }
  const outFault = given.out === undefined ? undefined : faultOfPath(given.out)
  if (outFault !== undefined) {
    output.error(`passport-nevis probe: ${printable(outFault)}`)
    return 2
  }
  const stages: Stage[] = ['quiet', ...(['users', 'app', 'wait', 'limits'] as const).filter((stage) => given[stage]), ...(given.sms === undefined ? [] : (['sms'] as const))]
  if (asksIn(stages).length > 0 && input === process.stdin && !process.stdin.isTTY) {
    output.error('passport-nevis probe: --app and --sms ask you questions, so the probe needs a terminal: run it without input from a file or a pipe')
    return 2
  }
  const cloud = cloudOf(env)
  if ('finding' in cloud) {
    output.error(`passport-nevis probe: ${printable(cloud.finding)}`)
    return 2
  }
  const address = `${cloud.baseURL}${cloud.proxy === undefined ? '' : ` through the proxy ${cloud.proxy} of the environment (HTTPS_PROXY or ALL_PROXY)`}`
  const say = (line: string) => output.error(line)
  const terminal = createInterface({ input, output: process.stderr })
  const interruption = new Interruption(terminal, say)
  const { signal } = interruption
  try {
    say(`Asking ${address}`)
    const person = new TerminalPerson(terminal, signal, say)
    const results = await runStages({ ...cloud, stages, phone: given.sms, hasProxy: cloud.proxy !== undefined, person, pause: (ms, ended) => pause(ms, undefined, ended && { signal: ended }), say, signal })
    // Print the names of the remaining test users before the comparison, because the developer may end the command during the comparison.
    if (results.usersLeft > 0) say(`These test users may still exist. Look for them in the management console of Nevis, and delete those that you find:\n  ${results.namesLeft.join('\n  ')}`)
    const report = reportOf(results, results.obstacle === undefined ? await compared(results, signal, say) : NOT_COMPARED)
    output.log(textOf(report, address))
    if (results.finished.includes('app')) say('The test users are deleted at Nevis only. If the Access App still lists their accounts, delete these accounts in the app.')
    const isWritten = given.out === undefined || written(given.out, report, output)
    const isDangerous = acceptedWrongCodesIn(report.facts).length > 0
    return report.endedBy === undefined && results.failed.length === 0 && results.usersLeft === 0 && !isDangerous && isWritten ? 0 : 1
  } finally {
    terminal.close()
    interruption.end()
  }
}

/**
 * Compares what the probe has recorded with the simulator in each of its dialects (variants of Nevis's behaviour).
 * @returns the recognised dialects; or the reason, as a string, if there is no comparison: the probe was interrupted, the person pressed Ctrl-D at a question,
 * or the comparison failed, for example because the simulator cannot listen
 */
async function compared({ finished, facts, failed, ofFailed, endedBy }: StageResults, signal: AbortSignal, say: (line: string) => void): Promise<Recognised | string> {
  if (signal.aborted) return INTERRUPTED
  if (endedBy === INPUT_ENDED) return INPUT_ENDED
  say('Comparing with the simulator in each dialect …')
  try {
    const simulated = await simulate(finished, (done, all) => done % 50 === 0 && say(`  ${done} of ${all}`), undefined, signal)
    return signal.aborted ? INTERRUPTED : recognise(facts, simulated, failed.length > 0, ofFailed)
  } catch (reason) {
    return `the comparison with the simulator failed (${wordOf(reason)})`
  }
}

function written(file: string, report: ProbeReport, output: Output): boolean {
  try {
    const hasResult = report.obstacle === undefined && report.stages.length > 0
    const why = hasResult ? whyNotCompared(report) : 'there was no result'
    if (why !== undefined && hasContent(file)) {
      output.error(`passport-nevis probe: ${why}, so the report in ${printable(file)} was not replaced`)
      return false
    }
    writeWhole(file, `${JSON.stringify(report, undefined, 2)}\n`)
    output.error(`The report was written to ${printable(file)}.`)
    return true
  } catch (reason) {
    output.error(`passport-nevis probe: the report could not be written to ${printable(file)} (${wordOf(reason)})`)
    return false
  }
}

function argumentsIn(argv: readonly string[]) {
  const given = readArguments({ args: [...argv], options: OPTIONS })
  if (typeof given === 'string') return given
  const { values } = given
  const sms = values.sms?.replace(/\s/g, '')
  if (sms !== undefined && !/^\+[1-9]\d{6,14}$/.test(sms)) return '--sms: the number must be in the international form, such as +41791234567'
  return { ...values, sms }
}

/**
 * Runs all checks of the command `doctor`. If an application is given, the checks run in a child process. Otherwise only the Nevis instance in the environment
 * variables is checked.
 *
 * Out of scope: the checks themselves, and the output.
 */
import { fork } from 'node:child_process'
import { join } from 'node:path'
import { environmentFindings, type Environment } from './environment'
import { withUnchecked, error, isFinding, seeOutput, type Check, type Finding } from './findings'
import { isWord } from './printable'
import { isStep, LOAD_MS, STEPS, type Step } from './steps'

const DEADLINE_MS = 120_000
/** The process of the application reports after `LOAD_MS` that the application has not started. If this report is also missing, the process is blocked. */
const BLOCKED_MS = LOAD_MS + 20_000
/** While a step takes long, the command prints at this interval, in milliseconds, that it is still waiting. */
const PROGRESS_MS = 10_000
/** The application has this many milliseconds between SIGTERM and SIGKILL, for example to close its database. */
const GRACE_MS = 3000

/** For each step, the check that gets the error if the step does not end. */
const CHECK_OF: Readonly<Record<Step, Check>> = { app: 'app.loaded', routes: 'routes.waiting', cloud: 'cloud.reachable', ledger: 'ledger.claims', session: 'session.store' }

export interface Run {
  /** The file that starts or exports the application; undefined to check only the Nevis instance. */
  readonly file: string | undefined
  readonly env: Environment
  /** The file with a report of the probe, with which the options of the application are compared. */
  readonly report?: string | undefined
  readonly showsOutput?: boolean
  /** Called with a text that names the current check. */
  readonly say?: (text: string) => void
}

export async function runChecks(run: Run): Promise<Finding[]> {
  const { file, env, say = () => undefined } = run
  if (file === undefined) {
    say(STEPS.cloud)
    const findings = await environmentFindings(env)
    const gaps = withUnchecked(findings.filter(isCloud), 'an earlier check failed', 'see above')
    return withUnchecked(gaps.filter(isCloud), 'no file was given', 'npx passport-nevis doctor <file>, with the file that starts your app, or exports it')
  }
  const found = await appFindings({ ...run, file, say })
  const isLoaded = found.some(({ check, level }) => check === 'app.loaded' && level === 'ok')
  const names = env['NEVIS_INSTANCE'] || env['NEVIS_BASE_URL']
  // If the application does not load, check at least the Nevis instance in the environment variables.
  const cloud = !isLoaded && names ? await environmentFindings(env) : []
  const ofReport = found.filter(({ check }) => check === 'cloud.probe')
  const all = withUnchecked([...found, ...cloud], isLoaded ? 'an earlier check failed' : 'the app could not be loaded', isLoaded ? 'see above' : 'see app.loaded')
  return [...all, ...ofReport]
}

const isCloud = ({ check }: Finding) => check.startsWith('cloud.')

function appFindings({ file, env, report, showsOutput = false, say }: Run & { file: string; say: (text: string) => void }): Promise<Finding[]> {
  return new Promise((resolve) => {
    const child = fork(join(__dirname, 'app-process.js'), [file, ...(report === undefined ? [] : [report])], { env, stdio: ['ignore', ...(showsOutput ? ([2, 2] as const) : (['ignore', 'ignore'] as const)), 'ipc'] })
    let why = ''
    let step: Step = 'app'
    let received: Finding[] = []
    let seconds = 0
    const progress = setInterval(() => {
      seconds += PROGRESS_MS / 1000
      say(`still ${STEPS[step]}: ${seconds} s of at most ${(step === 'app' ? LOAD_MS : DEADLINE_MS) / 1000} s`)
    }, PROGRESS_MS)
    const end = (findings: Finding[]) => {
      clearTimeout(blocked)
      clearTimeout(timer)
      clearInterval(progress)
      child.kill('SIGTERM')
      // `unref`: this timer must not keep the command running.
      setTimeout(() => child.kill('SIGKILL'), GRACE_MS).unref()
      resolve(findings)
    }
    const fault = (finding: string) => end([...received, error(CHECK_OF[step], finding, `${why}${seeOutput(file)}`)])
    const blocked = setTimeout(() => step === 'app' && fault(`the app has not started within ${LOAD_MS / 1000} s, because its code blocks its process, for example in an endless loop`), BLOCKED_MS)
    const timer = setTimeout(() => fault(`the checks did not finish within ${DEADLINE_MS / 1000} s; the doctor was ${STEPS[step]}`), DEADLINE_MS)
    // The application may send its own messages to the parent process. Ignore them.
    child.on('message', (message) => {
      const { passportNevisDoctor: findings, passportNevisStep: begun, passportNevisFound: found, passportNevisEnd: cause } = Object(message) as Record<string, unknown>
      if (isStep(begun) && Array.isArray(found) && found.every(isFinding)) {
        step = begun
        received = found
        say(STEPS[step])
      }
      if (typeof cause === 'string') why = `${cause}; `
      if (Array.isArray(findings) && findings.every(isFinding)) end(findings)
    })
    child.once('error', (reason) => fault(`the process for the app could not be started${isWord(Reflect.get(reason, 'code')) ? ` (${String(Reflect.get(reason, 'code'))})` : ''}`))
    child.once('exit', (code, signal) => fault(`the app ${signal === null ? `exited with code ${code}` : `was ended by ${signal}`} before the checks were finished`))
  })
}

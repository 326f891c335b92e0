/**
 * Runs all checks: with an app, its checks in a child process; without an app, the checks of the cloud that the environment names.
 *
 * Out of scope: the checks themselves, and the output.
 */
import { fork } from 'node:child_process'
import { join } from 'node:path'
import { environmentFindings, type Environment } from './environment'
import { withUnchecked, error, isFinding, type Finding } from './findings'

const DEADLINE_MS = 120_000
/** Time between SIGTERM and SIGKILL, so that the app can close its database. */
const GRACE_MS = 3000

/**
 * Runs all checks and returns their findings.
 * @param file the file that starts or exports the app; undefined to check the cloud only
 */
export async function runChecks(file: string | undefined, env: Environment): Promise<Finding[]> {
  if (file === undefined) {
    const findings = await environmentFindings(env)
    const gaps = withUnchecked(findings.filter(isCloud), 'an earlier check failed', 'see above')
    return withUnchecked(gaps.filter(isCloud), 'no file was given', 'npx passport-nevis doctor <the file that starts your app, or exports it>')
  }
  const found = await appFindings(file, env)
  const isLoaded = found.some(({ check, level }) => check === 'app.loaded' && level === 'ok')
  const names = env['NEVIS_INSTANCE'] || env['NEVIS_BASE_URL']
  // If the app does not load, the cloud of the environment can still be checked.
  const cloud = !isLoaded && names ? await environmentFindings(env) : []
  return withUnchecked([...found, ...cloud], isLoaded ? 'an earlier check failed' : 'the app could not be loaded', isLoaded ? 'see above' : 'see app.loaded')
}

const isCloud = ({ check }: Finding) => check.startsWith('cloud.')

function appFindings(file: string, env: Environment): Promise<Finding[]> {
  return new Promise((resolve) => {
    const child = fork(join(__dirname, 'app-process.js'), [file], { env, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    const end = (findings: Finding[]) => {
      clearTimeout(timer)
      child.kill('SIGTERM')
      // Use `unref`, so that the doctor does not wait for this timer.
      setTimeout(() => child.kill('SIGKILL'), GRACE_MS).unref()
      resolve(findings)
    }
    const fault = (finding: string) => end([error('app.loaded', finding, `run \`node ${file}\` with the same environment to see its error`)])
    const timer = setTimeout(() => fault(`the checks did not finish within ${DEADLINE_MS / 1000} s`), DEADLINE_MS)
    // Ignore messages that are not findings: the app may send its own messages through the same channel.
    child.on('message', (message) => {
      const { passportNevisDoctor: findings } = Object(message) as { passportNevisDoctor?: unknown }
      if (Array.isArray(findings) && findings.every(isFinding)) end(findings)
    })
    child.once('exit', (code, signal) => fault(`the app ${signal === null ? `exited with code ${code}` : `was ended by ${signal}`} before the checks were finished`))
  })
}

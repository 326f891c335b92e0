/**
 * The whole examination: the app in a process of its own, or without one the cloud that the environment names.
 *
 * Out of scope: what is checked, and what is printed.
 */
import { fork } from 'node:child_process'
import { join } from 'node:path'
import { environmentFindings } from './environment'
import { withUnchecked, error, isFinding, type Finding } from './findings'

const DEADLINE_MS = 120_000
/** For an app that closes its database on SIGTERM. */
const GRACE_MS = 3000

type Environment = Readonly<Record<string, string | undefined>>

/** @param file that starts or exports the app; undefined for the cloud alone */
export async function runChecks(file: string | undefined, env: Environment): Promise<Finding[]> {
  if (file === undefined) {
    const findings = await environmentFindings(env)
    const gaps = withUnchecked(findings.filter(isCloud), 'an earlier check failed', 'see above')
    return withUnchecked(gaps.filter(isCloud), 'no file was given', 'npx passport-nevis doctor <the file that starts your app, or exports it>')
  }
  const found = await appFindings(file, env)
  const isLoaded = found.some(({ check, level }) => check === 'app.loaded' && level === 'ok')
  const names = env['NEVIS_INSTANCE'] || env['NEVIS_BASE_URL']
  // An app that does not load still has a cloud.
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
      // Only the app's process keeps this one waiting.
      setTimeout(() => child.kill('SIGKILL'), GRACE_MS).unref()
      resolve(findings)
    }
    const fault = (finding: string) => end([error('app.loaded', finding, `run \`node ${file}\` with the same environment to see its error`)])
    const timer = setTimeout(() => fault(`the checks did not finish within ${DEADLINE_MS / 1000} s`), DEADLINE_MS)
    // The app may send messages of its own.
    child.on('message', (message) => {
      const { passportNevisDoctor: findings } = Object(message) as { passportNevisDoctor?: unknown }
      if (Array.isArray(findings) && findings.every(isFinding)) end(findings)
    })
    child.once('exit', (code, signal) => fault(`the app ${signal === null ? `exited with code ${code}` : `was ended by ${signal}`} before the checks were finished`))
  })
}

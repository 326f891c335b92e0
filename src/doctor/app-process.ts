/**
 * Entry point of the child process in which the command `doctor` loads and checks the application. In a child process, the application's output and exit do not
 * affect the command.
 *
 * If the application crashes, this process reports the error's name, code and line, but not its message, which may quote a secret.
 * Out of scope: printing the report, which the parent process does.
 */
import { appFindings } from './app-checks'
import type { Finding } from './findings'
import { loadApp } from './loaded-app'
import { readReport } from './probe-report'
import { callingPlace, placeIn, summaryOf } from './places'
import type { Step } from './steps'

const send = (message: object) => process.send?.(message)
const begin = (step: Step, found: readonly Finding[] = []) => send({ passportNevisStep: step, passportNevisFound: found })
const endedBy = (why: string) => send({ passportNevisEnd: why })

process.on('uncaughtExceptionMonitor', (reason: unknown) => {
  const { stack } = Object(reason) as { stack?: unknown }
  endedBy(`uncaught ${summaryOf(reason, placeIn(String(stack)))}`)
})
const exit = process.exit.bind(process)
// If the command `doctor` is killed, its channel to this process is disconnected: then end this process. `unref`: the listener alone must not keep the process
// running. If the application has nothing left to do, the process ends, and the command reports this.
process.once('disconnect', () => exit(1))
process.channel?.unref()
process.exit = (code) => {
  const place = callingPlace()
  if (place !== undefined) endedBy(`process.exit() at ${place}`)
  return exit(code)
}

// Read the probe's report before the application is loaded, because the application may change the working directory.
const [file, reportFile] = process.argv.slice(2) as [string, string?]
const report = reportFile === undefined ? undefined : readReport(reportFile)
begin('app')
void loadApp(file)
  .then((app) => ('origin' in app ? appFindings(app, process.env['NODE_ENV'] === 'production', begin, typeof report === 'string' ? undefined : report) : [app]))
  .then((findings) => {
    process.channel?.ref() // keeps this process running until the command has received the findings; the command then stops it
    send({ passportNevisDoctor: findings })
  })

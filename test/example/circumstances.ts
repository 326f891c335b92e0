/** Signals with which a test changes the circumstances of the example app's process: let time pass, stop Nevis, and start it again. */
import { once } from 'node:events'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Running } from './support'

const simulator = pathToFileURL(join(__dirname, '../../dist/simulator/index.js')).href

/** The app's process runs this script at its start. When a signal has moved the clock or stopped Nevis, the script prints a word on standard error. */
const SCRIPT = `
import { NevisSimulator } from '${simulator}'
const { now } = Date
let ahead = 0
Date.now = () => now() + ahead
process.on('SIGUSR2', () => { ahead += 360000; console.error('later') })
process.on('SIGWINCH', () => { ahead += 15000; console.error('resend') })
const { start } = NevisSimulator
NevisSimulator.start = async (options) => {
  const cloud = await start.call(NevisSimulator, options)
  let fault
  process.on('SIGHUP', () => {
    fault = fault ? fault.remove() : cloud.faults.add({ reset: true })
    console.error(fault ? 'down' : 'up')
  })
  return cloud
}`

/** The environment variable with which `startExample` runs this script in the app's process. */
export const circumstances = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(SCRIPT)}` }

/** Moves the app's clock by six minutes. The limits of all users then allow new starts, and every second factor is too old for a step-up. */
export const sixMinutesLater = (app: Running) => signal(app, 'SIGUSR2', 'later')
/** Moves the app's clock by 15 seconds, so that a user may have a push or SMS sent again. */
export const resendPauseIsOver = (app: Running) => signal(app, 'SIGWINCH', 'resend')
/** Makes Nevis refuse all calls of the app. The phones still work, so a user can answer a request that the phone has already received. */
export const nevisGoesDown = (app: Running) => signal(app, 'SIGHUP', 'down')
export const nevisComesBack = (app: Running) => signal(app, 'SIGHUP', 'up')

async function signal(app: Running, name: NodeJS.Signals, word: string): Promise<void> {
  const said = () => app.stderr().split('\n').filter((line) => line === word).length
  const before = said()
  app.process.kill(name)
  for (let looks = 0; looks < 100 && said() === before; looks++) await once(app.process.stderr as NodeJS.ReadableStream, 'data')
}

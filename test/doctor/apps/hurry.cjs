/** Shortens the minute that the doctor gives an app to start, and the time between its lines of progress. Tests load this file with `--require`. */
const timers = require('node:timers/promises')
const { setTimeout } = timers
timers.setTimeout = (ms, ...rest) => setTimeout(ms > 10_000 ? 1500 : ms, ...rest)
const { setInterval, setTimeout: setTimer } = globalThis
globalThis.setTimeout = (task, ms, ...rest) => setTimer(task, ms > 60_000 && ms < 120_000 ? 6000 : ms, ...rest)
globalThis.setInterval = (task, ms, ...rest) => setInterval(task, ms === 10_000 ? 250 : ms, ...rest)

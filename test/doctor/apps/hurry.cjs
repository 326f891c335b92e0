/** Shortens the minute that the doctor gives an app to start. Tests load this file with `--require`. */
const timers = require('node:timers/promises')
const { setTimeout } = timers
timers.setTimeout = (ms, ...rest) => setTimeout(ms > 10_000 ? 1500 : ms, ...rest)

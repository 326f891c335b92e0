// @ts-check
// Runs a client in its own process, because Node reads NODE_EXTRA_CA_CERTS and its own flags only when a process starts. Makes the given number of calls, one
// after the other, and prints the result of each call. The process then ends by itself, because idle connections do not keep it alive. Out of scope: checking
// the results; the tests that start this process check them.
import { createRequire } from 'node:module'
import process from 'node:process'

/** @type {typeof import('../../dist/index.js')} */
const { NevisClient } = createRequire(import.meta.url)('../../dist/index.js')
const { calls, ...options } = JSON.parse(String(process.argv[2]))

const client = new NevisClient({ retries: 0, ...options })
const outcomes = []
for (let i = 0; i < calls; i++) {
  outcomes.push(await client.introspect('t0ken').then((answer) => answer.active && answer.sub, ({ code, cause }) => [code, cause?.code].join(' ')))
}
process.stdout.write(JSON.stringify(outcomes))

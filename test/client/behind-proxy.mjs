// Runs a client in its own process, because Node reads NODE_EXTRA_CA_CERTS only when a process starts. Makes the given number of calls, one after the other,
// and prints the result of each call. The process then ends by itself, because idle connections do not keep it alive. Out of scope: checking the results;
// `proxy.test.ts` starts this process and checks them.
import { createRequire } from 'node:module'
import process from 'node:process'

const { NevisClient } = createRequire(import.meta.url)('../../dist/index.js')
const { calls, ...options } = JSON.parse(process.argv[2])

const client = new NevisClient({ retries: 0, ...options })
const outcomes = []
for (let i = 0; i < calls; i++) {
  outcomes.push(await client.introspect('t0ken').then(({ sub }) => sub, ({ code, cause }) => [code, cause?.code].join(' ')))
}
process.stdout.write(JSON.stringify(outcomes))

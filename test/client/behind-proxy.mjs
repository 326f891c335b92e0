// A process of its own with a client, because Node reads NODE_EXTRA_CA_CERTS when it starts: it makes as many calls as it is told,
// one after the other, and prints what came of each. Out of scope: to assert anything; `proxy.test.ts` starts it.
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
process.exit()

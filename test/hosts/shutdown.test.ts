/**
 * Sends SIGTERM to the apps of the guides while a user waits with an open event stream. The apps must exit without waiting for the user's answer, even while
 * something else is open, such as a connection to Redis. Express is tested in `several-processes.test.ts` and `test/package/shapes.test.ts`; `cluster` and PM2
 * are tested in `npm run proxies`.
 */
import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { NevisSimulator } from '../../src/simulator'
import { PASSWORD, statusOf, handleIn } from '../support/app'
import { closing } from '../support/closing'
import { COUNTING_TO_EXIT, expectExitWithinASecond } from '../support/exit'
import { run } from './program'

// Half the lifetime of a transaction. So the test fails if a program exits only after its waiting user has answered or the transaction has expired.
jest.setTimeout(60_000)

/** Starts a server in the program. No code closes this server: it stands for the connections to Redis or PostgreSQL, which also keep a process alive. */
const OTHER_SERVER = `--import=data:text/javascript,${encodeURIComponent("import{createServer}from'node:net';createServer().listen(0,'127.0.0.1')")}`

/** NestJS and Fastify cut the connection as soon as no request uses it, which is right after the stream has ended. */
const CUT = /^(ECONNREFUSED|ECONNRESET)$/
/** Koa runs on Node's own server, which keeps the connection until it has answered another request. */
const REFUSED = /^503 close$/

describe.each([
  ['NestJS', 'nestjs/app', CUT],
  ['Fastify with @fastify/session', 'fastify/app', CUT],
  ['Fastify with @fastify/secure-session', 'fastify/secure-session', CUT],
  ['Koa', 'koa/app', REFUSED],
])('%s at SIGTERM', (_name, app, answer) => {
  it('ends the stream of a user who waits, opens no other on the same connection, and exits within a second of the last answer', async () => {
    const simulator = closing(await NevisSimulator.start())
    const program = closing(await run(app, simulator, [simulator.addUser({ username: 'anna' })], { env: { NODE_OPTIONS: `${OTHER_SERVER} ${COUNTING_TO_EXIT}` } }))
    const handle = handleIn((await program.browser().post('/login', { username: 'anna', password: PASSWORD })).location)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    // Like an idle connection of a proxy: after its stream has ended, no further request uses it.
    const idle = new Agent({ keepAlive: true, maxSockets: 1 })
    const open = async (through: Agent) => {
      const request = get(`${program.origin}${statusOf(handle)}`, { agent: through, headers: { accept: 'text/event-stream' } })
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      return response
    }

    const [stream, other] = [await open(agent), await open(idle)]
    const [first] = (await once(stream, 'data')) as [Buffer]
    expect(String(first)).toContain('"status":"pending"')
    const stopped = program.stop()
    await Promise.all([once(stream.resume(), 'end'), once(other.resume(), 'end')])
    const again = await open(agent).then(({ statusCode, headers }) => `${statusCode} ${headers.connection}`, ({ code }: { code: string }) => code)
    expect(again).toMatch(answer)
    await stopped
    expectExitWithinASecond(program.output())
    expect(simulator.phone('anna').requests()).toHaveLength(1)
    for (const one of [agent, idle]) one.destroy()
  })
})

/**
 * A process gets SIGTERM while users wait on open connections. The process must answer, close the connections and exit. The tests use a child process with a
 * real server, and a real keep-alive agent in place of the browser.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { existsSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { NevisSimulator } from '../../src/simulator'
import { Browser } from '../support/browser'
import { COUNTING_TO_EXIT, expectExitWithinASecond } from '../support/exit'

interface Answered {
  readonly status: number | undefined
  readonly connection: string | undefined
  /** The client's end of the connection. */
  readonly socket: Socket
  /** The local port of the client's connection. */
  readonly port: number | undefined
  readonly response: IncomingMessage
}

describe('a process that gets SIGTERM while a page holds a stream', () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  afterAll(() => agent.destroy())

  async function ask(url: string, accept: string): Promise<Answered> {
    const [response] = (await once(get(url, { agent, headers: { accept } }), 'response')) as [IncomingMessage]
    return { status: response.statusCode, connection: response.headers.connection, socket: response.socket, port: response.socket.localPort, response }
  }
  const rest = async ({ response }: Answered) => {
    let text = ''
    for await (const part of response) text += String(part)
    return text
  }

  it('ends the stream, answers the next request for one with 503 and Connection: close, and exits with 0 while the page keeps trying', async () => {
    if (!existsSync(join(__dirname, '../../dist/index.js'))) throw new Error('run "npm run build" first')
    const simulator = await NevisSimulator.start()
    simulator.addUser({ username: 'anna' })
    // The app keeps an idle connection open for ten minutes, and the user can answer for two minutes. The test waits only 30 s. So the test fails if the
    // process waits for the connection or for the user.
    const env = { ...process.env, NODE_ENV: 'test', KEEP_ALIVE_MS: '600000', NEVIS_BASE_URL: simulator.baseURL, NEVIS_ACCESS_KEY: simulator.accessKey }
    const app = spawn(process.execPath, [COUNTING_TO_EXIT, join(__dirname, '../shapes/app.mjs')], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const exited = once(app, 'close')
    let printed = ''
    app.stderr.on('data', (chunk) => (printed += String(chunk)))
    try {
      const [port] = (await once(app.stdout, 'data')) as [Buffer]
      const origin = `http://127.0.0.1:${String(port).trim()}`
      const started = await new Browser(origin).post('/login', { username: 'anna', password: 'secret' })
      const status = `${origin}${String(started.location).replace('/login/2fa', '/login/2fa/status')}`

      const stream = await ask(status, 'text/event-stream')
      expect([stream.status, stream.connection]).toEqual([200, 'keep-alive'])
      const ended = rest(stream)
      app.kill('SIGTERM')
      expect(await ended).toContain('"status":"pending"')
      // The next request uses the connection of the stream, which is still open, as in a browser.
      const again = await ask(status, 'text/event-stream')
      expect([again.status, again.connection, again.port]).toEqual([503, 'close', stream.port])
      await rest(again)
      const exit = await exited
      expectExitWithinASecond(printed)
      const next = await ask(status, 'text/event-stream').then(({ status: code }) => code, ({ code }: { code: string }) => code)
      expect(['ECONNREFUSED', 'ECONNRESET']).toContain(next)
      expect(exit).toEqual([0, null])
      expect([stream, again].map(({ socket }) => socket.destroyed)).toEqual([true, true])
      expect(simulator.phone('anna').waiting).toHaveLength(1)
    } finally {
      app.kill('SIGKILL')
      await simulator.close()
    }
  }, 30_000)
})

/**
 * The attack: event streams without a connection.
 *
 * An attacker who has the URL of a waiting page sends several requests for its event stream on one connection without waiting for an answer (HTTP pipelining).
 * Then the attacker closes the connection. Node sends the responses of one connection one after another, and emits no `close` for a response that is still
 * waiting. In an earlier version, each of these streams counted as one of the 20 that a transaction may have, and of the 10,000 that a process may
 * have, until the transaction expired.
 */
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { metricsOf, statusEndpoint, type NevisStrategy } from '../../src'
import { listen, signIn, statusOf, type TestApp } from '../support/app'
import { lab } from './support/lab'

const world = lab()

let app: TestApp
let path: string

beforeEach(async () => {
  app = await world.start()
  path = statusOf(await signIn(app.browser(), 'anna'))
})

/** A server that pipes the body of an answer into the response, as Fastify and Koa do. */
async function pipingServer(nevis: NevisStrategy): Promise<{ port: number; server: Server }> {
  const endpoint = statusEndpoint(nevis)
  const server = createServer((req, res) => {
    void endpoint.answer(req).then((answer) => {
      res.writeHead(answer?.status as number, answer?.headers)
      if (typeof answer?.body === 'string') res.end(answer.body)
      else (answer?.body as Readable).pipe(res)
    })
  })
  await listen(server)
  world.defer(() => {
    server.close()
    server.closeAllConnections()
  })
  return { port: (server.address() as AddressInfo).port, server }
}

const expressServer = () => Promise.resolve({ port: Number(new URL(app.origin).port) })

/** Waits until this number of streams is open, but not longer than 2000 rounds of the event loop. */
async function openStreamsBecome(expected: number): Promise<void> {
  for (let i = 0; i < 2000 && metricsOf(app.nevis).openStreams !== expected; i++) await new Promise(setImmediate)
  expect(metricsOf(app.nevis).openStreams).toBe(expected)
}

function send(port: number, times: number): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined).resume()
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: text/event-stream\r\n\r\n`.repeat(times))
  world.defer(() => socket.destroy())
  return socket
}

describe.each([
  ['Express', expressServer],
  ['a framework that pipes the answer', () => pipingServer(app.nevis)],
])('on %s, the streams of one connection', (_name, serve) => {
  // Shows: T-exhaust-3
  it('have no place any more after the connection is closed, and another connection gets a stream', async () => {
    const { port } = await serve()
    for (let i = 0; i < 3; i++) {
      const socket = send(port, 15)
      await openStreamsBecome(15)
      socket.destroy()
      await openStreamsBecome(0)
    }
    send(port, 1)
    await openStreamsBecome(1)
  })

  it('cause no warning about listeners', async () => {
    const warnings: string[] = []
    const note = ({ name }: Error) => void warnings.push(name)
    process.on('warning', note)
    world.defer(() => process.off('warning', note))
    const { port } = await serve()
    const socket = send(port, 20)
    await openStreamsBecome(20)
    socket.destroy()
    await openStreamsBecome(0)
    expect(warnings).toEqual([])
  })
})

describe('a connection that stays open', () => {
  it('has one listener, however many streams it had', async () => {
    const { port, server } = await pipingServer(app.nevis)
    const sockets: Socket[] = []
    server.on('connection', (socket) => sockets.push(socket))
    send(port, 1)
    await openStreamsBecome(1)
    const before = (sockets[0] as Socket).listenerCount('close')
    send(port, 20)
    await openStreamsBecome(20)
    expect((sockets[1] as Socket).listenerCount('close')).toBe(before)
  })
})

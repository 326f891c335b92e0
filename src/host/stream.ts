/**
 * Defines a response body that is written in parts, such as an event stream. Converts this body for web frameworks other than Express, and ends the body when
 * the browser disconnects.
 *
 * Out of scope: sending the body on Express (`answer.ts`), and the content of the body (`waiting/status-endpoint.ts`).
 */
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'

/** The functions with which a stream sends its text and ends. */
export interface Sink {
  write(text: string): void
  end(text?: string): void
}

/** Starts to write a body in parts. Returns a function that stops the writing and releases the resources. */
export type Stream = (sink: Sink) => () => void

/**
 * The connection of a request, on every web framework. Undefined in an environment that has no real socket.
 * @internal
 */
export function socketOf(req: unknown): Socket | undefined {
  const { socket } = (req ?? {}) as { socket?: Socket }
  return typeof socket?.once === 'function' ? socket : undefined
}

/** For each connection, the functions to call when it closes. Each connection has only one listener, because Node warns of more than ten listeners. */
const streamsOf = new WeakMap<Socket, Set<() => void>>()

/**
 * Calls a function once the connection is closed. The event `close` of the response is not enough: Node does not emit it while the response still waits for an
 * earlier one on the same connection (pipelining).
 * @returns a function that stops listening
 * @internal
 */
export function onDisconnect(socket: Socket | undefined, stop: () => void): () => void {
  if (socket === undefined) return () => {}
  if (socket.destroyed) {
    stop()
    return () => {}
  }
  const stops = streamsOf.get(socket) ?? new Set()
  if (!streamsOf.has(socket)) {
    streamsOf.set(socket, stops)
    socket.once('close', () => stops.forEach((one) => one()))
  }
  stops.add(stop)
  return () => void stops.delete(stop)
}

/**
 * Converts the body to a stream of Node.
 * @internal
 */
export function readable(open: Stream, socket?: Socket): Readable {
  const body = new Readable({
    read() {},
    destroy(error, done) {
      stop()
      done(error)
    },
  })
  // A web framework may destroy the stream with an error. Without a listener for 'error', this error would end the process.
  body.on('error', () => {})
  let isOver = false
  const push = (text: string | null) => void (!isOver && body.push(text))
  const end = (text = ''): void => {
    push(text)
    push(null)
    isOver = true
  }
  const stop = open({ write: push, end })
  body.once('close', onDisconnect(socket, () => void body.destroy()))
  return body
}

/** Tests a response body that is written in parts and read as a Node stream: its text, its end, and what happens when the connection closes. */
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { onDisconnect, readable, socketOf, type Sink } from '../../src/host/stream'

/** Has only those members of a socket that the tested code uses: the property `destroyed` and the event `close`. */
class Connection extends EventEmitter {
  destroyed = false

  close(): void {
    this.destroyed = true
    this.emit('close')
  }
}

const socketFrom = (connection: Connection) => connection as unknown as Socket

describe('a body in parts', () => {
  it('is the texts in their order, up to the end', async () => {
    let sink!: Sink
    const body = readable((given) => {
      sink = given
      return () => {}
    })
    sink.write('a')
    sink.write('b')
    sink.end('c')
    expect(await text(body)).toBe('abc')
  })

  it('ends without a last text', async () => {
    const body = readable((sink) => {
      sink.write('a')
      sink.end()
      return () => {}
    })
    expect(await text(body)).toBe('a')
  })

  it('ignores what is written after its end, without an error', async () => {
    const body = readable((sink) => {
      sink.end('a')
      sink.write('b')
      sink.end('c')
      return () => {}
    })
    expect(await text(body)).toBe('a')
    expect(body.errored).toBeNull()
  })

  it.each(['body', 'connection'])('is stopped once, when the %s closes first', async (first) => {
    const connection = new Connection()
    const stop = jest.fn()
    const body = readable(() => stop, socketFrom(connection))
    const closed = new Promise((resolve) => body.once('close', resolve))
    if (first === 'body') body.destroy()
    else connection.close()
    await closed
    if (first === 'body') connection.close()
    expect(stop).toHaveBeenCalledTimes(1)
  })
})

describe('a connection that closes', () => {
  it('stops what waits for it, with one listener however many wait', () => {
    const connection = new Connection()
    const stops = [jest.fn(), jest.fn(), jest.fn()]
    for (const stop of stops) onDisconnect(socketFrom(connection), stop)
    expect(connection.listenerCount('close')).toBe(1)
    connection.close()
    expect(stops.map((stop) => stop.mock.calls.length)).toEqual([1, 1, 1])
  })

  it('leaves alone what no longer waits', () => {
    const connection = new Connection()
    const stop = jest.fn()
    onDisconnect(socketFrom(connection), stop)()
    connection.close()
    expect(stop).not.toHaveBeenCalled()
  })

  it('before anything waits for it, stops at once', () => {
    const connection = new Connection()
    connection.close()
    const stop = jest.fn()
    onDisconnect(socketFrom(connection), stop)
    expect(stop).toHaveBeenCalledTimes(1)
    expect(connection.listenerCount('close')).toBe(0)
  })

  it('is that of the request, or none where the request has no real one', () => {
    const connection = socketFrom(new Connection())
    expect([socketOf({ socket: connection }), socketOf({ socket: {} }), socketOf({}), socketOf(undefined)]).toEqual([connection, undefined, undefined, undefined])
    const stop = jest.fn()
    expect(onDisconnect(undefined, stop)()).toBeUndefined()
    expect(stop).not.toHaveBeenCalled()
  })
})

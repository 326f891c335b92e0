/** The class `NevisSimulator`: start, options, users, recorded requests, close. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { NevisSimulator } from '../../src/simulator'
import { closing } from '../support/closing'
import { Caller, newestCode, started } from './http'

describe('start', () => {
  test('without options › listens on a free port of the loopback interface', async () => {
    const simulator = closing(await NevisSimulator.start())
    expect(simulator.baseURL).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(simulator.instance).toBe('simulator')
  })

  test('on ::1 › writes the address in brackets', async () => {
    const simulator = closing(await NevisSimulator.start({ host: '::1', instance: 'demo-1' }))
    expect(simulator.baseURL).toMatch(/^http:\/\/\[::1\]:\d+$/)
    expect((await new Caller(simulator).call('GET', '/ping')).text).toBe('PONG')
  })

  test('on a port that is taken › rejects with the code of the system', async () => {
    const simulator = closing(await NevisSimulator.start())
    const port = Number(new URL(simulator.baseURL).port)
    await expect(NevisSimulator.start({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })

  test.each<[string, object]>([
    ['host', { host: '0.0.0.0' }],
    ['host', { host: '192.168.1.2' }],
    ['port', { port: 70_000 }],
    ['instance', { instance: 'Not A Label' }],
    ['accessKey', { accessKey: 'a b' }],
    ['accessKey', { accessKey: 'schlüssel' }],
    ['accessKey', { accessKey: 'a\u0007b' }],
    ['lifetimeSeconds', { lifetimeSeconds: 0 }],
    ['latencyMs', { latencyMs: '5' }],
    ['prot', { prot: 1 }],
  ])('with a wrong %s › is a TypeError that names it', async (name, options) => {
    const start = NevisSimulator.start(options)
    await expect(start).rejects.toThrow(TypeError)
    await expect(start).rejects.toThrow(name)
  })
})

describe('close', () => {
  test('while calls and connections are open › ends them all, and may be called again', async () => {
    const nevis = await started({ latencyMs: 60_000 })
    const idle = connect(Number(new URL(nevis.simulator.baseURL).port), '127.0.0.1')
    await once(idle, 'connect')
    const call = nevis.call('GET', '/ping')
    const ended = expect(call).rejects.toThrow('fetch failed')
    while (nevis.simulator.requests.length === 0) await new Promise(setImmediate)
    await Promise.all([nevis.simulator.close(), nevis.simulator.close(), ended, once(idle, 'close')])
    await expect(nevis.call('GET', '/ping')).rejects.toThrow('fetch failed')
  })
})

describe('a running simulator', () => {
  let nevis: Caller
  beforeEach(async () => {
    nevis = await started({ lifetimeSeconds: 30, smsRateLimit: 0 })
  })
  afterEach(() => nevis.simulator.close())

  test('adds users › with what was asked for', () => {
    const plain = nevis.simulator.addUser({ username: 'anna' })
    expect(plain.authenticatorIds).toHaveLength(1)
    expect(plain.recoveryCodes).toEqual([])
    const rich = nevis.simulator.addUser({ username: 'ben', authenticators: ['a'], phone: '+41791234567', recoveryCodes: 2 })
    expect(nevis.simulator.users[1]).toEqual({
      userId: rich.userId,
      username: 'ben',
      status: 'active',
      authenticators: [expect.objectContaining({ name: 'a', authenticatorId: rich.authenticatorIds[0] }) as object],
      phone: '+41791234567',
      recoveryCodes: rich.recoveryCodes,
      exceededRateLimits: [],
    })
    expect(rich.recoveryCodes).toHaveLength(2)
  })

  test('adding a user twice or against the rules › throws and adds no user', () => {
    nevis.simulator.addUser({ username: 'anna', authenticators: 0 })
    expect(() => nevis.simulator.addUser({ username: 'anna' })).toThrow(TypeError)
    expect(() => nevis.simulator.addUser({ username: 'a b' })).toThrow('invalid characters')
    expect(() => nevis.simulator.addUser({ username: 'ben', phone: '079' })).toThrow('international')
    expect(nevis.simulator.users.map(({ username, status }) => [username, status])).toEqual([['anna', 'new']])
  })

  test('asked something › records it, by its own clock, until it is emptied', async () => {
    nevis.simulator.advance(3_600_000)
    await nevis.enroll({ username: 'anna' })
    await nevis.introspect('x')
    await nevis.call('GET', '/api/v1/users?username=anna')
    const [enrolled, introspected, found] = nevis.simulator.requests
    expect(enrolled).toMatchObject({ operation: 'enroll', method: 'POST', path: '/api/v1/users/enroll', body: { username: 'anna' }, status: 201 })
    expect(enrolled?.headers['authorization']).toBe(`Bearer ${nevis.simulator.accessKey}`)
    expect(Math.abs((enrolled?.at ?? 0) - nevis.simulator.now())).toBeLessThan(60_000)
    expect(enrolled?.at).toBeGreaterThan(Date.now() + 3_000_000)
    expect(introspected).toMatchObject({ operation: 'introspect', body: { token: 'x' } })
    expect(found).toMatchObject({ operation: 'findUserByUsername', path: '/api/v1/users?username=anna', body: undefined })
    nevis.simulator.requests.length = 0
    await nevis.call('GET', '/ping')
    expect(nevis.simulator.requests).toHaveLength(1)
  })

  test('given a lifetime and a limit › keeps to them', async () => {
    nevis.simulator.addUser({ username: 'anna', phone: '+41791234567' })
    const { statusToken } = (await nevis.approve({ username: 'anna', channel: 'push' })).json
    nevis.simulator.advance(30_000)
    expect((await nevis.status(statusToken)).json['status']).toBe('failed')
    expect((await nevis.approve({ username: 'anna', channel: 'sms' })).status).toBe(429)
    expect(newestCode(nevis.simulator, 'anna')).toBe('')
  })

  test('left in the middle of a body › goes on', async () => {
    for (const path of ['/api/v1/status', '/_simulator/scan']) {
      const socket = connect(Number(new URL(nevis.simulator.baseURL).port), '127.0.0.1')
      await once(socket, 'connect')
      socket.write(`POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\nabc`)
      socket.end()
      socket.resume()
      await once(socket, 'close')
    }
    expect((await nevis.call('GET', '/ping')).status).toBe(200)
  })

  test('asked for a target that is no path › answers 404', async () => {
    const socket = connect(Number(new URL(nevis.simulator.baseURL).port), '127.0.0.1')
    socket.write('OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n')
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    expect(chunk.toString()).toMatch(/^HTTP\/1\.1 404 /)
    socket.destroy()
  })
})

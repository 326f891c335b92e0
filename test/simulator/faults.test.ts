/** Tests the faults that a test can add to the simulator: wrong, late or missing answers to the calls that the test chooses. */
import type { Fault } from '../../src/simulator'
import { closing } from '../support/closing'
import { Caller, started } from './http'

let nevis: Caller
beforeEach(async () => {
  nevis = await started({ seed: 7 })
  nevis.simulator.addUser({ username: 'anna' })
})
afterEach(() => nevis.simulator.close())

const push = () => nevis.approve({ username: 'anna', channel: 'push' })
const waiting = () => nevis.simulator.phone('anna').waiting.length
const ping = async () => (await nevis.call('GET', '/ping')).status

describe('a fault', () => {
  test('with a status › answers with the documented body, and the call has no effect', async () => {
    const fault = nevis.simulator.faults.add({ on: 'approve', status: 500, headers: { 'x-trace': '1' } })
    const reply = await push()
    expect(reply.json).toMatchObject({ error: 'Internal Server Error', path: '/api/v1/approval', status: 500 })
    expect(reply.headers.get('x-trace')).toBe('1')
    expect([waiting(), fault.hits, await ping()]).toEqual([0, 1, 200])
    expect(nevis.simulator.requests[0]).toMatchObject({ operation: 'approve', status: 500 })
  })

  test('with the status 403 › answers in the second shape', async () => {
    nevis.simulator.faults.add({ status: 403 })
    expect((await push()).json).not.toHaveProperty('message')
  })

  test('after the call › has its effect all the same', async () => {
    nevis.simulator.faults.add({ on: ['approve'], status: 503, when: 'after' })
    expect((await push()).status).toBe(503)
    expect(waiting()).toBe(1)
  })

  test('with a body › answers with it, text or JSON', async () => {
    nevis.simulator.faults.add({ on: 'approve', body: '<html>', headers: { 'content-type': 'text/html' } })
    nevis.simulator.faults.add({ on: 'enroll', body: ['a'], status: 201 })
    const page = await push()
    expect([page.status, page.text, page.headers.get('content-type')]).toEqual([200, '<html>', 'text/html'])
    const list = await nevis.enroll({})
    expect([list.status, list.text]).toEqual([201, '["a"]'])
    expect(waiting()).toBe(0)
  })

  test('with only headers or a delay › gives the real answer', async () => {
    const delays = nevis.simulator.faults.add({ delayMs: 20, headers: { 'x-slow': 'yes' } })
    const before = performance.now()
    const reply = await push()
    expect(performance.now() - before).toBeGreaterThan(15)
    expect([reply.status, reply.headers.get('x-slow'), waiting(), delays.hits]).toEqual([201, 'yes', 1, 1])
  })

  test('with a reset › gives no answer, before or after the effect', async () => {
    const fault = nevis.simulator.faults.add({ on: 'approve', reset: true })
    await expect(push()).rejects.toThrow('fetch failed')
    expect(waiting()).toBe(0)
    expect(nevis.simulator.requests[0]).not.toHaveProperty('status')
    fault.remove()
    nevis.simulator.faults.add({ on: 'approve', reset: true, when: 'after', delayMs: 1 })
    await expect(push()).rejects.toThrow('fetch failed')
    expect(waiting()).toBe(1)
  })

  test('with truncation › ends the body early, also where there is none', async () => {
    const { userId } = nevis.simulator.addUser({ username: 'ben', recoveryCodes: ['a-b'] })
    nevis.simulator.faults.add({ truncate: true })
    await expect(push()).rejects.toThrow('terminated')
    expect(waiting()).toBe(1)
    await expect(nevis.verify(userId, { code: 'a-b', channel: 'recovery' })).rejects.toThrow()
    expect(nevis.simulator.users[1]?.recoveryCodes).toEqual([])
  })

  test('with dripping › sends the real answer byte by byte', async () => {
    nevis.simulator.faults.add({ on: 'ping', drip: 2 })
    const before = performance.now()
    expect((await nevis.call('GET', '/ping')).text).toBe('PONG')
    expect(performance.now() - before).toBeGreaterThan(6)
  })

  test('with dripping to a client that disconnects › stops', async () => {
    nevis.simulator.faults.add({ on: 'approve', drip: 5 })
    const response = await fetch(`${nevis.simulator.baseURL}/api/v1/approval`, {
      method: 'POST',
      headers: { authorization: `Bearer ${nevis.simulator.accessKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'anna' }),
    })
    await response.body?.cancel()
    expect(response.status).toBe(201)
  })

  test('with a rate limit › is 429, with or without Retry-After', async () => {
    nevis.simulator.faults.add({ rateLimit: true, times: 1 })
    nevis.simulator.faults.add({ rateLimit: true, retryAfterSeconds: 7 })
    const replies = [await push(), await push()]
    expect(replies.map(({ status }) => status)).toEqual([429, 429])
    expect(replies.map(({ headers }) => headers.get('retry-after'))).toEqual([null, '7'])
  })

  test('with a redirect › is 302 to there', async () => {
    nevis.simulator.faults.add({ on: 'ping', redirect: 'http://127.0.0.1:1/' })
    const reply = await nevis.call('GET', '/ping')
    expect([reply.status, reply.headers.get('location'), reply.text]).toEqual([302, 'http://127.0.0.1:1/', ''])
  })

  test('with a patch › changes and takes out members of the real answer, under another status too', async () => {
    nevis.simulator.faults.add({ on: 'approve', patch: { userId: 'x', statusToken: undefined } })
    nevis.simulator.faults.add({ on: 'ping', patch: { a: 1 } })
    const reply = await push()
    expect(reply.json).toEqual({ transactionId: expect.any(String) as string, userId: 'x' })
    expect(await ping()).toBe(200)
    nevis.simulator.faults.clear()
    const { statusToken } = (await push()).json
    nevis.simulator.faults.add({ on: 'getStatus', status: 412, patch: { status: 'succeeded' } })
    const status = await nevis.status(statusToken)
    expect([status.status, status.json['status']]).toEqual([412, 'succeeded'])
  })

  test('at the status › answers 404 and 412 as the status endpoint does', async () => {
    const { statusToken } = (await push()).json
    nevis.simulator.faults.add({ on: 'getStatus', status: 404, times: 1 })
    nevis.simulator.faults.add({ on: 'getStatus', status: 412, times: 1 })
    expect((await nevis.status(statusToken)).json).toEqual({ status: 'unknown' })
    const failed = await nevis.status(statusToken)
    expect([failed.status, failed.json['status']]).toEqual([412, 'failed'])
    expect((await nevis.status(statusToken)).json['status']).toBe('pending')
  })
})

describe('a swapped token', () => {
  const claims = async (swapToken: string) => {
    const approval = await push()
    const fault = nevis.simulator.faults.add({ swapToken })
    const { token } = (await nevis.status(approval.json['statusToken'])).json
    const introspected = (await nevis.introspect(token)).json
    fault.remove()
    return { token, approval, introspected, hits: fault.hits }
  }

  test('of another kind › is the genuine one, and nothing but the status is hit', async () => {
    const status = await claims('status')
    expect(status.token).toBe(status.approval.json['statusToken'])
    expect(status.hits).toBe(1)
    const intent = await claims('intent')
    expect(intent.introspected).toMatchObject({ active: true, aud: 'intent', sub: intent.approval.json['userId'] })
    expect((await claims('accessKey')).token).toBe(nevis.simulator.accessKey)
    expect((await claims('anything')).token).toBe('anything')
  })

  test('of another user › is active for another user, who is invented if necessary', async () => {
    const made = await claims('otherUser')
    expect(made.introspected['sub']).not.toBe(made.approval.json['userId'])
    const ben = nevis.simulator.users[1]?.userId
    expect((await claims('otherUser')).introspected).toMatchObject({ active: true, sub: ben })
  })
})

describe('which calls are hit', () => {
  test('with times and skip › the ones in between', async () => {
    nevis.simulator.faults.add({ on: 'ping', status: 500, skip: 1, times: 2 })
    expect([await ping(), await ping(), await ping(), await ping()]).toEqual([200, 500, 500, 200])
  })

  test('with two faults › the first added, while the other counts what it lets pass', async () => {
    nevis.simulator.faults.add({ on: 'ping', status: 500, times: 1 })
    nevis.simulator.faults.add({ on: 'ping', status: 502, skip: 1, times: 1 })
    expect([await ping(), await ping(), await ping()]).toEqual([500, 502, 200])
  })

  test('with a share › the same for the same seed', async () => {
    const other = await started({ seed: 7 })
    closing(other.simulator)
    const series = async (caller: Caller) => {
      caller.simulator.faults.add({ on: 'ping', status: 500, share: 0.5 })
      const replies: number[] = []
      for (let call = 0; call < 20; call++) replies.push((await caller.call('GET', '/ping')).status)
      return replies
    }
    const hit = await series(nevis)
    expect(await series(other)).toEqual(hit)
    expect(new Set(hit)).toEqual(new Set([200, 500]))
  })

  test.each<[string, object]>([
    ['an unknown option', { stauts: 500 }],
    ['an unknown operation', { on: 'login', status: 500 }],
    ['no effect', { on: 'ping', times: 1 }],
    ['a share above 1', { status: 500, share: 2 }],
    ['a status that is none', { status: 42 }],
  ])('with %s › is a TypeError', (_, fault) => {
    expect(() => nevis.simulator.faults.add(fault as Fault)).toThrow(TypeError)
  })
})

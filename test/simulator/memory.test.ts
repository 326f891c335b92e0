/** The memory limits of a simulator: it can run beside a development server for weeks, or in a load test, so its memory must not grow with the calls. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { approve } from '../../src/simulator/approval'
import { Clock } from '../../src/simulator/clock'
import { Cloud } from '../../src/simulator/cloud'
import { BoundedMap } from '../../src/simulator/memory'
import type { User } from '../../src/simulator/model'
import { RequestLog } from '../../src/simulator/request-log'
import type { RecordedRequest } from '../../src/simulator'
import { newestCode, started, type Caller, type Json } from './http'

let nevis: Caller
beforeEach(async () => void (nevis = await started()))
afterEach(() => nevis.simulator.close())

const person = (i: number) => ({ username: `person${i}`, channel: 'sms', phone: '+41791234567' })

/** Enrols users with raw HTTP requests over one connection, 250 at a time: `fetch` would need more time than the simulator that is tested. */
async function enrolAll(from: number, to: number): Promise<void> {
  const { host, port } = new URL(nevis.simulator.baseURL)
  const socket = connect(Number(port), '127.0.0.1').setEncoding('latin1')
  for (let i = from; i < to; i += 250) {
    const bodies = Array.from({ length: 250 }, (_, k) => JSON.stringify(person(i + k)))
    const head = `POST /api/v1/users/enroll HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${nevis.simulator.accessKey}\r\nContent-Type: application/json\r\n`
    socket.write(bodies.map((body) => `${head}Content-Length: ${body.length}\r\n\r\n${body}`).join(''))
    let text = ''
    while (text.split('HTTP/1.1 201').length <= bodies.length) text += ((await once(socket, 'data')) as [string])[0]
  }
  socket.destroy()
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
function heapBytes(): number {
  collect()
  return process.memoryUsage().heapUsed
}

describe('after 20,000 requests', () => {
  test('it has the newest, has forgotten the oldest, and the heap grows no more', async () => {
    const first = (await nevis.enroll(person(0))).json
    await enrolAll(1, 10_501)
    const full = heapBytes()
    await enrolAll(10_501, 20_001)
    expect(heapBytes() - full).toBeLessThan(8_000_000)

    const { simulator } = nevis
    expect(simulator.requests).toHaveLength(10_000)
    expect(simulator.users).toHaveLength(10_000)
    expect((await nevis.status((first['enrollment'] as Json)['statusToken'])).json).toEqual({ status: 'unknown' })
    expect(simulator.sms('person0')).toEqual([])
    expect((await nevis.call('GET', '/api/v1/users?username=person0')).status).toBe(404)

    const newest = (await nevis.enroll(person(20_001))).json
    const { statusToken } = newest['enrollment'] as Json
    expect((await nevis.verify(newest['userId'], { statusToken, code: newestCode(simulator, 'person20001') })).status).toBe(200)
    expect(simulator.requests.at(-1)).toMatchObject({ operation: 'verifyCode', status: 200 })
    expect((await (await fetch(simulator.baseURL)).text()).match(/class="phone"/g)).toHaveLength(100)
  }, 240_000)
})

describe('an operation that is called 10,001 times', () => {
  const cloud = () => new Cloud(new Clock(), { baseURL: 'http://127.0.0.1:1', accessKey: undefined, lifetimeSeconds: 120, pushRateLimit: undefined, smsRateLimit: undefined })
  const repeat = (count: number, work: () => unknown) => Array.from({ length: count }, work)

  test('and sends a text each time › leaves the newest 10,000, whosever they are', () => {
    const nevis = cloud()
    const [anna, ben] = ['anna', 'ben'].map((name) => Object.assign(nevis.createUser(name), { phone: '+41791234567' })) as [User, User]
    const text = (username: string, message: string) => approve({ cloud: nevis, body: { username, channel: 'sms', message }, id: '', query: new URLSearchParams(), intent: undefined })
    text('ben', 'first {{CODE}}')
    text('anna', 'second {{CODE}}')
    repeat(9999, () => text('anna', 'later {{CODE}}'))
    expect(ben.inbox).toEqual([])
    expect([anna.inbox.length, anna.inbox[0]]).toEqual([10_000, expect.stringMatching('second')])
    text('ben', 'last {{CODE}}')
    expect([anna.inbox.length, anna.inbox[0], ben.inbox.length]).toEqual([9999, expect.stringMatching('later'), 1])
  })

  test('and makes an intent token each time › leaves the newest 10,000 usable', () => {
    const nevis = cloud()
    const tokens = repeat(10_001, () => nevis.createIntent({ subject: { username: 'anna' }, operation: 'enroll', channels: undefined }).token) as string[]
    expect(tokens.map((token) => nevis.intent(token) !== undefined).indexOf(true)).toBe(1)
  })

  test('and enrols a user each time, some of them to be deleted › forgets the oldest with the name and what was pending', () => {
    const nevis = cloud()
    const first = nevis.createUser('first')
    nevis.deleteUser(nevis.createUser('deleted'))
    const pending = nevis.transactions.begin({ operation: 'enroll', channel: 'app', user: first })
    repeat(10_000, () => nevis.createUser(undefined))
    expect([nevis.users.size, nevis.userByName('first'), nevis.userById(first.userId), nevis.userByName('deleted')]).toEqual([10_000, undefined, undefined, undefined])
    expect(nevis.transactions.ofStatusToken(pending.statusToken)?.status).toBe('failed')
    expect(nevis.createUser('first')).toBe(nevis.userByName('first'))
  })
})

describe('the record of requests', () => {
  const entry = (path: string): RecordedRequest => ({ operation: 'ping', method: 'GET', path, headers: {}, body: undefined, at: 0 })

  test('with large bodies › keeps fewer of them, the newest', () => {
    const log = new RequestLog()
    for (let i = 0; i < 100; i++) log.add(entry(String(i)), 1_000_000)
    expect(log.entries.length).toBeGreaterThanOrEqual(7)
    expect(log.entries.length).toBeLessThanOrEqual(10)
    expect(log.entries.at(-1)?.path).toBe('99')
  })

  test('that was emptied › counts from the beginning', () => {
    const log = new RequestLog()
    for (let i = 0; i < 10; i++) log.add(entry('old'), 1_000_000)
    log.entries.length = 0
    for (let i = 0; i < 5; i++) log.add(entry(String(i)), 1_000_000)
    expect(log.entries.map(({ path }) => path)).toEqual(['0', '1', '2', '3', '4'])
  })
})

describe('a map of the newest', () => {
  test('forgets the oldest of its keys, and says which', () => {
    const forgotten: number[] = []
    const map = new BoundedMap<string, number>(2, (value) => void forgotten.push(value))
    map.set('a', 1).set('b', 2).set('a', 3).set('c', 4)
    expect([...map]).toEqual([['b', 2], ['c', 4]])
    expect(forgotten).toEqual([3])
  })
})

/** Tests the HTTP responses that this package builds for web frameworks other than Express: plain data, or an event stream that releases its resources. */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough, type Readable } from 'node:stream'
import { NevisError, outagePage, recordSecondFactor, requireSecondFactor, statusEndpoint, waitingPage, type HostRequest, type NevisProfile, type PlainAnswer } from '../../src'
import { sendOrContinue, middleware, send, completeAnswer, type Answer } from '../../src/host/answer'
import type { Stream } from '../../src/host/stream'
import { noteSession } from '../../src/session/callback-notes'
import { NevisSimulator } from '../../src/simulator'
import { signIn, startApp, type TestApp } from '../support/app'
import { closing } from '../support/closing'

let simulator: NevisSimulator
let app: TestApp

beforeEach(async () => {
  simulator = await NevisSimulator.start()
  simulator.addUser({ username: 'anna' })
  app = await startApp({ simulator, strategy: { pollSchedule: [{ untilSeconds: 600, everySeconds: 0.5 }] } })
})

afterEach(async () => {
  await app.close()
  await simulator.close()
})

const request = (url: string, rest: Partial<HostRequest> = {}): HostRequest => ({ method: 'GET', url, headers: {}, session: {}, ...rest })
const policyOf = (answer: PlainAnswer | undefined) => answer?.headers['Content-Security-Policy']

describe('the answer of a page', () => {
  it('is status, headers and body', async () => {
    expect(await waitingPage(app.nevis).answer(request('/login/2fa'))).toMatchObject({
      status: 403,
      headers: { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'strict-origin' },
      body: expect.stringContaining('<!doctype html>'),
    })
    expect(await waitingPage(app.nevis).answer(request('/login/2fa', { method: 'DELETE' }))).toMatchObject({ status: 405, headers: { Allow: 'GET, HEAD' }, body: '' })
  })

  it.each<[string, object]>([
    ['hasHeader', { hasHeader: (name: string) => name === 'Content-Security-Policy' }],
    ['has', { has: (name: string) => name === 'Content-Security-Policy' }],
  ])('leaves a policy alone that the host has set: %s', async (_name, res) => {
    const none = Object.fromEntries(Object.keys(res).map((name) => [name, () => false]))
    const page = waitingPage(app.nevis)
    const outage = outagePage(app.nevis)
    const error = new NevisError('NEVIS_TIMEOUT', 'approve')
    const asPage = request('/', { headers: { accept: 'text/html' } })
    const ours = [await page.answer(asPage, res), await outage.answer(error, asPage, res)]
    expect(ours.map(policyOf)).toEqual([undefined, undefined])
    // This package cannot read the Content-Security-Policy of the app, which may allow frames. So the pages forbid frames with this header.
    expect(ours.map((answer) => answer?.headers['X-Frame-Options'])).toEqual(['DENY', 'DENY'])
    for (const answer of [await page.answer(asPage, none), await page.answer(asPage), await page.answer(asPage, {}), await outage.answer(error, asPage)]) expect(policyOf(answer)).toContain("default-src 'none'")
  })

  it('asks the functions among the options with what the host has given', async () => {
    const asked: unknown[] = []
    const page = waitingPage(app.nevis, { nonce: (...args) => { asked.push(...args); return 'n0nce' } })
    const given = [request('/login/2fa'), { has: () => false }] as const
    expect((await page.answer(...given))?.body).toContain('nonce="n0nce"')
    expect(asked).toEqual(given)
  })

  it('is thrown where Express would get an error, and is nothing where the request may go on', async () => {
    await expect(waitingPage(app.nevis).answer(request('/login/2fa', { session: undefined }))).rejects.toMatchObject({ code: 'SESSION_REQUIRED' })
    await expect(recordSecondFactor().answer(request('/'))).rejects.toThrow('must run after passport.authenticate')
    expect(await requireSecondFactor({ maxAgeSeconds: 1 }).answer(request('/'))).toMatchObject({ status: 401 })
    expect(await outagePage(app.nevis).answer(new Error('mine'), request('/'))).toBeUndefined()
  })
})

describe('who is signed in', () => {
  const profile: NevisProfile = { provider: 'nevis', operation: 'approve', id: 'id', factor: 'push', transactionId: 't', amr: [], authTime: 0 }
  const approved = (rest: Partial<HostRequest>): HostRequest => {
    const req = request('/', rest)
    noteSession(profile, req, async () => true)
    return req
  }

  it.each<[string, object | string]>([
    ['Passport keeps', { user: 'anna' }],
    ['@fastify/passport keeps as a text', 'anna'],
    ['@fastify/passport keeps as an object', { id: 5 }],
  ])('is read as %s', async (_host, passport) => {
    const methods = typeof passport === 'object' && 'user' in passport ? {} : { get: () => undefined, set: () => undefined }
    const req = approved({ session: { ...methods, passport }, authInfo: { nevis: profile } })
    expect(await recordSecondFactor().answer(req)).toBeUndefined()
    expect(await requireSecondFactor({ maxAgeSeconds: 60 }).answer(req)).toBeUndefined()
    // After a log-out, Passport leaves `{}` in the session, and @fastify/passport leaves `null`. Neither value must count as a user.
    Object.assign(req.session as object, { passport: 'get' in methods ? null : {} })
    expect(await requireSecondFactor({ maxAgeSeconds: 60 }).answer(req)).toMatchObject({ status: 401 })
    await expect(recordSecondFactor().answer(req)).rejects.toThrow('for a user who is logged in')
  })

  it('is under state in a Koa context, with what was approved', async () => {
    const ctx = approved({ session: { passport: { user: 'anna' } }, state: { authInfo: { nevis: profile } } })
    expect(await recordSecondFactor().answer(ctx)).toBeUndefined()
    expect(await requireSecondFactor({ maxAgeSeconds: 60 }).answer(ctx)).toBeUndefined()
  })
})

describe('the answer of the status endpoint, as a stream', () => {
  const bodyOf = (answer: PlainAnswer | undefined): Readable | string => answer?.body as Readable | string
  let handle: string
  const ask = async (endpoint: ReturnType<typeof statusEndpoint>) =>
    bodyOf(await endpoint.answer(request(`/status?transaction=${handle}`, { headers: { accept: 'text/event-stream' }, session: undefined })))

  async function textOf(body: Readable | string): Promise<string> {
    let text = ''
    for await (const chunk of body) text += String(chunk)
    return text
  }

  beforeEach(async () => {
    handle = await signIn(app.browser(), 'anna')
  })

  it('tells the status, and ends once it is decided', async () => {
    const body = await ask(statusEndpoint(app.nevis))
    const text = textOf(body)
    await simulator.phone('anna').approve()
    expect((await text).match(/"status":"\w+"/g)).toEqual(['"status":"pending"', '"status":"succeeded"'])
  })

  it('frees its place when it is destroyed', async () => {
    const endpoint = statusEndpoint(app.nevis, { maxStreams: 1 })
    const first = (await ask(endpoint)) as Readable
    expect(await ask(endpoint)).toContain('"status":"pending"')
    first.destroy()
    expect(((await ask(endpoint)) as Readable).destroy().destroyed).toBe(true)
  })

  it('counts before another request is answered', async () => {
    const endpoint = statusEndpoint(app.nevis, { maxStreams: 2 })
    const bodies = await Promise.all(Array.from({ length: 6 }, () => ask(endpoint)))
    expect(bodies.filter((body) => typeof body !== 'string').length).toBe(2)
    endpoint.closeStreams()
  })

  it('ends with closeStreams, read or not, and says nothing more', async () => {
    const endpoint = statusEndpoint(app.nevis, { maxStreams: 2 })
    const [read, unread] = [(await ask(endpoint)) as Readable, (await ask(endpoint)) as Readable]
    const failed = jest.fn()
    unread.on('error', failed)
    endpoint.closeStreams()
    expect((await textOf(read)).match(/event: status/g)?.length).toBe(1)
    await simulator.phone('anna').approve()
    expect(await ask(endpoint)).toBe('')
    expect(failed).not.toHaveBeenCalled()
  })
})

describe('a stream to a browser', () => {
  it.each([
    ['that has gone before it opens › is stopped at once', true, 1],
    ['that is there › goes on until it goes', false, 0],
  ])('%s', async (_case, isGone, stoppedAtOnce) => {
    const stop = jest.fn()
    const res = Object.assign(new PassThrough(), { setHeader: () => res }) as unknown as ServerResponse
    if (isGone) res.destroy()
    send(res, { status: 200, headers: {}, body: () => stop })
    expect(stop).toHaveBeenCalledTimes(stoppedAtOnce)
    const closed = new Promise((resolve) => res.once('close', resolve))
    res.destroy()
    await closed
    expect(stop).toHaveBeenCalledTimes(1)
  })
})

describe('an answer that cannot be given', () => {
  const stop = jest.fn()
  const stream: Stream = (sink) => {
    sink.write('first')
    return stop
  }
  const answerOf = (headers: Record<string, string>): Answer => ({ status: 200, headers, body: stream })
  const sunk = (state: object = {}) => Object.assign(new PassThrough(), { setHeader: jest.fn(), headersSent: false }, state) as unknown as ServerResponse
  const failing = async () => Promise.reject(new Error('mine'))

  beforeEach(() => stop.mockClear())

  it('for a header that cannot be sent, is an error for the host, whose answer it leaves alone', async () => {
    const bad = middleware(async () => completeAnswer(303, { 'Content-Type': 'text/html', Location: '/подтверждение' }))
    const server = closing(createServer((req, res) => bad(req, res, (error) => res.writeHead(500).end((error as { code: string }).code))))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const page = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    expect([page.status, page.headers.get('content-type'), await page.text()]).toEqual([500, null, 'ERR_INVALID_CHAR'])
    await expect(bad.answer(request('/'))).rejects.toMatchObject({ code: 'ERR_INVALID_CHAR' })
  })

  it.each<[string, ServerResponse, Answer]>([
    ['another answer has begun', sunk({ headersSent: true }), answerOf({})],
    ['the browser has gone', sunk({ destroyed: true }), answerOf({})],
    ['its header is none', sunk(), answerOf({ 'X-Y': 'ж' })],
  ])('gives the place of its stream free: %s', async (_why, res, answer) => {
    const next = jest.fn()
    await sendOrContinue(res, next, async () => answer)
    expect(stop).toHaveBeenCalledTimes(1)
    expect(res.setHeader).not.toHaveBeenCalled()
  })

  it.each<[string, (error?: unknown) => unknown]>([
    ['throws', () => { throw new Error('next') }],
    ['rejects', async () => Promise.reject(new Error('next'))],
  ])('where next itself %s, is passed to next once, and then the connection is closed', async (_how, fails) => {
    for (const decide of [failing, async () => undefined]) {
      const [res, next] = [sunk(), jest.fn(fails)]
      await expect(sendOrContinue(res, next, decide)).resolves.toBeUndefined()
      expect(next.mock.calls.at(-1)).toEqual([expect.any(Error)])
      expect(res.destroyed).toBe(true)
    }
  })

  it('where next fails without an error, and takes the error', async () => {
    const [res, errors] = [sunk(), [] as unknown[]]
    const next = (error?: unknown) => {
      if (error === undefined) throw new Error('handler')
      errors.push(error)
    }
    await sendOrContinue(res, next, async () => undefined)
    expect([errors, res.destroyed]).toEqual([[new Error('handler')], false])
  })

  it('after another has begun, is dropped with its error', async () => {
    const [res, next] = [sunk({ headersSent: true }), jest.fn()]
    await sendOrContinue(res, next, failing)
    expect(next).not.toHaveBeenCalled()
  })

  it.each([undefined, null, 'route', 0])('for a reason that is no error is one all the same: %p', async (reason) => {
    const next = jest.fn()
    await sendOrContinue(sunk(), next, async () => Promise.reject(reason))
    expect(next.mock.calls).toEqual([[expect.any(Error)]])
  })
})

describe('a stream whose host ends it first', () => {
  it('writes nothing more, and its error ends nothing', async () => {
    const written: (() => void)[] = []
    const res = Object.assign(new PassThrough(), { setHeader: () => res }) as unknown as ServerResponse
    send(res, { status: 200, headers: {}, body: ({ write, end }) => (written.push(() => write('late'), () => end('later')), () => {}) })
    res.end()
    written.forEach((late) => late())
    const closed = new Promise((resolve) => res.once('close', resolve))
    res.destroy(new Error('socket'))
    await closed
    expect((res as unknown as PassThrough).read()).toBeNull()
  })

  it('as a body, says nothing more, and its error ends nothing', async () => {
    const endpoint = statusEndpoint(app.nevis)
    const handle = await signIn(app.browser(), 'anna')
    const answer = await endpoint.answer(request(`/status?transaction=${handle}`, { headers: { accept: 'text/event-stream' } }))
    const body = answer?.body as Readable
    const closed = new Promise((resolve) => body.once('close', resolve))
    body.destroy(new Error('socket'))
    await closed
    endpoint.closeStreams()
    expect(body.destroyed).toBe(true)
  })

  it('closes the connection where it fails at its beginning', async () => {
    const response: unknown = Object.assign(new PassThrough(), { setHeader: () => undefined, headersSent: false })
    const [res, next, fault] = [response as ServerResponse, jest.fn(), new Error('stream')]
    await sendOrContinue(res, next, async () => ({ status: 200, headers: {}, body: () => { throw fault } }))
    expect([res.destroyed, next.mock.calls]).toEqual([true, [[fault]]])
  })
})

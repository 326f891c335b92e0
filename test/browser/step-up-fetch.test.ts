/**
 * Tests what `secondFactor` and `stepUpFetch` do in a browser: with several requests that are refused at once, with request bodies, aborts and CSRF tokens, and
 * with servers that answer with `Retry-After`.
 *
 * Out of scope: their use in frameworks (`single-page.test.ts`), and malicious servers (`test/security/single-page.test.ts`).
 */
import express, { type Express as App } from 'express'
import type { BrowserContext, Page } from 'playwright-core'
import { push, sms, statusEndpoint } from 'passport-nevis'
import { describeWithChromium } from '../support/chromium'
import { codeOn } from '../support/typed-code'
import { PASSWORD } from '../support/app'
import { library, pageWith, startSinglePage, type SinglePageApp, type SinglePageOptions } from '../single-page/support'
import { forgiveComplaints, useChromium } from './support'

const PAGE = `
window.steps = []
window.tokens = 0
window.show = (step) => steps.push(step)
window.step = () => steps.at(-1)
window.json = (body) => ({ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
window.api = nevis.stepUpFetch('/api/step-up', { show, headers: async () => ({ 'X-Token': String(++tokens) }) })
window.pay = (body, signal) => api('/api/transfer', { ...json(body), signal }).then((response) => response.json())
window.ending = (promise) => promise.then((value) => ({ value }), ({ name, code, status, retryAfterSeconds }) => ({ name, code, status, retryAfterSeconds }))
window.signIn = (fields) => nevis.secondFactor('/api/login', { username: 'anna', password: '${PASSWORD}', ...fields }, { show })`

describeWithChromium('in a browser', () => {
  const chromium = useChromium()
  let bank: SinglePageApp
  let context: BrowserContext
  let page: Page
  /** How often the status endpoint has answered. */
  let answered = 0

  async function open(options: SinglePageOptions = {}, isSignedIn = true): Promise<void> {
    bank = await startSinglePage(options)
    bank.simulator.addUser({ username: 'anna', phone: '+41790000001' })
    bank.pages.set('/', pageWith(library() + PAGE))
    context = await chromium.open()
    page = await context.newPage()
    answered = 0
    page.on('requestfinished', (request) => void (request.url().includes('/status?') && answered++))
    await page.goto(bank.origin)
    if (isSignedIn) await page.evaluate(`fetch('/signed-in', json({ username: 'anna' }))`)
    bank.requests.length = 0
    forgiveComplaints(/40[134]|429|503/)
  }
  afterEach(() => bank.close())

  /** Starts `code` in the page without waiting for its end. `ended` waits for the end, and returns the result. */
  const begin = (code: string) => page.evaluate(`void (window.end = ending(${code}))`)
  const ended = () => page.evaluate<{ value?: any; name?: string; code?: string; status?: number; retryAfterSeconds?: number }>('end')
  const shown = (test: string) => page.waitForFunction(`step() && (({ view }) => ${test})(step())`)
  const times = (request: string) => bank.requests.filter((one) => one === request).length
  const approve = () => bank.simulator.phone('anna').approve()
  const pushes = () => bank.simulator.requests.filter(({ operation }) => operation === 'approve').length
  const smsCode = () => /\d{4,}/.exec(bank.simulator.sms('anna').at(-1) ?? '')?.[0] as string

  describe('requests that are refused', () => {
    it('together › wait for one step-up, and each is sent again once', async () => {
      await open()
      await begin('Promise.all([pay({ n: 1 }), pay({ n: 2 }), pay({ n: 3 })])')
      await shown(`view.message === 'Confirm it is you?'`)
      await approve()
      expect((await ended()).value).toHaveLength(3)
      expect([pushes(), times('POST /api/step-up'), times('POST /api/transfer')]).toEqual([1, 1, 6])
      expect(bank.transfers).toHaveLength(3)
      expect(await page.evaluate('steps.map(Boolean)')).toEqual([true, false])
    })

    it('only after another step-up has ended › are sent again without a second one', async () => {
      const held: (() => void)[] = []
      await open({
        before: (app) => app.post('/held', (_req, res) => {
          if (held.length > 0) return void res.json({})
          held.push(() => res.status(401).json({ error: 'insufficient_user_authentication' }))
        }),
      })
      await page.evaluate(`void (window.late = api('/held', json({})).then(({ status }) => status))`)
      await begin('pay({ n: 1 })')
      await shown('true')
      await approve()
      await ended()
      const again = page.waitForRequest('**/held')
      held[0]?.()
      await again
      expect(await page.evaluate('late')).toBe(200)
      expect(times('POST /api/step-up')).toBe(1)
    })

    it('once more after the step-up › are returned as they are', async () => {
      await open({ before: (app) => app.post('/never', (_req, res) => void res.status(401).json({ error: 'insufficient_user_authentication' })) })
      await begin(`api('/never', json({})).then(({ status }) => status)`)
      await shown('true')
      await approve()
      expect((await ended()).value).toBe(401)
      expect([times('POST /never'), times('POST /api/step-up')]).toEqual([2, 1])
    })

    it('for another reason › are returned as they are, and nothing is started', async () => {
      await open({}, false)
      await begin(`api('/api/transfer', json({})).then((response) => response.json())`)
      expect((await ended()).value).toEqual({ code: 'signed_out' })
      expect(times('POST /api/step-up')).toBe(0)
    })

    it('with a CSRF token › are sent again with the token that is current then', async () => {
      const tokens: unknown[] = []
      await open({ before: (app) => app.use((req, _res, next) => { if (req.path === '/api/transfer') tokens.push(req.headers['x-token']); next() }) })
      await begin('pay({ n: 1 })')
      await shown('true')
      await approve()
      await ended()
      expect(tokens[0]).toBe('1')
      expect(Number(tokens[1])).toBeGreaterThan(4)
    })
  })

  describe('the body of a refused request', () => {
    const echo = (app: App) => {
      const seen = new Set<string>()
      app.post('/echo/:id', express.raw({ type: () => true }), (req, res) => {
        if (seen.has(req.params.id)) return void res.send(req.body)
        seen.add(req.params.id)
        res.status(401).json({ error: 'insufficient_user_authentication' })
      })
    }

    it('is the same the second time, whatever its type, and whatever the app does with it meanwhile', async () => {
      await open({ before: echo })
      await page.evaluate(`
        window.form = new URLSearchParams({ amount: '50' })
        window.data = new FormData()
        data.set('file', new Blob(['content of the file']), 'a.txt')
        const send = (id, init) => api('/echo/' + id, { method: 'POST', ...init }).then((response) => response.text())
        window.end = Promise.all([
          send(1, { body: 'text' }), send(2, { body: form }), send(3, { body: new Blob(['blob']) }), send(4, { body: new TextEncoder().encode('bytes') }), send(5, { body: data }),
          api(new Request('/echo/6', { method: 'POST', body: 'a request' })).then((response) => response.text()),
        ])
        form.set('amount', '5000')`)
      await shown('true')
      await approve()
      const [text, form, blob, bytes, data, request] = await page.evaluate<string[]>('end')
      expect([text, form, blob, bytes, request]).toEqual(['text', 'amount=50', 'blob', 'bytes', 'a request'])
      expect(data).toContain('content of the file')
    })

    it('must not be a stream: an error says so, and nothing is sent', async () => {
      await open({ before: echo })
      await begin(`api('/echo/1', { method: 'POST', body: new Blob(['x']).stream(), duplex: 'half' })`)
      expect(await ended()).toMatchObject({ name: 'TypeError' })
      expect(bank.requests).toEqual([])
    })
  })

  describe('a signal that aborts', () => {
    it('one of two requests › ends that one, and the other goes on', async () => {
      await open()
      await page.evaluate(`window.stop = new AbortController(); void (window.other = ending(pay({ n: 1 }, stop.signal)))`)
      await begin('pay({ n: 2 })')
      await shown('true')
      await page.evaluate('stop.abort()')
      expect(await page.evaluate('other')).toMatchObject({ name: 'AbortError' })
      await approve()
      expect((await ended()).value).toEqual({ number: 1 })
      expect(bank.transfers).toEqual([{ n: 2 }])
    })

    it('the last request › cancels the step-up at the server, and the next request starts a new one', async () => {
      await open()
      await page.evaluate('window.stop = new AbortController()')
      await begin('pay({ n: 1 }, stop.signal)')
      await shown('true')
      await page.evaluate('stop.abort()')
      expect(await ended()).toMatchObject({ name: 'AbortError' })
      await begin('pay({ n: 2 })')
      await page.waitForFunction('steps.length === 3')
      expect([times('POST /api/2fa'), times('POST /api/step-up')]).toEqual([1, 2])
      expect(await page.evaluate('steps.map(Boolean)')).toEqual([true, false, true])
      await approve()
      expect((await ended()).value).toEqual({ number: 1 })
    })

    it('a sign-in › rejects with its reason', async () => {
      await open({}, false)
      await page.evaluate('window.stop = new AbortController()')
      await begin(`nevis.secondFactor('/api/login', { username: 'anna', password: '${PASSWORD}' }, { show, signal: stop.signal })`)
      await shown('true')
      await page.evaluate(`stop.abort(new RangeError('enough'))`)
      expect(await ended()).toMatchObject({ name: 'RangeError' })
      expect(times('POST /api/2fa')).toBe(1)
    })
  })

  describe('a sign-in', () => {
    it('by a typed code › goes on to wait for the phone', async () => {
      await open({ strategy: { factors: [push({ typedCode: true }), sms()] } }, false)
      await begin('signIn()')
      await shown(`view.prompt === 'code'`)
      await page.evaluate(`step().send({ code: ${JSON.stringify(codeOn(bank.simulator, 'anna'))} })`)
      await shown(`view.prompt === 'wait'`)
      await approve()
      expect((await ended()).value).toEqual({ username: 'anna' })
    })

    it('that the phone denies › shows why, and goes on by SMS', async () => {
      await open({}, false)
      await begin('signIn()')
      await shown('true')
      await bank.simulator.phone('anna').deny()
      await shown(`view.failure === 'not_approved'`)
      await page.evaluate(`step().send({ factor: 'sms' })`)
      await shown(`view.factor === 'sms'`)
      await page.evaluate(`step().send({ code: '${smsCode()}' })`)
      expect((await ended()).value).toEqual({ username: 'anna' })
    })

    it('in which "send again" comes too soon › shows why, and the first request still counts', async () => {
      await open({}, false)
      await begin('signIn()')
      await shown('true')
      await page.evaluate(`step().send({ factor: 'push' })`)
      await page.waitForFunction(`step().error?.code === 'too_many_starts' && step().error.retryAfterSeconds > 0`)
      await approve()
      expect((await ended()).value).toEqual({ username: 'anna' })
    })

    it('with too many wrong codes › shows that; cancelled then, it ends', async () => {
      await open({ strategy: { maxAttempts: 1 } }, false)
      await begin(`signIn({ factor: 'sms' })`)
      await shown('true')
      await page.evaluate(`step().send({ code: '000000' })`)
      await shown(`view.failure === 'too_many_attempts'`)
      await page.evaluate('step().cancel()')
      expect(await ended()).toMatchObject({ name: 'SecondFactorError', code: 'cancelled' })
    })

    it('whose user the app refuses after a right code › ends with the reason of the app', async () => {
      await open({ verify: () => false }, false)
      await begin(`signIn({ factor: 'sms' })`)
      await shown('true')
      await page.evaluate(`step().send({ code: '${smsCode()}' })`)
      expect(await ended()).toMatchObject({ name: 'SecondFactorError', code: 'rejected', status: 401 })
      expect(await page.evaluate('step()')).toBeUndefined()
    })

    it('that starts too often › says when to try again', async () => {
      await open({ strategy: { startBudget: { starts: 1, perSeconds: 300 } } }, false)
      await begin('signIn()')
      await shown('true')
      await page.evaluate('step().cancel()')
      await ended()
      await begin('signIn()')
      expect(await ended()).toEqual({ name: 'SecondFactorError', code: 'too_many_starts', status: 429, retryAfterSeconds: 300 })
    })

    it('whose session has ended meanwhile › ends', async () => {
      await open({}, false)
      await begin('signIn()')
      await shown('true')
      await page.evaluate(`fetch('/signed-out', { method: 'POST' })`)
      await approve()
      expect(await ended()).toMatchObject({ code: 'unknown_transaction', status: 403 })
    })
  })

  describe('a server that is busy', () => {
    /** Answers the first requests to this path with these statuses (and values of `Retry-After`), and later requests as usual. */
    const busy = (path: string, ...answers: [number, string?][]) => (app: App) => void app.all(path, (_req, res, next) => {
      const [status, retryAfter] = answers.shift() ?? []
      if (status === undefined) return next()
      if (retryAfter !== undefined) res.setHeader('Retry-After', retryAfter)
      res.status(status).send('busy')
    })
    const stopClock = async () => {
      await page.clock.install({ time: '2026-01-01T00:00:00Z' })
      await page.clock.pauseAt('2026-01-01T01:00:00Z')
    }
    /** The number of status calls that the page has sent after `ms` milliseconds. */
    const statusCallsAfter = async (ms: number) => {
      await page.clock.runFor(ms)
      await page.evaluate(`fetch('/marker')`)
      return times('GET /api/2fa/status')
    }
    /** Waits for the answer to the page's first status call. The page sends this call at once, so the test need not move the page's clock. */
    const firstAnswered = async () => {
      while (answered < 1) await page.waitForEvent('requestfinished')
      await page.evaluate(`fetch('/marker').then((response) => response.text())`)
    }
    /** Lets the page's clock run until the page has asked for the status `n` times, for 3 s at most, and waits for the answers. */
    const statusAnswered = async (n: number) => {
      for (let passed = 0; times('GET /api/2fa/status') < n && passed < 3000; passed += 100) await statusCallsAfter(100)
      expect(times('GET /api/2fa/status')).toBe(n)
      while (answered < n) await page.waitForEvent('requestfinished')
      await page.evaluate(`fetch('/marker').then((response) => response.text())`)
    }

    it('at the status › is asked again after Retry-After, or, without it, after a while', async () => {
      await open({ before: busy('/api/2fa/status', [503, '7'], [429]) }, false)
      await stopClock()
      await begin('signIn()')
      await firstAnswered()
      expect(await statusCallsAfter(6900)).toBe(1)
      await statusAnswered(2)
      expect(await statusCallsAfter(3900)).toBe(2)
      await approve()
      await page.clock.resume()
      expect((await ended()).value).toEqual({ username: 'anna' })
      expect(times('GET /api/2fa/status')).toBe(3)
    })

    it('and keeps no streams › is polled as often as it says', async () => {
      await open({
        strategy: { pollSchedule: [{ untilSeconds: 600, everySeconds: 2 }] },
        before: (app, { nevis }) => app.get('/api/2fa/status', statusEndpoint(nevis, { maxStreams: 0 })),
      }, false)
      await stopClock()
      await begin('signIn()')
      await firstAnswered()
      expect(await statusCallsAfter(1900)).toBe(1)
      await statusAnswered(2)
      await approve()
      await page.clock.resume()
      expect((await ended()).value).toEqual({ username: 'anna' })
    })

    it('or has nothing to report for minutes › gets a new stream each minute, at once', async () => {
      await open({}, false)
      await stopClock()
      // The clock of the test does not move `AbortSignal.timeout`, so replace it by a function that uses `setTimeout`, which the clock moves.
      await page.evaluate(`AbortSignal.timeout = (ms) => {
        const limit = new AbortController()
        setTimeout(() => limit.abort(new DOMException('', 'TimeoutError')), ms)
        return limit.signal
      }`)
      const first = page.waitForRequest('**/status?**')
      await begin('signIn()')
      await first
      for (const streams of [2, 3]) {
        await statusCallsAfter(58_000)
        for (let passed = 0; times('GET /api/2fa/status') < streams && passed < 3500; passed += 100) await statusCallsAfter(100)
        expect(times('GET /api/2fa/status')).toBe(streams)
      }
      await approve()
      await page.clock.resume()
      expect((await ended()).value).toEqual({ username: 'anna' })
    })

    it('at the callback after an approval › is asked again, because the approval is not lost', async () => {
      await open({ before: busy('/api/2fa/callback', [503, '1']) }, false)
      await begin('signIn()')
      await shown('true')
      await approve()
      expect((await ended()).value).toEqual({ username: 'anna' })
      expect(times('POST /api/2fa/callback')).toBe(2)
    })

    it('at the callback with a code › is not asked again: the step is shown again with the error, and the user decides', async () => {
      await open({ before: busy('/api/2fa/callback', [503, '9']) }, false)
      await begin(`signIn({ factor: 'sms' })`)
      await shown('true')
      await page.evaluate(`step().send({ code: '${smsCode()}' })`)
      await page.waitForFunction('step().error')
      expect(await page.evaluate('(({ name, code, status, retryAfterSeconds }) => ({ name, code, status, retryAfterSeconds }))(step().error)')).toEqual({ name: 'SecondFactorError', code: 'refused', status: 503, retryAfterSeconds: 9 })
      expect(times('POST /api/2fa/callback')).toBe(1)
      await page.evaluate(`step().send({ code: '${smsCode()}' })`)
      expect((await ended()).value).toEqual({ username: 'anna' })
    })

    it('at the start › is not asked again, because a start could send a second push', async () => {
      await open({ before: busy('/api/login', [503, '2']) }, false)
      await begin('signIn()')
      expect(await ended()).toEqual({ name: 'SecondFactorError', code: 'refused', status: 503, retryAfterSeconds: 2 })
      expect(times('POST /api/login')).toBe(1)
    })
  })
})

/**
 * The second click: a right code that reaches two processes.
 *
 * The user clicks twice. The browser gives up the first request, and shows only the answer to the second one. The process of the first request has used up the
 * code at Nevis, and leaves the approval for the second click. In an earlier version, the other process then got "wrong code" from Nevis: a recovery code was
 * lost, or a phone number was enrolled at Nevis but not in the app.
 *
 * So the first process leaves a note in the ledger. The note must help nobody else. An attacker has a copy of the session cookie, knows the password, or reads
 * the ledger, and tries to sign in by the note: without the code, in another transaction, a second time, after the user has cancelled, or later.
 *
 * Both processes run in this one, with their own strategies. They share the sessions and the ledger.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import session from 'express-session'
import { MemoryLedger, type Ledger } from '../../src'
import { handleIn, PASSWORD, signIn, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'
import { lab, outcomeOf, tally } from './support/lab'

const world = lab()
jest.setTimeout(30_000)
const CALLBACK = '/login/2fa/callback'
const NUMBER = '+41790000123'
const [CODE, WRONG] = ['AAAA-1111', 'ZZZZ-9999']

let memory: MemoryLedger
/** The calls to the ledger, for example `claim attempts`. */
let called: string[]
/** The keys of the notes. */
let notes: Set<string>
let first: TestApp
let second: TestApp
let browser: Browser

beforeEach(async () => {
  memory = new MemoryLedger()
  called = []
  notes = new Set()
  const store = new session.MemoryStore()
  const start = () =>
    world.start({
      session: { store },
      strategy: { ledger: ledgerOfAll() },
      routes: (web, { passport }) => web.post('/enrol', passport.authenticate('local', { session: false }), passport.authenticate('nevis', { operation: 'enroll' })),
    })
  first = await start()
  second = await start()
  browser = first.browser()
})

/** A ledger that the strategy does not take for one in memory, so that it expects other processes. */
function ledgerOfAll(): Ledger {
  const seen = (method: string, key: string) => {
    called.push(`${method} ${key.split(':')[0]}`)
    if (method === 'claim' && key.startsWith('right-code:')) notes.add(key)
  }
  return {
    claim: async (key, seconds) => (seen('claim', key), memory.claim(key, seconds)),
    count: async (key, seconds) => (seen('count', key), memory.count(key, seconds)),
    look: async (key) => (seen('look', key), memory.look(key)),
    forget: async (key) => (seen('forget', key), memory.forget(key)),
  }
}

/** The browser at the other process, with the same cookies. */
const atSecond = (): Browser => Object.assign(second.browser(), { cookies: browser.clone().cookies })
const send = (who: Browser, handle: string, code: string) => who.post(CALLBACK, { transaction: handle, code }).then(outcomeOf)
const until = async (isTrue: () => boolean) => {
  for (let turn = 0; turn < 200_000 && !isTrue(); turn++) await new Promise((resolve) => setImmediate(resolve))
  if (!isTrue()) throw new Error('waited for nothing')
}
const wrongCodes = () => called.filter((call) => call === 'count wrong').length

/** Sends the code to the first process. The browser closes the connection while this process makes a call to Nevis. Resolves when the request has ended. */
async function firstClick(handle: string, code: string, call: 'verifyCode' | 'getStatus' = 'verifyCode'): Promise<void> {
  const { client } = first.nevis.settings
  const real = client[call].bind(client) as (...asked: unknown[]) => Promise<never>
  const closed = new Promise<void>((resolve) => {
    const listener = (message: unknown) => {
      const { request } = message as { request: IncomingMessage }
      if (request.method !== 'POST' || !first.origin.endsWith(`:${request.socket.localPort}`)) return
      unsubscribe('http.server.request.start', listener)
      void once(request.socket, 'close').then(() => resolve())
    }
    subscribe('http.server.request.start', listener)
  })
  const giveUp = new AbortController()
  jest.spyOn(client, call).mockImplementationOnce(async (...asked: unknown[]) => {
    const answer = await real(...asked)
    giveUp.abort()
    await closed
    return answer
  })
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const body = new URLSearchParams({ transaction: handle, code }).toString()
  const sent = fetch(new URL(CALLBACK, first.origin), { method: 'POST', signal: giveUp.signal, headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' }, body })
  await expect(sent).rejects.toThrow('aborted')
  await until(() => world.events.of('failed').some((event) => event['code'] === 'cancelled'))
}

const codeFor = (username: string) => /\d{6}/.exec(world.simulator.sms(username).at(-1) as string)?.[0] as string

describe('a right code that the browser sends again, after it has given up the first request', () => {
  // Shows: T-password-12
  it.each(['recovery', 'sms'])('signs in once at the other process, and counts as no wrong code: %s', async (factor) => {
    const handle = await signIn(browser, 'anna', { factor })
    const code = factor === 'sms' ? codeFor('anna') : CODE
    await firstClick(handle, code)
    expect(await send(atSecond(), handle, code)).toBe('success')
    expect([first.verified.length, second.verified.length, wrongCodes()]).toEqual([0, 1, 0])
  })

  it('finishes an enrolment by SMS at the other process', async () => {
    const handle = handleIn((await browser.post('/enrol', { username: 'newcomer', password: PASSWORD, factor: 'sms', phone: NUMBER })).location)
    const code = codeFor('newcomer')
    await firstClick(handle, code)
    expect(await send(atSecond(), handle, code)).toBe('success')
    expect([second.verified.length, wrongCodes()]).toEqual([1, 0])
  })

  it('signs in also if the first process still asks for the status of the SMS', async () => {
    const handle = await signIn(browser, 'anna', { factor: 'sms' })
    const code = codeFor('anna')
    const { client } = first.nevis.settings
    const ask = client.getStatus.bind(client)
    let answer = () => {}
    const asked = new Promise<void>((resolve) => {
      jest.spyOn(client, 'getStatus').mockImplementationOnce(async (token) => {
        resolve()
        await new Promise<void>((go) => (answer = go))
        return ask(token)
      })
    })
    const ended = firstClick(handle, code)
    await asked
    expect(await send(atSecond(), handle, code)).toBe('success')
    answer()
    await ended
    expect([first.verified.length, second.verified.length, wrongCodes()]).toEqual([0, 1, 0])
  })

  it('signs in also if the browser gives up only while the first process asks for the status of the SMS', async () => {
    const handle = await signIn(browser, 'anna', { factor: 'sms' })
    const code = codeFor('anna')
    await firstClick(handle, code, 'getStatus')
    expect(await send(atSecond(), handle, code)).toBe('success')
    expect([first.verified.length, second.verified.length, wrongCodes()]).toEqual([0, 1, 0])
  })

  it('ten times at once › signs in once', async () => {
    const handle = await signIn(browser, 'anna', { factor: 'recovery' })
    await firstClick(handle, CODE)
    const outcomes = tally(await Promise.all(Array.from({ length: 10 }, () => send(atSecond(), handle, CODE))))
    expect(outcomes['success']).toBe(1)
    expect(second.verified).toHaveLength(1)
  })
})

describe('the note about a right code', () => {
  /** The user's second click does not come. The attacker has a copy of the cookies. */
  const leftBehind = async (): Promise<string> => {
    const handle = await signIn(browser, 'anna', { factor: 'recovery' })
    await firstClick(handle, CODE)
    expect([...notes]).toEqual([expect.stringMatching(/^right-code:[\w-]{43}$/)])
    return handle
  }

  // Shows: T-password-12
  it('accepts no other code, and each one counts', async () => {
    const handle = await leftBehind()
    expect([await send(atSecond(), handle, WRONG), await send(atSecond(), handle, 'BBBB-1111')]).toEqual(['wrong_code', 'wrong_code'])
    expect(wrongCodes()).toBe(2)
  })

  it('does not accept the code in another transaction of the user', async () => {
    await leftBehind()
    const thief = second.browser()
    expect(await send(thief, await signIn(thief, 'anna', { factor: 'recovery' }), CODE)).toBe('wrong_code')
    expect(wrongCodes()).toBe(1)
  })

  it('does not accept the code a second time', async () => {
    const handle = await leftBehind()
    const copy = atSecond()
    expect(await send(atSecond(), handle, CODE)).toBe('success')
    expect(await send(copy, handle, CODE)).toMatch(/^(used|unknown)_transaction$/)
    expect(second.verified).toHaveLength(1)
  })

  it('accepts nothing after the user has cancelled, also if the request came before', async () => {
    const handle = await leftBehind()
    const { client } = second.nevis.settings
    const verify = client.verifyCode.bind(client)
    jest.spyOn(client, 'verifyCode').mockImplementationOnce(async (...asked) => {
      expect(outcomeOf(await browser.post('/login/2fa', { transaction: handle, cancel: '1' }))).toBe('cancelled')
      return verify(...asked)
    })
    expect([await send(atSecond(), handle, CODE), await send(atSecond(), handle, CODE)]).toEqual(['cancelled', 'cancelled'])
    expect(second.verified).toEqual([])
  })

  it('is over after six seconds', async () => {
    const handle = await leftBehind()
    world.later(7)
    expect(await send(atSecond(), handle, CODE)).toBe('wrong_code')
    expect(wrongCodes()).toBe(1)
  })

  it.each(['claim', 'look'] as const)('that the ledger cannot %s › accepts nothing, and the code counts as wrong', async (method) => {
    const calls = memory as unknown as Record<string, (key: string, seconds: number) => Promise<unknown>>
    const real = calls[method]?.bind(memory)
    jest.spyOn(calls, method).mockImplementation(async (key, seconds) => {
      if (key.startsWith('right-code:')) throw new Error('down')
      return real?.(key, seconds)
    })
    const handle = await signIn(browser, 'anna', { factor: 'recovery' })
    await firstClick(handle, CODE)
    expect(await send(atSecond(), handle, CODE)).toBe('wrong_code')
    expect(wrongCodes()).toBe(1)
  })

  it('is not written while the browser waits, and not even looked for after a right code', async () => {
    expect(await send(browser, await signIn(browser, 'anna', { factor: 'recovery' }), CODE)).toBe('success')
    expect(called.filter((call) => call.endsWith(' right-code'))).toEqual([])
    const other = first.browser()
    expect(await send(other, await signIn(other, 'anna', { factor: 'recovery' }), WRONG)).toBe('wrong_code')
    expect(called.filter((call) => call.endsWith(' right-code'))).toEqual(['look right-code'])
  })
})

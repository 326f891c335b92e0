/**
 * The attack: reading the typed code anywhere but on the phone.
 *
 * A typed code protects nothing if the browser that asks for it can find it: in the page or its JSON, in a URL, a header, a cookie. The code must not be in the
 * session store, a log, an audit event or an error either. An attacker can also try all six-digit codes: a digest without a key, or with a key that is stored
 * beside it, reveals the code within a second.
 *
 * So these tests go through every kind of sign-in, and record everything that the browser sees and the server stores. Then they search it for the code: as
 * plain text, in base64 or hexadecimal, and as a digest that a reader of the session could compute.
 */
import type { ErrorRequestHandler } from 'express'
import { createHash, createHmac } from 'node:crypto'
import session from 'express-session'
import { inspect } from 'node:util'
import { MemoryLedger, push, sms, type Factor } from '../../src'
import { callbackOf, handleIn, PASSWORD, signIn, statusOf, waitingOf, type TestApp } from '../support/app'
import type { Browser, Page } from '../support/browser'
import { codeOn, otherCode } from '../support/typed-code'
import { lab, outcomeOf } from './support/lab'
import { printed } from './support/secrets'

const world = lab()
jest.setTimeout(60_000)

/** A code so long that no other number can equal it by chance. */
const LONG = '417900000004179000000041790000000417900000004179000000041790000'
/** The factor push, with the typed code `LONG` instead of a random code. */
const longCoded: Factor = {
  ...push({ typedCode: true }),
  async approve(nevis, subject, request) {
    const { server, browser } = await push().approve(nevis, subject, { ...request, message: `Enter ${LONG}` })
    return { server: { ...server, typedCode: LONG }, browser }
  },
}

let app: TestApp
let browser: Browser
let store: session.MemoryStore
let ledger: MemoryLedger
let seen: string[]
let logged: string[]

beforeEach(() => {
  seen = []
  logged = []
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) jest.spyOn(console, method).mockImplementation((...args) => void logged.push(inspect(args)))
  jest.spyOn(process, 'emitWarning').mockImplementation((...args) => void logged.push(inspect(args)))
})

async function start(factor: Factor, options: object = {}): Promise<void> {
  store = new session.MemoryStore()
  ledger = new MemoryLedger()
  // An app may log the whole error that its error handler gets, with its hidden fields and its cause.
  const logError: ErrorRequestHandler = (error, _req, _res, next) => {
    logged.push(inspect(error, { depth: Infinity, showHidden: true }))
    next(error)
  }
  app = await world.start({ session: { store }, strategy: { factors: [factor, sms()], message: 'Sign in?', ledger, ...options }, routes: (web) => void web.use(logError) })
  browser = app.browser()
}

const sessions = () => Object.values((store as unknown as { sessions: Record<string, string> }).sessions).join('\n')

/** Records everything that the browser sees, and everything that the server stores at that moment. */
function note<P extends Page>(page: P): P {
  seen.push(String(page.status), inspect([...page.headers]), page.text, ...browser.cookies.values(), sessions(), inspect(ledger, { depth: Infinity, maxArrayLength: Infinity }))
  return page
}

/** Each text, and its words decoded from base64 and hexadecimal. */
function decoded(texts: readonly string[]): string {
  const text = texts.join('\n')
  const words = [...new Set([...text.matchAll(/[\w+/=-]{8,}/g)].map(([word]) => word))]
  return [text, decodeURIComponent(text.replaceAll(/%(?![0-9a-f]{2})/gi, '%25')), ...words.flatMap((word) => [Buffer.from(word, 'base64').toString('latin1'), Buffer.from(word, 'hex').toString('latin1')])].join('\n')
}

/** Matches the typed code only if no other digit stands before or after it. Otherwise it would also match a part of a longer number, such as a time. */
const standing = (code: string) => new RegExp(`(?<!\\d)${code}(?!\\d)`)

function expectUnseen(code: string): void {
  const strategy = printed(app.nevis, app.nevis.settings)
  const text = decoded([...seen, ...logged, inspect(world.events.all, { depth: Infinity }), strategy])
  expect(text).not.toMatch(standing(code))
  // A digest without a key must not appear: an attacker could compute the digest of each possible code and compare.
  for (const algorithm of ['md5', 'sha1', 'sha256', 'sha512']) {
    for (const encoding of ['hex', 'base64', 'base64url'] as const) expect(text).not.toContain(createHash(algorithm).update(code).digest(encoding))
  }
}

const show = async (handle: string) => {
  for (const accept of ['text/html', 'application/json']) note(await browser.get(waitingOf(handle), { accept, 'accept-language': 'de' }))
  note(await browser.get(statusOf(handle)))
}
const post = async (transaction: string, code: string, fields: Record<string, string> = {}) => note(await browser.post('/login/2fa/callback', { transaction, code, ...fields }))

describe.each<[string, Factor, () => string]>([
  ['six digits of push', push({ typedCode: true }), () => codeOn(world.simulator, 'anna')],
  ['a long code of a factor of the app\'s own', longCoded, () => LONG],
])('%s', (_name, factor, codeOf) => {
  // Shows: T-blind-1, T-reader-6
  it('are nowhere but on the phone, from the start to the success', async () => {
    await start(factor)
    const handle = handleIn(note(await browser.post('/login', { username: 'anna', password: PASSWORD })).location)
    const code = codeOf()
    await show(handle)
    note(await browser.get(callbackOf(handle)))
    expect(outcomeOf(await post(handle, otherCode(code.slice(0, 6)), { retry: '1' }))).toBe('303 /login/2fa')
    await show(handle)
    expectUnseen(code)
    const next = handleIn((await post(handle, code)).location)
    await show(next)
    await world.simulator.phone('anna').approve()
    world.later(10)
    await show(next)
    expect(outcomeOf(note(await browser.get(callbackOf(next))))).toBe('success')
    expectUnseen(code)
    expect(printed(app.verified)).not.toMatch(standing(code))
  })

  it.each<[string, (handle: string, code: string) => Promise<Page>, string]>([
    ['a denial', async (handle, code) => {
      await world.simulator.phone('anna').deny()
      return post(handle, code)
    }, 'not_approved'],
    ['wrong codes, to the last', async (handle, code) => {
      for (let i = 1; i <= 5; i++) await post(handle, otherCode(code.slice(0, 6), i))
      return post(handle, code)
    }, 'too_many_attempts'],
    ['a Nevis that fails', async (handle, code) => {
      world.simulator.faults.add({ on: 'getStatus', status: 500, body: '<h1>Oops</h1>' })
      return post(handle, code)
    }, 'NEVIS_UNEXPECTED_RESPONSE'],
    ['a Nevis that answers for another', async (handle, code) => {
      await world.simulator.phone('anna').approve()
      world.simulator.faults.add({ on: 'getStatus', patch: { transactionId: '00000000-0000-4000-8000-000000000000' } })
      return post(handle, code)
    }, 'binding_mismatch'],
    ['a session store that fails', async (handle, code) => {
      jest.spyOn(store, 'set').mockImplementation((_id, _data, done) => done?.(new Error('down')))
      return post(handle, code)
    }, 'SESSION_UNAVAILABLE'],
    ['a ledger that fails', async (handle, code) => {
      jest.spyOn(ledger, 'count').mockRejectedValue(new Error('down'))
      return post(handle, code)
    }, 'LEDGER_UNAVAILABLE'],
    ['time that is over', async (handle, code) => {
      world.later(130)
      return post(handle, code)
    }, 'expired_transaction'],
    ['a cancellation', async (handle) => note(await browser.post('/login/2fa', { transaction: handle, cancel: '1' })), 'cancelled'],
  ])('are nowhere after %s', async (_what, act, outcome) => {
    await start(factor)
    const handle = await signIn(browser, 'anna')
    const code = codeOf()
    await show(handle)
    expect(outcomeOf(await act(handle, code))).toBe(outcome)
    expectUnseen(code)
  })

  it('are not in the error of a start that Nevis refuses after it got the message', async () => {
    await start(factor)
    const asked = new Set<string>()
    world.simulator.faults.add({ on: 'approve', status: 400, body: { error: 'Bad Request', message: 'no' }, when: 'after' })
    note(await browser.post('/login', { username: 'anna', password: PASSWORD }))
    for (const { body } of world.simulator.requests.filter(({ operation }) => operation === 'approve')) asked.add(/(\d{6,})$/.exec((body as { message: string }).message)?.[1] as string)
    expect(asked.size).toBe(1)
    for (const code of asked) expectUnseen(code)
  })
})

describe('a reader of the session', () => {
  // Shows: T-reader-6
  it('finds a digest, and cannot compute it from the code, neither without a key nor with anything in the session', async () => {
    await start(push({ typedCode: true }))
    const handle = await signIn(browser, 'anna')
    const code = codeOn(world.simulator, 'anna')
    const { nevis } = JSON.parse(sessions()) as { nevis: { transactions: Record<string, { id: string; typedCode: string; digest: string; statusToken: string }> } }
    const [transaction] = Object.values(nevis.transactions)
    const { id, typedCode } = transaction as { id: string; typedCode: string }
    expect(typedCode).toMatch(/^[\w-]{43}$/)
    const owner = `nevis ${world.simulator.baseURL}`
    const texts = [code, `${id}${code}`, `${code}${id}`, JSON.stringify([id, code]), JSON.stringify([owner, id, code]), JSON.stringify([owner, code])]
    const keys = ['', handle, owner, id, code, ...Object.values(transaction as object).filter((value) => typeof value === 'string')] as string[]
    const made = texts.flatMap((text) => [
      createHash('sha256').update(text).digest('base64url'),
      ...keys.flatMap((key) => [key, Buffer.from(key, 'base64url')].map((one) => createHmac('sha256', one).update(text).digest('base64url'))),
    ])
    expect(made.length).toBeGreaterThan(100)
    expect(made).not.toContain(typedCode)
  })

  it('finds no digest any more once the code was typed', async () => {
    await start(push({ typedCode: true }))
    const handle = await signIn(browser, 'anna')
    expect(sessions()).toContain('"typedCode":"')
    await post(handle, codeOn(world.simulator, 'anna'))
    expect(sessions()).not.toContain('"typedCode":"')
    expect(sessions()).toContain('"isCodeTyped":true')
  })

  it('finds another digest of the same code in another sign-in', async () => {
    await start(longCoded)
    await signIn(browser, 'anna')
    await signIn(app.browser(), 'ben')
    const digests = [...sessions().matchAll(/"typedCode":"([\w-]+)"/g)].map(([, digest]) => digest)
    expect(digests).toHaveLength(2)
    expect(new Set(digests).size).toBe(2)
  })
})

/**
 * One request of the strategy, step by step: requests are plain objects, only the test moves the clock, and the test decides what Nevis answers.
 *
 * Out of scope: web frameworks, cookies and HTTP. Other tests in `strategy/` and `security/` test the same over HTTP.
 */
import { createHash } from 'node:crypto'
import { app, MemoryLedger, NevisClient, NevisError, NevisStrategy, push, recovery, sms, widget, type Factor, type Ledger, type NevisStrategyOptions, type Verify } from '../../src'
import { loginOf } from '../../src/host/login'
import { Budgets } from '../../src/ledger/budgets'
import type { Transaction } from '../../src/factors/transaction'
import type { SessionState } from '../../src/session/transactions'
import { act, codeOf, type Act } from '../security/support/act'
import { recordEvents, type Recorded } from '../security/support/recorded'

const NOW = 1_700_000_000_000
const USER = '7b2ce5a9-6bd0-4e2f-8d0f-2ac2c4a1d7a1'
const TOKEN = 'eyJhIjoxfQ.eyJhIjoxfQ.c2lnbmF0dXJl'
const KNOWN = { strategy: 'nevis', subject: { username: 'anna' }, userId: USER, transactionId: 't1', factor: 'push', operation: 'approve' }

type Answers = { [Method in 'approve' | 'enroll' | 'getStatus' | 'isStatusToken' | 'introspect' | 'verifyCode' | 'createIntent' | 'findUserByUsername' | 'ping']: jest.Mock }
type Session = Record<string, unknown>

let nevis: Answers
let client: NevisClient
let session: Session
let ledger: Ledger
let events: Recorded
let started: number

const at = (ms: number) => jest.spyOn(Date, 'now').mockReturnValue(NOW + ms)
const strategy = (options: Partial<NevisStrategyOptions> = {}, verify: Verify = (profile, done) => done(null, { username: profile.username })) =>
  new NevisStrategy(
    { client, ledger, factors: [push(), app(), sms(), recovery(), widget()], waitingURL: '/2fa', callbackURL: '/2fa/callback', statusURL: '/2fa/status', passReqToCallback: false, ...options } as never,
    verify,
  )
const ask = (on: NevisStrategy, body: object = {}, options: object = {}, req: object = {}) =>
  act(on, { method: 'POST', url: '/', headers: {}, query: {}, session, user: { username: 'anna' }, body, ...req }, options)
const handleOf = ({ args }: Act) => new URL(args[0] as string, 'http://app').searchParams.get('transaction') as string
const begin = async (on: NevisStrategy, body: object = {}, options: object = {}, req: object = {}) => {
  const answer = await ask(on, body, options, req)
  expect(answer).toMatchObject({ action: 'redirect', args: [expect.stringMatching(/^\/2fa\?transaction=/), 303] })
  return handleOf(answer)
}
const held = (id = 't1') => (session['nevis'] as SessionState | undefined)?.transactions?.[id] as Transaction
/** Changes the session: anna is signed in, and has just used this second factor. */
const provedBy = (factor: string) => {
  const passport = { user: 'anna' }
  const secondFactor = { userId: USER, factor, transactionId: 't0', at: NOW, login: loginOf({ passport }), sessionId: '' }
  Object.assign(session, { passport, nevis: { secondFactor } })
}
const change = (id: string, to: object) => {
  const state = session['nevis'] as SessionState
  session['nevis'] = { ...state, transactions: { ...state.transactions, [id]: { ...held(id), ...to } } }
}
const succeededWith = (more: object = {}) => ({ status: 'succeeded', userId: USER, transactionId: 't1', token: TOKEN, ...more })
const asked = () => Object.entries(nevis).flatMap(([name, { mock }]) => mock.calls.map(() => name))

beforeEach(() => {
  at(0)
  session = {}
  started = 0
  ledger = new MemoryLedger()
  events = recordEvents()
  client = new NevisClient({ baseURL: 'https://a.example', accessKey: 'key-0123456789' })
  const answers: Record<keyof Answers, (...args: never[]) => unknown> = {
    approve: async () => {
      const transactionId = `t${++started}`
      return { transactionId, statusToken: `status.token.${transactionId}`, userId: USER, raw: {} }
    },
    enroll: async () => ({ userId: USER, recoveryCodes: ['AAAA-1111'] }),
    getStatus: async () => ({ status: 'pending' }),
    isStatusToken: async () => false,
    introspect: async () => ({ active: true, sub: USER, iss: 'https://a.example', iat: Date.now() / 1000, raw: {} }),
    verifyCode: async () => false,
    createIntent: async () => ({ token: 'aW50ZW50.e30.aW50ZW50' }),
    findUserByUsername: async () => ({ userId: USER, username: 'anna', status: 'new', authenticators: [], raw: {} }),
    ping: async () => 'PONG',
  }
  nevis = Object.fromEntries(
    Object.entries(answers).map(([name, answer]) => [name, jest.spyOn(client, name as never).mockImplementation(answer as never)]),
  ) as unknown as Answers
})

afterEach(() => {
  events.stop()
  jest.restoreAllMocks()
})

describe('a start', () => {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('base64url')
  const least = {
    id: 't1', factor: 'push', operation: 'approve', subject: { username: 'anna' }, userId: USER, statusToken: 'status.token.t1', statusTokenDigest: sha256('status.token.t1'), startedAt: NOW, expiresAt: NOW + 120_000,
    firstFactorAt: NOW, budget: expect.stringMatching(/^[\w-]{22}$/), slots: [1], digest: expect.stringMatching(/^[\w-]{43}$/), client: expect.stringMatching(/^[\w-]{22}$/),
  }
  const shownBy = async (on: NevisStrategy, { id, encryptedShown }: Transaction & { encryptedShown?: string }) => (await on.settings.keys()).shown.decrypt(encryptedShown, id)

  it('keeps what it must, and no more', async () => {
    const handle = await begin(strategy())
    expect(held()).toStrictEqual(least)
    expect((await strategy().settings.keys()).handles.open(handle)).toEqual({ id: 't1', factor: 'push', operation: 'approve', statusToken: 'status.token.t1', budget: held().budget, expiresAt: NOW + 120_000 })
    expect(events.all).toEqual([{ event: 'started', ...KNOWN }])
  })

  it('keeps what was shown, given, allowed and by whom', async () => {
    Object.assign(session, { passport: { user: 'anna' }, nevis: { returnTo: { path: '/page' } } })
    nevis.findUserByUsername.mockResolvedValue({ userId: USER, username: 'anna', authenticators: [{ authenticatorId: 'a1' }], raw: {} })
    nevis.approve.mockResolvedValue({ transactionId: 't1', statusToken: 's', userId: USER, raw: {}, qrCode: { dataUri: 'data:qr' }, appLinkUri: 'app:link' })
    const on = strategy()
    await begin(on, { authenticatorId: 'a1' }, { message: 'Pay?', data: { a: 1 }, factors: ['app'] })
    const { client: _client, ...ofStepUp } = least
    expect(held()).toStrictEqual({
      ...ofStepUp, factor: 'app', statusToken: 's', statusTokenDigest: sha256('s'), encryptedShown: expect.stringMatching(/^[\w-]+$/), authenticatorId: 'a1', message: 'Pay?', data: { a: 1 }, factors: ['app'],
      purpose: expect.stringMatching(/^[\w-]{22} [\w-]{22}$/), returnTo: '/page', login: expect.stringMatching(/^[\w-]{43}$/), isStepUp: true,
    })
    expect(await shownBy(on, held())).toEqual({ qrCode: 'data:qr', appLinkUri: 'app:link' })
  })

  it('has no field for what is not known: a widget enrols whom Nevis does not know yet', async () => {
    nevis.findUserByUsername.mockRejectedValue(new NevisError('NEVIS_NOT_FOUND', 'findUserByUsername'))
    const on = strategy({ operation: 'enroll' })
    await begin(on, { factor: 'widget' })
    const [one] = Object.values((session['nevis'] as SessionState).transactions as object) as [Transaction]
    const { userId: _userId, statusToken: _statusToken, statusTokenDigest: _digest, ...rest } = least
    expect(one).toStrictEqual({ ...rest, id: one.id, factor: 'widget', operation: 'enroll', expiresAt: NOW + 600_000, enrolments: { [one.budget as string]: 1 }, encryptedShown: expect.stringMatching(/^[\w-]+$/) })
    expect(await shownBy(on, one)).toEqual({ intentToken: 'aW50ZW50.e30.aW50ZW50' })
  })

  it('holds the next place of the budget, until it is approved', async () => {
    const on = strategy()
    const first = await begin(on)
    await begin(on, {}, { message: 'another' })
    expect([held('t1').slots, held('t2').slots, held('t1').closed]).toEqual([[1], [2], undefined])
    nevis.getStatus.mockResolvedValue(succeededWith())
    expect(codeOf(await ask(on, { transaction: first }))).toBe('success')
    await begin(on, {}, { message: 'third' })
    expect(held('t3').slots).toEqual([1])
  })

  it('of recovery codes keeps their key alone, for as long as it takes to write them down', async () => {
    provedBy('recovery')
    const handle = await begin(strategy({ operation: 'enroll' }), { factor: 'recovery' })
    const [one] = Object.values((session['nevis'] as SessionState).transactions as object) as [Transaction]
    expect(one).toMatchObject({ codesKey: expect.stringMatching(/^[\w-]{43}$/), expiresAt: NOW + 600_000 })
    expect(Object.keys(one)).not.toContain('encryptedShown')
    expect(JSON.stringify(session)).not.toContain('AAAA')
    expect(((await strategy().settings.keys()).handles.open(handle))?.encryptedCodes).toEqual(expect.any(String))
  })

  it('of recovery codes is refused to a user without a fresh second factor, though Nevis knows no factor', async () => {
    expect(codeOf(await ask(strategy({ operation: 'enroll' }), { factor: 'recovery' }))).toBe('already_enrolled')
    expect(asked()).toEqual(['findUserByUsername'])
  })

  it('for which a session in a cookie has no room ends in SESSION_TOO_LARGE, asks no user and costs no start', async () => {
    session['cart'] = 'x'.repeat(2500)
    const on = strategy({ startBudget: { starts: 1, perSeconds: 60 } })
    for (let i = 0; i < 3; i++) expect(codeOf(await ask(on))).toBe('SESSION_TOO_LARGE')
    expect(asked()).toEqual([])
    delete session['cart']
    await begin(on)
    expect(asked()).toEqual(['approve'])
  })

  it.each(['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE'])('by %s is refused, whatever it names', async (method) => {
    const on = strategy()
    await ask(on, {}, {}, { method })
    expect(events.all).toStrictEqual([{ event: 'failed', strategy: 'nevis', code: 'start_requires_post' }])
    const transaction = await begin(on)
    for (const fields of [{}, { transaction, factor: 'push' }, { transaction, cancel: '1' }, { cancel: '1' }]) {
      expect(codeOf(await ask(on, fields, {}, { method }))).toBe('start_requires_post')
    }
    expect(asked()).toEqual(['approve'])
  })

  it('with all of its session in a cookie ends in SESSION_IN_COOKIE', async () => {
    const inCookie = Object.create({ isChanged: false, isPopulated: true }) as object
    expect(codeOf(await ask(strategy(), {}, {}, { session: inCookie }))).toBe('SESSION_IN_COOKIE')
  })

  it('without a session ends in SESSION_REQUIRED', async () => {
    expect(codeOf(await ask(strategy(), {}, {}, { session: undefined }))).toBe('SESSION_REQUIRED')
  })

  it('over the budget is refused, and Nevis is asked nothing', async () => {
    const on = strategy({ startBudget: { starts: 1, perSeconds: 60 } })
    await begin(on)
    expect(codeOf(await ask(on, { factor: 'app' }))).toBe('too_many_starts')
    expect(asked()).toEqual(['approve'])
    const about = { strategy: 'nevis', subject: { username: 'anna' }, factor: 'app', operation: 'approve' }
    expect(events.all.slice(1)).toEqual([{ event: 'budget', ...about, budget: 'starts', limit: 1 }, { event: 'failed', ...about, code: 'too_many_starts' }])
  })

  it('for which Nevis names another user is refused, and nothing is kept', async () => {
    nevis.approve.mockResolvedValue({ transactionId: 't1', statusToken: 's', userId: USER, raw: { username: 'ben' } })
    expect(codeOf(await ask(strategy()))).toBe('binding_mismatch')
    expect(session).toEqual({})
    expect(events.of('suspicious')).toEqual([{ strategy: 'nevis', subject: { username: 'anna' }, factor: 'push', operation: 'approve', reason: 'binding_mismatch', field: 'username' }])
  })

  it('asks for a ping first, where that is wanted, and spends nothing while Nevis is down', async () => {
    nevis.ping.mockRejectedValue(new NevisError('NEVIS_UNREACHABLE', 'ping'))
    const on = strategy({ healthCheck: true, startBudget: { starts: 1, perSeconds: 60 } })
    for (let i = 0; i < 2; i++) expect(codeOf(await ask(on))).toBe('NEVIS_UNREACHABLE')
    expect(asked()).toEqual(['ping'])
  })

  it('of the widget claims its intent token, which is then no proof', async () => {
    const claim = jest.spyOn(ledger, 'claim')
    const on = strategy()
    const tokens = () => claim.mock.calls.filter(([key]) => key.startsWith('token:')).length
    await begin(on)
    expect(tokens()).toBe(0)
    await begin(on, { factor: 'widget' })
    expect(tokens()).toBe(1)
  })

  it('saves the session before it sends the browser on', async () => {
    const order: string[] = []
    session['save'] = (done: () => void) => { order.push('saved'); done() }
    await ask(strategy()).then(() => order.push('answered'))
    expect(order).toEqual(['saved', 'answered'])
  })
})

describe('a start of what already waits', () => {
  it('asks no user again, and the time for another factor begins anew', async () => {
    const on = strategy()
    const handle = await begin(on)
    at(60_000)
    session['nevis'] = { ...(session['nevis'] as object), returnTo: { path: '/later' } }
    const again = await begin(on)
    expect(((await on.settings.keys()).handles.open(again))?.id).toBe(((await on.settings.keys()).handles.open(handle))?.id)
    expect(held()).toMatchObject({ firstFactorAt: NOW + 60_000, startedAt: NOW, expiresAt: NOW + 120_000, returnTo: '/later' })
    expect(asked()).toEqual(['approve'])
    expect(events.all.slice(1)).toEqual([{ event: 'reused', ...KNOWN }])
  })

  it('keeps the page that the user wanted, if there is no other', async () => {
    session['nevis'] = { returnTo: { path: '/page' } }
    const on = strategy()
    await begin(on)
    session['nevis'] = { transactions: (session['nevis'] as SessionState).transactions as object }
    await begin(on)
    expect(held().returnTo).toBe('/page')
  })

  it('asks again once it is over, and leaves it as it is', async () => {
    const on = strategy()
    await begin(on)
    at(120_000)
    await begin(on)
    expect([asked(), held('t1').closed]).toEqual([['approve', 'approve', 'getStatus'], undefined])
  })

  it('asks again, and leaves it alone, where it was changed in the session', async () => {
    const on = strategy()
    await begin(on)
    change('t1', { expiresAt: NOW + 100_000_000 })
    await begin(on)
    expect([asked(), held('t1').closed, held('t2').closed]).toEqual([['approve', 'approve', 'getStatus'], undefined, undefined])
  })

  it('asks again, and closes it, where its codes cannot be shown once more', async () => {
    provedBy('recovery')
    const on = strategy({ operation: 'enroll' })
    await begin(on, { factor: 'recovery' })
    at(2)
    await begin(on, { factor: 'recovery' })
    const both = Object.values((session['nevis'] as SessionState).transactions as object) as Transaction[]
    expect(both.map(({ closed }) => closed).sort()).toEqual(['cancelled', undefined])
    expect(nevis.enroll).toHaveBeenCalledTimes(2)
  })
})

describe('another factor, or the same one again', () => {
  it('is for the subject of the transaction that is named, with its message, its place and its first factor, and closes it', async () => {
    session['nevis'] = { returnTo: { path: '/page' } }
    const on = strategy()
    const transaction = await begin(on, {}, { message: 'Pay?', data: 7 })
    at(15_000)
    session['nevis'] = { ...(session['nevis'] as object), returnTo: { path: '/other' } }
    await begin(on, { transaction, factor: 'push' }, { message: 'Less?' }, { user: { username: 'ben' } })
    expect(held('t2')).toMatchObject({ subject: { username: 'anna' }, message: 'Pay?', data: 7, returnTo: '/page', startedAt: NOW + 15_000, firstFactorAt: NOW })
    expect(held('t1')).toMatchObject({ closed: 'cancelled' })
    expect(held('t1')).not.toHaveProperty('isNewerThanNamed')
    expect(nevis.approve).toHaveBeenCalledTimes(2)
  })

  it.each<[number, string | undefined]>([[599_999, undefined], [600_000, 'expired_transaction'], [700_000, 'expired_transaction']])(
    'may be tried for ten minutes after the first factor: at %d ms, %s', async (ms, code) => {
      const on = strategy()
      const transaction = await begin(on)
      at(ms)
      const answer = await ask(on, { transaction, factor: 'app' })
      expect(codeOf(answer)).toBe(code ?? 'redirect')
    },
  )

  it.each([['cancelled', 'cancelled'], ['not_approved', 'redirect'], ['too_many_attempts', 'redirect']] as const)('after %s is %s', async (closed, expected) => {
    const on = strategy()
    const transaction = await begin(on)
    change('t1', { closed })
    expect(codeOf(await ask(on, { transaction, factor: 'app' }))).toBe(expected)
  })

  it('is not for another login', async () => {
    session['passport'] = { user: 'anna' }
    const on = strategy()
    const transaction = await begin(on)
    session['passport'] = { user: 'ben' }
    expect(codeOf(await ask(on, { transaction, factor: 'app' }))).toBe('unknown_transaction')
    expect(codeOf(await ask(on, { transaction }))).toBe('unknown_transaction')
    session['passport'] = { user: 'anna' }
    expect(codeOf(await ask(on, { transaction, factor: 'app' }))).toBe('redirect')
  })

  it('is for the user who has signed in meanwhile, if no user was signed in before', async () => {
    const on = strategy()
    const transaction = await begin(on)
    session['passport'] = { user: 'anna' }
    expect(codeOf(await ask(on, { transaction, factor: 'app' }))).toBe('redirect')
  })

  it.each<[object | undefined, string]>([[{ username: 'anna' }, 'used_transaction'], [undefined, 'unknown_transaction']])('is refused where the session has lost it (%j: %s)', async (user, code) => {
    const on = strategy()
    const transaction = await begin(on)
    session = {}
    for (const fields of [{ transaction, factor: 'app' }, { transaction, cancel: '' }, { transaction }]) expect(codeOf(await ask(on, fields, {}, { user }))).toBe(code)
  })

  it('is refused where the handle is none of ours', async () => {
    for (const fields of [{ factor: 'app' }, { cancel: '' }, {}]) expect(codeOf(await ask(strategy(), { transaction: 'AQID', ...fields }))).toBe('unknown_transaction')
  })
})

describe('a callback', () => {
  const approved = () => nevis.getStatus.mockResolvedValue(succeededWith())
  const finish = (on: NevisStrategy, transaction: string, options: object = {}, req: object = {}) => ask(on, { transaction }, options, req)

  it('of an approval succeeds once, and leaves nothing in the session', async () => {
    const on = strategy()
    const transaction = await begin(on, {}, { message: 'Pay?' })
    approved()
    const nevisProfile = { provider: 'nevis', id: USER, username: 'anna', factor: 'push', operation: 'approve', amr: ['swk', 'mca'], authTime: expect.any(Number), transactionId: 't1', message: 'Pay?' }
    expect(await finish(on, transaction)).toStrictEqual({ action: 'success', args: [{ username: 'anna' }, { nevis: nevisProfile }], actions: ['success'] })
    expect(session['nevis']).toEqual({ transactions: {} })
    expect(events.all.slice(1)).toEqual([{ event: 'decided', ...KNOWN, outcome: 'succeeded', ageMs: expect.any(Number) }])
    expect(codeOf(await finish(on, transaction))).toBe('used_transaction')
  })

  it('in the login in which it was started succeeds too', async () => {
    session['passport'] = { user: 'anna' }
    const on = strategy()
    const transaction = await begin(on)
    approved()
    expect((await finish(on, transaction)).action).toBe('success')
  })

  it('by GET does the same', async () => {
    const on = strategy()
    const transaction = await begin(on)
    approved()
    expect((await finish(on, transaction, {}, { method: 'GET', body: undefined, query: { transaction } })).action).toBe('success')
  })

  it('returns the page that the user wanted, and deletes it', async () => {
    session['nevis'] = { returnTo: { path: '/page' } }
    const on = strategy()
    const transaction = await begin(on)
    approved()
    expect((await finish(on, transaction)).args[1]).toMatchObject({ returnTo: '/page' })
    expect(session['nevis']).toEqual({ transactions: {} })
  })

  it('gives back no other host, though the session says so', async () => {
    const on = strategy()
    const transaction = await begin(on)
    change('t1', { returnTo: '//evil.example' })
    approved()
    const { action, args } = await finish(on, transaction)
    expect([action, Object.keys(args[1] as object)]).toEqual(['success', ['nevis']])
  })

  it('of what is pending goes back to wait, under a handle of the same transaction', async () => {
    const on = strategy()
    const transaction = await begin(on)
    const page = await finish(on, transaction)
    expect(page).toMatchObject({ action: 'redirect', args: [expect.stringMatching(/^\/2fa\?transaction=/), 303] })
    expect((await on.settings.keys()).handles.open(handleOf(page))).toEqual((await on.settings.keys()).handles.open(transaction))
    expect(held().closed).toBeUndefined()
  })

  it.each<[number, string]>([[119_999, 'redirect'], [120_000, 'expired_transaction']])('at %d ms is %s', async (ms, expected) => {
    const on = strategy()
    const transaction = await begin(on)
    at(ms)
    expect(codeOf(await finish(on, transaction))).toBe(expected)
    expect(held().closed).toBe(expected === 'redirect' ? undefined : expected)
    expect(nevis.getStatus).toHaveBeenCalledTimes(1)
  })

  it('of what was closed answers as it was closed, and asks no user', async () => {
    const on = strategy()
    const transaction = await begin(on)
    change('t1', { closed: 'not_approved' })
    at(700_000)
    expect(codeOf(await finish(on, transaction))).toBe('not_approved')
    expect(asked()).toEqual(['approve'])
  })

  it('of a denial is refused and closed, and counts as one under the username and under the userId, however often it comes', async () => {
    const count = jest.spyOn(ledger, 'count')
    const on = strategy()
    const transaction = await begin(on)
    nevis.getStatus.mockResolvedValue({ status: 'failed' })
    const answers = await Promise.all([1, 2, 3].map(() => finish(on, transaction)))
    expect(answers.map(codeOf)).toEqual(['not_approved', 'not_approved', 'not_approved'])
    expect(held()).toMatchObject({ closed: 'not_approved' })
    expect(Object.keys(held())).toEqual(expect.not.arrayContaining(['statusToken', 'encryptedShown', 'codesKey']))
    const { budget } = held()
    expect(count.mock.calls.filter(([key]) => key.startsWith('denials:')).map(([key]) => key)).toEqual([`denials:${budget}`, `denials:${new Budgets(on.settings).keyOf({ userId: USER })}`])
    expect(events.of('decided')).toEqual([{ ...KNOWN, outcome: 'failed', ageMs: expect.any(Number) }])
  })

  it('of a success that belongs to another user is refused and closed', async () => {
    const on = strategy()
    const transaction = await begin(on)
    nevis.getStatus.mockResolvedValue(succeededWith({ transactionId: 't2' }))
    expect([codeOf(await finish(on, transaction)), codeOf(await finish(on, transaction)), held().closed]).toEqual(['binding_mismatch', 'binding_mismatch', 'binding_mismatch'])
    expect(events.of('suspicious')).toEqual([{ ...KNOWN, reason: 'binding_mismatch', field: 'transactionId' }])
    expect(nevis.getStatus).toHaveBeenCalledTimes(1)
  })

  it('in a session that was changed is refused', async () => {
    const on = strategy()
    const transaction = await begin(on)
    approved()
    change('t1', { message: 'other' })
    expect(codeOf(await finish(on, transaction))).toBe('binding_mismatch')
    expect(events.of('suspicious')).toEqual([{ strategy: 'nevis', transactionId: 't1', factor: 'push', reason: 'binding_mismatch', field: 'digest' }])
    expect(asked()).toEqual(['approve'])
  })

  it('of a transaction that was put under another one\'s name is refused', async () => {
    const on = strategy()
    await begin(on)
    const transaction = await begin(on, {}, { message: 'Pay more?' })
    session['nevis'] = { transactions: { t1: held('t1'), t2: held('t1') } }
    approved()
    expect(codeOf(await finish(on, transaction))).toBe('binding_mismatch')
  })

  it('where the user who is signed in is another one is refused, if it signs no user in', async () => {
    const on = strategy()
    const transaction = await begin(on)
    approved()
    session['passport'] = { user: 'ben' }
    expect(codeOf(await finish(on, transaction, { session: false }, { user: { username: 'ben' } }))).toBe('binding_mismatch')
    expect(events.of('suspicious')).toEqual([{ ...KNOWN, reason: 'binding_mismatch', field: 'login' }])
    expect(codeOf(await finish(on, transaction, { session: false }))).toBe('success')
  })

  it('uses what this process has just learned, and asks Nevis no more', async () => {
    const on = strategy()
    const decide = jest.spyOn(on.settings.watch, 'decide')
    const transaction = await begin(on)
    decide.mockResolvedValue(succeededWith() as never)
    expect(codeOf(await finish(on, transaction))).toBe('success')
    expect(decide.mock.calls).toEqual([[expect.objectContaining({ id: 't1' })]])
    expect(asked().slice(0, 2)).toEqual(['approve', 'introspect'])
  })

  it('saves the session before verify runs', async () => {
    const order: string[] = []
    const on = strategy({}, (_profile, done) => { order.push('verified'); done(null, {}) })
    const transaction = await begin(on)
    approved()
    session['save'] = (done: () => void) => { order.push('saved'); done() }
    await finish(on, transaction)
    expect(order).toEqual(['saved', 'verified'])
  })
})

describe('a callback that comes once more', () => {
  /** Repeats a callback after another process has marked the approval as used. The session still contains the transaction. */
  const used = async (options: object, req: object = {}) => {
    const on = strategy()
    const transaction = await begin(on)
    const before = session['nevis']
    nevis.getStatus.mockResolvedValue(succeededWith())
    await ask(on, { transaction }, options)
    session['nevis'] = before
    return ask(on, { transaction }, options, req)
  }

  it.each<[string, object, object, string]>([
    ['to successRedirect', { successRedirect: '/in' }, {}, '/in'],
    ['to successReturnToOrRedirect', { successReturnToOrRedirect: '/or', successRedirect: '/in' }, {}, '/or'],
    ['to where the application wants the person back', { successReturnToOrRedirect: '/or' }, { returnTo: '/back' }, '/back'],
    ['to successReturnToOrRedirect where that is no address', { successReturnToOrRedirect: '/or' }, { returnTo: 7 }, '/or'],
    ...['//evil.example', 'https://evil.example/', '/\\evil.example'].map((returnTo): [string, object, object, string] => [`to no other site: ${returnTo}`, { successReturnToOrRedirect: '/or' }, { returnTo }, '/or']),
    ['to successRedirect, whatever the session says', { successRedirect: '/in' }, { returnTo: '/back' }, '/in'],
  ])('is sent on %s', async (_name, options, more, to) => {
    Object.assign(session, more)
    expect(await used(options)).toMatchObject({ action: 'redirect', args: [to, 303] })
    expect(events.of('suspicious')).toEqual([{ ...KNOWN, reason: 'used_transaction' }])
  })

  it.each<[object, object]>([[{}, {}], [{ successRedirect: '/in' }, { user: undefined }]])('is refused where there is nowhere to go, or nobody: %j', async (options, req) => {
    expect(codeOf(await used(options, req))).toBe('used_transaction')
  })

  it('is sent on too where the session has forgotten it', async () => {
    const on = strategy()
    const transaction = await begin(on)
    session = {}
    expect(await ask(on, { transaction }, { successRedirect: '/in' })).toMatchObject({ action: 'redirect', args: ['/in', 303] })
  })
})

describe('a code', () => {
  const begun = async (on = strategy()) => ({ on, transaction: await begin(on, { factor: 'sms' }) })
  const enter = (on: NevisStrategy, transaction: string, code: unknown, more: object = {}) => ask(on, { transaction, code, ...more })

  it.each<[unknown, string, string[]]>([
    [undefined, 'missing_code', []],
    ['', 'missing_code', []],
    ['   ', 'missing_code', []],
    [['1'], 'missing_code', []],
    ['x'.repeat(65), 'wrong_code', []],
    ['x'.repeat(64), 'wrong_code', []],
    ['1'.repeat(65), 'wrong_code', []],
    ['1'.repeat(64), 'wrong_code', ['1'.repeat(64)]],
    [' 123456 ', 'wrong_code', ['123456']],
  ])('of %j is %s, and Nevis is asked about %j', async (code, expected, tried) => {
    const { on, transaction } = await begun()
    expect(codeOf(await enter(on, transaction, code))).toBe(expected)
    expect(nevis.verifyCode.mock.calls.map(([request]) => (request as { code: string }).code)).toEqual(tried)
  })

  it('that is right signs in', async () => {
    const { on, transaction } = await begun()
    nevis.verifyCode.mockResolvedValue(true)
    nevis.getStatus.mockResolvedValue({ status: 'unknown' })
    expect((await enter(on, transaction, '123456')).action).toBe('success')
  })

  it('that is wrong is counted, and after the last one the transaction is closed', async () => {
    const { on, transaction } = await begun(strategy({ maxAttempts: 2 }))
    expect(codeOf(await enter(on, transaction, '1'))).toBe('wrong_code')
    expect(held()).toMatchObject({ attempts: 1, statusToken: 'status.token.t1' })
    expect([held().closed, events.of('budget')]).toEqual([undefined, []])
    expect(codeOf(await enter(on, transaction, '2'))).toBe('wrong_code')
    expect(held()).toMatchObject({ attempts: 2, closed: 'too_many_attempts' })
    expect(events.of('budget')).toEqual([{ ...KNOWN, factor: 'sms', budget: 'attempts', limit: 2 }])
    expect(codeOf(await enter(on, transaction, '3'))).toBe('too_many_attempts')
    expect(nevis.verifyCode).toHaveBeenCalledTimes(2)
  })

  it('that is wrong leads back to the page whose form it was, the last one too', async () => {
    const { on, transaction } = await begun(strategy({ maxAttempts: 1 }))
    expect(await enter(on, transaction, '1', { retry: '' })).toMatchObject({ action: 'redirect', args: [expect.stringMatching(/^\/2fa\?transaction=/), 303] })
    expect(held().closed).toBe('too_many_attempts')
  })

  it('of more than 64 characters is not counted', async () => {
    const { on, transaction } = await begun()
    const count = jest.spyOn(ledger, 'count')
    expect(codeOf(await enter(on, transaction, '1'.repeat(65)))).toBe('wrong_code')
    expect(count).not.toHaveBeenCalled()
  })

  it('over the limit by the ledger is not tried, and closes the transaction', async () => {
    const { on, transaction } = await begun(strategy({ maxAttempts: 1 }))
    await ledger.count('attempts:t1', 60)
    nevis.verifyCode.mockResolvedValue(true)
    expect(codeOf(await enter(on, transaction, '1'))).toBe('too_many_attempts')
    expect([held().closed, nevis.verifyCode.mock.calls, events.of('budget')]).toEqual(['too_many_attempts', [], [{ ...KNOWN, factor: 'sms', budget: 'attempts', limit: 1 }]])
  })

  it('over the limit of the subject is not tried, and the transaction waits for better times', async () => {
    const { on, transaction } = await begun(strategy({ attemptBudget: { attempts: 1, perSeconds: 60 } }))
    await enter(on, transaction, '1')
    nevis.verifyCode.mockResolvedValue(true)
    expect(codeOf(await enter(on, transaction, '2'))).toBe('too_many_attempts')
    expect([held().closed, nevis.verifyCode.mock.calls.length]).toEqual([undefined, 1])
    expect(events.of('budget')).toEqual([{ ...KNOWN, factor: 'sms', budget: 'subjectAttempts', limit: 1 }])
  })

  it('is not counted for a custom factor that only waits, which may still say that the code was wrong', async () => {
    const own: Factor = { ...push(), check: async () => ({ status: 'failed', code: 'wrong_code', retryable: true }) }
    const on = strategy({ factors: [own], maxAttempts: 1 })
    const transaction = await begin(on)
    const count = jest.spyOn(ledger, 'count')
    for (let i = 0; i < 3; i++) expect(codeOf(await ask(on, { transaction }))).toBe('wrong_code')
    expect(held()).toMatchObject({ attempts: 0 })
    expect(count).not.toHaveBeenCalled()
  })

  it.each([undefined, null, 'succeeded', {}, { to: '/' }, { profile: { id: USER } }, { userId: USER, transactionId: 't1' }, { status: 'denied', userId: USER, transactionId: 't1' }])(
    'whose check, in an own factor, returns %j by mistake signs no user in, and is an error for the app',
    async (outcome) => {
      const own: Factor = { ...sms(), check: async () => outcome as never }
      const { on, transaction } = await begun(strategy({ factors: [push(), own] }))
      const { action, args } = await enter(on, transaction, '1')
      expect([action, String(args[0])]).toEqual(['error', 'TypeError: NevisStrategy: check of the factor sms must return an object with the status pending, succeeded or failed'])
    },
  )

  it('is not asked for by a push, which costs no attempt', async () => {
    const count = jest.spyOn(ledger, 'count')
    const on = strategy()
    const transaction = await begin(on)
    expect((await enter(on, transaction, '123456')).action).toBe('redirect')
    expect(count).not.toHaveBeenCalled()
  })

  it('is checked without the status that this process has learned by waiting', async () => {
    const { on, transaction } = await begun()
    const decide = jest.spyOn(on.settings.watch, 'decide')
    await enter(on, transaction, '1')
    expect(decide).not.toHaveBeenCalled()
  })

  it('is not asked for where recovery codes are only to be confirmed', async () => {
    provedBy('recovery')
    const on = strategy({ operation: 'enroll' })
    const transaction = await begin(on, { factor: 'recovery' })
    expect((await ask(on, { transaction })).action).toBe('success')
  })
})

describe('the token of a widget', () => {
  it('is missing where it is empty, and may be longer than a code', async () => {
    const on = strategy()
    const transaction = await begin(on, { factor: 'widget' })
    expect(codeOf(await ask(on, { transaction, token: ' ' }))).toBe('missing_code')
    expect(codeOf(await ask(on, { transaction, code: TOKEN }))).toBe('missing_code')
    nevis.getStatus.mockResolvedValue({ status: 'unknown' })
    expect(codeOf(await ask(on, { transaction, token: `eyJhIjoxfQ.eyJhIjoxfQ.${'c2ln'.repeat(20)}` }))).toBe('success')
  })

  it('counts for one transaction only', async () => {
    const on = strategy()
    nevis.getStatus.mockResolvedValue({ status: 'unknown' })
    const first = await begin(on, { factor: 'widget' })
    const second = await begin(on, { factor: 'widget' }, { message: 'another' })
    expect(codeOf(await ask(on, { transaction: first, token: TOKEN }))).toBe('success')
    expect(codeOf(await ask(on, { transaction: second, token: TOKEN }))).toBe('binding_mismatch')
    expect(events.of('suspicious')).toMatchObject([{ reason: 'binding_mismatch', field: 'token' }])
    const closed = Object.values((session['nevis'] as SessionState).transactions as object) as Transaction[]
    expect(closed.map((one) => one.closed)).toEqual(['binding_mismatch'])
  })
})

describe('a success after denials', () => {
  const afterDenials = async (times: number, breakLedger = false) => {
    const on = strategy({ startBudget: { starts: 100, perSeconds: 10 } })
    for (let i = 1; i <= times; i++) {
      at(i * 40_000)
      const transaction = await begin(on, {}, { message: `${i}` })
      nevis.getStatus.mockResolvedValue({ status: 'failed' })
      await ask(on, { transaction })
    }
    nevis.getStatus.mockResolvedValue({ status: 'pending' })
    for (const ms of [0, 5]) {
      at((times + 1) * 40_000 + ms)
      await begin(on, { factor: 'app' }, { message: `${ms}` })
    }
    at((times + 1) * 40_000 + 10)
    const transaction = await begin(on, {}, { message: 'last' })
    nevis.getStatus.mockResolvedValue(succeededWith({ transactionId: `t${started}` }))
    if (breakLedger) {
      const look = ledger.look.bind(ledger)
      jest.spyOn(ledger, 'look').mockImplementation((key) => (key.startsWith('denied:') ? Promise.reject(new Error('gone')) : look(key)))
    }
    expect(codeOf(await ask(on, { transaction }))).toBe('success')
    return events.of('suspicious').map(({ reason, denials }) => [reason, denials])
  }

  it.each<[number, unknown[]]>([[0, []], [1, []], [2, [['success_after_denials', 2]]], [3, [['success_after_denials', 3]]]])('%d of them is told as %j', async (times, told) => {
    expect(await afterDenials(times)).toEqual(told)
  })

  it('succeeds though they cannot be looked up', async () => {
    expect(await afterDenials(2, true)).toEqual([])
  })

  it('is not looked up for the first starts of a day', async () => {
    const look = jest.spyOn(ledger, 'look')
    const on = strategy()
    await begin(on)
    at(5)
    const transaction = await begin(on, {}, { message: 'second' })
    nevis.getStatus.mockResolvedValue(succeededWith({ transactionId: 't2' }))
    expect(codeOf(await ask(on, { transaction }))).toBe('success')
    expect(look.mock.calls.filter(([key]) => key.startsWith('denied:'))).toEqual([])
  })
})

describe('a cancel', () => {
  it('ends the transaction', async () => {
    const on = strategy()
    const transaction = await begin(on)
    expect([codeOf(await ask(on, { transaction, cancel: '1' })), held().closed]).toEqual(['cancelled', 'cancelled'])
    expect(events.all.slice(1)).toEqual([{ event: 'failed', ...KNOWN, code: 'cancelled', ageMs: expect.any(Number) }])
    expect(codeOf(await ask(on, { transaction }))).toBe('cancelled')
  })

  it('of what was denied ends it for good', async () => {
    const on = strategy()
    const transaction = await begin(on)
    change('t1', { closed: 'not_approved' })
    expect([codeOf(await ask(on, { transaction, cancel: '1' })), held().closed]).toEqual(['cancelled', 'cancelled'])
  })

  it('goes before a factor', async () => {
    const on = strategy()
    const transaction = await begin(on)
    expect(codeOf(await ask(on, { transaction, cancel: '1', factor: 'app' }))).toBe('cancelled')
  })
})

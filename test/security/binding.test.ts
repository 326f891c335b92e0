/**
 * The attack: an approval of another user.
 *
 * The attacker has the victim's password and approves with the attacker's own account and phone. Or the attacker sends a token that Nevis's introspection calls
 * active: an access key, a status token from a page's source, an intent token, the token of yesterday's sign-in. Other packages check less: passport-duo never
 * compared the user in the answer with the user that it had asked for. Nevis's own Azure AD B2C sample takes the status token from the browser and looks only
 * at "succeeded", never at the user. So this package compares every field of every answer with what was started.
 */
import fc from 'fast-check'
import { randomUUID } from 'node:crypto'
import { NevisStrategy, recordSecondFactor, requireSecondFactor, type Introspection, type Subject, type Succeeded, type Transaction } from '../../src'
import { outcomeMismatch, proofMismatch } from '../../src/trust/binding'
import { callbackOf, handleIn, PASSWORD, signIn, strategyOptions, waitingOf, type TestApp } from '../support/app'
import { act, codeOf } from './support/act'
import { lab, outcomeOf } from './support/lab'

const world = lab()
jest.setTimeout(30_000)
const OTHER = '11111111-2222-4333-8444-555555555555'
const HOUR = 3600

/**
 * Enters the password, approves, and puts one false field into an answer of Nevis. Returns how the callback ends, and how the same callback ends when it is
 * sent again.
 */
async function lied(app: TestApp, fault: object, fields: Record<string, string> = {}): Promise<string[]> {
  const browser = app.browser()
  const handle = await signIn(browser, 'anna', fields)
  const { factor = 'push' } = fields
  if (factor === 'push') await world.simulator.phone('anna').approve()
  const code = factor === 'sms' ? (/\d{6}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string) : ''
  const handled = world.simulator.faults.add(fault)
  const first = await browser.post('/login/2fa/callback', { transaction: handle, ...(code && { code }) })
  expect(handled.hits).toBe(1)
  world.simulator.faults.clear()
  // Send the callback again, and do not change Nevis's answer this time: the strategy must still refuse the transaction.
  const second = await browser.post('/login/2fa/callback', { transaction: handle, ...(code && { code }) })
  expect((await browser.get('/me')).json()).toEqual({ user: null })
  return [outcomeOf(first), outcomeOf(second)]
}

/** The field, a description of its false value, and the fault that puts the value into an answer. */
type Row = [field: string, name: string, fault: object]

const now = () => Math.floor(Date.now() / 1000)

describe('a whole login with an approved push, in which one field is wrong', () => {
  const rows: Row[] = [
    ['userId', 'status: another user', { on: 'getStatus', patch: { userId: OTHER } }],
    ['username', 'status: another username', { on: 'getStatus', patch: { username: 'ben' } }],
    ['usernameCase', 'status: the username in capitals', { on: 'getStatus', patch: { username: 'Anna' } }],
    ['username', 'status: the username with a space', { on: 'getStatus', patch: { username: 'anna ' } }],
    ['transactionId', 'status: another transaction', { on: 'getStatus', patch: { transactionId: OTHER } }],
    ['token', 'status: the status token as token', { on: 'getStatus', swapToken: 'status' }],
    ['token', 'status: our access key as token', { on: 'getStatus', swapToken: 'accessKey' }],
    ['sub', 'status: the token of another user', { on: 'getStatus', swapToken: 'otherUser' }],
    ['active', 'status: garbage as token', { on: 'getStatus', swapToken: 'garbage' }],
    ['active', 'introspection: not active', { on: 'introspect', patch: { active: false } }],
    ['sub', 'introspection: another user', { on: 'introspect', patch: { sub: OTHER } }],
    ['sub', 'introspection: the username', { on: 'introspect', patch: { sub: 'anna' } }],
    ['sub', 'introspection: nobody', { on: 'introspect', patch: { sub: undefined } }],
    ['sub', 'introspection: an empty name', { on: 'introspect', patch: { sub: '' } }],
    ['iss', 'introspection: another instance', { on: 'introspect', patch: { iss: 'https://other.mauth.nevis.cloud/' } }],
    ['iss', 'introspection: an issuer that begins like ours', { on: 'introspect', patch: { iss: 'https://simulator.mauth.nevis.cloud.evil.example/' } }],
    ['iss', 'introspection: no issuer', { on: 'introspect', patch: { iss: undefined } }],
    ['aud', 'introspection: a token for the API', { on: 'introspect', patch: { aud: 'api' } }],
    ['aud', 'introspection: a token for the API among others', { on: 'introspect', patch: { aud: ['transaction', 'api'] } }],
    ['exp', 'introspection: expired, in seconds', { on: 'introspect', patch: { exp: now() - 1 } }],
    ['exp', 'introspection: expired, in milliseconds', { on: 'introspect', patch: { exp: (now() - 1) * 1000 } }],
    ['exp', 'introspection: expired at the beginning of time', { on: 'introspect', patch: { exp: 0 } }],
    ['nbf', 'introspection: not yet good', { on: 'introspect', patch: { nbf: now() + 2 * HOUR } }],
  ]

  describe('fails with binding_mismatch, then and later, and names the field in an event alone', () => {
    // Shows: T-answer-5, C-token-4
    it.each(rows)('%s: %s', async (field, _name, fault) => {
      const app = await world.start()
      expect(await lied(app, fault)).toEqual(['binding_mismatch', 'binding_mismatch'])
      expect(app.verified).toHaveLength(0)
      expect(world.events.of('suspicious')).toEqual([expect.objectContaining({ reason: 'binding_mismatch', field })])
    })
  })

  describe('ends in an error where the answer is not even one', () => {
    it.each<[string, object]>([
      ['status: the userId in a list', { on: 'getStatus', patch: { userId: [OTHER] } }],
      ['status: a userId that is no UUID', { on: 'getStatus', patch: { userId: 'anna' } }],
      ['status: no token', { on: 'getStatus', patch: { token: undefined } }],
      ['status: succeeded, but HTTP 412', { on: 'getStatus', status: 412, patch: { status: 'succeeded' } }],
      ['status: succeeded, but HTTP 201', { on: 'getStatus', status: 201, patch: { status: 'succeeded' } }],
      ['status: a list', { on: 'getStatus', patch: { status: ['succeeded'] } }],
      ['introspection: active is a word', { on: 'introspect', patch: { active: 'true' } }],
      ['introspection: active is 1', { on: 'introspect', patch: { active: 1 } }],
      ['introspection: sub is a list', { on: 'introspect', patch: { sub: [OTHER] } }],
      ['introspection: exp is no time', { on: 'introspect', patch: { exp: 'tomorrow' } }],
    ])('%s', async (_name, fault) => {
      const app = await world.start()
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      world.simulator.faults.add(fault)
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('NEVIS_UNEXPECTED_RESPONSE')
      expect(app.verified).toHaveLength(0)
      expect((await browser.get('/me')).json()).toEqual({ user: null })
    })
  })

  describe('that the documents leave open', () => {
    const readings: [string, object][] = [
      ['status: no userId', { on: 'getStatus', patch: { userId: undefined, username: undefined } }],
      ['status: no transactionId', { on: 'getStatus', patch: { transactionId: undefined } }],
      ['status: neither', { on: 'getStatus', patch: { userId: undefined, username: undefined, transactionId: undefined } }],
      ['status: SUCCEEDED', { on: 'getStatus', patch: { status: 'SUCCEEDED' } }],
    ]

    it.each([...readings, ['introspection: HTTP 201', { on: 'introspect', status: 201, patch: { active: true } }]] as [string, object][])('signs in the user whom the token names: %s', async (_name, fault) => {
      const app = await world.start()
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      world.simulator.faults.add(fault)
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
      expect((await browser.get('/me')).json()).toMatchObject({ user: { username: 'anna' } })
    })

    it.each(readings)('fails with binding_mismatch where the token names another user: %s', async (_name, fault) => {
      const app = await world.start()
      world.simulator.faults.add({ on: 'introspect', patch: { sub: OTHER } })
      expect(await lied(app, fault)).toEqual(['binding_mismatch', 'binding_mismatch'])
      expect(app.verified).toHaveLength(0)
      expect(world.events.of('suspicious')).toEqual([expect.objectContaining({ reason: 'binding_mismatch', field: 'sub' })])
    })
  })

  describe('that is the start\'s answer', () => {
    // Shows: C-approval-2
    it.each<[string, Subject | undefined, Record<string, unknown>]>([
      ['another userId than the subject\'s', { userId: 'anna' }, { userId: OTHER }],
      ['another username than the subject\'s', undefined, { username: 'ben' }],
    ])('fails with binding_mismatch and keeps nothing: %s', async (_name, by, patch) => {
      const { userId } = world.simulator.users.find(({ username }) => username === 'anna') as { userId: string }
      const app = await world.start({ strategy: { subject: () => (by ? { userId } : { username: 'anna' }) } })
      world.simulator.faults.add({ on: 'approve', patch })
      const page = await app.browser().post('/login', { username: 'anna', password: PASSWORD })
      expect(outcomeOf(page)).toBe('binding_mismatch')
      expect(page.headers.getSetCookie()).toEqual([])
    })

    it('fails with binding_mismatch where the directory gives another user\'s record for a recovery code', async () => {
      const app = await world.start()
      world.simulator.faults.add({ on: 'findUserByUsername', patch: { userId: OTHER, username: 'ben' } })
      expect(outcomeOf(await app.browser().post('/login', { username: 'anna', password: PASSWORD, factor: 'recovery' }))).toBe('binding_mismatch')
    })
  })

  describe('with a right code by SMS', () => {
    it.each<Row>([
      ['userId', 'status: another user', { on: 'getStatus', patch: { userId: OTHER } }],
      ['username', 'status: another username', { on: 'getStatus', patch: { username: 'ben' } }],
      ['transactionId', 'status: another transaction', { on: 'getStatus', patch: { transactionId: OTHER } }],
      ['token', 'status: the status token as token', { on: 'getStatus', swapToken: 'status' }],
      ['token', 'status: our access key as token', { on: 'getStatus', swapToken: 'accessKey' }],
      ['sub', 'status: the token of another user', { on: 'getStatus', swapToken: 'otherUser' }],
      ['userId', 'status: still pending, for another user', { on: 'getStatus', patch: { status: 'pending', userId: OTHER } }],
      ['transactionId', 'status: still pending, of another transaction', { on: 'getStatus', patch: { status: 'pending', transactionId: OTHER } }],
      ['iss', 'introspection: another instance', { on: 'introspect', patch: { iss: 'https://other.mauth.nevis.cloud/' } }],
    ])('fails with binding_mismatch for %s: %s', async (field, _name, fault) => {
      const app = await world.start()
      expect(await lied(app, fault, { factor: 'sms' })).toEqual(['binding_mismatch', 'binding_mismatch'])
      expect(app.verified).toHaveLength(0)
      expect(world.events.of('suspicious')).toEqual([expect.objectContaining({ reason: 'binding_mismatch', field })])
    })
  })
})

describe('another user\'s approval, code or handle', () => {
  // Shows: ASVS V6.6.2, T-password-4
  it('of the attacker\'s own phone does not approve the victim\'s sign-in', async () => {
    const app = await world.start()
    const [victim, attacker] = [app.browser(), app.browser()]
    const hers = await signIn(victim, 'anna')
    const his = await signIn(attacker, 'ben')
    await world.simulator.phone('ben').approve()
    expect(outcomeOf(await attacker.get(callbackOf(hers)))).toBe('unknown_transaction')
    expect(outcomeOf(await victim.get(callbackOf(hers)))).toBe('303 /login/2fa')
    expect((await attacker.get(callbackOf(his))).json()).toMatchObject({ action: 'success', user: { username: 'ben' } })
  })

  it('from the same session, with both started, counts for the one who gave the password last, and for no other user', async () => {
    const app = await world.start()
    const browser = app.browser()
    const hers = await signIn(browser, 'anna')
    const his = await signIn(browser, 'ben')
    await world.simulator.phone('anna').approve()
    await world.simulator.phone('ben').approve()
    expect(outcomeOf(await browser.get(callbackOf(hers)))).toBe('unknown_transaction')
    expect((await browser.get(callbackOf(his))).json()).toMatchObject({ action: 'success', user: { username: 'ben' } })
    expect(app.verified.map(({ username }) => username)).toEqual(['ben'])
  })

  it.each(['sms', 'recovery'])('of another person is a wrong code (%s)', async (factor) => {
    const app = await world.start()
    const browser = app.browser()
    const bens = factor === 'recovery' ? world.simulator.users.find(({ username }) => username === 'ben')?.recoveryCodes : undefined
    await signIn(app.browser(), 'ben', { factor })
    const code = bens?.[0] ?? (/\d{6}/.exec(world.simulator.sms('ben').at(-1) as string)?.[0])
    const handle = await signIn(browser, 'anna', { factor })
    expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction: handle, code: code ?? '' }))).toBe('wrong_code')
    expect(app.verified).toHaveLength(0)
  })

  it('does not carry a step-up that one login started over to the login of another user', async () => {
    // In this app, a login keeps the session's data, because of `keepSessionInfo` or a Passport before 0.6. The attacker owns ben's account and ben's
    // phone, and knows anna's password. The attacker wants to open a page as anna that requires anna's second factor.
    const app = await world.start({
      routes: (web, { passport }) => {
        web.post('/password-only', passport.authenticate('local', { keepSessionInfo: true }), (_req, res) => void res.json({ action: 'success' }))
        web.post('/up', passport.authorize('nevis'))
        web.get('/up', passport.authorize('nevis'), recordSecondFactor(), (_req, res) => void res.json({ action: 'success' }))
        web.get('/risky', requireSecondFactor({ maxAgeSeconds: 60 }), (req, res) => void res.json({ user: req.user }))
      },
    })
    const browser = app.browser()
    await browser.post('/password-only', { username: 'ben', password: PASSWORD })
    const handle = handleIn((await browser.post('/up')).location)
    await world.simulator.phone('ben').approve()
    await browser.post('/password-only', { username: 'anna', password: PASSWORD })
    const page = await browser.get(`/up?transaction=${handle}`)
    const risky = await browser.get('/risky')
    expect(risky.status).toBe(401)
    expect(page.status).toBe(403)
  })

  it('does not open in a strategy of another name', async () => {
    const app = await world.start({
      routes: (web, { passport }) => {
        passport.use(new NevisStrategy({ ...strategyOptions(world.simulator), name: 'other', passReqToCallback: false }, (_profile, done) => done(null, {})))
        web.get('/other', passport.authenticate('other', { successRedirect: '/in', failureRedirect: '/out' }))
      },
    })
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    await world.simulator.phone('anna').approve()
    expect((await browser.get(`/other?transaction=${handle}`)).location).toBe('/out')
    expect((await browser.get(waitingOf(handle))).status).toBe(303)
  })
})

describe('only the transaction token', () => {
  const ISSUER = 'https://a.mauth.nevis.cloud'
  const USERS = ['7b2ce5a9-6bd0-4e2f-8d0f-2ac2c4a1d7a1', OTHER]
  const ISSUERS = [ISSUER, 'https://b.mauth.nevis.cloud']
  const NOW = 1_700_000_000

  /** The claims of each kind of token. Nevis documents only that an access key has `aud: "api"`. */
  const kinds: Record<string, (claims: { sub: string; iss: string }) => Introspection> = {
    transaction: ({ sub, iss }) => ({ active: true, sub, iss: `${iss}/`, iat: NOW - 5, exp: NOW + 60, raw: {} }),
    'transaction, expired': ({ sub, iss }) => ({ active: true, sub, iss: `${iss}/`, iat: NOW - 60, exp: NOW - 1, raw: {} }),
    'transaction, not yet good': ({ sub, iss }) => ({ active: true, sub, iss: `${iss}/`, nbf: NOW + HOUR, exp: NOW + 2 * HOUR, raw: {} }),
    'transaction, of a sign-in before': ({ sub, iss }) => ({ active: true, sub, iss: `${iss}/`, iat: NOW - HOUR, exp: NOW + 60, raw: {} }),
    'transaction, withdrawn': () => ({ active: false, raw: {} }),
    'access key': ({ iss }) => ({ active: true, sub: '100', iss: `${iss}/`, aud: ['api'], exp: NOW + 60, raw: {} }),
    'access key in the person\'s name': ({ sub, iss }) => ({ active: true, sub, iss: `${iss}/`, aud: ['api'], exp: NOW + 60, raw: {} }),
    'status token without a sub': ({ iss }) => ({ active: true, iss: `${iss}/`, exp: NOW + 60, raw: {} }),
    'intent token without a sub': ({ iss }) => ({ active: true, iss: `${iss}/`, aud: ['intent'], exp: NOW + 60, raw: {} }),
    'nothing but active': () => ({ active: true, raw: {} }),
  }

  describe('of this user and this instance passes', () => {
    it('whatever token meets whatever expectation (property)', () => {
      const user = fc.constantFrom(...USERS, 'anna', '')
      const issuer = fc.constantFrom(...ISSUERS, `${ISSUER}.evil.example`, 'http://a.mauth.nevis.cloud', '')
      let passed = 0
      fc.assert(
        fc.property(fc.constantFrom(...Object.keys(kinds)), user, issuer, fc.constantFrom(...USERS), fc.subarray(ISSUERS, { minLength: 1 }), (kind, sub, iss, userId, issuers) => {
          const proof = (kinds[kind] as (typeof kinds)[string])({ sub, iss })
          const passes = proofMismatch(proof, { userId, issuers, startedAt: (NOW - 60) * 1000, now: NOW * 1000 }) === undefined
          if (passes) passed++
          return passes === (kind === 'transaction' && sub === userId && issuers.includes(iss))
        }),
        { numRuns: 5000 },
      )
      expect(passed).toBeGreaterThan(10)
    })

    it('whatever success meets whatever transaction (property)', () => {
      const ids = fc.constantFrom('t1', 't2', '')
      const users = fc.constantFrom(...USERS, undefined)
      const names = fc.constantFrom('anna', 'ben', 'Anna', undefined)
      const subjects = fc.record<Subject>({ userId: users, username: names }).filter(({ userId, username }) => userId !== undefined || username !== undefined)
      let passed = 0
      fc.assert(
        fc.property(subjects, users, fc.constantFrom('t1', 't2'), users, names, ids, (subject, started, id, userId, username, transactionId) => {
          fc.pre(subject.userId === undefined || started === undefined || subject.userId === started)
          const transaction = { id, factor: 'push', operation: 'approve', subject, startedAt: 0, expiresAt: 1, firstFactorAt: 0, shown: {}, ...(started && { userId: started }) } as Transaction
          const outcome = { status: 'succeeded', transactionId, ...(userId && { userId }), ...(username && { username }) } as Succeeded
          const passes = outcomeMismatch(transaction, outcome) === undefined
          if (passes) passed++
          const isRight =
            transactionId === id &&
            userId !== undefined &&
            (started === undefined || started === userId) &&
            (subject.userId === undefined || subject.userId === userId) &&
            (subject.username === undefined || username === undefined || username === subject.username ||
              // The app may have both a user Anna and a user anna. If the usernames differ only in case, the app's userId must equal Nevis's.
              (subject.userId !== undefined && username.toLowerCase() === subject.username.toLowerCase()))
          return passes === isRight
        }),
        { numRuns: 5000 },
      )
      expect(passed).toBeGreaterThan(10)
    })

    // Shows: C-status-8, C-token-7
    it('through the strategy, with the tokens of a whole cloud in the place of the right one (property)', async () => {
      const user = (name: string) => world.simulator.users.find(({ username }) => username === name) as { userId: string }
      const nevis = new NevisStrategy({ ...strategyOptions(world.simulator), passReqToCallback: false, startBudget: { starts: 1000, perSeconds: 60 } }, (profile, done) => done(null, { username: profile.username }))
      const swaps = fc.constantFrom('right', 'status', 'accessKey', 'otherUser', 'garbage')
      const claims = fc.record({
        sub: fc.constantFrom(undefined, user('anna').userId, user('ben').userId),
        iss: fc.constantFrom(undefined, `${world.simulator.baseURL}/`, 'https://b.mauth.nevis.cloud/'),
        aud: fc.constantFrom(undefined, 'api', 'transaction'),
        exp: fc.constantFrom(undefined, 1, 4e9),
        active: fc.constantFrom(undefined, true, false),
      })
      const right = { sub: user('anna').userId, iss: `${world.simulator.baseURL}/`, active: true }
      let passed = 0
      await fc.assert(
        fc.asyncProperty(swaps, claims, fc.boolean(), async (swap, patched, isTrue) => {
          const patch = isTrue ? {} : Object.fromEntries(Object.entries(patched).filter(([, value]) => value !== undefined))
          const session: Record<string, unknown> = {}
          const request = (query: object, method: string) => ({ method, url: '/', headers: {}, query, session, user: { username: 'anna' } })
          const handle = handleIn((await act(nevis, request({}, 'POST'))).args[0] as string)
          await world.simulator.phone('anna').approve()
          if (swap !== 'right') world.simulator.faults.add({ on: 'getStatus', swapToken: swap })
          world.simulator.faults.add({ on: 'introspect', patch })
          const outcome = codeOf(await act(nevis, request({ transaction: handle }, 'GET')))
          world.simulator.faults.clear()
          const told = { ...right, ...patch } as { sub?: string; iss?: string; aud?: string; exp?: number; active: boolean }
          // `swap` says which token Nevis's status answer contains, and `patch` which fields of the introspection are changed. With the right token, the
          // sign-in succeeds unless a changed field is wrong. With another user's token, it succeeds only if `patch` names anna. With an invented token
          // (`garbage`), it succeeds only if `patch` names anna and the right issuer, and says `active`. With a status token or an access key, it fails.
          const isSworn = swap === 'right' || ((swap === 'otherUser' ? patch.sub : swap === 'garbage' ? patch.active && patch.sub && patch.iss : undefined) !== undefined && swap !== 'status' && swap !== 'accessKey')
          const fits = told.active && told.sub === right.sub && told.iss === right.iss && told.aud !== 'api' && told.exp !== 1
          if (outcome === 'success') passed++
          expect(outcome).toBe(isSworn && fits ? 'success' : 'binding_mismatch')
        }),
        { numRuns: 150 },
      )
      expect(passed).toBeGreaterThan(5)
    }, 30_000)
  })

  describe('of this transaction passes', () => {
    it.each(['transaction', 'status', 'intent'])('and not an older %s token of the same person: it was issued before this sign-in began', async (kind) => {
      const app = await world.start()
      const iat = now() - HOUR
      expect(await lied(app, { on: 'introspect', patch: { aud: kind, iat } })).toEqual(['binding_mismatch', 'binding_mismatch'])
    })

    it('and a token that was issued since then does', async () => {
      const app = await world.start()
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      world.simulator.faults.add({ on: 'introspect', patch: { aud: randomUUID(), iat: now() } })
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
    })
  })
})

/**
 * The attack: a token that the browser sends.
 *
 * With the widget, the server has no status token: it gets only the token that the browser sends, and Nevis's own sample checks only that this token
 * introspects as active. But other tokens are active, too: an access key, the intent token that the page has anyway, and the status token that anyone with that
 * intent token gets without an approval. The attacker has the victim's password, an account and phone of their own, and every token that a browser ever sees.
 * Or the attacker sends a genuine result again: in the same sign-in, in another one, at the same moment, in another encoding.
 */
import { MemoryLedger, push, widget, type Ledger } from '../../src'
import { NevisSimulator } from '../../src/simulator'
import { signIn, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'
import { approvedToken, begin, beginEnrolment, intentTokenOf, tokenOf } from '../support/widget'
import { lab, outcomeOf, tally } from './support/lab'
import { printed } from './support/secrets'

const world = lab()
jest.setTimeout(30_000)
const CALLBACK = '/login/2fa/callback'
const OTHER = '11111111-2222-4333-8444-555555555555'
const TIMES = 10

const start = (ledger?: Ledger) =>
  world.start({
    strategy: {
      factors: [widget(), push()],
      startBudget: { starts: 100, perSeconds: 300 },
      operation: ({ body }) => ((body as { operation?: string }).operation === 'enroll' ? 'enroll' : 'approve'),
      ...(ledger && { ledger }),
    },
  })

interface Waiting {
  readonly browser: Browser
  readonly handle: string
  readonly intentToken: string
}

/** Enters the password in a new browser, and returns the handle (encrypted transaction id) and the intent token of the waiting page. */
async function waiting(app: TestApp, username = 'anna', fields: Record<string, string> = {}): Promise<Waiting> {
  const browser = app.browser()
  const handle = await signIn(browser, username, fields)
  return { browser, handle, intentToken: await intentTokenOf(browser, handle) }
}

/** Makes Nevis report no phones. Otherwise, a user who has a phone could not enrol another phone without a confirmation on the first. */
const forgetPhones = () => {
  world.simulator.faults.add({ on: 'findUserByUsername', patch: { status: 'new', authenticators: [] } })
  world.simulator.faults.add({ on: 'getUser', patch: { authenticators: [] } })
}

const bring = async ({ browser, handle }: Waiting, token: string) => outcomeOf(await browser.post(CALLBACK, { transaction: handle, token }))
const approved = ({ intentToken }: Waiting, username = 'anna') => approvedToken(world.simulator, intentToken, username)

/**
 * Sends the token twice. Checks that it is refused both times, that no user is signed in, and that no event contains the token.
 * @param field what does not match in the token, as the event `suspicious` must say
 */
async function expectRefused(app: TestApp, sign: Waiting, token: string, field: string): Promise<void> {
  expect([await bring(sign, token), await bring(sign, token)]).toEqual(['binding_mismatch', 'binding_mismatch'])
  expect(app.verified).toHaveLength(0)
  expect((await sign.browser.get('/me')).json()).toEqual({ user: null })
  expect(world.events.of('suspicious')).toEqual([expect.objectContaining({ reason: 'binding_mismatch', field })])
  for (const secret of [token, sign.intentToken]) expect(printed(world.events.all)).not.toContain(secret)
}

/** Returns the same token in another spelling. Both spellings decode to the same bytes, because base64url ignores the spare bits of the last character. */
function respelled(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const other = `${token.slice(0, -1)}${alphabet[alphabet.indexOf(token.at(-1) as string) ^ 1]}`
  const bytes = (text: string) => Buffer.from(text.split('.')[2] as string, 'base64url')
  expect([other === token, bytes(other).equals(bytes(token))]).toEqual([false, true])
  return other
}

describe('a token that no approval gave', () => {
  describe('but is active, and of the right person', () => {
    // Shows: C-widget-7
    it('is refused: the intent token handed back as the result', async () => {
      const app = await start()
      const sign = await waiting(app)
      await expectRefused(app, sign, sign.intentToken, 'token')
      expect(world.asked('introspect')).toBe(0)
    })

    it('is refused: the intent token, spelt another way', async () => {
      const app = await start()
      const sign = await waiting(app)
      await expectRefused(app, sign, respelled(sign.intentToken), 'token')
    })

    it('is refused: the intent token of a transaction that this one has replaced', async () => {
      const app = await start()
      const first = await waiting(app)
      const page = await first.browser.post('/login/2fa', { transaction: first.handle, factor: 'widget' })
      const handle = new URL(page.location as string, app.origin).searchParams.get('transaction') as string
      await expectRefused(app, { ...first, handle }, first.intentToken, 'token')
    })

    // Shows: T-widget-2
    it('is refused: the intent token of the same person\'s other session, in another process too', async () => {
      const ledger = new MemoryLedger()
      const [app, other] = [await start(ledger), await start(ledger)]
      const sign = await waiting(app)
      const { intentToken } = await waiting(other)
      await expectRefused(app, sign, intentToken, 'token')
    })

    it('is refused: the intent token of an enrolment', async () => {
      forgetPhones()
      const app = await start()
      const sign = await waiting(app)
      const { intentToken } = await waiting(app, 'anna', { operation: 'enroll' })
      await expectRefused(app, sign, intentToken, 'token')
    })

    // Shows: T-widget-3
    it('is refused: the status token that Nevis gives for the intent token', async () => {
      const app = await start()
      const sign = await waiting(app)
      const { statusToken } = await begin(world.simulator, sign.intentToken)
      await expectRefused(app, sign, statusToken, 'token')
    })

    it('is refused: that status token, though its request was approved', async () => {
      const app = await start()
      const sign = await waiting(app)
      const { statusToken } = await begin(world.simulator, sign.intentToken)
      await world.simulator.phone('anna').approve()
      await expectRefused(app, sign, statusToken, 'token')
    })

    it('is refused: that status token, spelt another way', async () => {
      const app = await start()
      const sign = await waiting(app)
      const { statusToken } = await begin(world.simulator, sign.intentToken)
      await expectRefused(app, sign, respelled(statusToken), 'token')
    })

    // Shows: T-widget-5
    it.each(['pending', 'failed'])('is refused: the token of a status answer that says %s', async (status) => {
      const app = await start()
      const sign = await waiting(app)
      const begun = await begin(world.simulator, sign.intentToken)
      if (status === 'failed') await world.simulator.phone('anna').deny()
      await expectRefused(app, sign, await tokenOf(world.simulator, begun), 'token')
    })

    it('is refused: the access key', async () => {
      const app = await start()
      await expectRefused(app, await waiting(app), world.simulator.accessKey, 'token')
      expect(world.asked('introspect')).toBe(0)
    })
  })

  describe('and is none', () => {
    it.each([
      ['garbage', 'garbage'],
      ['two parts', 'e30.e30'],
      ['four parts', 'e30.e30.AAAA.AAAA'],
      ['an empty signature', 'e30.e30.'],
      ['a payload that is not JSON', 'e30.AAAA.AAAA'],
      ['with a line break', 'e30.e30\n.AAAA'],
      ['not ASCII', 'e30.e30.é'],
      ['far too long', `e30.e30.${'A'.repeat(9000)}`],
    ])('is refused, and Nevis is asked nothing: %s', async (_name, token) => {
      const app = await start()
      const sign = await waiting(app)
      world.simulator.requests.length = 0
      await expectRefused(app, sign, token, 'token')
      expect(world.operations()).toEqual([])
    })

    it('is refused: one that looks like a token, and was made by an attacker', async () => {
      const other = await NevisSimulator.start()
      world.defer(() => other.close())
      other.addUser({ username: 'anna' })
      const app = await start()
      const sign = await waiting(app)
      const { token } = await (await fetch(`${other.baseURL}/api/v1/intent`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${other.accessKey}` },
        body: JSON.stringify({ username: 'anna', operation: 'approve' }),
      })).json() as { token: string }
      await expectRefused(app, sign, await approvedToken(other, token, 'anna'), 'active')
    })
  })
})

describe('a genuine token', () => {
  describe('of another user', () => {
    // Shows: C-widget-7
    it('is refused: the attacker\'s own, from the attacker\'s own phone', async () => {
      const app = await start()
      const victims = await waiting(app)
      const own = await waiting(app, 'ben')
      await expectRefused(app, victims, await approved(own, 'ben'), 'sub')
    })
  })

  describe('that Nevis describes otherwise', () => {
    const now = () => Math.floor(Date.now() / 1000)
    // Shows: T-widget-1
    it.each<[string, string, Record<string, unknown>]>([
      ['sub', 'another user', { sub: OTHER }],
      ['sub', 'nobody', { sub: undefined }],
      ['iss', 'another instance', { iss: 'https://other.mauth.nevis.cloud/' }],
      ['iss', 'no instance', { iss: undefined }],
      ['aud', 'a token for the API', { aud: 'api' }],
      ['exp', 'expired', { exp: now() - 1 }],
      ['nbf', 'not yet good', { nbf: now() + 3600 }],
      ['iat', 'issued before the start', { iat: now() - 120 }],
      ['iat', 'issued before the start, in milliseconds', { iat: (now() - 120) * 1000 }],
      ['iat', 'issued nobody knows when', { iat: undefined }],
      ['iat', 'issued tomorrow', { iat: now() + 86_400 }],
      ['active', 'not active', { active: false }],
    ])('is refused for %s: %s', async (field, _name, patch) => {
      const app = await start()
      const sign = await waiting(app)
      const token = await approved(sign)
      world.simulator.faults.add({ on: 'introspect', patch })
      await expectRefused(app, sign, token, field)
    })
  })

  describe('of an approval before this sign-in', () => {
    // Shows: ASVS V6.6.2
    it('is refused: it was given, but never brought', async () => {
      const app = await start()
      const token = await approved(await waiting(app))
      world.later(90)
      await expectRefused(app, await waiting(app), token, 'iat')
    })

    it('is refused once it has expired', async () => {
      const app = await start()
      const token = await approved(await waiting(app))
      world.later(601)
      await expectRefused(app, await waiting(app), token, 'active')
    })
  })

  describe('brought once more', () => {
    it('is refused in the same sign-in, which is over', async () => {
      const app = await start()
      const sign = await waiting(app)
      const copy = { ...sign, browser: sign.browser.clone() }
      const token = await approved(sign)
      expect(await bring(sign, token)).toBe('success')
      expect(await bring(sign, token)).toBe('used_transaction')
      expect(await bring(copy, token)).toBe('unknown_transaction')
      expect(app.verified).toHaveLength(1)
    })

    // Shows: T-widget-4, C-widget-7
    it('is refused in a second transaction of the same person, in another process too', async () => {
      const ledger = new MemoryLedger()
      const [app, other] = [await start(ledger), await start(ledger)]
      const [first, second, third] = [await waiting(app), await waiting(app), await waiting(other)]
      const token = await approved(first)
      expect(await bring(first, token)).toBe('success')
      for (const sign of [second, third]) expect([await bring(sign, token), await bring(sign, token)]).toEqual(['binding_mismatch', 'binding_mismatch'])
      expect([app.verified.length, other.verified.length]).toEqual([1, 0])
      expect(world.events.of('suspicious')).toEqual(Array(2).fill(expect.objectContaining({ reason: 'binding_mismatch', field: 'token' })))
    })

    it('is refused, spelt another way', async () => {
      const app = await start()
      const [first, second] = [await waiting(app), await waiting(app)]
      const token = await approved(first)
      expect(await bring(first, token)).toBe('success')
      expect(await bring(second, respelled(token))).toBe('binding_mismatch')
    })

    it('is refused for as long as it could be new to any transaction', async () => {
      const claims: [string, number][] = []
      const ledger = new MemoryLedger()
      const app = await start({
        count: (key, ttlSeconds) => ledger.count(key, ttlSeconds),
        look: (key) => ledger.look(key),
        forget: (key) => ledger.forget(key),
        claim: (key, ttlSeconds) => {
          if (key.startsWith('token:')) claims.push([key, ttlSeconds])
          return ledger.claim(key, ttlSeconds)
        },
      })
      const sign = await waiting(app)
      const token = await approved(sign)
      expect(await bring(sign, token)).toBe('success')
      // The ledger (the store that all processes share) must keep the token's record as long as a transaction can last (600 s), and two minutes longer, because
      // the clocks of two processes may differ.
      expect(claims.map(([, ttlSeconds]) => ttlSeconds >= 600 + 2 * 60)).toEqual([true, true])
      for (const [key] of claims) expect(key).toMatch(/^token:[\w-]{43}$/)
    })
  })

  describe(`brought ${TIMES} times at once`, () => {
    it('to one transaction signs in once, and verify runs once', async () => {
      const app = await start()
      const sign = await waiting(app)
      const token = await approved(sign)
      const outcomes = await Promise.all(Array.from({ length: TIMES }, () => bring({ ...sign, browser: sign.browser.clone() }, token)))
      expect(tally(outcomes)['success']).toBe(1)
      expect(outcomes.filter((outcome) => !['success', 'used_transaction', 'unknown_transaction'].includes(outcome))).toEqual([])
      expect(app.verified).toHaveLength(1)
    })

    // Shows: ASVS V6.5.1
    it('to as many transactions signs in once, and verify runs once', async () => {
      const app = await start()
      const signs: Waiting[] = []
      for (let i = 0; i < TIMES; i++) signs.push(await waiting(app))
      const token = await approved(signs[0] as Waiting)
      const outcomes = await Promise.all(signs.map((sign) => bring(sign, token)))
      expect(tally(outcomes)).toEqual({ success: 1, binding_mismatch: TIMES - 1 })
      expect(app.verified).toHaveLength(1)
    })
  })

  describe('beside a flood of wrong ones', () => {
    // Shows: T-exhaust-3
    it('costs Nevis twenty checks at most, and later tokens of this sign-in are refused without a call', async () => {
      const app = await start()
      const sign = await waiting(app)
      // While Nevis fails, the strategy cannot check a token, so a wrong token does not end the transaction.
      world.simulator.faults.add({ on: 'getStatus', status: 500, times: 1000 })
      const before = world.simulator.requests.length
      const wrong = Array.from({ length: 40 }, (_, i) => `e30.e30.${Buffer.from(`wrong ${i}`).toString('base64url')}`)
      const outcomes = await Promise.all(wrong.map((token) => bring(sign, token)))
      expect(tally(outcomes)['too_many_attempts']).toBe(20)
      const asked = world.simulator.requests.length
      expect(asked - before).toBeLessThanOrEqual(20 * 3)
      // The browser may try again when the sign-in has expired.
      const page = await sign.browser.post(CALLBACK, { transaction: sign.handle, token: wrong[0] as string })
      expect(page.json()).toMatchObject({ code: 'too_many_attempts' })
      expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(60)
      expect(Number(page.headers.get('retry-after'))).toBeLessThanOrEqual(120)
      expect(world.simulator.requests.length).toBe(asked)
      expect(world.events.of('budget')).toContainEqual(expect.objectContaining({ budget: 'attempts', limit: 20 }))
      world.simulator.faults.clear()
      const next = await waiting(app)
      expect(await bring(next, await approved(next))).toBe('success')
    })
  })

  describe('of an enrolment', () => {
    it('does not enrol a second time: the newer of two enrolments is the one that counts', async () => {
      forgetPhones()
      const app = await start()
      const [first, second] = [await waiting(app, 'anna', { operation: 'enroll' }), await waiting(app, 'anna', { operation: 'enroll' })]
      const begun = await beginEnrolment(world.simulator, second.intentToken)
      await world.simulator.phone('anna').scan(begun.appLinkUri)
      const token = await tokenOf(world.simulator, begun)
      expect([await bring(first, token), await bring(second, token)]).toEqual(['cancelled', 'success'])
    })

    it('does not sign in by approval once it has enrolled', async () => {
      forgetPhones()
      const app = await start()
      const [enrolment, sign] = [await waiting(app, 'anna', { operation: 'enroll' }), await waiting(app)]
      const begun = await beginEnrolment(world.simulator, enrolment.intentToken)
      await world.simulator.phone('anna').scan(begun.appLinkUri)
      const token = await tokenOf(world.simulator, begun)
      expect([await bring(enrolment, token), await bring(sign, token)]).toEqual(['success', 'binding_mismatch'])
    })
  })
})

describe('when a user cannot be asked', () => {
  it.each(['getStatus', 'introspect'] as const)('Nevis (%s) › ends in an error, and the approval is not lost', async (on) => {
    const app = await start()
    const sign = await waiting(app)
    const token = await approved(sign)
    const fault = world.simulator.faults.add({ on, status: 500 })
    expect(await bring(sign, token)).toBe('NEVIS_UNEXPECTED_RESPONSE')
    expect(app.verified).toHaveLength(0)
    fault.remove()
    expect(await bring(sign, token)).toBe('success')
  })

  it('Nevis, which refuses to look for a status › ends in an error', async () => {
    const app = await start()
    const sign = await waiting(app)
    const token = await approved(sign)
    world.simulator.faults.add({ on: 'getStatus', status: 400 })
    expect(await bring(sign, token)).toBe('NEVIS_REJECTED')
    expect(app.verified).toHaveLength(0)
  })

  // Shows: ASVS V16.5.3
  it.each(['start', 'callback'])('the ledger, at the %s › ends in an error 503, and no user is signed in', async (phase) => {
    const ledger = new MemoryLedger()
    let isDown = phase === 'start'
    const app = await start({
      count: (key, ttlSeconds) => ledger.count(key, ttlSeconds),
      look: (key) => ledger.look(key),
      forget: (key) => ledger.forget(key),
      claim: (key, ttlSeconds) => (isDown && key.startsWith('token:') ? Promise.reject(new Error('down')) : ledger.claim(key, ttlSeconds)),
    })
    if (phase === 'start') {
      await expect(waiting(app)).rejects.toThrow('LEDGER_UNAVAILABLE')
      return
    }
    const sign = await waiting(app)
    const token = await approved(sign)
    isDown = true
    expect(await bring(sign, token)).toBe('LEDGER_UNAVAILABLE')
    expect(app.verified).toHaveLength(0)
    isDown = false
    // The approval counts as used, because the strategy cannot know how far the first callback came before it failed.
    expect(await bring(sign, token)).toBe('used_transaction')
  })
})

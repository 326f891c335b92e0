/** The server enforces the pause before a push or text message is sent again. */
import { failures, sms } from '../../src'
import { callbackOf, handleIn, PASSWORD, signIn, waitingOf, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'
import { lab, outcomeOf, tally } from '../security/support/lab'

const world = lab()
let app: TestApp
let browser: Browser

beforeEach(async () => {
  app = await world.start()
  browser = app.browser()
})

/** Moves the clock of this process forward. The app and the simulator both use this clock. */
function later(seconds: number): void {
  const now = Date.now()
  jest.spyOn(Date, 'now').mockImplementation(() => now + seconds * 1000)
}

const again = (handle: string, factor: string, fields: Record<string, string> = {}) => browser.post('/login/2fa', { transaction: handle, factor, ...fields })

describe.each(['push', 'sms'])('the same again by %s', (factor) => {
  // Shows: T-password-2, CD-rate-1
  it('within 15 s › is not sent, and says how long to wait', async () => {
    const handle = await signIn(browser, 'anna', { factor })
    later(5)
    const page = await again(handle, factor)
    expect([page.status, page.json()]).toEqual([429, expect.objectContaining({ code: 'too_many_starts', retryAfterSeconds: 10 })])
    expect(page.headers.get('retry-after')).toBe('10')
    expect(world.asked('approve')).toBe(1)
  })

  it('within 15 s, from the page\'s own form › leads back to the page, which says how long to wait, in four languages', async () => {
    const handle = await signIn(browser, 'anna', { factor })
    const { text } = await browser.get(waitingOf(handle))
    expect(text).toMatch(new RegExp(`name="factor" value="${factor}">\\s*<input type="hidden" name="retry" value="1">`))
    const page = await again(handle, factor, { retry: '1' })
    expect(page.status).toBe(303)
    expect((await browser.get(waitingOf(handleIn(page.location)), { accept: 'application/json' })).json()).toMatchObject({ factor, status: 'pending' })
    later(5)
    for (const [language, words] of [['en', 'Sent a moment ago. You can send again in 10\u00a0s.'], ['de', 'Sie können in 10\u00a0s erneut senden.'], ['fr', 'Vous pourrez renvoyer dans 10\u00a0s.'], ['it', 'Potrà inviare di nuovo tra 10\u00a0s.']] as const) {
      expect((await browser.get(page.location as string, { accept: 'text/html', 'accept-language': language })).text).toMatch(new RegExp(`<p role="status">[^<]*${words}</p>`))
    }
    later(15)
    expect((await browser.get(page.location as string)).text).not.toContain('<p role="status">')
    expect(world.asked('approve')).toBe(1)
  })

  it('after 15 s › is sent', async () => {
    const handle = await signIn(browser, 'anna', { factor })
    later(15)
    expect(outcomeOf(await again(handle, factor))).toBe('303 /login/2fa')
    expect(world.asked('approve')).toBe(2)
  })
})

describe('an enrolment by SMS, from the page\'s own form within 15 s', () => {
  const [WRONG, RIGHT] = ['+41790000008', '+41790000009']
  const enrolling = async () => {
    app = await world.start({ strategy: { operation: 'enroll', factors: [sms()] } })
    browser = app.browser()
    return signIn(browser, 'carl', { phone: WRONG })
  }

  it('to a corrected number › is sent', async () => {
    const handle = await enrolling()
    expect(outcomeOf(await again(handle, 'sms', { phone: RIGHT, retry: '1' }))).toBe('303 /login/2fa')
    expect(world.asked('enroll')).toBe(2)
  })

  it('to the same number, written in another way › is not sent', async () => {
    const handle = await enrolling()
    expect(outcomeOf(await again(handle, 'sms', { phone: '+41 79 000 00 08', retry: '1' }))).toBe('303 /login/2fa')
    expect(world.asked('enroll')).toBe(1)
  })

  it('to a corrected number, clicked twice › is sent once', async () => {
    const handle = await enrolling()
    for (let i = 0; i < 2; i++) expect(outcomeOf(await again(handle, 'sms', { phone: RIGHT, retry: '1' }))).toBe('303 /login/2fa')
    expect(world.asked('enroll')).toBe(2)
  })
})

describe('no pause', () => {
  it.each([['another factor', 'push', 'sms'], ['a QR code', 'app', 'app'], ['a recovery code', 'recovery', 'recovery']])('is before %s', async (_name, first, second) => {
    const handle = await signIn(browser, 'anna', { factor: first })
    expect(outcomeOf(await again(handle, second))).toBe('303 /login/2fa')
  })

  it('is after a denial: what was denied has ended', async () => {
    const handle = await signIn(browser, 'anna')
    await world.simulator.phone('anna').deny()
    await browser.get(`/login/2fa/status?transaction=${handle}`)
    expect(outcomeOf(await again(handle, 'push'))).toBe('303 /login/2fa')
  })
})

describe('a switch that is refused, by the page\'s own form', () => {
  const TOO_MANY = failures.too_many_starts.message
  const alertsOf = (text: string) => [...text.matchAll(/role="alert">([^<]*)</g)].map(([, alert]) => alert)

  it('leaves the user on the page of the live request, which says why and can still be approved', async () => {
    app = await world.start({ strategy: { startBudget: { starts: 2, perSeconds: 300 } } })
    browser = app.browser()
    const first = await signIn(browser, 'anna', { factor: 'sms' })
    const handle = handleIn((await again(first, 'push', { retry: '1' })).location)
    expect(outcomeOf(await again(handle, 'sms'))).toBe('too_many_starts')
    const page = await again(handle, 'app', { retry: '1' })
    expect([page.status, page.headers.get('retry-after')]).toEqual([303, null])
    const next = handleIn(page.location)
    expect((await browser.get(waitingOf(next), { accept: 'application/json' })).json()).toMatchObject({ factor: 'push', status: 'pending', failure: 'too_many_starts' })
    const { text } = await browser.get(waitingOf(next))
    // The warning before the end does not advise the user to send the request again, because the limit of starts would refuse that, too.
    expect([alertsOf(text), /data-ends-soon="([^"]*)"/.exec(text)?.[1]]).toEqual([[TOO_MANY], 'Less than half a minute left.'])
    expect(world.events.of('failed').map(({ code }) => code)).toEqual(['too_many_starts', 'too_many_starts'])
    expect((await browser.post('/login', { username: 'anna', password: PASSWORD, factor: 'app', retry: '1' })).status).toBe(429)
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await browser.get(callbackOf(next)))).toBe('success')
  })

  describe.each([
    ['was denied, as only the ledger knows', 'Request not approved', async (handle: string) => {
      await world.simulator.phone('anna').deny()
      await browser.get(`/login/2fa/status?transaction=${handle}`)
    }],
    ['was denied', 'Request not approved', async (handle: string) => {
      await world.simulator.phone('anna').deny()
      await browser.get(callbackOf(handle))
    }],
    ['has expired', 'Request expired', async () => later(130)],
  ] as const)('after the request %s', (_name, heading, end) => {
    it('leaves the user on its page, which says why and offers the other ways', async () => {
      app = await world.start({ strategy: { startBudget: { starts: 2, perSeconds: 300 } } })
      browser = app.browser()
      const handle = handleIn((await again(await signIn(browser, 'anna', { factor: 'sms' }), 'push')).location)
      await end(handle)
      expect((await browser.get(waitingOf(handle))).text).toContain('name="factor" value="sms"><input type="hidden" name="retry" value="1">')
      expect(outcomeOf(await again(handle, 'app'))).toBe('too_many_starts')
      const page = await again(handle, 'app', { retry: '1' })
      expect(page.status).toBe(303)
      const { text } = await browser.get(page.location as string)
      expect([alertsOf(text), text.includes(`>${heading}</h1>`), text.includes('value="sms"')]).toEqual([[TOO_MANY], true, true])
    })
  })

  it('after the request was cancelled, gets the failure', async () => {
    const handle = await signIn(browser, 'anna')
    await browser.post('/login/2fa', { transaction: handle, cancel: '1' })
    expect(outcomeOf(await again(handle, 'fax', { retry: '1' }))).toBe('cancelled')
  })

  it.each([
    ['a factor that is not offered', 'fax', {}, 'unknown_factor'],
    ['a phone of another user', 'push', { authenticatorId: 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa' }, 'unknown_authenticator'],
  ] as const)('because of %s › the same', async (_name, factor, fields, code) => {
    const handle = await signIn(browser, 'anna')
    const { text } = await browser.get((await again(handle, factor, { ...fields, retry: '1' })).location as string)
    expect(alertsOf(text)).toEqual([failures[code].message])
  })
})

it('the field `retry` in the URL makes no request one of the waiting page: it gets the failure', async () => {
  const transaction = await signIn(browser, 'anna', { factor: 'sms' })
  expect(outcomeOf(await browser.post('/login/2fa/callback?retry=1', { transaction, code: '000000' }))).toBe('wrong_code')
  expect(outcomeOf(await browser.post('/login/2fa?retry=1', { transaction, factor: 'fax' }))).toBe('unknown_factor')
  expect(outcomeOf(await browser.post('/login/2fa?retry=1', { transaction, factor: 'sms' }))).toBe('too_many_starts')
})

// The limit allows the user two starts. An approval gives back the starts that led to it. If the refused switch to another phone still counted after the
// approval, the last start of this test would be refused.
it('a switch that is refused costs no start any more after the approval of the request that goes on', async () => {
  app = await world.start({ strategy: { startBudget: { starts: 2, perSeconds: 300 } } })
  browser = app.browser()
  const refused = { authenticatorId: 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa', retry: '1' }
  const handle = handleIn((await again(await signIn(browser, 'anna'), 'push', refused)).location)
  await world.simulator.phone('anna').approve()
  expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
  await signIn(app.browser(), 'anna', { factor: 'sms' })
  expect((await app.browser().post('/login', { username: 'anna', password: PASSWORD })).status).toBe(303)
})

it('two processes that are asked at the same moment send one, and the page of the other says how long to wait', async () => {
  const { ledger } = app.nevis.settings
  const other = await world.start({ strategy: { ledger } })
  const handle = await signIn(browser, 'anna')
  later(15)
  // These `Budgets` stand for a second process: they share the ledger with the first process, but no memory.
  const { endings } = new (jest.requireActual<typeof import('../../src/ledger/budgets')>('../../src/ledger/budgets').Budgets)(other.nevis.settings)
  const sealed = (await app.nevis.settings.keys()).handles.open(handle)
  expect(await endings.claimResend(sealed as never, 15)).toBe(0)
  expect(tally([outcomeOf(await again(handle, 'push'))])).toEqual({ too_many_starts: 1 })
  later(5)
  const { location } = await again(handle, 'push', { retry: '1' })
  const shown = async (url = location as string) => {
    const { text } = await browser.get(url)
    return [/<p role="status">([^<]*)</.exec(text)?.[1], /data-resend="(\d+)"/.exec(text)?.[1]]
  }
  expect(await shown()).toEqual(['Sent a moment ago. You can send again in 10\u00a0s.', '10'])
  // No value of the field `soon` in the URL makes the pause longer than 15 seconds.
  for (const [soon, ...expected] of [['1', undefined, '0'], ['9e99', 'Sent a moment ago. You can send again in 15\u00a0s.', '15'], ['x', undefined, '0']]) {
    expect(await shown(`${waitingOf(handle)}&soon=${soon}`)).toEqual(expected)
  }
  later(10)
  expect(await shown()).toEqual([undefined, '0'])
  expect(world.asked('approve')).toBe(1)
})

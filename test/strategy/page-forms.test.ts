/**
 * Tests a callback that fails. If a form of the waiting page has sent it (field `retry`), the answer leads back to the page, which says why it failed and
 * what the user can do. Any other client gets the failure.
 *
 * Out of scope: a wrong code and a denial (`typed-code.test.ts`), and a switch to another factor (`resend.test.ts`).
 */
import { app as appFactor, failures, MemoryLedger, push, recovery, sms } from '../../src'
import { SharedCache } from '../../src/strategy/shared-cache'
import { handleIn, signIn, waitingOf, type AppOptions, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'
import { lab, outcomeOf } from '../security/support/lab'

const world = lab()
const CALLBACK = '/login/2fa/callback'
const PAGE = '303 /login/2fa'
const HTML = { accept: 'text/html' }

let app: TestApp
let browser: Browser

const start = async (strategy: AppOptions['strategy'] = {}, options: Omit<AppOptions, 'simulator'> = {}) => {
  app = await world.start({ ...options, strategy })
  browser = app.browser()
}
const send = (transaction: string, fields: Record<string, string> = {}) => browser.post(CALLBACK, { transaction, ...fields })
const fromPage = (transaction: string, code = '000000') => send(transaction, { code, retry: '1' })
const view = async (transaction: string) => (await browser.get(waitingOf(transaction), { accept: 'application/json' })).json()

/** The heading, the alerts and the factors that a page offers. */
async function shown(location: string | undefined): Promise<{ heading: string | undefined; alerts: (string | undefined)[]; factors: (string | undefined)[] }> {
  const { text } = await browser.get(location as string, HTML)
  const all = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, found]) => found)
  return { heading: all(/<h1>([^<]*)</g)[0], alerts: all(/role="alert"[^>]*>([^<]*)</g), factors: all(/name="factor" value="(\w+)"/g) }
}

describe('a code from the page', () => {
  describe('after the user\'s codes were locked', () => {
    class LockedLedger extends MemoryLedger {
      override async look(key: string): Promise<number> {
        return key.startsWith('locked:') ? 60 : super.look(key)
      }
    }

    it.each(['sms', 'recovery', 'push'])('ends the request, and the page says so and offers only what needs no code: %s', async (factor) => {
      await start({ ledger: new LockedLedger(), factors: [push(factor === 'push' ? { typedCode: true } : {}), appFactor(), sms(), recovery()] })
      const handle = await signIn(browser, 'anna', { factor })
      const page = await fromPage(handle)
      expect(outcomeOf(page)).toBe(PAGE)
      const without = factor === 'push' ? ['app'] : ['push', 'app']
      expect(await shown(page.location)).toEqual({
        heading: 'Your codes are locked',
        alerts: ['Your codes are locked because too many wrong codes were entered. Please use the Access App, or contact support.'],
        factors: without,
      })
      expect(await view(handleIn(page.location))).toMatchObject({ status: 'failed', failure: 'codes_locked', factors: without })
      expect(world.events.of('failed')).toMatchObject([{ code: 'codes_locked', factor }])
      const other = await browser.post('/login/2fa', { transaction: handle, factor: 'app', retry: '1' })
      expect(await view(handleIn(other.location))).toMatchObject({ factor: 'app', status: 'pending' })
    })

    it('fails for any other client, and the request stays open', async () => {
      await start({ ledger: new LockedLedger() })
      const handle = await signIn(browser, 'anna', { factor: 'sms' })
      expect(outcomeOf(await send(handle, { code: '000000' }))).toBe('codes_locked')
      expect(await view(handle)).toMatchObject({ status: 'pending' })
    })

    it('of a push that the user has denied › does not hide the denial, if afterDenial is stop', async () => {
      await start({ ledger: new LockedLedger(), afterDenial: 'stop', factors: [push({ typedCode: true }), appFactor()] })
      const handle = await signIn(browser, 'anna')
      await fromPage(handle)
      await world.simulator.phone('anna').deny()
      expect(await view(handle)).toMatchObject({ failure: 'codes_locked', factors: [] })
      expect(outcomeOf(await browser.post('/login/2fa', { transaction: handle, factor: 'app', retry: '1' }))).toBe('codes_locked')
    })
  })

  describe('after too many codes of this user in other requests', () => {
    const WAITS = [
      ['en', 'Too many codes were entered for your account. Try again in 2\u00a0minutes.'],
      ['de', 'Für Ihr Benutzerkonto wurden zu viele Codes eingegeben. Versuchen Sie es in 2\u00a0Minuten erneut.'],
      ['fr', 'Trop de codes ont été saisis pour votre compte utilisateur. Réessayez dans 2\u00a0minutes.'],
      ['it', 'Sono stati inseriti troppi codici per il Suo account. Riprovi tra 2\u00a0minuti.'],
    ] as const

    it.each(['sms', 'recovery', 'push'])('leads to the page, which says how long to wait, and the request stays open: %s', async (factor) => {
      await start({ attemptBudget: { attempts: 1, perSeconds: 100 }, factors: [push({ typedCode: true }), sms(), recovery()] }, { page: { changePasswordURL: '/password' } })
      const attacker = app.browser()
      await attacker.post(CALLBACK, { transaction: await signIn(attacker, 'anna', { factor: 'recovery' }), code: 'DDDD-4444' })
      const handle = await signIn(browser, 'anna', { factor })
      const page = await fromPage(handle)
      expect(outcomeOf(page)).toBe(PAGE)
      for (const [language, words] of WAITS) {
        const { text } = await browser.get(page.location as string, { ...HTML, 'accept-language': language })
        expect([text.match(/role="alert" id="nevis-error">([^<]*)</)?.[1], text.includes('href="/password"')]).toEqual([words, true])
      }
      expect(await view(handle)).toMatchObject({ status: 'pending', prompt: 'code' })
      expect(world.events.of('failed').at(-1)).toMatchObject({ code: 'too_many_attempts', factor })
      expect(outcomeOf(await send(handle, { code: '000000' }))).toBe('too_many_attempts')
      world.later(101)
      expect((await shown(page.location)).alerts).toEqual([])
      expect((await shown((await fromPage(handle)).location)).alerts).toEqual(['Incorrect code. Attempts left: 2.'])
    })

    it('leaves the request open, so that the right code signs in after the wait', async () => {
      await start({ attemptBudget: { attempts: 1, perSeconds: 100 } })
      await fromPage(await signIn(browser, 'anna', { factor: 'recovery' }))
      const handle = await signIn(browser, 'anna', { factor: 'sms' })
      const right = /\d{6}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string
      expect(outcomeOf(await fromPage(handle, right))).toBe(PAGE)
      world.later(101)
      expect(outcomeOf(await fromPage(handle, right))).toBe('success')
    })

    it.each(['9e99', 'Infinity', '-1', 'soon'])('never says to wait longer than the limit lasts, whatever a link says: %s', async (wait) => {
      await start({ attemptBudget: { attempts: 1, perSeconds: 100 } })
      const handle = await signIn(browser, 'anna', { factor: 'sms' })
      const { alerts } = await shown(`${waitingOf(handle)}&wait=${wait}`)
      expect(alerts).toEqual(Number(wait) > 0 ? [WAITS[0][1]] : [])
    })
  })

  describe('that is sent twice, by a double click, and ends the request', () => {
    it.each(['codes_locked', 'too_many_attempts'])('leads both times to the page: %s', async (code) => {
      let bothCame: () => void
      const both = new Promise<void>((resolve) => (bothCame = resolve))
      class HoldingLedger extends MemoryLedger {
        override async look(key: string): Promise<number> {
          if (!key.startsWith('locked:')) return super.look(key)
          await both
          return code === 'codes_locked' ? 60 : 0
        }
        override async count(key: string, seconds: number): Promise<number> {
          return key.startsWith('attempts:') ? 6 : super.count(key, seconds)
        }
      }
      await start({ ledger: new HoldingLedger() })
      const handle = await signIn(browser, 'anna', { factor: 'sms' })
      // The two requests share one check of the code. The ledger answers only when the second request joins this check. By then, both have read the session.
      const { get } = SharedCache.prototype
      const keys = new Set<string>()
      jest.spyOn(SharedCache.prototype, 'get').mockImplementation(function (this: SharedCache<unknown>, key, ask) {
        if (keys.has(key)) bothCame()
        keys.add(key)
        return get.call(this, key, ask)
      })
      const pages = await Promise.all([fromPage(handle), fromPage(handle)])
      expect(pages.map(outcomeOf)).toEqual([PAGE, PAGE])
      for (const { location } of pages) {
        expect(location).not.toContain('wait=')
        expect(await view(handleIn(location))).toMatchObject({ status: 'failed', failure: code })
      }
    })
  })

  describe('after the end of the request', () => {
    const ends: Record<string, (handle: string) => Promise<unknown>> = {
      expired_transaction: async () => world.later(121),
      too_many_attempts: async (handle) => {
        for (let i = 0; i < 5; i++) await fromPage(handle)
      },
      not_approved: async (handle) => {
        await world.simulator.phone('anna').deny()
        await fromPage(handle)
      },
    }

    it.each([
      ['expired_transaction', 'sms', 'Request expired', 'Send a new one.'],
      ['expired_transaction', 'recovery', 'Request expired', 'Send a new one.'],
      ['expired_transaction', 'push', 'Request expired', 'Send a new one.'],
      ['too_many_attempts', 'sms', 'Too many wrong codes', 'Request a new one.'],
      ['too_many_attempts', 'push', 'Too many wrong codes', 'Request a new one.'],
      ['not_approved', 'push', 'Request not approved', failures.not_approved.message],
    ])('leads to the page, which says why and offers all factors, also the second time: %s, by %s', async (code, factor, heading, alert) => {
      await start({ factors: [push({ typedCode: true }), appFactor(), sms(), recovery()] })
      const handle = await signIn(browser, 'anna', { factor })
      await (ends[code] as (typeof ends)[string])(handle)
      for (let i = 0; i < 2; i++) {
        const page = await fromPage(handle)
        expect(outcomeOf(page)).toBe(PAGE)
        const { factors, ...words } = await shown(page.location)
        expect([words, factors.toSorted()]).toEqual([{ heading, alerts: [alert] }, ['app', 'push', 'recovery', 'sms']])
      }
      expect(world.events.of('failed').at(-1)).toMatchObject({ code, factor })
      expect(outcomeOf(await send(handle, { code: '000000' }))).toBe(code)
    })

    it('is published once as timed out, if it has expired', async () => {
      await start()
      const handle = await signIn(browser, 'anna', { factor: 'sms' })
      world.later(121)
      for (let i = 0; i < 2; i++) await fromPage(handle)
      expect(world.events.of('decided')).toMatchObject([{ outcome: 'failed', reason: 'timed_out' }])
    })

    it('fails if the user has cancelled: the app leads the user on', async () => {
      await start()
      const handle = await signIn(browser, 'anna', { factor: 'sms' })
      await browser.post('/login/2fa', { transaction: handle, cancel: '1' })
      expect(outcomeOf(await fromPage(handle))).toBe('cancelled')
    })

    it('fails if the user who enrols has another second factor by now: the app leads the user on', async () => {
      await start({ operation: 'enroll', factors: [sms(), appFactor()] })
      const handle = await signIn(browser, 'newcomer', { phone: '+41790000009' })
      world.simulator.faults.add({ on: 'getUser', patch: { status: 'active', authenticators: null } })
      for (let i = 0; i < 2; i++) expect(outcomeOf(await fromPage(handle))).toBe('already_enrolled')
    })
  })

  describe('that is empty', () => {
    const TEXTS = [['en', 'Please enter the code.'], ['de', 'Bitte geben Sie den Code ein.'], ['fr', 'Veuillez saisir le code.'], ['it', 'Inserisca il codice.']] as const

    it.each(['sms', 'recovery', 'push'])('leads back to the field, with the reason beside it, and counts as no attempt: %s', async (factor) => {
      await start({ factors: [push({ typedCode: true }), sms(), recovery()] })
      const handle = await signIn(browser, 'anna', { factor })
      for (const code of ['', '   ', '\u00a0']) {
        const page = await fromPage(handle, code)
        expect(outcomeOf(page)).toBe(PAGE)
        for (const [language, words] of TEXTS) {
          const { text } = await browser.get(page.location as string, { ...HTML, 'accept-language': language })
          expect(text.match(/role="alert" id="nevis-error">([^<]*)</)?.[1]).toBe(words)
          expect(text).toMatch(/<input id="nevis-code"[^>]* aria-invalid="true" aria-errormessage="nevis-error"/)
        }
      }
      expect(await view(handle)).toMatchObject({ status: 'pending', attemptsLeft: 5 })
      const wrong = await fromPage(handle)
      expect((await shown(wrong.location)).alerts).toEqual(['Incorrect code. Attempts left: 4.'])
    })

    it('fails for any other client', async () => {
      await start()
      const handle = await signIn(browser, 'anna', { factor: 'sms' })
      expect(outcomeOf(await send(handle, { code: '  ' }))).toBe('missing_code')
      expect(outcomeOf(await browser.postJson(CALLBACK, { transaction: handle, code: ' ' }))).toBe('missing_code')
    })

    it('writes nothing to the session', async () => {
      let writes = 0
      await start({}, { session: { store: new (class extends (await import('express-session')).default.MemoryStore {
        override set(...given: Parameters<InstanceType<typeof import('express-session')['MemoryStore']>['set']>) {
          writes++
          super.set(...given)
        }
      })() } })
      const handle = await signIn(browser, 'anna', { factor: 'sms' })
      const before = writes
      await fromPage(handle, ' ')
      expect(writes).toBe(before)
    })
  })
})

describe('the other forms of the page that lead to the callback', () => {
  const formWith = (text: string, words: string) => [...text.matchAll(/<form[^>]*>[^]*?<\/form>/g)].map(([form]) => form).find((form) => form.includes(words)) ?? ''
  const fieldsOf = (form: string) => Object.fromEntries([...form.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, name, value]) => [name as string, value as string]))

  it('lead back to the page after the end of the request: new recovery codes', async () => {
    await start()
    const [anna] = world.simulator.users
    await browser.post('/prove', { username: 'anna', userId: anna?.userId as string })
    const page = await browser.post('/factors', { factor: 'recovery' })
    const { text } = await browser.get(page.location as string, HTML)
    world.later(601)
    const after = await browser.post(CALLBACK, fieldsOf(formWith(text, 'I have saved these codes')))
    expect(outcomeOf(after)).toBe(PAGE)
    expect((await shown(after.location)).heading).toBe('Request expired')
  })

  it('lead back to the page after the end of the request: the choice to be remembered, without JavaScript', async () => {
    await start({ rememberBrowser: { days: 30 } })
    const { text } = await browser.get(waitingOf(await signIn(browser, 'anna')), HTML)
    world.later(121)
    const after = await browser.post(CALLBACK, fieldsOf(formWith(text, 'nevis-remember"')))
    expect(outcomeOf(after)).toBe(PAGE)
    expect((await shown(after.location)).heading).toBe('Request expired')
  })
})

/** Tests the waiting page for every factor and state: the page that a user sees, and the same content as JSON. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { metricsOf, app as appFactor, NevisStrategy, push, recordSecondFactor, recovery, requireSecondFactor, sms, waitingPage, widget } from '../../src'
import { NevisSimulator } from '../../src/simulator'
import { callbackOf, handleIn, PASSWORD, signIn, startApp, strategyOptions, waitingOf, type AppOptions, type TestApp, statusOf } from '../support/app'
import type { Browser, Page } from '../support/browser'

let simulator: NevisSimulator
let app: TestApp

const PAGE_OPTIONS = { widgetScript: '/widget.js' }

const start = (options: Partial<AppOptions> = {}) =>
  startApp({
    simulator,
    ...options,
    routes: (express, parts) => {
      express.all('/any-method', waitingPage(parts.nevis, PAGE_OPTIONS))
      express.get('/with-tokens', waitingPage(parts.nevis, { widgetScript: '/own"<.js', csrfToken: () => 'csrf"<&', nonce: () => 'n0nce"<' }))
      express.get('/with-policy', (_req, res, next) => { res.setHeader('Content-Security-Policy', "default-src 'self'"); next() }, waitingPage(parts.nevis, PAGE_OPTIONS))
      express.post('/recorded-callback', parts.passport.authenticate('nevis'), recordSecondFactor(), (_req, res) => void res.json({ action: 'success' }))
      express.post('/more-codes', parts.passport.authenticate('nevis', { operation: 'enroll', factor: 'recovery' }))
      options.routes?.(express, parts)
    },
  })

beforeEach(async () => {
  simulator = await NevisSimulator.start()
  simulator.addUser({ username: 'anna', phone: '+41791234567', recoveryCodes: 2 })
  app = await start()
})

afterEach(async () => {
  jest.restoreAllMocks()
  await app.close()
  await simulator.close()
})

async function restart(options: Partial<AppOptions>): Promise<void> {
  await app.close()
  app = await start(options)
}

const JSON_ONLY = { accept: 'application/json' }
const PAGE = { accept: 'text/html' }

async function started(factor = 'push', username = 'anna', fields: Record<string, string> = {}): Promise<{ browser: Browser; handle: string }> {
  const browser = app.browser()
  return { browser, handle: await signIn(browser, username, { factor, ...fields }) }
}

/** A user must already have another second factor to create recovery codes, so anna first signs in by push. */
async function startedCodes(): Promise<{ browser: Browser; handle: string }> {
  const { browser, handle } = await started()
  await simulator.phone('anna').approve()
  expect((await browser.post('/recorded-callback', { transaction: handle })).json()).toEqual({ action: 'success' })
  return { browser, handle: handleIn((await browser.post('/more-codes')).location) }
}

async function pageFor(factor = 'push'): Promise<Page> {
  const { browser, handle } = await started(factor)
  return expectPage(await browser.get(waitingOf(handle), PAGE))
}

function expectPage(page: Page): Page {
  expect(page.status).toBe(200)
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(page.headers.get('cache-control')).toBe('no-store')
  expect(page.text).toMatch(/^<!doctype html>\n<html lang="en" dir="ltr">/)
  return page
}

const viewOf = async (browser: Browser, handle: string) => (await browser.get(waitingOf(handle), JSON_ONLY)).json()
const later = (ms: number) => {
  const now = Date.now()
  jest.spyOn(Date, 'now').mockReturnValue(now + ms)
}

function formsOf(text: string): { action: string; fields: Record<string, string> }[] {
  return [...text.matchAll(/<form method="post" action="([^"]*)"[^>]*>(.*?)<\/form>/gs)].map(([, action, inner]) => ({
    action: action as string,
    fields: Object.fromEntries([...(inner as string).matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)].map(([, name, value]) => [name, value])),
  }))
}

describe('the page', () => {
  describe('for a push', () => {
    // Shows: CD-experience-1
    it('tells to look at the phone, and offers the other ways', async () => {
      const { browser, handle } = await started()
      const { text } = expectPage(await browser.get(waitingOf(handle), PAGE))
      expect(text).toContain('<h1>Check your phone</h1>')
      expect(text).toContain('data-prompt="wait" data-status="pending"')
      expect(text).toContain(`data-transaction="${handle}"`)
      expect(text).toContain('data-status-url="/login/2fa/status" data-callback-url="/login/2fa/callback"')
      expect(formsOf(text)).toEqual([
        { action: '/login/2fa', fields: { transaction: handle, factor: 'push', retry: '1' } },
        ...['app', 'sms', 'recovery'].map((factor) => ({ action: '/login/2fa', fields: { transaction: handle, factor, retry: '1' } })),
        { action: '/login/2fa', fields: { transaction: handle, cancel: '1' } },
      ])
      for (const label of ['Send again', 'Use a QR code or link', 'Send me a code by SMS', 'Use a recovery code', 'Cancel']) {
        expect(text).toContain(`>${label}</button>`)
      }
      expect(text).not.toContain('name="code"')
    })

    it('offers to look again without JavaScript, and does not refresh by itself', async () => {
      const { browser, handle } = await started()
      const { text } = expectPage(await browser.get(waitingOf(handle), PAGE))
      const again = `<p>Have you finished on your phone?</p><p><a class="nevis-button" href="${waitingOf(handle)}&#38;checked=1">Check now</a></p></div>`
      expect(text).toContain(`<div class="nevis-unscripted">${again}`)
      expect((await browser.get(`${waitingOf(handle)}&checked=1`, PAGE)).text).toContain(`<div class="nevis-unscripted"><p role="status" tabindex="-1" autofocus>No answer yet.</p>${again}`)
      expect(text).not.toContain('http-equiv')
    })

    it('shows no message when there is none', async () => {
      expect((await pageFor()).text).not.toContain('<figure')
    })
  })

  describe('for the app', () => {
    // Shows: C-enrol-app-12, C-approval-3
    it('shows the QR code and the link', async () => {
      const { browser, handle } = await started('app')
      const { qrCode, appLinkUri } = await viewOf(browser, handle)
      const { text } = expectPage(await browser.get(waitingOf(handle), PAGE))
      expect(text).toContain('<h1>Confirm with the app</h1>')
      expect(text).toContain(`<img src="${qrCode}" alt="QR code for the Access App"`)
      expect(text).toContain(`href="${(appLinkUri as string).replaceAll('&', '&#38;')}"`)
    })
  })

  describe.each([
    ['sms', 'Enter the code from the SMS', 'numeric', 'one-time-code'],
    ['recovery', 'Enter a recovery code', 'text', 'off'],
  ])('for a code: %s', (factor, heading, mode, autocomplete) => {
    it('asks for the code in a form that goes to the callback and comes back', async () => {
      const { browser, handle } = await started(factor)
      const { text } = expectPage(await browser.get(waitingOf(handle), PAGE))
      expect(text).toContain(`<h1>${heading}</h1>`)
      expect(text).toContain('data-prompt="code" data-status="pending"')
      expect(formsOf(text).filter(({ action }) => action === '/login/2fa/callback')).toEqual([{ action: '/login/2fa/callback', fields: { transaction: handle, retry: '1' } }])
      expect(text).toMatch(new RegExp(`<input id="nevis-code" name="code" required maxlength="64"[^>]*autocomplete="${autocomplete}" inputmode="${mode}">`))
      expect(text).not.toContain('aria-invalid')
      expect(text).not.toContain('attempt')
    })

    it('does not refresh while a user types', async () => {
      expect((await pageFor(factor)).text).not.toMatch(/http-equiv|Check now/)
    })
  })

  describe('for the widget', () => {
    beforeEach(() => restart({ strategy: { factors: [widget(), push(), appFactor(), sms(), recovery()] } }))

    // Shows: C-widget-2
    it('hands over the intent token, and has a form for the result that goes to the callback by POST', async () => {
      const { browser, handle } = await started('widget')
      const { intentToken } = await viewOf(browser, handle)
      const { text } = expectPage(await browser.get(waitingOf(handle), PAGE))
      expect(text).toContain('<h1 class="nevis-scripted">Confirm that it is you</h1><div class="nevis-unscripted"><h1>The confirmation failed</h1></div>')
      expect(text).toContain('data-prompt="widget" data-status="pending"')
      expect(text).toContain(`<div class="nevis-widget" data-intent-token="${intentToken}"></div>`)
      expect(formsOf(text)).toEqual([
        { action: '/login/2fa/callback', fields: { transaction: handle, token: '' } },
        ...['widget', 'push', 'app', 'sms', 'recovery'].map((factor) => ({ action: '/login/2fa', fields: { transaction: handle, factor, retry: '1' } })),
        { action: '/login/2fa', fields: { transaction: handle, cancel: '1' } },
      ])
      expect(text).toContain('>Start over</button>')
      expect(text).toMatch(/data-widget-failed="The confirmation failed" hidden><p class="nevis-error" role="alert"><span class="nevis-unseen">The confirmation failed\. <\/span>Start over/)
      expect(text.split(intentToken)).toHaveLength(2)
    })

    // Shows: C-widget-2
    it('loads our script, then Nevis\'s, then the app\'s own', async () => {
      const { text } = await pageFor('widget')
      const scripts = [...text.matchAll(/<script src="([^"?]*)[^"]*" defer><\/script>/g)].map(([, src]) => src)
      expect(scripts).toEqual(['/login/2fa', `${simulator.baseURL}/widget/auth.js`, '/widget.js'])
    })

    it('says without JavaScript that it needs it, and does not refresh', async () => {
      const { text } = await pageFor('widget')
      expect(text).toContain('<div class="nevis-unscripted"><p class="nevis-error">This needs JavaScript')
      expect(text).not.toContain('Check now')
    })

    // Shows: C-more-8
    it('opens the policy to the instance as Nevis asks for, and no further', async () => {
      const { headers } = await pageFor('widget')
      expect(headers.get('content-security-policy')).toBe(
        `default-src 'none'; script-src 'self' ${simulator.baseURL}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; ` +
          `form-action 'self'; base-uri 'none'; frame-ancestors 'none'; child-src ${simulator.baseURL}`,
      )
    })

    it.each(['cancelled', 'expired'])('lets no scripts of others in once it is over: %s', async (end) => {
      const { browser, handle } = await started('widget')
      const { intentToken } = await viewOf(browser, handle)
      if (end === 'cancelled') await browser.post('/login/2fa', { transaction: handle, cancel: '1' })
      else later(120_000)
      const { text, headers } = expectPage(await browser.get(waitingOf(handle), PAGE))
      expect(headers.get('content-security-policy')).not.toMatch(/unsafe|http:/)
      expect(text).not.toContain('auth.js')
      expect(text).not.toContain('/widget.js')
      expect(text).not.toContain(intentToken)
    })

    // Shows: C-more-8
    it('leaves the pages of other factors as strict as ever', async () => {
      const { text, headers } = await pageFor('push')
      expect(headers.get('content-security-policy')).not.toMatch(/unsafe|http:|child-src/)
      expect(text).not.toContain('auth.js')
    })

    it('gives the view, as data, with the intent token', async () => {
      const { browser, handle } = await started('widget')
      expect(await viewOf(browser, handle)).toEqual({
        transaction: handle, factor: 'widget', operation: 'approve', prompt: 'widget', status: 'pending', expiresAt: expect.any(String),
        factors: ['widget', 'push', 'app', 'sms', 'recovery'], statusURL: '/login/2fa/status', callbackURL: '/login/2fa/callback',
        intentToken: expect.stringMatching(/^eyJ/),
      })
    })

    it('puts tokens for forms and tags where they belong, escaped', async () => {
      const { browser, handle } = await started('widget')
      const { text } = expectPage(await browser.get(`/with-tokens?transaction=${handle}`, PAGE))
      for (const src of [`${simulator.baseURL}/widget/auth.js`, '/own&#34;&#60;.js']) expect(text).toContain(`<script src="${src}" defer nonce="n0nce&#34;&#60;"></script>`)
      expect(formsOf(text)[0]?.fields).toMatchObject({ token: '', _csrf: 'csrf&#34;&#60;&#38;' })
    })

    it('is not made without a script that starts it', () => {
      const strategy = (factors: NevisStrategy['settings']['factors']) => new NevisStrategy({ ...strategyOptions(simulator), factors, passReqToCallback: false }, () => undefined)
      for (const factor of [widget(), { ...widget(), prompt: 'wait', enrollPrompt: 'widget' } as const]) {
        expect(() => waitingPage(strategy([push(), factor]))).toThrow(new TypeError('waitingPage: widgetScript is needed with the factor widget'))
      }
      expect(() => waitingPage(strategy([push(), widget()]), { widgetScript: 1 as never })).toThrow(new TypeError('waitingPage: widgetScript must be of type string'))
      expect(() => waitingPage(strategy([push()]))).not.toThrow()
    })
  })

  describe('for recovery codes that were just made', () => {
    // Shows: ASVS V14.3.2, C-enrol-other-6
    it('shows them, and goes on without a code', async () => {
      const { browser, handle } = await startedCodes()
      const { recoveryCodes } = await viewOf(browser, handle)
      expect(recoveryCodes.length).toBeGreaterThan(1)
      const { text } = expectPage(await browser.get(waitingOf(handle), PAGE))
      expect(text).toContain('<h1>Your recovery codes</h1>')
      for (const code of recoveryCodes) expect(text).toContain(`<li><code>${code}</code></li>`)
      expect(text).toContain('data-codes dir="ltr" translate="no" data-hx-history="false">')
      expect(text).not.toContain('name="code"')
      // The three forms confirm that the recovery codes are saved, ask for more time, or cancel. No form creates new recovery codes.
      expect(formsOf(text)).toEqual([
        { action: '/login/2fa/callback', fields: { transaction: handle, retry: '1' } },
        { action: '/login/2fa', fields: { transaction: handle, extend: '1' } },
        { action: '/login/2fa', fields: { transaction: handle, cancel: '1' } },
      ])
    })

    // Shows: N-lookup-3
    it('shows the same codes for longer where the user wants more time, ten times and no more', async () => {
      const { browser, handle } = await startedCodes()
      const { recoveryCodes } = await viewOf(browser, handle)
      const asked = simulator.requests.length
      let newest = handle
      const startedAt = Date.now()
      const clock = jest.spyOn(Date, 'now')
      for (let i = 1; i <= 10; i++) {
        clock.mockReturnValue(startedAt + i * 595_000)
        const answer = await browser.post('/login/2fa', { transaction: newest, extend: '1' })
        expect([i, answer.status]).toEqual([i, 303])
        newest = handleIn(answer.location)
      }
      expect(await viewOf(browser, newest)).toMatchObject({ status: 'pending', recoveryCodes })
      clock.mockReturnValue(startedAt + 11 * 595_000)
      expect((await browser.post('/login/2fa', { transaction: newest, extend: '1' })).json()).toMatchObject({ code: 'expired_transaction' })
      expect(simulator.requests).toHaveLength(asked)
      expect((await browser.post('/login/2fa/callback', { transaction: newest })).json()).toMatchObject({ action: 'success' })
      expect((await browser.post('/login/2fa', { transaction: newest, extend: '1' })).json()).toMatchObject({ code: 'used_transaction' })
    })

    it('can still be confirmed after the user got more time, even if a process that knows only the first link has given the codes up', async () => {
      const { browser, handle } = await startedCodes()
      const startedAt = Date.now()
      const at = (seconds: number) => void jest.spyOn(Date, 'now').mockReturnValue(startedAt + seconds * 1000)
      await browser.get(statusOf(handle))
      at(500)
      const [first, second] = await Promise.all([1, 2].map(() => browser.clone().post('/login/2fa', { transaction: handle, extend: '1' })))
      expect([first?.status, second?.status]).toEqual([303, 303])
      at(700)
      metricsOf(app.nevis)
      await new Promise((resolve) => setImmediate(resolve))
      expect((await browser.post('/login/2fa/callback', { transaction: handleIn(second?.location) })).json()).toMatchObject({ action: 'success' })
    })

    it.each<[string, string, string]>([['push', 'extend', 'unknown_factor'], ['recovery', 'extend', 'unknown_factor']])('does not lengthen a transaction that must still exist at Nevis: %s', async (factor, field, code) => {
      const { browser, handle } = await started(factor)
      expect((await browser.post('/login/2fa', { transaction: handle, [field]: '1' })).json()).toMatchObject({ code })
    })

    it('gives no time to a stranger, by a link, or once it was cancelled', async () => {
      const { browser, handle } = await startedCodes()
      expect((await app.browser().post('/login/2fa', { transaction: handle, extend: '1' })).json()).toMatchObject({ code: 'unknown_transaction' })
      expect((await browser.get(`${callbackOf(handle)}&extend=1`)).json()).toMatchObject({ code: 'start_requires_post' })
      await browser.post('/login/2fa', { transaction: handle, cancel: '1' })
      expect((await browser.post('/login/2fa', { transaction: handle, extend: '1' })).json()).toMatchObject({ code: 'cancelled' })
    })

    it('offers to print and to copy them only where that works: with JavaScript', async () => {
      const { browser, handle } = await startedCodes()
      const { text } = expectPage(await browser.get(waitingOf(handle), PAGE))
      expect(text).toContain('<button type="button" data-print="Check that the codes have been printed." hidden>Print</button>')
      expect(text).toContain('<button type="button" data-copy="Copied ✓" hidden>Copy</button>')
    })

    it('gives ten minutes to write them down, and then shows them no more', async () => {
      const { browser, handle } = await startedCodes()
      later(599_000)
      expect((await viewOf(browser, handle)).recoveryCodes).toHaveLength(10)
      later(600_000)
      const view = await viewOf(browser, handle)
      expect(view).toMatchObject({ status: 'expired', failure: 'expired_transaction' })
      expect(view).not.toHaveProperty('recoveryCodes')
      expect((await browser.get(waitingOf(handle), PAGE)).text).not.toContain('<code>')
      expect((await browser.post('/login/2fa/callback', { transaction: handle })).json()).toMatchObject({ code: 'expired_transaction' })
    })
  })

  describe('for the enrolment of a phone number', () => {
    const PHONE_INPUT = /<label for="nevis-phone">[^<]+<\/label>\s*<input id="nevis-phone" name="phone" type="tel" required/

    it('asks for the code, and for the number again where another text is wanted', async () => {
      await restart({ strategy: { operation: 'enroll' } })
      const { browser, handle } = await started('sms', 'newcomer', { phone: '+41790000001' })
      const { text } = expectPage(await browser.get(waitingOf(handle), PAGE))
      expect(text).toContain('<p>We sent a code to <bdi class="nevis-number" dir="ltr" aria-hidden="true">•••• 0001</bdi><span class="nevis-unseen">the number ending in 0001</span>. Enter it here.</p>')
      expect(formsOf(text).filter(({ action }) => action === '/login/2fa/callback')).toEqual([{ action: '/login/2fa/callback', fields: { transaction: handle, retry: '1' } }])
      expect(text).toMatch(PHONE_INPUT)
      expect(text).not.toContain('41790000001')
    })

    it('asks for the number where SMS is the other way', async () => {
      await restart({ strategy: { operation: 'enroll' } })
      const { browser, handle } = await started('app', 'newcomer')
      const { text } = expectPage(await browser.get(waitingOf(handle), PAGE))
      expect(text).toMatch(PHONE_INPUT)
      expect(text.match(/id="nevis-phone"/g)).toHaveLength(1)
      const [, pattern] = /pattern="([^"]+)"/.exec(text) as unknown as [string, string]
      for (const [number, fits] of [['+41 79 123 45 67', true], ['+41-79-123-45-67', true], ['079 123 45 67', false], ['+41 (0)79', false], ['+', false]] as const) {
        expect([number, new RegExp(`^(?:${pattern})$`, 'v').test(number)]).toEqual([number, fits])
      }
      const next = await browser.post('/login/2fa', { transaction: handle, factor: 'sms', phone: ' +41 79 000-00 01 ' })
      expect(next.status).toBe(303)
      expect(simulator.requests.at(-1)?.body).toMatchObject({ channel: 'sms', phone: '+41790000001' })
    })

    it('is not asked for at an approval', async () => {
      expect((await pageFor()).text).not.toContain('name="phone"')
      expect((await pageFor('sms')).text).not.toContain('name="phone"')
    })
  })

  describe('for the enrolment of the app', () => {
    // Shows: C-enrol-2
    it('says so, in its own words, and shows the QR code', async () => {
      await restart({ strategy: { operation: 'enroll' } })
      const { browser, handle } = await started('app', 'newcomer')
      const { text } = expectPage(await browser.get(waitingOf(handle), PAGE))
      expect(text).toContain('<h1>Set up the Access App</h1>')
      expect(text).toContain('<li>Install the Access App on your phone. If the app is already there, go to step 2.</li>')
      expect(text).toContain(
        '<li><span class="nevis-scripted">Follow the steps in the app. This page then continues by itself.</span><span class="nevis-unscripted">Follow the steps in the app. Then check below whether the set-up is complete.</span></li>',
      )
      // The page does not offer recovery codes, because a user without a second factor cannot begin with recovery codes.
      expect(text).not.toContain('<button>Create recovery codes</button>')
      expect(text).toContain('<img src="data:image/png;base64,')
    })

    // Shows: CD-enrol-1, T-enrol-10
    it.each([
      ['en', 'Do not show or send this code to anyone, not even to our support staff.'],
      ['de', 'Zeigen oder senden Sie diesen Code niemandem, auch nicht unserem Support.'],
      ['fr', 'Ne montrez ni n’envoyez ce code à personne, pas même à notre assistance.'],
      ['it', 'Non mostri né invii questo codice a nessuno, nemmeno alla nostra assistenza.'],
    ])('warns beside the QR code that no other person may scan it, and not beside the QR code of an approval: %s', async (tag, warning) => {
      const { browser, handle } = await started('app')
      const approval = await browser.get(waitingOf(handle), { ...PAGE, 'accept-language': tag })
      expect(approval.text).toContain('<img src="data:image/png;base64,')
      expect(approval.text).not.toContain(warning)
      await restart({ strategy: { operation: 'enroll' } })
      const enrolling = await started('app', 'newcomer')
      const { text } = await enrolling.browser.get(waitingOf(enrolling.handle), { ...PAGE, 'accept-language': tag })
      expect(text).toMatch(new RegExp(`<p class="nevis-warning">${warning}[^<]*</p><div class="nevis-app">\\s*<img src="data:image/png;base64,`))
    })
  })

  describe('for an enrolment', () => {
    // Shows: CD-short-1
    it.each([[{}, 600], [{ enrollmentLifetimeSeconds: 90, lifetimeSeconds: 30 }, 90]])('waits longer than for a tap: %j', async (lifetimes, seconds) => {
      await restart({ strategy: { operation: 'enroll', ...lifetimes } })
      const { browser, handle } = await started('sms', 'newcomer', { phone: '+41790000001' })
      later((seconds - 1) * 1000)
      expect(await viewOf(browser, handle)).toMatchObject({ status: 'pending' })
      jest.restoreAllMocks()
      later(seconds * 1000)
      expect(await viewOf(browser, handle)).toMatchObject({ status: 'expired' })
    })
  })

  describe('with a message', () => {
    it.each([
      ['Pay 5 < 6 & "7"?', 'Pay 5 &#60; 6 &#38; &#34;7&#34;?'],
      ['<script>alert(1)</script>', '&#60;script&#62;alert(1)&#60;/script&#62;'],
      ['<html><b>Pay</b> 5 &lt; 6<br/>now</html>', '<b>Pay</b> 5 &#60; 6<br/>now'],
    ])('shows what the phone shows: %s', async (message, shown) => {
      await restart({ strategy: { message } })
      for (const factor of ['push', 'app']) {
        const { text } = await pageFor(factor)
        expect(text).toContain(`<blockquote>${shown}</blockquote>`)
        expect(text).not.toContain('<script>')
      }
    })
  })

  describe('after a wrong code', () => {
    it('comes back and says how many are left', async () => {
      const { browser, handle } = await started('sms')
      for (const [left, words] of [[4, 'Attempts left: 4'], [3, 'Attempts left: 3'], [2, 'Attempts left: 2'], [1, 'Attempts left: 1']] as const) {
        const back = await browser.post('/login/2fa/callback', { ...(formsOf((await browser.get(waitingOf(handle), PAGE)).text)[0]?.fields), code: 'x' })
        expect(back.status).toBe(303)
        const page = expectPage(await browser.get(back.location as string, PAGE))
        expect(page.text).toContain(`role="alert" id="nevis-error">Incorrect code. ${words}.</p>`)
        expect(page.text).toContain('aria-invalid="true" aria-errormessage="nevis-error"')
        expect((await browser.get(back.location as string, JSON_ONLY)).json()).toMatchObject({ status: 'pending', attemptsLeft: left, failure: 'wrong_code' })
      }
    })

    it.each([
      ['sms', 'en', 'Request a new one.', 'Send me a code by SMS'],
      ['recovery', 'en', 'Start over or choose another way.', 'Send a request to my phone'],
      ['recovery', 'de', 'Beginnen Sie neu oder wählen Sie eine andere Methode.', 'Anfrage an mein Telefon senden'],
      ['recovery', 'fr', 'Recommencez ou choisissez un autre moyen.', 'Envoyer une demande à mon téléphone'],
      ['recovery', 'it', 'Ricominci o scelga un altro metodo.', 'Invia una richiesta al mio telefono'],
    ])('says after the last code of %s, in %s, what the user can do: no recovery code can be requested', async (factor, language, sentence, button) => {
      const { browser, handle } = await started(factor)
      for (let i = 0; i < 5; i++) await browser.post('/login/2fa/callback', { transaction: handle, code: 'x', retry: '1' })
      const { text } = await browser.get(waitingOf(handle), { ...PAGE, 'accept-language': language })
      expect(text).toContain(`role="alert">${sentence}</p>`)
      expect(/<button class="nevis-button">([^<]*)/.exec(text)?.[1]).toBe(button)
      // After wrong recovery codes, the user can still choose recovery codes, but the page offers them last.
      const offered = formsOf(text).map(({ fields }) => fields['factor']).filter((name) => name !== undefined)
      expect([offered.indexOf(factor), offered.length]).toEqual([factor === 'recovery' ? 3 : 0, 4])
    })

    it('says after the last recovery code of a user without another factor that the user can use another code', async () => {
      await restart({ strategy: { factors: [recovery()] } })
      const { browser, handle } = await started('recovery')
      for (let i = 0; i < 5; i++) await browser.post('/login/2fa/callback', { transaction: handle, code: 'x', retry: '1' })
      const { text } = await browser.get(waitingOf(handle), { ...PAGE, 'accept-language': 'de' })
      expect(text).toContain('role="alert">Versuchen Sie es mit einem neuen Code.</p>')
      expect(text).toContain('<button class="nevis-button">Wiederherstellungscode verwenden</button>')
    })

    it('says that it is over after the last', async () => {
      const { browser, handle } = await started('sms')
      let back: Page | undefined
      for (let i = 0; i < 5; i++) back = await browser.post('/login/2fa/callback', { transaction: handle, code: 'x', retry: '1' })
      expect(back?.status).toBe(303)
      const page = expectPage(await browser.get(back?.location as string, PAGE))
      expect(page.text).toContain('<h1>Too many wrong codes</h1>')
      expect(page.text).toContain('<p class="nevis-error" role="alert">Request a new one.</p>')
      expect(page.text).not.toContain('name="code"')
      expect(await viewOf(browser, handle)).toMatchObject({ status: 'failed', attemptsLeft: 0, failure: 'too_many_attempts' })
    })
  })

  describe('of a transaction that is over', () => {
    /** @param sentence the sentence below the heading; undefined if the page must show no such sentence */
    const over = async (browser: Browser, handle: string, heading: string, sentence: string | undefined) => {
      const { text } = expectPage(await browser.get(waitingOf(handle), PAGE))
      expect(text).toContain(`<h1>${heading}</h1>`)
      expect(/<p class="nevis-error" role="alert">([^<]*)<\/p>/.exec(text)?.[1]).toBe(sentence)
      expect(text).not.toContain('http-equiv="refresh"')
      expect(text).not.toContain('data-countdown')
      expect(text).not.toContain('name="code"')
      return text
    }

    it('says that it was not approved, and offers other ways', async () => {
      const { browser, handle } = await started()
      await simulator.phone('anna').deny()
      expect(await viewOf(browser, handle)).toMatchObject({ status: 'failed', failure: 'not_approved' })
      expect(formsOf(await over(browser, handle, 'Request not approved', 'You declined the request, or it was not answered in time. If you did not start this sign-in, change your password.'))).toHaveLength(5)
    })

    it('says the same when the callback has closed it', async () => {
      const { browser, handle } = await started()
      await simulator.phone('anna').deny()
      expect((await browser.get(callbackOf(handle))).json()).toMatchObject({ code: 'not_approved' })
      const asked = simulator.requests.length
      expect(await viewOf(browser, handle)).toMatchObject({ status: 'failed', failure: 'not_approved' })
      await over(browser, handle, 'Request not approved', 'You declined the request, or it was not answered in time. If you did not start this sign-in, change your password.')
      expect(simulator.requests).toHaveLength(asked)
    })

    it('says that the time is over', async () => {
      for (const factor of ['push', 'sms']) {
        const { browser, handle } = await started(factor)
        later(120_000)
        expect(await viewOf(browser, handle)).toMatchObject({ status: 'expired', failure: 'expired_transaction' })
        await over(browser, handle, 'Request expired', 'Send a new one.')
        expect((await browser.get(callbackOf(handle))).json()).toMatchObject({ code: 'expired_transaction' })
        expect(await viewOf(browser, handle)).toMatchObject({ status: 'expired', failure: 'expired_transaction' })
        jest.restoreAllMocks()
      }
    })

    it('says that it was cancelled, and offers nothing more', async () => {
      const { browser, handle } = await started()
      expect((await browser.post('/login/2fa', { transaction: handle, cancel: '1' })).json()).toMatchObject({ code: 'cancelled' })
      expect(await viewOf(browser, handle)).toMatchObject({ status: 'failed', failure: 'cancelled' })
      expect(formsOf(await over(browser, handle, 'Request cancelled', undefined))).toEqual([])
    })
  })

  describe('of a transaction that was approved', () => {
    it('goes to the callback and logs no user in by itself', async () => {
      const { browser, handle } = await started()
      await simulator.phone('anna').approve()
      const page = await browser.get(waitingOf(handle), PAGE)
      expect(page.status).toBe(303)
      expect(page.location).toBe(callbackOf(handle))
      expect(page.headers.get('cache-control')).toBe('no-store')
      expect((await browser.get('/me')).json()).toEqual({ user: null })
      expect(app.verified).toHaveLength(0)
      expect((await browser.get(page.location as string)).json()).toMatchObject({ action: 'success' })
    })

    it('goes to a callback that has a query already', async () => {
      await restart({ strategy: { callbackURL: '/login/2fa/callback?tenant=1' } })
      const { browser, handle } = await started()
      await simulator.phone('anna').approve()
      expect((await browser.get(waitingOf(handle), PAGE)).location).toBe(`/login/2fa/callback?tenant=1&transaction=${handle}`)
    })
  })
})

describe('the page for a handle', () => {
  const expectStranger = (page: Page, code: string, heading: string, sentence: string, link: string) => {
    expect(page.status).toBe(403)
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(page.text).toContain(`<h1>${heading}</h1>`)
    expect(page.text).toContain(`>${sentence}</p>`)
    expect(page.text).toContain(`<p><a class="nevis-button" href="/">${link}</a></p>`)
    expect(page.text).not.toContain('<form')
    expect(page.text).not.toContain('data-transaction')
    expect(page.text).not.toContain('http-equiv')
    expect(page.text).not.toContain(code)
  }
  const UNKNOWN = 'This request was started in another browser or has ended. Please sign in again.'
  const EXPLAINED = 'This sign-in was started in another browser or has ended. For your security this link cannot be used.'

  describe('of another session', () => {
    it.each(['pending', 'approved'])('explains, and shows and does nothing: %s', async (state) => {
      const { handle } = await started(state === 'approved' ? 'push' : 'app')
      if (state === 'approved') await simulator.phone('anna').approve()
      const asked = simulator.requests.length
      const stranger = app.browser()
      expectStranger(await stranger.get(waitingOf(handle), PAGE), 'unknown_transaction', 'Invalid link', EXPLAINED, 'Go to sign-in')
      const page = await stranger.get(waitingOf(handle), JSON_ONLY)
      expect(page.status).toBe(403)
      expect(page.json()).toEqual({ code: 'unknown_transaction', message: UNKNOWN })
      expect((await stranger.get('/me')).json()).toEqual({ user: null })
      expect(simulator.requests).toHaveLength(asked)
      expect(app.verified).toHaveLength(0)
    })
  })

  describe('that does not open', () => {
    it.each(['garbage', '', 'A'.repeat(9000), 'x&transaction=y', '%00', '%3Cscript%3E'])('explains: %s', async (handle) => {
      const page = await app.browser().get(waitingOf(handle), PAGE)
      expectStranger(page, 'unknown_transaction', 'Invalid link', EXPLAINED, 'Go to sign-in')
      expect(page.text).not.toContain('<script>')
    })
  })

  describe('that was used', () => {
    it('says so to the signed-in user, and nothing more', async () => {
      const { browser, handle } = await started()
      await simulator.phone('anna').approve()
      await browser.get(callbackOf(handle))
      expectStranger(await browser.get(waitingOf(handle), PAGE), 'used_transaction', 'Nothing to confirm here', 'You are signed in. This request has ended, or it does not belong to this sign-in.', 'Continue')
      expect((await browser.get(waitingOf(handle), JSON_ONLY)).json()).toEqual({
        code: 'used_transaction', message: 'This approval has already been used. Please start again.',
      })
    })
  })

  describe('that was never answered, in another browser of the signed-in user', () => {
    it('says that there is nothing to confirm, and not that it was approved', async () => {
      const { handle } = await started()
      const other = await started()
      await simulator.phone('anna').approve()
      await other.browser.get(callbackOf(other.handle))
      const page = await other.browser.get(waitingOf(handle), PAGE)
      expectStranger(page, 'used_transaction', 'Nothing to confirm here', 'You are signed in. This request has ended, or it does not belong to this sign-in.', 'Continue')
      expect(page.text).not.toMatch(/\b(done|completed|approved)\b/i)
    })
  })

  describe('without a session', () => {
    it('ends in an error that says what is missing', async () => {
      await restart({ session: false })
      const page = await app.browser().get(waitingOf('x'), PAGE)
      expect(page.status).toBe(500)
      expect(page.json()).toMatchObject({ action: 'error', name: 'StorageError', code: 'SESSION_REQUIRED' })
    })
  })
})

describe('the view, as data', () => {
  const common = (handle: string, factor: string, prompt: string) => ({
    transaction: handle, factor, operation: 'approve', prompt, status: 'pending', expiresAt: expect.stringMatching(/^\d{4}-.*Z$/),
    factors: ['push', 'app', 'sms', 'recovery'], statusURL: '/login/2fa/status', callbackURL: '/login/2fa/callback',
    ...(prompt === 'wait' && { authenticatorsURL: `/login/2fa?transaction=${handle}&authenticators=1` }),
  })

  describe('of each factor', () => {
    // Shows: ASVS V14.3.2
    it('holds exactly the documented fields: push', async () => {
      const { browser, handle } = await started()
      const page = await browser.get(waitingOf(handle), JSON_ONLY)
      expect(page.status).toBe(200)
      expect(page.headers.get('content-type')).toBe('application/json; charset=utf-8')
      expect(page.headers.get('cache-control')).toBe('no-store')
      expect(page.json()).toEqual(common(handle, 'push', 'wait'))
    })

    it('holds exactly the documented fields: push with a message', async () => {
      await restart({ strategy: { message: 'Sign in?', data: 'secret' } })
      const { browser, handle } = await started()
      expect(await viewOf(browser, handle)).toEqual({ ...common(handle, 'push', 'wait'), message: 'Sign in?' })
    })

    // Shows: ASVS V14.2.6
    it('holds exactly the documented fields: app', async () => {
      const { browser, handle } = await started('app')
      expect(await viewOf(browser, handle)).toEqual({
        ...common(handle, 'app', 'wait'), qrCode: expect.stringMatching(/^data:image\/png;base64,/), appLinkUri: expect.stringMatching(/^https?:/),
      })
    })

    // Shows: ASVS V15.3.1
    it.each(['sms', 'recovery'])('holds exactly the documented fields: %s', async (factor) => {
      const { browser, handle } = await started(factor)
      const asked = simulator.requests.length
      expect(await viewOf(browser, handle)).toEqual({ ...common(handle, factor, 'code'), attemptsLeft: 5 })
      expect(simulator.requests).toHaveLength(asked)
    })

    // Shows: ASVS V14.2.6, C-enrol-app-10
    it('never holds the status token or the userId', async () => {
      for (const factor of ['push', 'app', 'sms', 'recovery']) {
        const { browser, handle } = await started(factor)
        const sealed = (await app.nevis.settings.keys()).handles.open(handle)
        const { text } = await browser.get(waitingOf(handle), JSON_ONLY)
        if (sealed?.statusToken !== undefined) expect(text).not.toContain(sealed.statusToken)
        expect(text).not.toContain(simulator.users[0]?.userId)
        expect(text).not.toContain('41791234567')
      }
    })
  })

  describe('of a transaction that was approved', () => {
    it('says so, and leaves the way to the callback to the page', async () => {
      const { browser, handle } = await started()
      await simulator.phone('anna').approve()
      const page = await browser.get(waitingOf(handle), JSON_ONLY)
      expect(page.status).toBe(200)
      expect(page.json()).toEqual({ ...common(handle, 'push', 'wait'), status: 'succeeded' })
    })
  })

  describe('of an enrolment', () => {
    it('names the factors that can be enrolled', async () => {
      await restart({ strategy: { operation: 'enroll' } })
      const { browser, handle } = await started('app', 'newcomer')
      expect(await viewOf(browser, handle)).toMatchObject({ operation: 'enroll', prompt: 'wait', factors: ['app', 'sms'] })
    })

    it('holds exactly the documented fields: recovery', async () => {
      const { browser, handle } = await startedCodes()
      expect(await viewOf(browser, handle)).toEqual({
        ...common(handle, 'recovery', 'confirm'), operation: 'enroll', factors: ['app', 'sms', 'recovery'], recoveryCodes: expect.any(Array),
      })
    })
  })

  describe('while Nevis cannot be reached', () => {
    it('is still pending', async () => {
      const { browser, handle } = await started()
      simulator.faults.add({ on: 'getStatus', status: 500 })
      expect(await viewOf(browser, handle)).toEqual(common(handle, 'push', 'wait'))
    })
  })
})

describe('the headers of the page', () => {
  describe('for its policy', () => {
    // Shows: T-handle-3
    it('allow nothing from elsewhere, no frame and no referrer', async () => {
      const { headers } = await pageFor()
      const policy = headers.get('content-security-policy')
      for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"]) {
        expect(policy).toContain(rule)
      }
      expect(policy).not.toContain('unsafe')
      expect(headers.get('referrer-policy')).toBe('strict-origin')
      expect(headers.get('x-frame-options')).toBeNull()
      expect(headers.get('x-content-type-options')).toBe('nosniff')
    })

    it('are set for an explanation too', async () => {
      expect((await app.browser().get(waitingOf('x'), PAGE)).headers.get('content-security-policy')).toContain("default-src 'none'")
    })

    it('leave the app\'s own as it is', async () => {
      const { browser, handle } = await started()
      const page = expectPage(await browser.get(`/with-policy?transaction=${handle}`, PAGE))
      expect(page.headers.get('content-security-policy')).toBe("default-src 'self'")
    })

    // Each case: what the app's policy does, the app's `Content-Security-Policy`, its `X-Frame-Options`, and the `X-Frame-Options` of the waiting page.
    // Browsers ignore `X-Frame-Options` if a policy contains `frame-ancestors` (Content Security Policy Level 3, 6.4.2.1).
    it.each<[string, string | string[], string | undefined, string | null]>([
      ['says nothing of frames', "default-src 'self'", undefined, 'DENY'],
      ['only seems to say something of frames', "default-src 'self'; x-frame-ancestors 'none'; frame-ancestorss 'none'", undefined, 'DENY'],
      ['bars frames', "default-src 'self'; frame-ancestors 'none'", undefined, null],
      ['bars frames, in other letters', "Frame-Ancestors 'self'", undefined, null],
      ['is two policies, of which one bars frames', ["default-src 'self'", "frame-ancestors 'self'"], undefined, null],
      ['says nothing of frames, beside a header that does', "default-src 'self'", 'SAMEORIGIN', 'SAMEORIGIN'],
    ])('keep the page out of frames where the app\'s policy %s', async (_what, policy, frames, expected) => {
      await restart({
        routes: (express, { nevis }) => express.get('/own', (_req, res, next) => {
          res.setHeader('Content-Security-Policy', policy)
          if (frames !== undefined) res.setHeader('X-Frame-Options', frames)
          next()
        }, waitingPage(nevis)),
      })
      const { browser, handle } = await started()
      const { headers } = expectPage(await browser.get(`/own?transaction=${handle}`, PAGE))
      expect(headers.get('x-frame-options')).toBe(expected)
      expect(headers.get('content-security-policy')).toBe([policy].flat().join(', '))
    })

    it('match a page without script or style of its own', async () => {
      for (const factor of ['push', 'app', 'sms']) {
        const { text } = await pageFor(factor)
        expect(text).not.toMatch(/<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)/)
      }
    })
  })

  describe('for another method', () => {
    it('answer HEAD like GET, without the body', async () => {
      const { browser, handle } = await started()
      const [get, head] = [await browser.get(waitingOf(handle), PAGE), await browser.send('HEAD', waitingOf(handle), PAGE)]
      expect([head.status, head.text]).toEqual([200, ''])
      for (const name of ['content-type', 'content-length', 'content-security-policy', 'cache-control']) {
        expect(head.headers.get(name)).toBe(get.headers.get(name))
      }
    })

    it.each(['POST', 'PUT', 'DELETE'])('answer 405 to %s', async (method) => {
      const { browser, handle } = await started()
      const page = await browser.send(method, `/any-method?transaction=${handle}`, PAGE)
      expect(page.status).toBe(405)
      expect(page.headers.get('allow')).toBe('GET, HEAD')
      expect(page.text).toBe('')
    })
  })
})

describe('csrfToken and nonce', () => {
  describe('given as functions', () => {
    it('reach every form and both tags, escaped', async () => {
      for (const factor of ['push', 'sms']) {
        const { browser, handle } = await started(factor)
        const { text } = expectPage(await browser.get(`/with-tokens?transaction=${handle}`, PAGE))
        const forms = formsOf(text)
        expect(forms.length).toBeGreaterThan(4)
        for (const { fields } of forms) expect(fields['_csrf']).toBe('csrf&#34;&#60;&#38;')
        expect(text).toMatch(/<script src="[^"]*" defer nonce="n0nce&#34;&#60;">/)
        expect(text).toMatch(/<link rel="stylesheet" href="[^"]*" nonce="n0nce&#34;&#60;">/)
      }
    })
  })

  describe('not given', () => {
    it('leave no trace', async () => {
      const { text } = await pageFor('sms')
      expect(text).not.toContain('_csrf')
      expect(text).not.toContain('nonce')
    })
  })

  describe('given as something else', () => {
    it.each([
      ['csrfToken', { csrfToken: 'x' }],
      ['nonce', { nonce: 'x' }],
      ['csrf', { csrf: () => 'x' }],
    ])('are refused at the start of the app, by name: %s', (option, options) => {
      expect(() => waitingPage(app.nevis, options as never)).toThrow(TypeError)
      expect(() => waitingPage(app.nevis, options as never)).toThrow(new RegExp(`^waitingPage: .*\\b${option}\\b`))
    })
  })
})

describe('the page of a request that the user has replaced', () => {
  it('leads to the newest request while that one is pending, in the language of the link, and in no other session', async () => {
    await restart({ page: { languages: ['en', 'de'] } })
    const { browser, handle } = await started('push')
    const second = handleIn((await browser.post('/login/2fa', { transaction: handle, factor: 'sms' })).location)
    const newest = handleIn((await browser.post('/login/2fa', { transaction: second, factor: 'recovery' })).location)
    const { status, location } = await browser.get(`${waitingOf(handle)}&language=de`, PAGE)
    expect([status, location]).toEqual([303, expect.stringMatching(/^\/login\/2fa\?language=de&transaction=/)])
    expect((await browser.get(location as string, PAGE)).text).toContain('<html lang="de"')
    const view = (await browser.get(waitingOf(handle), JSON_ONLY)).json() as { transaction: string }
    expect(view).toMatchObject({ factor: 'recovery', status: 'pending', prompt: 'code' })
    expect((await app.browser().get(waitingOf(handle), PAGE)).status).toBe(403)

    expect((await browser.post('/login/2fa/callback', { transaction: view.transaction, code: '0' })).json()).toMatchObject({ code: 'wrong_code' })
    await browser.post('/login/2fa', { transaction: newest, cancel: '1' })
    expect(expectPage(await browser.get(waitingOf(handle), PAGE)).text).toContain('<h1>Request cancelled</h1>')
  })

  it.each(['confirmed', 'cancelled'])('in a step-up › leads to the newest request and, once that one was %s, back to the page before the step-up', async (how) => {
    await restart({ routes: (express, { passport }) => void express.get('/account', requireSecondFactor({ maxAgeSeconds: 300, redirectTo: '/login/2fa' })).post('/proof', passport.authorize('nevis'), (_req, res) => void res.end()) })
    const browser = app.browser()
    const { userId } = simulator.addUser({ username: 'ben', phone: '+41797654321' })
    await browser.post('/prove', { username: 'ben', userId })
    later(400_000)
    expect((await browser.get('/account', PAGE)).location).toBe('/login/2fa')
    const handle = handleIn((await browser.post('/login/2fa')).location)
    const newest = handleIn((await browser.post('/login/2fa', { transaction: handle, factor: 'sms' })).location)
    expect(handleIn((await browser.get(waitingOf(handle), PAGE)).location)).not.toBe(handle)
    if (how === 'cancelled') await browser.post('/login/2fa', { transaction: newest, cancel: '1' })
    else expect((await browser.post('/proof', { transaction: newest, code: /\d{6}/.exec(simulator.sms('ben').at(-1) as string)?.[0] as string })).status).toBe(200)
    const { text } = await browser.get(waitingOf(handle), PAGE)
    expect(text).toContain(how === 'cancelled' ? '<h1>Request cancelled</h1>' : '<h1>Nothing to confirm here</h1>')
    expect(text).toContain('<a class="nevis-button" href="/account">Continue</a>')
  })

  it('does not lead to a newer request that has expired', async () => {
    const { browser, handle } = await started('push')
    await browser.post('/login/2fa', { transaction: handle, factor: 'sms' })
    const now = Date.now
    jest.spyOn(Date, 'now').mockImplementation(() => now() + 130_000)
    expectPage(await browser.get(waitingOf(handle), PAGE))
  })
})

describe('the page\'s own files', () => {
  const linksOf = (text: string) => ({
    script: /<script src="([^"]*)"/.exec(text)?.[1]?.replaceAll('&#38;', '&') as string,
    style: /<link rel="stylesheet" href="([^"]*)"/.exec(text)?.[1]?.replaceAll('&#38;', '&') as string,
  })

  describe('as the page links them', () => {
    it.each([
      ['script', 'text/javascript; charset=utf-8', '"use strict"'],
      ['style', 'text/css; charset=utf-8', '{'],
    ] as const)('are served to anybody, to be kept for ever by the browser alone under an address that tells their content: %s', async (name, type, content) => {
      const link = linksOf((await pageFor()).text)[name]
      const page = await app.browser().get(link)
      expect(page.status).toBe(200)
      expect(page.headers.get('content-type')).toBe(type)
      expect(page.headers.get('cache-control')).toBe('private, max-age=31536000, immutable')
      expect(page.headers.get('x-content-type-options')).toBe('nosniff')
      expect(page.headers.getSetCookie()).toEqual([])
      expect(page.text).toContain(content)
      expect(new URL(link, app.origin).searchParams.get('v')).toBe(createHash('sha256').update(page.text).digest('hex').slice(0, 12))
    })

    it('are small: the script has at most 8 KB, compressed', async () => {
      const { script, style } = linksOf((await pageFor()).text)
      const size = async (link: string) => gzipSync((await app.browser().get(link)).text, { level: 9 }).length
      expect(await size(script)).toBeLessThan(8192)
      expect(await size(style)).toBeLessThan(4324)
    })

    // A browser that does not know `light-dark()` drops every declaration that uses a variable with this function: then borders and buttons vanish.
    it('need no light-dark(), which is unknown to Chrome before 123, Firefox before 120 and Safari before 17.5: in the package and in the example app', async () => {
      const { style } = linksOf((await pageFor()).text)
      const own = ['style.css', 'brand.css'].map((file) => readFileSync(join(__dirname, '../../example-app/public', file), 'utf8'))
      for (const text of [(await app.browser().get(style)).text, ...own]) expect(text.includes('light-dark(')).toBe(false)
    })

    it.each([['the hash of another version', '&v=0123456789ab'], ['no hash', ''], ['two hashes', '&v=a&v=b']])('are not kept under an address with %s', async (_what, query) => {
      for (const name of ['script', 'style']) {
        const page = await app.browser().get(`/login/2fa?asset=${name}${query}`)
        expect([page.status, page.headers.get('cache-control')]).toEqual([200, 'no-store'])
      }
    })

    it('are found where the waiting URL has a query of its own', async () => {
      await restart({ strategy: { waitingURL: '/login/2fa?tenant=1' } })
      const browser = app.browser()
      const { location } = await browser.post('/login', { username: 'anna', password: PASSWORD })
      expect(location).toMatch(/^\/login\/2fa\?tenant=1&transaction=/)
      const links = linksOf(expectPage(await browser.get(location as string, PAGE)).text)
      expect((await browser.get(links.script)).headers.get('content-type')).toBe('text/javascript; charset=utf-8')
      expect((await browser.get(links.style)).headers.get('content-type')).toBe('text/css; charset=utf-8')
    })
  })

  describe('by another name', () => {
    it.each(['other', 'constructor', '__proto__', '../waiting-page.ts', ''])('are none: %j', async (name) => {
      const page = await app.browser().get(`/login/2fa?asset=${encodeURIComponent(name)}`, PAGE)
      expect(page.status).toBe(403)
      expect(page.headers.get('cache-control')).toBe('no-store')
    })
  })
})

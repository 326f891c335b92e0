/**
 * Tests the payment of an invoice that the user approves on the phone, and attacks on this payment. An attacker who controls the browser has an approval that
 * the user gave for one payment. With this approval, the attacker tries to pay another amount, another invoice, another user's invoice, or the same invoice
 * twice.
 */
import type { Browser, Page } from '../support/browser'
import { circumstances, nevisComesBack, nevisGoesDown, sixMinutesLater } from './circumstances'
import { callbackOf, choose, hiddenField, signIn, startExample, submit, type Running } from './support'

const DENTIST = 'Zahnarztpraxis Müller & Keller'
const POWER = 'Stadtwerke Neuwil'

let app: Running
beforeAll(async () => {
  app = await startExample(circumstances)
})
beforeEach(() => sixMinutesLater(app))
afterAll(() => app.stop())

const page = { accept: 'text/html' }
const transactionIn = (waiting: string) => new URLSearchParams(waiting.split('?')[1]).get('transaction') as string

async function rowOf(browser: Browser, payee: string): Promise<string> {
  const { text } = await browser.get('/invoices', page)
  return text.split('<li>').find((part) => part.includes(`<strong>${payee.replace('&', '&#38;')}</strong>`)) as string
}

const isPaid = async (browser: Browser, payee: string) => !(await rowOf(browser, payee)).includes('<form')

/** The address to which the payment form posts. */
async function addressOf(browser: Browser, payee: string): Promise<string> {
  return /action="(\/invoices\/\d+\/pay)"/.exec(await rowOf(browser, payee))?.[1] as string
}

/** The address to which the app redirects after a failed payment of the payee's invoice. */
async function afterFailure(browser: Browser, payee: string): Promise<string> {
  return `/invoices?unpaid=${(await addressOf(browser, payee)).split('/')[2] as string}`
}

async function pressPay(browser: Browser, payee: string, fields: Record<string, string> = {}): Promise<Page> {
  return submit(browser, '/invoices', await addressOf(browser, payee), fields)
}

/** @returns the address of the waiting page */
async function startPaying(browser: Browser, payee: string, fields: Record<string, string> = {}): Promise<string> {
  const { location } = await pressPay(browser, payee, fields)
  expect(location).toMatch(/^\/login\/2fa\?transaction=/)
  return location as string
}

/** The app is started once for this file, and each of its users has three invoices. So each of these tests pays an invoice that no other test pays. */
describe('paying an invoice', () => {
  it('without a login › is refused', async () => {
    const browser = app.browser()
    expect((await browser.get('/invoices', page)).location).toBe('/login')
    expect((await submit(browser, '/login', '/invoices/1/pay')).location).toBe('/login')
  })

  it('denied on the phone › pays nothing', async () => {
    const browser = await signIn(app, 'ben')
    const waiting = await startPaying(browser, POWER)
    await app.phone('ben').deny()
    const { location } = await browser.get(callbackOf(waiting))
    expect(location).toBe(await afterFailure(browser, POWER))
    expect((await browser.get(waiting, page)).text).toContain(`<dd><bdi>CHF\u00a086.15</bdi></dd></div><div><dt>To</dt><dd><bdi>${POWER}</bdi></dd></div><div><dt>Status</dt><dd><bdi>Nothing was paid with this request`)
    expect((await browser.get(location as string, page)).text).toContain(`Nothing was paid: CHF\u00a086.15 to ${POWER} is still open. If your phone still shows the request, deny it there.`)
    expect((await browser.get('/invoices', page)).text).not.toContain('Nothing was paid')
    expect(await isPaid(browser, POWER)).toBe(false)
  })

  it.each(['sms', 'recovery'])('by %s, which does not show what is signed › is refused, at the start and later', async (factor) => {
    const browser = await signIn(app, 'anna')
    const back = await afterFailure(browser, POWER)
    expect((await pressPay(browser, POWER, { factor })).location).toBe(back)
    expect((await browser.get('/invoices', page)).text).toContain('This way to confirm is not available here. Please choose another one.')
    const waiting = await startPaying(browser, POWER)
    expect((await choose(browser, waiting, { factor })).location).toBe(back)
    await app.phone('anna').deny()
  })

  it('by a user without a phone › is refused with the reason', async () => {
    const browser = app.browser()
    const { username, password, recoveryCodes } = app.account('clara')
    const waiting = (await submit(browser, '/login', '/login', { username, password, factor: 'recovery' })).location as string
    await submit(browser, waiting, '/login/2fa/callback', { transaction: transactionIn(waiting), code: recoveryCodes[0] as string })
    expect(await rowOf(browser, POWER)).not.toContain('<form')
    expect((await browser.get('/invoices', page)).text).toContain('To pay, you need the Access App')
  })
})

describe('an attack', () => {
  it('by a link › a GET asks no user and pays nothing', async () => {
    const browser = await signIn(app, 'ben')
    expect((await browser.get(await addressOf(browser, POWER), page)).location).toBe('/invoices')
    expect(await app.phone('ben').requests()).toBe(0)
    expect(await isPaid(browser, POWER)).toBe(false)
  })

  it.each([['en', 'Nothing was paid. The invoice is still open. If your phone still shows the request, deny it there.', 'All invoices'], ['de', 'Es wurde nichts bezahlt. Die Rechnung ist noch offen. Zeigt Ihr Telefon die Anfrage noch an, lehnen Sie sie dort ab.', 'Alle Rechnungen']])('while Nevis is down › says that nothing was paid, and leads to the invoices (%s)', async (language, sentences, button) => {
    const browser = await signIn(app, 'ben')
    await browser.get(`/language/${language}`)
    const address = await addressOf(browser, POWER)
    const form = hiddenField((await browser.get('/invoices', page)).text, '_csrf')
    await nevisGoesDown(app)
    const answer = await browser.post(address, { _csrf: form }, page)
    await nevisComesBack(app)
    expect([answer.status, answer.text.includes(`<strong>${sentences}</strong>`), answer.text.includes(`<a class="button" href="/invoices">${button}</a>`)]).toEqual([503, true, true])
    expect(await isPaid(browser, POWER)).toBe(false)
  })

  it('whose start has failed › stays open, and the link to the other language leads to the invoices', async () => {
    const browser = await signIn(app, 'ben')
    const address = await addressOf(browser, POWER)
    const form = hiddenField((await browser.get('/invoices', page)).text, '_csrf')
    await nevisGoesDown(app)
    const { text } = await browser.post(address, { _csrf: form }, page)
    await nevisComesBack(app)
    const link = /<a href="(\/language\/de[^"]*)"/.exec(text)?.[1] as string
    const { location } = await browser.get(link)
    expect(location).toBe(address)
    expect((await browser.get(location as string, page)).location).toBe('/invoices')
  })

  it('by a form of another site › without its token it is refused with 403, and no user is asked', async () => {
    const browser = await signIn(app, 'ben')
    expect((await browser.post(await addressOf(browser, POWER))).status).toBe(403)
    expect(await app.phone('ben').requests()).toBe(0)
  })

  it('with an invoice of another user › fails with 404, and no user is asked', async () => {
    const [ben, anna] = [await signIn(app, 'ben'), await signIn(app, 'anna')]
    const address = await addressOf(anna, POWER)
    expect((await submit(ben, '/invoices', address)).status).toBe(404)
    expect((await ben.get(address.replace('pay', 'receipt'), page)).status).toBe(404)
    expect([await app.phone('ben').requests(), await app.phone('anna').requests()]).toEqual([0, 0])
    expect(await isPaid(anna, POWER)).toBe(false)
  })

  it('with an approval of something else › brought to the address of an invoice, it pays nothing', async () => {
    const browser = await signIn(app, 'ben')
    const stepUp = (await submit(browser, '/step-up', '/step-up', { factor: 'push' })).location as string
    await app.phone('ben').approve()
    const payment = await startPaying(browser, DENTIST)
    await app.phone('ben').approve()
    const target = await addressOf(browser, POWER)
    for (const waiting of [stepUp, payment]) {
      expect((await submit(browser, '/invoices', target, { transaction: transactionIn(waiting) })).status).toBe(303)
    }
    expect([await isPaid(browser, POWER), await isPaid(browser, DENTIST)]).toEqual([false, false])
  })

  it('with another amount at the start or in the callback › pays what the phone has shown', async () => {
    const browser = await signIn(app, 'ben')
    const other = (await addressOf(browser, DENTIST)).split('/')[2] as string
    const lies = { amount: '0.05', payee: DENTIST, message: 'Pay nothing?', id: other, 'data[amount]': '0.05', data: '{"amount":"0.05"}', kind: 'login' }
    const waiting = await startPaying(browser, POWER, lies)
    expect(await app.phone('ben').message()).toBe(`Pay CHF\u00a086.15 to ${POWER}?`)
    await app.phone('ben').approve()
    const form = await browser.get('/invoices', page)
    const fields = { _csrf: hiddenField(form.text, '_csrf'), transaction: transactionIn(waiting), ...lies }
    const { location } = await browser.post(`/login/2fa/callback?amount=0.05&id=${other}`, fields, page)
    const receipt = await browser.get(location as string, page)
    expect(receipt.text).toContain('CHF\u00a086.15')
    expect(receipt.text).toContain(POWER)
    expect([await isPaid(browser, POWER), await isPaid(browser, DENTIST)]).toEqual([true, false])
    const id = (location as string).split('/')[2] as string
    for (const unpaid of [id, '7000', 'x']) expect((await browser.get(`/invoices?unpaid=${unpaid}`, page)).text).not.toContain('Nothing was paid')
  })

  it('with the callback again, ten at once and one later › pays once', async () => {
    const browser = await signIn(app, 'ben')
    const waiting = await startPaying(browser, DENTIST)
    expect(await app.phone('ben').message()).toBe(`Pay CHF\u00a0240.50 to ${DENTIST}?`)
    await app.phone('ben').approve()
    const tabs = Array.from({ length: 10 }, () => browser.clone())
    const answers = await Promise.all(tabs.map((tab) => tab.get(callbackOf(waiting), page)))
    const receipts = answers.filter(({ location }) => location?.endsWith('/receipt'))
    expect(receipts).toHaveLength(1)
    const winner = tabs[answers.indexOf(receipts[0] as Page)] as Browser
    const before = (await winner.get(receipts[0]?.location as string, page)).text
    await sixMinutesLater(app)
    expect((await winner.get(callbackOf(waiting), page)).location).toBe('/account')
    const paidAt = (text: string) => /datetime="([^"]+)"/.exec(text)?.[1]
    expect(paidAt((await winner.get(receipts[0]?.location as string, page)).text)).toBe(paidAt(before))
  })
})

describe('two payments', () => {
  it('of the same invoice, signed in two browsers › pay once, and the second is told', async () => {
    const [one, other] = [await signIn(app, 'anna'), await signIn(app, 'anna')]
    const waiting = [await startPaying(one, DENTIST), await startPaying(other, DENTIST)] as const
    await app.phone('anna').approve()
    await app.phone('anna').approve()
    expect((await one.get(callbackOf(waiting[0]), page)).location).toMatch(/\/receipt$/)
    expect((await other.get(callbackOf(waiting[1]), page)).location).toBe('/invoices')
    expect((await other.get('/invoices', page)).text).toContain('Nothing was paid: the invoice has changed, or was paid before.')
  })

  it('in two tabs › are each paid, the later one first, and a form of a third tab is still good', async () => {
    const browser = await signIn(app, 'anna')
    const form = hiddenField((await browser.get('/transfer', page)).text, '_csrf')
    const first = await startPaying(browser, POWER)
    const second = await startPaying(browser, 'Alpine Mutual')
    expect(await app.phone('anna').requests()).toBe(2)
    await app.phone('anna').approve()
    await app.phone('anna').approve()
    for (const [waiting, amount] of [[second, '1&#39;250.00'], [first, '86.15']] as const) {
      const { location } = await browser.get(callbackOf(waiting), page)
      expect((await browser.get(location as string, page)).text).toContain(`CHF\u00a0${amount}`)
    }
    expect((await browser.post('/transfer', { _csrf: form, recipient: 'Ben', amount: '50' }, page)).location).toBe('/account')
  })
})

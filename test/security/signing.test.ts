/**
 * The attack: the app carries out something else than what was signed on the phone.
 *
 * The attacker controls the victim's browser, or can write into sessions. The attacker wants the user to approve one payment, and the app to carry out another
 * one. For this, the attacker puts another amount into the callback's fields, or into the session between start and callback, or sends another transaction. Or
 * the attacker wants one approval to be carried out twice, or to be given with a factor that shows no message. PSD2 calls the protection dynamic linking: the
 * app carries out exactly what was shown.
 */
import { atLeast, htmlMessage, push, recordSecondFactor, sms, type NevisProfile } from '../../src'
import type { Browser, Page } from '../support/browser'
import { handleIn, PASSWORD, signIn, waitingOf, type AppOptions, type TestApp } from '../support/app'
import { lab, outcomeOf } from './support/lab'

const world = lab()

interface Payment {
  readonly amount: string
  readonly payee: string
}
type Transactions = Record<string, Record<string, unknown>>
type Change = (transactions: Transactions, parts: { one: string; two: string }) => Transactions

const messageOf = ({ amount, payee }: Payment) => htmlMessage`Pay <b>${amount} CHF</b> to ${payee}?`
const paymentOf = ({ body }: { body?: unknown }): Payment => ({ amount: (body as Payment).amount, payee: (body as Payment).payee })

let executed: unknown[]
let change: Change | undefined
let handles: { one: string; two: string }

/**
 * Three callback routes carry out the payment. `/paid` records the second factor, which gives the session a new id. `/paid-only` does not record the second
 * factor. `/signed` signs the user in and keeps the content of the session.
 */
const routes: NonNullable<AppOptions['routes']> = (web, { passport }) => {
  const execute = (req: import('express').Request, res: import('express').Response) => {
    const { data, message } = req.authInfo?.nevis as NevisProfile
    executed.push(data)
    res.json({ action: 'success', data, message, isFrozen: Object.isFrozen(req.authInfo?.nevis) })
  }
  const signing = { message: (req: object) => messageOf(paymentOf(req)), data: paymentOf }
  web.post('/password', passport.authenticate('local'), (_req, res) => void res.end())
  web.post('/pay', passport.authorize('nevis', signing))
  web.post('/pay-on-phone', passport.authorize('nevis', { ...signing, factors: atLeast('push') }))
  web.post('/pay-nowhere', passport.authorize('nevis', { ...signing, factors: ['none'] }))
  web.post('/pay-wrongly', passport.authorize('nevis', { ...signing, factors: 'push' as never }))
  web.all('/paid', passport.authorize('nevis'), recordSecondFactor(), execute)
  web.all('/paid-only', passport.authorize('nevis'), execute)
  web.all('/signed', passport.authenticate('nevis', { keepSessionInfo: true }), recordSecondFactor(), execute)
  web.post('/tamper', (req, res) => {
    const session = req.session as unknown as { nevis: { transactions: Transactions } }
    const { transactions } = structuredClone(session.nevis)
    const [one, two] = Object.keys(transactions).sort((a, b) => Number(transactions[a]?.['startedAt']) - Number(transactions[b]?.['startedAt'])) as [string, string]
    session.nevis = { ...session.nevis, transactions: (change as Change)(transactions, { one, two }) }
    res.end()
  })
}

const start = (strategy: AppOptions['strategy'] = {}) => world.start({ routes, strategy: { startBudget: { starts: 100, perSeconds: 300 }, ...strategy } })

let app: TestApp
beforeEach(async () => {
  executed = []
  app = await start()
})

async function signedIn(username = 'anna'): Promise<Browser> {
  const browser = app.browser()
  await browser.post('/password', { username, password: PASSWORD })
  return browser
}

const FIVE: Payment = { amount: '5.00', payee: 'Ben & Söhne' }
const FORTY: Payment = { amount: '40.00', payee: 'Clara' }
const pay = async (browser: Browser, payment: Payment = FIVE, path = '/pay') => handleIn((await browser.post(path, { ...payment })).location)
const waiting = (message: string) => world.simulator.phone('anna').waiting.find((request) => request.message === message)?.transactionId as string
const approve = (payment: Payment = FIVE) => world.simulator.phone('anna').approve(waiting(messageOf(payment)))

describe('a payment that is signed', () => {
  // Shows: C-approval-6, C-approval-8
  it('is shown on the phone and on the page alike, has to be accepted explicitly, and is what the app gets', async () => {
    const browser = await signedIn()
    const handle = await pay(browser)
    const message = '<html>Pay <b>5.00 CHF</b> to Ben &amp; Söhne?</html>'
    expect(world.simulator.requests.at(-1)).toMatchObject({ operation: 'approve', body: { message, prompt: true } })
    expect(world.simulator.phone('anna').waiting).toMatchObject([{ message }])
    expect((await browser.get(waitingOf(handle), { accept: 'application/json' })).json()).toMatchObject({ message })
    const page = (await browser.get(waitingOf(handle), { accept: 'text/html' })).text
    expect(page).toContain('<blockquote>Pay <b>5.00 CHF</b> to Ben &#38; Söhne?</blockquote>')
    await approve()
    expect((await browser.get(`/paid?transaction=${handle}`)).json()).toEqual({ action: 'success', data: FIVE, message, isFrozen: true })
  })

  it('is not executed when it is denied, nor before it is approved', async () => {
    const browser = await signedIn()
    const handle = await pay(browser)
    expect(outcomeOf(await browser.get(`/paid?transaction=${handle}`))).toBe('303 /login/2fa')
    await world.simulator.phone('anna').deny()
    expect((await browser.get(`/paid?transaction=${handle}`)).status).toBe(401)
    expect(executed).toEqual([])
  })

  it('shows markup of the payee as text, on the page as well', async () => {
    const browser = await signedIn()
    const handle = await pay(browser, { amount: '5.00', payee: '</html><b onclick="x">Ben</b><script>' })
    const page = (await browser.get(waitingOf(handle), { accept: 'text/html' })).text
    expect(page).toContain('to &#60;/html&#62;&#60;b onclick=&#34;x&#34;&#62;Ben&#60;/b&#62;&#60;script&#62;?</blockquote>')
  })

  // Shows: C-sms-2
  it('reads as text in an SMS, where the app offers that', async () => {
    app = await start({ factors: [push(), sms({ message: (message) => `${message} Code: {{CODE}}` })] })
    const browser = await signedIn()
    await browser.post('/pay', { ...FIVE, factor: 'sms' })
    expect(world.simulator.sms('anna').at(-1)).toMatch(/^Pay 5\.00 CHF to Ben & Söhne\? Code: \d+$/)
  })
})

describe('what the browser sends again', () => {
  const changed = { amount: '9999.00', payee: 'Mallory', data: '{"amount":"9999.00"}', message: 'Pay 9999.00?' }
  const query = new URLSearchParams(changed).toString()

  // Shows: ASVS V15.3.3, T-purpose-1
  it.each<[string, (browser: Browser, handle: string) => Promise<Page>]>([
    ['in the body of the callback', (browser, handle) => browser.post('/paid', { transaction: handle, ...changed })],
    ['in its JSON body', (browser, handle) => browser.postJson('/paid', { transaction: handle, ...changed, data: { amount: '9999.00' } })],
    ['in its query', (browser, handle) => browser.get(`/paid?transaction=${handle}&${query}`)],
    ['in both', (browser, handle) => browser.post(`/paid?${query}`, { transaction: handle, ...changed })],
  ])('changes nothing %s', async (_name, finish) => {
    const browser = await signedIn()
    const handle = await pay(browser)
    await approve()
    expect((await finish(browser, handle)).json()).toMatchObject({ action: 'success', data: FIVE, message: messageOf(FIVE) })
    expect(executed).toEqual([FIVE])
  })

  it('changes nothing where the factor is changed', async () => {
    const browser = await signedIn()
    const first = await pay(browser)
    const second = handleIn((await browser.post('/pay', { transaction: first, factor: 'app', ...changed })).location)
    const view = (await browser.get(waitingOf(second), { accept: 'application/json' })).json() as { message: string; appLinkUri: string }
    expect(view.message).toBe(messageOf(FIVE))
    await world.simulator.phone('anna').scan(view.appLinkUri)
    await world.simulator.phone('anna').approve()
    expect((await browser.get(`/paid?transaction=${second}`)).json()).toMatchObject({ data: FIVE })
    expect(executed).toEqual([FIVE])
  })

  it('is another payment where it is started anew, with a message of its own', async () => {
    const browser = await signedIn()
    const first = await pay(browser)
    const second = await pay(browser, { ...FIVE, amount: '9999.00' })
    await approve()
    expect(outcomeOf(await browser.get(`/paid?transaction=${second}`))).toBe('303 /login/2fa')
    expect((await browser.get(`/paid?transaction=${first}`)).json()).toMatchObject({ data: FIVE })
    expect(executed).toEqual([FIVE])
  })
})

describe('what was changed in the session between start and callback', () => {
  const put = (field: string, value: unknown): Change => (all, { one }) => ({ ...all, [one]: { ...all[one], [field]: value } })
  const swapped = (...fields: string[]): Change => (all, { one, two }) => {
    const taken = (from: string) => Object.fromEntries(fields.map((field) => [field, all[from]?.[field]]))
    return { ...all, [one]: { ...all[one], ...taken(two) }, [two]: { ...all[two], ...taken(one) } }
  }
  const changes: [string, Change][] = [
    ['the amount', put('data', { ...FIVE, amount: '9999.00' })],
    ['the payee', put('data', { ...FIVE, payee: 'Mallory' })],
    ['a field more', put('data', { ...FIVE, currency: 'BTC' })],
    ['a number for a string', put('data', { ...FIVE, amount: 5 })],
    ['no data', put('data', undefined)],
    ['the message', put('message', 'Sign in?')],
    ['no message', put('message', undefined)],
    ['the operation', put('operation', 'enroll')],
    ['the subject', put('subject', { username: 'ben' })],
    ['the user whom Nevis named', put('userId', '00000000-0000-4000-8000-000000000000')],
    ['the factor', put('factor', 'recovery')],
    ['the factors that will do', put('factors', ['recovery'])],
    ['the login it was started in', put('login', undefined)],
    ['its end', put('expiresAt', Date.now() + 1e9)],
    ['its beginning', put('startedAt', 0)],
    ['its id', put('id', 'another')],
    ['its digest', put('digest', 'AAAA')],
    ['no digest, as of a version that knew none', put('digest', undefined)],
    ['data and message, together', (all, { one }) => ({ ...all, [one]: { ...all[one], data: FORTY, message: messageOf(FORTY) } })],
    ['the data of another transaction', swapped('data')],
    ['the message of another transaction', swapped('message')],
    ['data and message of another transaction', swapped('data', 'message')],
    ['data, message and digest of another transaction', swapped('data', 'message', 'digest')],
    ['the status token of another transaction', swapped('statusToken')],
    ['the status token of another transaction, and its digest', swapped('statusToken', 'statusTokenDigest')],
    ['another transaction in its place', (all, { one, two }) => ({ [one]: all[two] as object, [two]: all[one] as object }) as Transactions],
  ]
  // Shows: ASVS V7.5.3, T-purpose-2, C-approval-8
  it.each(changes)('is refused with binding_mismatch, and nothing is executed: %s', async (_name, tamper) => {
    const browser = await signedIn()
    const handle = await pay(browser, FIVE)
    await pay(browser, FORTY)
    await approve(FIVE)
    await approve(FORTY)
    change = tamper
    await browser.post('/tamper')
    const asked = world.operations().length
    for (let i = 0; i < 2; i++) {
      const page = await browser.get(`/paid?transaction=${handle}`)
      expect(page.status).toBe(403)
    }
    expect(executed).toEqual([])
    expect(world.operations()).toHaveLength(asked)
    const suspicious = world.events.of('suspicious')
    expect(suspicious).toMatchObject([{ reason: 'binding_mismatch', field: 'digest' }, { field: 'digest' }])
    expect(JSON.stringify(world.events.of('failed'))).toContain('binding_mismatch')
    // The event must contain the values in the encrypted handle of the URL, not those that the attacker has written into the session.
    // The pattern finds the attacker's values only as a whole, because a random UUID in the event may contain some of the same digits.
    expect(JSON.stringify(suspicious)).not.toMatch(/\bben\b|Mallory|9999\.00/)
  })

  it('is refused before another factor is asked, and for a cancel', async () => {
    const browser = await signedIn()
    const handle = await pay(browser)
    change = put('data', FORTY)
    await browser.post('/tamper')
    for (const fields of [{ factor: 'app' }, { factor: 'push' }, { cancel: '1' }]) {
      expect((await browser.post('/login/2fa', { transaction: handle, ...fields })).json()).toMatchObject({ action: 'fail', code: 'binding_mismatch' })
    }
    expect(world.asked('approve')).toBe(1)
  })

  it('is not taken for the same payment, pending, when that one is started', async () => {
    const browser = await signedIn()
    await pay(browser, FIVE)
    // The attacker changes the pending payment in the session from FIVE to FORTY. The phone still shows FIVE.
    change = (all, { one }) => ({ [one]: { ...all[one], data: FORTY, message: messageOf(FORTY) } })
    await browser.post('/tamper')
    const handle = await pay(browser, FORTY)
    await approve(FIVE)
    expect(outcomeOf(await browser.get(`/paid?transaction=${handle}`))).toBe('303 /login/2fa')
    expect(executed).toEqual([])
    await approve(FORTY)
    expect((await browser.get(`/paid?transaction=${handle}`)).json()).toMatchObject({ data: FORTY })
  })

  it('is not refused where a store only gives the names back in another order', async () => {
    const browser = await signedIn()
    const handle = await pay(browser)
    await approve()
    const turned = (value: unknown): unknown =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).reverse().map(([name, field]) => [name, turned(field)]))
        : value
    change = (all) => turned(all) as Transactions
    await browser.post('/tamper')
    expect((await browser.get(`/paid?transaction=${handle}`)).json()).toMatchObject({ data: FIVE })
  })
})

describe('two payments that wait in two tabs of one session', () => {
  describe.each(['/paid', '/paid-only', '/signed'])('with the callback %s', (callback) => {
    // Shows: C-approval-8
    it.each([[[0, 1]], [[1, 0]]])('are executed once each, in the order %j', async (order) => {
      const browser = await signedIn()
      const payments = [FIVE, FORTY]
      handles = { one: await pay(browser, FIVE), two: await pay(browser, FORTY) }
      const tabs = [handles.one, handles.two]
      await approve(FIVE)
      await approve(FORTY)
      for (const i of order) expect((await browser.get(`${callback}?transaction=${tabs[i]}`)).json()).toMatchObject({ action: 'success', data: payments[i] })
      for (const handle of tabs) expect((await browser.get(`${callback}?transaction=${handle}`)).status).toBe(403)
      expect(executed).toEqual(order.map((i) => payments[i]))
    })

    it('are executed once each, all callbacks at once', async () => {
      const browser = await signedIn()
      const tabs = [await pay(browser, FIVE), await pay(browser, FORTY)]
      await approve(FIVE)
      await approve(FORTY)
      await Promise.all(Array.from({ length: 20 }, (_, i) => browser.clone().get(`${callback}?transaction=${tabs[i % 2]}`)))
      for (const payment of [FIVE, FORTY]) expect(executed.filter((one) => JSON.stringify(one) === JSON.stringify(payment)).length).toBeLessThanOrEqual(1)
      expect(executed.length).toBeGreaterThan(0)
    })
  })

  // Shows: ASVS V6.6.2
  it('do not count for each other', async () => {
    const browser = await signedIn()
    const [five, forty] = [await pay(browser, FIVE), await pay(browser, FORTY)]
    await approve(FIVE)
    expect(outcomeOf(await browser.get(`/paid?transaction=${forty}`))).toBe('303 /login/2fa')
    expect((await browser.get(`/paid?transaction=${five}`)).json()).toMatchObject({ data: FIVE })
    expect(executed).toEqual([FIVE])
  })
})

describe('a route that wants it signed where it is shown', () => {
  it('starts no other factor, neither at once nor later, and its page offers none', async () => {
    const browser = await signedIn()
    expect((await browser.post('/pay-on-phone', { ...FIVE, factor: 'recovery' })).status).toBe(400)
    const handle = await pay(browser, FIVE, '/pay-on-phone')
    expect((await browser.get(waitingOf(handle), { accept: 'application/json' })).json()).toMatchObject({ factor: 'push', factors: ['push', 'app'] })
    for (const factor of ['sms', 'recovery']) {
      expect((await browser.post('/login/2fa', { transaction: handle, factor })).json()).toMatchObject({ action: 'fail', code: 'unknown_factor' })
    }
    const other = handleIn((await browser.post('/login/2fa', { transaction: handle, factor: 'app' })).location)
    expect((await browser.post('/login/2fa', { transaction: other, factor: 'sms' })).json()).toMatchObject({ code: 'unknown_factor' })
    expect(world.simulator.sms('anna')).toEqual([])
  })

  it('does not take for it the same payment that another route started', async () => {
    const browser = await signedIn()
    await pay(browser, FIVE)
    const handle = await pay(browser, FIVE, '/pay-on-phone')
    expect((await browser.get(waitingOf(handle), { accept: 'application/json' })).json()).toMatchObject({ factors: ['push', 'app'] })
  })

  it.each(['/pay-nowhere', '/pay-wrongly'])('is a mistake of the programmer where it names none: %s', async (path) => {
    const page = await (await signedIn()).post(path, { ...FIVE })
    expect(page.json()).toMatchObject({ action: 'error', name: 'TypeError' })
    expect(world.operations()).toEqual([])
  })
})

describe('a payment in the session of another user', () => {
  it('is not executed: a handle is good only where it was started', async () => {
    const handle = await pay(await signedIn())
    await approve()
    expect((await (await signedIn('ben')).get(`/paid?transaction=${handle}`)).status).toBe(403)
    expect(executed).toEqual([])
  })

  // Shows: ASVS V8.2.2
  it('is not executed once another user is signed in there', async () => {
    const browser = await signedIn('ben')
    const handle = await signIn(browser, 'anna')
    await world.simulator.phone('anna').approve()
    expect((await browser.get(`/paid?transaction=${handle}`)).status).toBe(403)
    expect(executed).toEqual([])
  })
})

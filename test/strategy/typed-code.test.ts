/**
 * Signing in by a push with a code that the user types: `push({ typedCode: true })`, and a custom factor with a typed code.
 *
 * Out of scope: attacks (`test/security/typed-code.test.ts`), and the text on the phone (`test/factors/typed-code.test.ts`).
 */
import session from 'express-session'
import { randomInt, randomUUID } from 'node:crypto'
import { app as appFactor, htmlMessage, MemoryLedger, push, recordSecondFactor, requireSecondFactor, secondFactorOf, sms, type Factor } from '../../src'
import { handleIn, PASSWORD, signIn, statusOf, waitingOf, type AppOptions, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'
import { snippetWith } from '../support/markdown'
import { codeOn, messageOn, otherCode } from '../support/typed-code'
import { lab, outcomeOf } from '../security/support/lab'

const world = lab()
jest.setTimeout(30_000)
const factors = [push({ typedCode: true }), appFactor(), sms()]
const CALLBACK = '/login/2fa/callback'
const WAITING = '303 /login/2fa'
const json = { accept: 'application/json' }
const html = { accept: 'text/html' }

let app: TestApp
let browser: Browser

const start = async (options: Omit<AppOptions, 'simulator'> = {}) => {
  app = await world.start({ ...options, strategy: { factors, ...options.strategy } })
  browser = app.browser()
}
const code = () => codeOn(world.simulator, 'anna')
const approve = () => world.simulator.phone('anna').approve()
const send = (transaction: string, typed?: string, fields: Record<string, string> = {}) =>
  browser.post(CALLBACK, { transaction, ...(typed !== undefined && { code: typed }), ...fields })
const goOn = (transaction: string) => browser.get(`${CALLBACK}?transaction=${transaction}`)
const view = async (transaction: string, who = browser) => (await who.get(waitingOf(transaction), json)).json()
const status = async (transaction: string) => (await app.browser().get(statusOf(transaction))).json()
const isSignedIn = async () => (await browser.get('/me')).json().user !== null
const asked = (...operations: string[]) => operations.map((operation) => world.asked(operation))

describe('a sign-in with a typed code', () => {
  beforeEach(() => start())

  describe('by the right code after the approval', () => {
    it('succeeds, and the profile says so', async () => {
      const handle = await signIn(browser, 'anna')
      const typed = code()
      await approve()
      const page = await send(handle, typed)
      expect(outcomeOf(page)).toBe('success')
      expect(app.verified).toMatchObject([{ factor: 'push', operation: 'approve', typedCode: true, username: 'anna' }])
      expect(page.json().info.nevis).toMatchObject({ typedCode: true })
      expect(await isSignedIn()).toBe(true)
    })

    it('asks Nevis once for the status and once for the token', async () => {
      const handle = await signIn(browser, 'anna')
      const typed = code()
      await approve()
      await send(handle, typed)
      expect(world.operations()).toEqual(['approve', 'getStatus', 'introspect'])
    })
  })

  describe('by the right code before the approval', () => {
    it('goes back to the waiting page, is not asked again, and the page goes on by itself', async () => {
      const handle = await signIn(browser, 'anna')
      const page = await send(handle, code())
      expect(outcomeOf(page)).toBe(WAITING)
      const next = handleIn(page.location)
      expect(await view(next)).toMatchObject({ prompt: 'wait', status: 'pending', factor: 'push' })
      expect((await browser.get(waitingOf(next), html)).text).not.toContain('name="code"')
      expect(await status(next)).toMatchObject({ prompt: 'wait', status: 'pending' })
      expect(await isSignedIn()).toBe(false)

      world.later(10)
      await approve()
      expect(await status(next)).toMatchObject({ prompt: 'wait', status: 'succeeded' })
      expect((await browser.get(waitingOf(next), html)).location).toBe(`${CALLBACK}?transaction=${next}`)
      expect(outcomeOf(await goOn(next))).toBe('success')
      expect(app.verified).toMatchObject([{ typedCode: true }])
    })

    it('is kept for a page with the old address, which gets a handle that goes on', async () => {
      const handle = await signIn(browser, 'anna')
      await send(handle, code())
      const { transaction, prompt } = await view(handle)
      expect(prompt).toBe('wait')
      await approve()
      expect(await status(transaction)).toMatchObject({ status: 'succeeded' })
      expect(outcomeOf(await goOn(transaction))).toBe('success')
    })

    it('is kept by a callback with the old handle', async () => {
      const handle = await signIn(browser, 'anna')
      await send(handle, code())
      await approve()
      expect(outcomeOf(await goOn(handle))).toBe('success')
    })

    it('is kept when the code is sent twice, by a double click', async () => {
      const handle = await signIn(browser, 'anna')
      const typed = code()
      expect((await Promise.all([send(handle, typed), send(handle, typed)])).map(outcomeOf)).toEqual([WAITING, WAITING])
      await approve()
      expect(outcomeOf(await send(handle, typed))).toBe('success')
    })

    it('is kept by another tab that starts the same again at the same time', async () => {
      const handle = await signIn(browser, 'anna')
      const { ledger } = app.nevis.settings
      const look = ledger.look.bind(ledger)
      // The second tab has read the session, and waits for the ledger while the first tab sends the right code.
      jest.spyOn(ledger, 'look').mockImplementationOnce(async (key) => {
        await send(handle, code())
        return look(key)
      })
      const again = handleIn((await browser.post('/login', { username: 'anna', password: PASSWORD })).location)
      expect(await view(again)).toMatchObject({ prompt: 'wait', status: 'pending' })
    })

    it('is kept while Nevis does not answer', async () => {
      const handle = await signIn(browser, 'anna')
      const typed = code()
      await approve()
      const fault = world.simulator.faults.add({ on: 'getStatus', status: 500 })
      expect(outcomeOf(await send(handle, typed))).toBe('NEVIS_UNEXPECTED_RESPONSE')
      fault.remove()
      expect(outcomeOf(await goOn(handle))).toBe('success')
    })

    it('does not make a wrong code right that is sent later, nor ask for it: the code was typed', async () => {
      const handle = await signIn(browser, 'anna')
      const typed = code()
      await send(handle, typed)
      expect(outcomeOf(await send(handle, otherCode(typed)))).toBe(WAITING)
    })

    it('fails once the phone denies it, and the page learns that by itself', async () => {
      const handle = await signIn(browser, 'anna')
      const next = handleIn((await send(handle, code())).location)
      world.later(10)
      await world.simulator.phone('anna').deny()
      expect(await status(next)).toMatchObject({ status: 'failed' })
      expect(outcomeOf(await goOn(next))).toBe('not_approved')
    })

    it('fails once its time is over', async () => {
      const handle = await signIn(browser, 'anna')
      const next = handleIn((await send(handle, code())).location)
      world.later(120)
      expect(outcomeOf(await goOn(next))).toBe('expired_transaction')
    })
  })

  describe('without a code', () => {
    // Shows: CD-verify-1, N-oob-5
    it('leads back to the page, which asks for it, before the approval and after it', async () => {
      const handle = await signIn(browser, 'anna')
      for (const act of [async () => undefined, approve]) {
        await act()
        for (const page of [await goOn(handle), await send(handle)]) {
          expect(outcomeOf(page)).toBe(WAITING)
          expect(await view(handleIn(page.location))).toMatchObject({ prompt: 'code', status: 'pending', attemptsLeft: 5 })
        }
      }
      const { text } = await browser.get(waitingOf(handle), html)
      expect([...text.matchAll(/<input(?! type="hidden")[^>]*name="(\w+)"/g)].map(([, name]) => name)).toEqual(['code'])
      expect(await isSignedIn()).toBe(false)
      expect(asked('introspect')).toEqual([0])
    })

    it.each([['empty', { code: '' }], ['white space', { code: ' ' }]])('fails with missing_code for a field that is %s, and asks no user', async (_name, fields) => {
      const handle = await signIn(browser, 'anna')
      expect(outcomeOf(await send(handle, undefined, fields))).toBe('missing_code')
      expect(outcomeOf(await browser.postJson(CALLBACK, { transaction: handle, code: ['1'] }))).toBe('missing_code')
      expect(asked('getStatus')).toEqual([0])
    })
  })

  describe('by a wrong code', () => {
    it('fails with wrong_code; the right one may follow', async () => {
      const handle = await signIn(browser, 'anna')
      const typed = code()
      await approve()
      for (let i = 1; i < 5; i++) expect(outcomeOf(await send(handle, otherCode(typed, i)))).toBe('wrong_code')
      expect(outcomeOf(await send(handle, typed))).toBe('success')
    })

    it('four times does not end the sign-in if the right one is then sent twice, by a double click', async () => {
      const handle = await signIn(browser, 'anna')
      const typed = code()
      await approve()
      for (let i = 1; i < 5; i++) await send(handle, otherCode(typed, i))
      expect((await Promise.all([send(handle, typed), send(handle, typed)])).map(outcomeOf)).toContain('success')
    })

    it('of an SMS that is sent twice, by a double click, is checked once, and the right one that follows counts once', async () => {
      const handle = await signIn(browser, 'anna', { factor: 'sms' })
      const sent = /\d{6}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string
      // Both requests are under way before Nevis answers the first one.
      world.simulator.faults.add({ on: 'verifyCode', delayMs: 100 })
      const twice = async (one: string) => (await Promise.all([send(handle, one), send(handle, one)])).map(outcomeOf)
      for (let i = 1; i < 3; i++) expect(await twice(otherCode(sent, i))).toEqual(['wrong_code', 'wrong_code'])
      expect(await twice(sent)).toContain('success')
      expect(asked('verifyCode')).toEqual([3])
    })

    it('by the page\'s own form leads back to the page, which says how many are left', async () => {
      const handle = await signIn(browser, 'anna')
      const page = await send(handle, otherCode(code()), { retry: '1' })
      expect(outcomeOf(page)).toBe(WAITING)
      expect(await view(handleIn(page.location))).toMatchObject({ prompt: 'code', attemptsLeft: 4, failure: 'wrong_code' })
      expect((await browser.get(page.location as string, html)).text).toContain('Attempts left: 4')
      const right = await send(handleIn(page.location), code(), { retry: '1' })
      expect(await view(handleIn(right.location))).toMatchObject({ prompt: 'wait', status: 'pending' })
      expect(await view(handleIn(right.location))).not.toHaveProperty('failure')
    })
  })

  describe('from the page\'s own form, after a denial', () => {
    it.each(['right', 'wrong'])('leads to the page, which says so and offers other factors: the %s code', async (which) => {
      const handle = await signIn(browser, 'anna')
      const typed = code()
      await world.simulator.phone('anna').deny()
      // The second code comes from another tab, after the first one has ended the transaction.
      for (let i = 0; i < 2; i++) {
        const page = await send(handle, which === 'right' ? typed : otherCode(typed), { retry: '1' })
        expect(outcomeOf(page)).toBe(WAITING)
        expect(await view(handleIn(page.location))).toMatchObject({ status: 'failed', failure: 'not_approved', factors: ['push', 'app', 'sms'] })
      }
      expect(outcomeOf(await send(handle, typed))).toBe('not_approved')
    })

  })

  describe('as people type it', () => {
    it.each<[string, (code: string) => string]>([
      ['in groups', (typed) => `${typed.slice(0, 3)} ${typed.slice(3)}`],
      ['in full-width digits', (typed) => typed.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)))],
      ['with zero-width characters', (typed) => [...typed].join('\u200b')],
    ])('is right: %s', async (_how, write) => {
      const handle = await signIn(browser, 'anna')
      const typed = code()
      await approve()
      expect(outcomeOf(await send(handle, write(typed)))).toBe('success')
    })
  })

  describe('the status, while the code is not typed', () => {
    it('is pending and asks Nevis nothing, as JSON, as events and on the page, whatever the phone does', async () => {
      const handle = await signIn(browser, 'anna')
      await approve()
      expect(await status(handle)).toMatchObject({ status: 'pending', prompt: 'code' })
      expect(await view(handle)).toMatchObject({ status: 'pending', prompt: 'code' })
      const stream = await fetch(new URL(statusOf(handle), app.origin), { headers: { accept: 'text/event-stream' } })
      const reader = (stream.body as ReadableStream<Uint8Array>).getReader()
      expect(new TextDecoder().decode((await reader.read()).value)).toContain('"status":"pending","prompt":"code"')
      await reader.cancel()
      expect(asked('getStatus', 'introspect')).toEqual([0, 0])
    })
  })
})

describe('a second start', () => {
  beforeEach(() => start({ routes: (web) => void web.post('/visit', (req, res) => void res.json(Object.assign(req.session, { isVisited: true }))) }))

  it('of the same shows no second code and sends no second push', async () => {
    const handle = await signIn(browser, 'anna')
    const shown = code()
    const again = await signIn(browser, 'anna')
    expect([world.asked('approve'), world.simulator.phone('anna').waiting.length, code()]).toEqual([1, 1, shown])
    expect(world.events.of('reused')).toHaveLength(1)
    await approve()
    expect(outcomeOf(await send(again, shown))).toBe('success')
    expect(outcomeOf(await send(handle, shown))).toBe('used_transaction')
  })

  it('by a double click is one push and one code', async () => {
    const credentials = { username: 'anna', password: PASSWORD }
    await browser.post('/visit')
    const pages = await Promise.all([browser.post('/login', credentials), browser.post('/login', credentials)])
    expect(pages.map(outcomeOf)).toEqual([WAITING, WAITING])
    expect(world.simulator.phone('anna').waiting).toHaveLength(1)
    const shown = code()
    await approve()
    expect(outcomeOf(await send(handleIn(pages[1].location), shown))).toBe('success')
  })

  it('keeps a code that was typed', async () => {
    const handle = await signIn(browser, 'anna')
    await send(handle, code())
    const again = await signIn(browser, 'anna')
    expect(await view(again)).toMatchObject({ prompt: 'wait' })
    await approve()
    expect(outcomeOf(await goOn(again))).toBe('success')
  })

  it('that sends it again has a new code, and the old one is wrong', async () => {
    const handle = await signIn(browser, 'anna')
    const old = code()
    world.later(15)
    const again = handleIn((await browser.post('/login/2fa', { transaction: handle, factor: 'push' })).location)
    const shown = code()
    await approve()
    if (old !== shown) expect(outcomeOf(await send(again, old))).toBe('wrong_code')
    expect(outcomeOf(await send(again, shown))).toBe('success')
  })

  it('by another factor works as usual, and its profile has no typed code', async () => {
    const handle = await signIn(browser, 'anna')
    const other = handleIn((await browser.post('/login/2fa', { transaction: handle, factor: 'app' })).location)
    expect(await view(other)).toMatchObject({ prompt: 'wait' })
    await world.simulator.phone('anna').scan((await view(other)).appLinkUri)
    expect(outcomeOf(await goOn(other))).toBe('success')
    expect(app.verified[0]).not.toHaveProperty('typedCode')
  })
})

describe('the message on the phone', () => {
  it.each([
    ['de-CH', 'Geben Sie diesen Code auf der Seite ein: '],
    ['fr', 'Saisissez ce code sur la page\u00a0: '],
    ['it', 'Inserisca questo codice nella pagina: '],
    ['ja', 'Enter this code on the page: '],
  ])('is in the language of the page (%s), also where the app gives none', async (language, words) => {
    await start()
    await browser.post('/login', { username: 'anna', password: PASSWORD }, { 'accept-language': language })
    expect(messageOn(world.simulator, 'anna')).toBe(words + code())
  })

  it('is in the language that the app says, and after a choice on the page in that one', async () => {
    await start({ page: { language: () => 'it', languages: ['de', 'it'] } })
    const handle = await signIn(browser, 'anna')
    expect(messageOn(world.simulator, 'anna')).toBe(`Inserisca questo codice nella pagina: ${code()}`)
    world.later(15)
    const { text } = await browser.get(`${waitingOf(handle)}&language=de`, html)
    const [action] = /\/login\/2fa\?language=de(?=">)/.exec(text) as RegExpExecArray
    expect(outcomeOf(await browser.post(action, { transaction: handle, factor: 'push', retry: '1' }))).toBe(WAITING)
    expect(messageOn(world.simulator, 'anna')).toBe(`Geben Sie diesen Code auf der Seite ein: ${code()}`)
  })

  it('is in the words of the app\'s own page', async () => {
    await start({ page: { locales: { en: { typedCodeLine: 'Your code: {code}' } } } })
    await signIn(browser, 'anna')
    expect(messageOn(world.simulator, 'anna')).toBe(`Your code: ${code()}`)
  })

  it('is in English where there is no waiting page of this package', async () => {
    await start()
    const { nevis } = app
    nevis.settings.wording.typedCodeLine = jest.fn(nevis.settings.wording.typedCodeLine)
    await signIn(browser, 'anna')
    expect(nevis.settings.wording.typedCodeLine).toHaveBeenCalledTimes(1)
  })
})

describe('signing with a typed code', () => {
  const message = htmlMessage`Pay <b>${'50.00'} CHF</b> to ${'M&S'}?`
  beforeEach(() => start({
    routes: (web, { passport }) => {
      const answer = (req: import('express').Request, res: import('express').Response) => void res.json({ action: 'success', nevis: req.authInfo?.nevis, record: secondFactorOf(req) ?? null })
      web.post('/password', passport.authenticate('local'), (_req, res) => void res.end())
      web.post('/pay', passport.authorize('nevis', { factors: ['push'], message, data: { amount: 50 } }))
      web.all('/paid', passport.authorize('nevis'), recordSecondFactor(), answer)
      web.get('/typed', requireSecondFactor({ maxAgeSeconds: 300, factors: ['push', 'app', 'sms'], typedCode: true }), answer)
      web.get('/any', requireSecondFactor({ maxAgeSeconds: 300, factors: ['push', 'app', 'sms'] }), answer)
    },
  }))

  // Shows: CD-experience-1
  it('shows what is signed and the code; the page and the profile have the message without it', async () => {
    await browser.post('/password', { username: 'anna', password: PASSWORD })
    const handle = handleIn((await browser.post('/pay')).location)
    expect(messageOn(world.simulator, 'anna')).toBe(`<html>Pay <b>50.00 CHF</b> to M&amp;S?<br>Enter this code on the page: ${code()}</html>`)
    expect(world.simulator.phone('anna').waiting.at(-1)?.notificationMessage ?? '').not.toContain(code())
    expect((await view(handle)).message).toBe(message)
    const typed = code()
    await approve()
    expect(outcomeOf(await browser.post('/paid', { transaction: handle }))).toBe(WAITING)
    const paid = await browser.post('/paid', { transaction: handle, code: typed })
    expect(paid.json()).toMatchObject({ action: 'success', nevis: { message, data: { amount: 50 }, typedCode: true }, record: { factor: 'push', typedCode: true } })
  })

  // Shows: CD-select-1
  it('opens a route that wants a typed code', async () => {
    await browser.post('/password', { username: 'anna', password: PASSWORD })
    expect((await browser.get('/typed')).status).toBe(401)
    const handle = handleIn((await browser.post('/pay')).location)
    const typed = code()
    await approve()
    await browser.post('/paid', { transaction: handle, code: typed })
    expect([(await browser.get('/typed')).status, (await browser.get('/any')).status]).toEqual([200, 200])
  })

  it('is still needed after another factor of the same rank', async () => {
    await browser.post('/password', { username: 'anna', password: PASSWORD })
    const handle = handleIn((await browser.post('/start', { factor: 'app' })).location)
    await world.simulator.phone('anna').scan((await view(handle)).appLinkUri)
    expect((await browser.post('/paid', { transaction: handle })).json()).toMatchObject({ record: { factor: 'app' } })
    expect([(await browser.get('/typed')).status, (await browser.get('/any')).status]).toEqual([401, 200])
  })
})

describe('requireSecondFactor', () => {
  it.each(['yes', 1, null])('refuses a typedCode that is neither true nor false: %j', (typedCode) => {
    expect(() => requireSecondFactor({ maxAgeSeconds: 300, typedCode: typedCode as never })).toThrow(new TypeError('requireSecondFactor: typedCode must be true or false'))
  })
})

describe('while a deploy is under way: a second process shares sessions and ledger', () => {
  /** Starts a sign-in at one process, and continues at a second one, which has other options. */
  async function startedElsewhere(first: object, second: object) {
    const shared = { session: { store: new session.MemoryStore() } }
    const ledger = new MemoryLedger()
    await start({ ...shared, strategy: { ledger, ...first } })
    const handle = await signIn(browser, 'anna')
    const message = world.simulator.phone('anna').waiting[0]?.message
    const { cookies } = browser
    await start({ ...shared, strategy: { ledger, ...second } })
    for (const [name, value] of cookies) browser.cookies.set(name, value)
    return { handle, typed: message?.slice(-6) as string }
  }

  it('takes a code whose secret is no longer the first', async () => {
    const [old, next] = ['the secret of the old version, of 32 letters', 'quite another secret of the new version'] as const
    const { handle, typed } = await startedElsewhere({ secret: old }, { secret: [next, old] })
    expect(outcomeOf(await send(handle, otherCode(typed)))).toBe('wrong_code')
    expect(outcomeOf(await send(handle, typed))).toBe(WAITING)
    await approve()
    expect(outcomeOf(await goOn(handle))).toBe('success')
  })

  it('asks for the code that was shown, though push has none in the second', async () => {
    const { handle, typed } = await startedElsewhere({}, { factors: [push()] })
    await approve()
    expect(outcomeOf(await goOn(handle))).toBe(WAITING)
    expect(await view(handle)).toMatchObject({ prompt: 'code', status: 'pending' })
    expect(await status(handle)).toMatchObject({ prompt: 'code', status: 'pending' })
    expect(outcomeOf(await send(handle, typed))).toBe('success')
  })

  it.each<[string, string | undefined]>([['without a code', undefined], ['with any code', '123456']])('refuses a push that was started without a code, %s, and says that it has expired', async (_name, typed) => {
    const { handle } = await startedElsewhere({ factors: [push()] }, {})
    await approve()
    expect(outcomeOf(await send(handle, typed))).toBe('expired_transaction')
    expect(app.verified).toEqual([])
  })
})

describe('a factor of the app\'s own with a typed code', () => {
  const mails: string[] = []
  const userOf = () => world.simulator.users.find(({ username }) => username === 'anna') as { userId: string }
  const mail = (change: Partial<Factor> = {}, typedCode = () => String(randomInt(1e6)).padStart(6, '0')): Factor => ({
    name: 'mail',
    prompt: 'code',
    async approve(_nevis, _subject, { message, typedCodeLine = '{code}' }) {
      const secret = typedCode()
      mails.push(`${message ?? ''}|${typedCodeLine.replace('{code}', secret)}`)
      return { server: { id: randomUUID(), userId: userOf().userId, typedCode: secret }, browser: {} }
    },
    async check(_nevis, { id, userId }, answer) {
      expect(answer).toEqual({})
      return { status: 'succeeded', transactionId: id, userId: userId as string }
    },
    ...change,
  })
  const mailed = () => /(\d{6,})$/.exec(mails.at(-1) as string)?.[1] as string

  it('is asked for the code, and its check comes only after the right one', async () => {
    const check = jest.fn(mail().check)
    await start({ strategy: { factors: [mail({ check })], message: 'Sign in?' } })
    const handle = await signIn(browser, 'anna')
    expect(mails.at(-1)).toBe(`Sign in?|Enter this code on the page: ${mailed()}`)
    expect(await view(handle)).toMatchObject({ prompt: 'code', factor: 'mail' })
    expect(outcomeOf(await goOn(handle))).toBe(WAITING)
    expect(outcomeOf(await send(handle, otherCode(mailed())))).toBe('wrong_code')
    expect(check).not.toHaveBeenCalled()
    expect(outcomeOf(await send(handle, mailed()))).toBe('success')
    expect(check).toHaveBeenCalledTimes(1)
    expect(app.verified).toMatchObject([{ factor: 'mail', typedCode: true }])
  })

  it('is the one of the guide, which dictates the code in a call', async () => {
    const dictated: [string, string][] = []
    const dictate = async (...call: [string, string]) => void dictated.push(call)
    const call = new Function('require', 'dictate', `${snippetWith('docs/guides/factors.md', 'const call = {')}\nreturn call`)(require, dictate) as Factor
    await start({ strategy: { factors: [call] } })
    const handle = await signIn(browser, 'anna')
    const [[name, words = ''] = []] = dictated
    const heard = /\d{6}$/.exec(words)?.[0] as string
    expect([name, words]).toEqual(['anna', `Enter this code on the page: ${heard}`])
    expect(outcomeOf(await send(handle, otherCode(heard)))).toBe('wrong_code')
    expect(outcomeOf(await send(handle, heard))).toBe('success')
    expect(app.verified).toMatchObject([{ factor: 'call', typedCode: true }])
  })

  it.each<[string, string]>([['too short', '12345'], ['too long', '1'.repeat(65)], ['not digits', 'abcdef'], ['empty', '']])('whose code is %s is the developer\'s mistake, and does not show the code', async (_name, secret) => {
    await start({ strategy: { factors: [mail({}, () => secret)] } })
    const page = await browser.post('/login', { username: 'anna', password: PASSWORD })
    expect(page.json()).toEqual({ action: 'error', name: 'TypeError', message: 'NevisStrategy: typedCode of a factor must have 6 to 64 digits; only an approval can have a typed code' })
  })

  it('cannot have a code for an enrolment', async () => {
    const { approve } = mail()
    await start({ strategy: { factors: [mail({ enroll: approve })], operation: 'enroll' } })
    const page = await browser.post('/login', { username: 'newcomer', password: PASSWORD })
    expect(page.json()).toMatchObject({ action: 'error', name: 'TypeError', message: expect.stringContaining('only an approval can have a typed code') })
  })

  it('that Nevis reports the status of needs a token of Nevis\'s, whatever its check says', async () => {
    const approval = async (...[nevis, subject, request]: Parameters<Factor['approve']>) => {
      const { server, browser: shown } = await push().approve(nevis, subject, request)
      return { server: { ...server, typedCode: '123456' }, browser: shown }
    }
    await start({ strategy: { factors: [mail({ approve: approval })] } })
    expect(outcomeOf(await send(await signIn(browser, 'anna'), '123456'))).toBe('binding_mismatch')
    expect(world.events.of('suspicious')).toMatchObject([{ field: 'token' }])
  })
})

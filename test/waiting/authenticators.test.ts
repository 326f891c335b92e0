/** The user's other phones on the waiting page: shown when the user opens the list, with and without JavaScript. */
import { app as appFactor, NevisStrategy, push, sms, waitingPage, type Factor } from '../../src'
import type { Settings } from '../../src/strategy/settings'
import type { Transaction } from '../../src/factors/transaction'
import { AuthenticatorChoice } from '../../src/waiting/authenticators'
import { lab } from '../security/support/lab'
import { callbackOf, handleIn, signIn, strategyOptions, waitingOf, type AppOptions, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'

const world = lab()
const PAGE = { accept: 'text/html' }
const JSON_ONLY = { accept: 'application/json' }
const urlOf = (handle: string) => `/login/2fa?transaction=${handle}&authenticators=1`

interface Waiting {
  readonly app: TestApp
  readonly browser: Browser
  readonly handle: string
  readonly ids: readonly string[]
}

/** Creates a user with these phones, and starts a sign-in that waits for an approval. */
async function waiting(authenticators: number | readonly string[], factor = 'push', strategy = {}): Promise<Waiting> {
  const { authenticatorIds } = world.simulator.addUser({ username: 'eve', phone: '+41790000000', authenticators })
  const app = await world.start({ strategy })
  const browser = app.browser()
  return { app, browser, handle: await signIn(browser, 'eve', { factor }), ids: authenticatorIds }
}

/** The phones on a page: for each button, the factor and the phone's id that the button sends, and the button's text. */
const phonesOf = (text: string) =>
  [...text.matchAll(/name="factor" value="(\w+)">(?:<input type="hidden" name="retry" value="1">)?<input type="hidden" name="authenticatorId" value="([^"]*)">.*?<button><bdi>(.*?)<\/bdi>/g)].map(([, factor, id, name]) => [factor, id, name])

describe('the waiting page', () => {
  describe('as it is opened', () => {
    it.each(['push', 'app'])('has a link to the other phones, and asks Nevis nothing for it: %s', async (factor) => {
      const { browser, handle } = await waiting(2, factor)
      const { text } = await browser.get(waitingOf(handle), PAGE)
      expect(text).toContain(`<a href="/login/2fa?transaction=${handle}&#38;authenticators=1#nevis-phones">Use another phone</a>`)
      expect(phonesOf(text)).toEqual([])
      expect((await browser.get(waitingOf(handle), JSON_ONLY)).json()).toMatchObject({ authenticatorsURL: urlOf(handle) })
      expect(world.asked('getUser')).toBe(0)
    })

    it.each(['sms', 'recovery'])('has none where no phone is asked: %s', async (factor) => {
      const { browser, handle } = await waiting(2, factor)
      expect((await browser.get(urlOf(handle), PAGE)).text).not.toContain('phone</a>')
      expect((await browser.get(urlOf(handle), JSON_ONLY)).json()).not.toHaveProperty('authenticatorsURL')
      expect(world.asked('getUser')).toBe(0)
    })

    it('has none where any phone may scan', async () => {
      const { browser, handle } = await waiting(2, 'app', { factors: [push(), appFactor({ anyAuthenticator: true })] })
      expect((await browser.get(urlOf(handle), JSON_ONLY)).json()).not.toHaveProperty('authenticatorsURL')
    })

    it('has none for an enrolment', async () => {
      // Make Nevis report no phones at the start. Otherwise, the user would have to confirm with one of these phones before the enrolment of another one.
      world.simulator.faults.add({ on: 'findUserByUsername', patch: { status: 'new', authenticators: [] }, times: 1 })
      world.simulator.faults.add({ on: 'enroll', patch: { status: 'new', authenticators: [] }, times: 1 })
      const { browser, handle } = await waiting(2, 'app', { operation: 'enroll' })
      expect((await browser.get(urlOf(handle), JSON_ONLY)).json()).not.toHaveProperty('authenticatorsURL')
    })
  })

  describe('with the list, for anyone who could not start it anew', () => {
    const dataOf = async (browser: Browser, handle: string) => (await browser.get(urlOf(handle), JSON_ONLY)).json()

    it('has none, and asks Nevis nothing, once it was cancelled', async () => {
      const { browser, handle } = await waiting(2)
      await browser.post('/login/2fa', { transaction: handle, cancel: '1' })
      const view = await dataOf(browser, handle)
      expect(view).toMatchObject({ failure: 'cancelled' })
      expect(view).not.toHaveProperty('authenticatorsURL')
      expect(world.asked('getUser')).toBe(0)
    })

    it('has none once the first factor is too long ago', async () => {
      const now = Date.now()
      const clock = jest.spyOn(Date, 'now').mockReturnValue(now)
      const { browser, handle } = await waiting(2)
      clock.mockReturnValue(now + 599_999)
      expect(await dataOf(browser, handle)).toMatchObject({ status: 'expired', authenticatorsURL: urlOf(handle) })
      clock.mockReturnValue(now + 600_000)
      const view = await dataOf(browser, handle)
      expect(view).toMatchObject({ status: 'expired' })
      expect(view).not.toHaveProperty('authenticatorsURL')
    })

    it('has none in another login than the one that started it', async () => {
      const browser = await changing()
      await browser.get('/become/eve')
      const handle = await signIn(browser, 'eve')
      expect((await dataOf(browser, handle)).authenticators).toHaveLength(2)
      await browser.get('/become/ben')
      const view = await dataOf(browser, handle)
      expect(view).toMatchObject({ code: 'used_transaction' })
      expect(view).not.toHaveProperty('authenticatorsURL')
      await browser.get('/become/eve')
      expect(await dataOf(browser, handle)).toMatchObject({ authenticatorsURL: urlOf(handle) })
    })

    it('has it in a login that came after the start, which was in none', async () => {
      const browser = await changing()
      const handle = await signIn(browser, 'eve')
      await browser.get('/become/eve')
      expect((await dataOf(browser, handle)).authenticators).toHaveLength(2)
    })

    /** Returns a browser that can sign in as another user, without a password, with a request to `/become/:user`. */
    async function changing(): Promise<Browser> {
      world.simulator.addUser({ username: 'eve', authenticators: 2 })
      const routes: AppOptions['routes'] = (express) => express.get('/become/:user', (req, res) => {
        Object.assign(req.session, { passport: { user: req.params.user } })
        res.end()
      })
      return (await world.start({ routes })).browser()
    }

    it('has none where the app no longer offers the factor', async () => {
      world.simulator.addUser({ username: 'eve', authenticators: 2 })
      const fewer = new NevisStrategy({ ...strategyOptions(world.simulator), factors: [sms()], passReqToCallback: false }, () => undefined)
      const app = await world.start({ routes: (express) => express.get('/fewer', waitingPage(fewer)) })
      const browser = app.browser()
      const handle = await signIn(browser, 'eve')
      const page = await browser.get(urlOf(handle).replace('/login/2fa', '/fewer'), JSON_ONLY)
      expect([page.status, page.json().factor]).toEqual([200, 'push'])
      expect(page.json()).not.toHaveProperty('authenticatorsURL')
    })

    it('has none where Nevis has not said whom it asks', async () => {
      const nameless: Factor = { ...push(), approve: async (...args) => {
        const { server: { userId: _, ...server }, browser } = await push().approve(...args)
        return { server, browser }
      } }
      const { browser, handle } = await waiting(2, 'push', { factors: [nameless] })
      const view = await dataOf(browser, handle)
      expect(view).toMatchObject({ status: 'pending' })
      expect(view).not.toHaveProperty('authenticatorsURL')
      expect(world.asked('getUser')).toBe(0)
    })
  })

  describe('with the list, for a user with several phones', () => {
    // Shows: C-approval-9
    it('offers each by its name, and the one that is chosen is asked and signs in', async () => {
      const { browser, handle, ids } = await waiting(['Old phone', 'New phone'])
      const { text } = await browser.get(urlOf(handle), PAGE)
      expect(text).toContain('<h1>Check your phone</h1>')
      expect(text).toContain('<section class="nevis-ways" id="nevis-phones" aria-labelledby="nevis-which">')
      expect(text).toContain('<h2 id="nevis-which">Which phone?</h2>')
      expect(text).not.toContain('Use another phone')
      expect(phonesOf(text)).toEqual([['push', ids[0], 'Old phone'], ['push', ids[1], 'New phone']])

      const chosen = handleIn((await browser.post('/login/2fa', { transaction: handle, factor: 'push', authenticatorId: ids[0] as string })).location)
      expect((await browser.get(waitingOf(chosen), PAGE)).text).toContain('<p role="status">Sent to <bdi>Old phone</bdi>. Earlier requests are no longer valid.</p>')
      expect(world.simulator.phone('eve').waiting.at(-1)).toMatchObject({ authenticatorId: ids[0] })
      await world.simulator.phone('eve').approve()
      expect((await browser.get(callbackOf(chosen))).json()).toMatchObject({ action: 'success' })
    })

    it('offers a QR code for another phone', async () => {
      const { browser, handle, ids } = await waiting(['Old phone', 'New phone'], 'app')
      expect(phonesOf((await browser.get(urlOf(handle), PAGE)).text)).toEqual([['app', ids[0], 'Old phone'], ['app', ids[1], 'New phone']])
    })

    it('is the same as data', async () => {
      const { browser, handle, ids } = await waiting(['Old phone', 'New phone'])
      const { authenticators } = (await browser.get(urlOf(handle), JSON_ONLY)).json() as { authenticators: unknown }
      const rest = { type: expect.stringMatching(/^(ios|android)$/), enrolledAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) }
      expect(authenticators).toEqual([{ id: ids[0], name: 'Old phone', ...rest }, { id: ids[1], name: 'New phone', ...rest }])
    })

    it('says in four languages which and how', async () => {
      const { browser, handle } = await waiting(2)
      for (const [tag, words] of [['de', 'Welches Telefon?'], ['fr', 'Quel téléphone\u00a0?'], ['it', 'Quale telefono?']] as const) {
        expect((await browser.get(urlOf(handle), { ...PAGE, 'accept-language': tag })).text).toContain(words)
      }
    })

    // Shows: C-user-3
    it('shows a name as text, whatever it is made of', async () => {
      const { browser, handle } = await waiting(['"><script>alert(1)</script>', '\u202egnp.exe', '<b>'])
      const { text } = await browser.get(urlOf(handle), PAGE)
      expect(phonesOf(text).map(([, , name]) => name)).toEqual(['&#34;&#62;&#60;script&#62;alert(1)&#60;/script&#62;', '\u202egnp.exe', '&#60;b&#62;'])
      expect(text).not.toContain('<script>')
    })

    // Shows: C-more-4
    it('counts those that have no name, and leaves out passkeys', async () => {
      const { browser, handle } = await waiting(1)
      const [a, b, c] = ['a', 'b', 'c'].map((letter) => letter.repeat(8) + '-0000-4000-8000-000000000000') as [string, string, string]
      const authenticators = [{ authenticatorId: a }, { authenticatorId: b, name: 'Key', authenticatorType: 'fido2' }, { authenticatorId: c, name: '' }]
      world.simulator.faults.add({ on: 'getUser', patch: { authenticators } })
      expect(phonesOf((await browser.get(urlOf(handle), PAGE)).text)).toEqual([['push', a, 'Phone 1'], ['push', c, 'Phone 2']])
    })

    describe('of the same name', () => {
      const DAY = '2026-03-08T09:05:00Z'
      const named = (fields: object, i: number) => ({ authenticatorId: `${i}0000000-0000-4000-8000-000000000000`, name: 'Pixel', ...fields })
      /** The lines that the page shows under each phone's name. */
      const linesOf = async (fields: readonly object[], language = 'en') => {
        const { browser, handle } = await waiting(1)
        world.simulator.faults.add({ on: 'getUser', patch: { authenticators: fields.map(named) } })
        const { text } = await browser.get(urlOf(handle), { ...PAGE, 'accept-language': language })
        return [...text.matchAll(/<bdi>Pixel<\/bdi>(?: <small>(.*?)<\/small>)?/g)].map(([, lines]) => lines)
      }

      it('are told apart by the system and the day of the registration', async () => {
        expect(await linesOf([{ type: 'android', enrolledAt: DAY }, { type: 'ios', enrolledAt: '2024-12-24T12:00:00.123456Z' }])).toEqual(['Android · registered on 8\u00a0March 2026', 'iOS · registered on 24\u00a0December 2024'])
      })

      it('are told apart by the day in the sentence that says to which of them the request went', async () => {
        const { browser, handle, ids } = await waiting(1)
        world.simulator.faults.add({ on: 'getUser', patch: { authenticators: [{ authenticatorId: ids[0], name: 'Pixel', enrolledAt: DAY }, named({ enrolledAt: '2024-12-24T12:00:00Z' }, 1)] } })
        const chosen = handleIn((await browser.post('/login/2fa', { transaction: handle, factor: 'push', authenticatorId: ids[0] as string })).location)
        expect((await browser.get(waitingOf(chosen), PAGE)).text).toContain('<p role="status">Sent to <bdi>Pixel (registered on 8\u00a0March 2026)</bdi>. Earlier')
      })

      it('are named without empty parentheses in this sentence, where Nevis says nothing of the phone but its name', async () => {
        const { browser, handle, ids } = await waiting(1)
        world.simulator.faults.add({ on: 'getUser', patch: { authenticators: [{ authenticatorId: ids[0], name: 'Pixel' }, named({ enrolledAt: DAY }, 1)] } })
        const chosen = handleIn((await browser.post('/login/2fa', { transaction: handle, factor: 'push', authenticatorId: ids[0] as string })).location)
        expect((await browser.get(waitingOf(chosen), PAGE)).text).toContain('<p role="status">Sent to <bdi>Pixel</bdi>. Earlier')
      })

      it.each([['de', 'registriert am 8.\u00a0März 2026'], ['fr', 'enregistré le 8\u00a0mars 2026'], ['it', 'registrato l’8\u00a0marzo 2026']])('have the day in the language of the page: %s', async (tag, words) => {
        expect(await linesOf([{ type: 'android', enrolledAt: DAY }, {}], tag)).toEqual([`Android · ${words}`, undefined])
      })

      it('are told apart by the time, with its zone, where the day is the same', async () => {
        const lines = await linesOf([{ enrolledAt: DAY }, { enrolledAt: '2026-03-08T09:06:00Z' }, { enrolledAt: '2026-03-09T09:06:00Z' }])
        expect(lines[0]).toMatch(/^registered on 8\u00a0March 2026 at\s\d\d:05\s\S+$/u)
        expect(lines[1]).toMatch(/^registered on 8\u00a0March 2026 at\s\d\d:06\s\S+$/u)
        expect(lines[2]).toBe('registered on 9\u00a0March 2026')
      })

      it('are counted where Nevis says nothing that differs, or nothing that can be read', async () => {
        const unreadable = { type: 'windows', enrolledAt: 'yesterday' }
        expect(await linesOf([{}, unreadable, { type: 'ios' }])).toEqual(['Phone 1', 'Phone 2', 'iOS'])
      })
    })

    describe('which of them is asked', () => {
      const [OLD, NEW] = ['10000000-0000-4000-8000-000000000000', '20000000-0000-4000-8000-000000000000']
      const phones = (newest: string) => [{ authenticatorId: OLD, name: 'Old', enrolledAt: '2025-01-01T00:00:00Z' }, { authenticatorId: NEW, name: 'New', enrolledAt: newest }]
      const asked = async ({ browser, handle }: Waiting) => ((await browser.get(urlOf(handle), JSON_ONLY)).json() as { authenticators: { id: string; isAsked?: true }[] }).authenticators.filter(({ isAsked }) => isAsked).map(({ id }) => id)

      it.each([['push', 'The request went to this phone'], ['app', 'This QR code is for this phone']])('is marked, without a button: the one registered last, which Nevis asks by itself (%s)', async (factor, words) => {
        const { browser, handle, ...rest } = await waiting(2, factor)
        world.simulator.faults.add({ on: 'getUser', patch: { authenticators: phones('2026-01-01T00:00:00Z') } })
        const { text } = await browser.get(urlOf(handle), PAGE)
        expect(text).toContain(`<p class="nevis-asked"><bdi>New</bdi> <small>registered on 1\u00a0January 2026</small> <small>${words}</small></p>`)
        expect(phonesOf(text)).toEqual([[factor, OLD, 'Old']])
        expect(await asked({ browser, handle, ...rest })).toEqual([NEW])
      })

      it('is the one that was chosen, once one was chosen', async () => {
        const { browser, handle, ids, app } = await waiting(['Old phone', 'New phone'])
        const chosen = handleIn((await browser.post('/login/2fa', { transaction: handle, factor: 'push', authenticatorId: ids[0] as string })).location)
      expect((await browser.get(waitingOf(chosen), PAGE)).text).toContain('<p role="status">Sent to <bdi>Old phone</bdi>. Earlier requests are no longer valid.</p>')
        expect(await asked({ browser, handle: chosen, ids, app })).toEqual([ids[0]])
        await world.simulator.phone('eve').deny()
        const { text } = await browser.get(urlOf(chosen), PAGE)
        expect(phonesOf(text)).toEqual([['push', ids[1], 'New phone']])
      })

      it.each([['two were registered at the same time', '2025-01-01T00:00:00Z'], ['one has no time', undefined], ['one was registered after the start', '2999-01-01T00:00:00Z']])('is not guessed where %s', async (_what, newest) => {
        const page = await waiting(2)
        world.simulator.faults.add({ on: 'getUser', patch: { authenticators: phones(newest as string) } })
        expect(await asked(page)).toEqual([])
      })

      it('is not guessed for a factor of the app\'s own', async () => {
        const own: Factor = { ...push(), name: 'own' }
        const page = await waiting(2, 'own', { factors: [own] })
        world.simulator.faults.add({ on: 'getUser', patch: { authenticators: phones('2026-01-01T00:00:00Z') } })
        expect(await asked(page)).toEqual([])
      })
    })

    it('is there once the request was denied, too', async () => {
      const { browser, handle } = await waiting(2)
      await world.simulator.phone('eve').deny()
      const { text } = await browser.get(urlOf(handle), PAGE)
      expect(text).toContain('You declined the request, or it was not answered in time. If you did not start this sign-in, change your password.')
      expect(phonesOf(text)).toHaveLength(2)
    })
  })

  describe('with the list, for a user with one phone', () => {
    it('says that there is no other', async () => {
      const { browser, handle } = await waiting(1)
      const { text } = await browser.get(urlOf(handle), PAGE)
      expect(text).toContain('<p>You have not set up any other phone.</p>')
      expect(phonesOf(text)).toEqual([])
    })
  })

  describe('with the list, opened again and again', () => {
    it('asks Nevis once in ten seconds, in however many tabs', async () => {
      const { browser, handle } = await waiting(2)
      await Promise.all(Array.from({ length: 10 }, () => browser.get(urlOf(handle), PAGE)))
      await browser.get(urlOf(handle), PAGE)
      expect(world.asked('getUser')).toBe(1)
      world.later(10)
      await browser.get(urlOf(handle), PAGE)
      expect(world.asked('getUser')).toBe(2)
    })
  })

  describe('with the list, while Nevis cannot be asked', () => {
    it.each([
      ['is down', { status: 500 }],
      ['answers about another user', { patch: { userId: '11111111-1111-4111-8111-111111111111' } }],
    ])('says so, and goes on waiting: it %s', async (_how, fault) => {
      const { browser, handle } = await waiting(2)
      world.simulator.faults.add({ on: 'getUser', ...fault })
      const { status, text } = await browser.get(urlOf(handle), PAGE)
      expect(status).toBe(200)
      expect(text).toContain('<p>The list of your phones is not available just now.</p>')
      expect(text).toContain(`<a href="/login/2fa?transaction=${handle}&#38;authenticators=1#nevis-phones">Try again</a>`)
      expect(phonesOf(text)).toEqual([])
      expect((await browser.get(urlOf(handle), JSON_ONLY)).json()).toMatchObject({ status: 'pending', authenticators: null })
      await world.simulator.phone('eve').approve()
      expect((await browser.get(callbackOf(handle))).json()).toMatchObject({ action: 'success' })
    })
  })
})

describe('the list', () => {
  it('waits two seconds for Nevis; a later answer is there for the next request', async () => {
    jest.useFakeTimers()
    try {
      let answer: (user: object) => void = () => undefined
      const getUser = jest.fn(() => new Promise((resolve) => (answer = resolve)))
      const settings = { waitingURL: '/2fa', factors: [push()], firstFactorLifetimeMs: 600_000, client: { getUser } } as unknown as Settings
      const choice = new AuthenticatorChoice(settings)
      const transaction = { factor: 'push', operation: 'approve', userId: 'u', firstFactorAt: Date.now() } as Transaction
      const look = () => choice.offer('h', transaction, {}, true).then(({ authenticators }) => authenticators)

      let isSettled = false
      const first = look().finally(() => { isSettled = true })
      await jest.advanceTimersByTimeAsync(1_999)
      expect(isSettled).toBe(false)
      await jest.advanceTimersByTimeAsync(1)
      expect(await first).toBeNull()

      answer({ userId: 'u', authenticators: [{ authenticatorId: 'a' }] })
      expect(await look()).toStrictEqual([{ id: 'a' }])
      expect(getUser).toHaveBeenCalledTimes(1)
      expect(jest.getTimerCount()).toBe(0)
    } finally {
      jest.useRealTimers()
    }
  })
})

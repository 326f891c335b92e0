/**
 * The attack: hiding that the user has denied.
 *
 * The attacker has the password, and perhaps a stolen recovery code. Nevis cannot take a push back. So the push stays on the victim's phone even if the
 * attacker switches to another factor, cancels, enters the password again, or never opens the waiting page. The victim then denies the push. If the app never
 * asks Nevis about this push again, it does not learn of the denial, and `afterDenial: 'stop'` does not stop the recovery code.
 */
import { MemoryLedger, type NevisStrategyOptions } from '../../src'
import { callbackOf, handleIn, PASSWORD, signIn, statusOf, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'
import { lab, outcomeOf } from './support/lab'
import { breakingSerializeUser } from './support/serializers'

const world = lab()
const CODE = 'AAAA-1111'
const STOP = { afterDenial: 'stop' } as const

const deny = () => world.simulator.phone('anna').deny()
const denials = () => world.events.of('decided').filter(({ reason }) => reason === 'denied')
const change = async (browser: Browser, transaction: string, factor: string) => browser.post('/login/2fa', { transaction, factor })
const cancel = async (browser: Browser, transaction: string) => browser.post('/login/2fa', { transaction, cancel: '1' })
const start = (strategy: Partial<NevisStrategyOptions> = STOP) => world.start({ strategy })

/**
 * Moves the clock of the app and of the simulated Nevis forward. Then another user, ben, starts a sign-in, and ben's waiting page requests the status. At such
 * a request, the app also asks Nevis about the transactions of all users that have expired meanwhile.
 */
async function othersComeAfter(seconds: number, app: TestApp): Promise<void> {
  world.later(seconds)
  await app.browser().get(statusOf(await signIn(app.browser(), 'ben')))
}

/** Waits until the condition is true, because a request to the app does not wait for its background call to Nevis. */
async function until(isSo: () => boolean): Promise<void> {
  for (let left = 100_000; left > 0 && !isSo(); left--) await new Promise((resolve) => setImmediate(resolve))
}

describe('with afterDenial "stop"', () => {
  describe('after a switch to another factor', () => {
    // Shows: T-bomber-9
    it.each([['one switch', ['app']], ['two switches', ['app', 'sms']]])('a denial of the replaced push stops the recovery code: %s', async (_name, factors) => {
      const browser = (await start()).browser()
      let transaction = await signIn(browser, 'anna')
      for (const factor of factors) transaction = handleIn((await change(browser, transaction, factor)).location)
      await deny()
      for (let i = 0; i < 2; i++) expect(outcomeOf(await change(browser, transaction, 'recovery'))).toBe('not_approved')
      expect(outcomeOf(await browser.get(callbackOf(transaction)))).toBe('not_approved')
      expect(denials()).toMatchObject([{ factor: 'push', subject: { username: 'anna' } }])
    })

    it('a denial stops the recovery code that was chosen before the denial, in a second process, too', async () => {
      const ledger = new MemoryLedger()
      const { MemoryStore } = await import('express-session')
      const shared = { strategy: { ...STOP, ledger }, session: { store: new MemoryStore() } }
      const [one, two] = [await world.start(shared), await world.start(shared)]
      const browser = one.browser()
      const transaction = handleIn((await change(browser, await signIn(browser, 'anna'), 'recovery')).location)
      await deny()
      const other = two.browser()
      for (const [name, value] of browser.cookies) other.cookies.set(name, value)
      expect(outcomeOf(await other.post('/login/2fa/callback', { transaction, code: CODE }))).toBe('not_approved')
      expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction, code: CODE }))).toBe('not_approved')
      expect(world.asked('verifyCode')).toBe(0)
      expect(denials()).toHaveLength(1)
    })

    it.each([['while the push is open', 2], ['after the push has expired', 60]])('a denial stops the recovery code %s, if firstFactorLifetimeSeconds is shorter than lifetimeSeconds', async (_name, seconds) => {
      const browser = (await start({ ...STOP, firstFactorLifetimeSeconds: 60, lifetimeSeconds: 120 })).browser()
      const pushed = await signIn(browser, 'anna')
      world.later(50)
      const transaction = handleIn((await change(browser, pushed, 'recovery')).location)
      world.later(15)
      await deny()
      world.later(seconds)
      expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction, code: CODE }))).toBe('not_approved')
      expect(world.asked('verifyCode')).toBe(0)
    })

    it('nothing starts if Nevis cannot be asked about the replaced push', async () => {
      const browser = (await start()).browser()
      const transaction = handleIn((await change(browser, await signIn(browser, 'anna'), 'recovery')).location)
      world.simulator.faults.add({ on: 'getStatus', status: 503 })
      expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction, code: CODE }))).toBe('NEVIS_UNEXPECTED_RESPONSE')
    })

    it.each([['at once', 0], ['after the replaced push has timed out', 121]])('a user who denies nothing signs in with a recovery code %s', async (_name, seconds) => {
      const browser = (await start({ ...STOP, lifetimeSeconds: 120 })).browser()
      const pushed = await signIn(browser, 'anna')
      world.later(seconds === 0 ? 0 : 60)
      const transaction = handleIn((await change(browser, pushed, 'recovery')).location)
      if (seconds > 0) world.later(61)
      expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction, code: CODE }))).toBe('success')
      expect(denials()).toEqual([])
    })
  })

  describe('in a signed-in session', () => {
    async function signedIn(app: TestApp): Promise<Browser> {
      const browser = app.browser()
      const transaction = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      expect(outcomeOf(await browser.get(callbackOf(transaction)))).toBe('success')
      return browser
    }

    // Shows: T-bomber-9
    it.each(['learned', 'not learned', 'cancelled before', 'learned, and cancelled afterwards'])('a denied step-up stops every factor until the password: %s', async (how) => {
      const browser = await signedIn(await start())
      const transaction = handleIn((await browser.post('/start', {})).location)
      if (how === 'cancelled before') await browser.post('/login/2fa', { transaction, cancel: '1' })
      await deny()
      if (how.startsWith('learned')) expect(outcomeOf(await browser.get(callbackOf(transaction)))).toBe('not_approved')
      if (how.endsWith('afterwards')) await cancel(browser, transaction)
      for (const factor of ['recovery', 'push']) expect(outcomeOf(await browser.post('/start', { factor }))).toBe('not_approved')
      expect(denials()).toHaveLength(1)
      const again = await browser.post('/login', { username: 'anna', password: PASSWORD })
      await world.simulator.phone('anna').approve()
      expect(outcomeOf(await browser.get(callbackOf(handleIn(again.location))))).toBe('success')
      expect((await browser.post('/start', { factor: 'recovery' })).status).toBe(303)
    })

    it('a denied step-up stops no factor after the password, also if the app keeps the content of the session (keepSessionInfo)', async () => {
      const app = await world.start({ strategy: STOP, routes: (web, { passport }) => void web.get('/kept', passport.authenticate('nevis', { keepSessionInfo: true }), (_req, res) => void res.json({ action: 'success' })) })
      const browser = await signedIn(app)
      const transaction = handleIn((await browser.post('/start', {})).location)
      await deny()
      expect(outcomeOf(await browser.get(callbackOf(transaction)))).toBe('not_approved')
      const again = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      expect(outcomeOf(await browser.get(`/kept?transaction=${again}`))).toBe('success')
      expect(outcomeOf(await browser.post('/start', { factor: 'recovery' }))).toBe('303 /login/2fa')
    })

    it('a denied step-up stops the recovery code of a second tab', async () => {
      const browser = await signedIn(await start())
      await browser.post('/start', {})
      const transaction = handleIn((await browser.post('/start', { factor: 'recovery' })).location)
      await deny()
      expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction, code: CODE }))).toBe('not_approved')
    })

    it.each(['/login', '/login-during-outage'])('the password of another user ends no denial, at %s', async (path) => {
      const app = await world.start({ strategy: STOP, routes: (web, { passport }) => void web.post('/login-during-outage', passport.authenticate('local', { session: false }), breakingSerializeUser(passport), passport.authenticate('nevis')) })
      const browser = await signedIn(app)
      await browser.post('/start', {})
      await deny()
      for (let i = 0; i < 2; i++) {
        expect(outcomeOf(await browser.post('/start', { factor: 'recovery' }))).toBe('not_approved')
        expect((await browser.post(path, { username: 'ben', password: PASSWORD })).status).toBe(303)
      }
    })

    it('a denied step-up stops no other user, who gives the password in the same session', async () => {
      const browser = await signedIn(await start())
      await browser.post('/start', {})
      await deny()
      const transaction = handleIn((await browser.post('/login', { username: 'ben', password: PASSWORD })).location)
      expect(outcomeOf(await change(browser, transaction, 'app'))).toBe('303 /login/2fa')
      expect(outcomeOf(await browser.post('/start', { factor: 'recovery' }))).toBe('not_approved')
    })

    it('a denied step-up that the session has lost stops the recovery code, if the session has a second factor record', async () => {
      const app = await start({ ...STOP, startBudget: { starts: 50, perSeconds: 60 } })
      const browser = await signedIn(app)
      const { userId } = world.simulator.users.find(({ username }) => username === 'anna') as { userId: string }
      await browser.post('/prove', { username: 'anna', userId })
      await browser.post('/start', {})
      // The session keeps at most eight transactions, so eight new ones remove the step-up from the session. The user denies the step-up only after that.
      const codes: string[] = []
      for (let i = 0; i < 8; i++) {
        const code = handleIn((await browser.post('/start', { factor: 'recovery' })).location)
        if (codes.push(code) < 8) await cancel(browser, code)
      }
      await deny()
      expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction: codes[7] as string, code: CODE }))).toBe('not_approved')
      expect(outcomeOf(await browser.post('/start', { factor: 'recovery' }))).toBe('not_approved')
      expect(world.asked('verifyCode')).toBe(0)
      // After a newer sign-in, the denial of the step-up has no effect any more.
      world.later(30)
      const transaction = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      expect(outcomeOf(await browser.get(callbackOf(transaction)))).toBe('success')
      await browser.post('/prove', { username: 'anna', userId })
      expect((await browser.post('/start', { factor: 'recovery' })).status).toBe(303)
    })

    // Shows: T-bomber-9
    it.each(['learned', 'not learned'])('the passwords of eight other users end no denial: %s', async (when) => {
      const others = Array.from({ length: 8 }, (_, i) => `other${i}`)
      for (const username of others) world.simulator.addUser({ username, phone: '+41791112233' })
      const browser = await signedIn(await start())
      const transaction = handleIn((await browser.post('/start', {})).location)
      if (when === 'not learned') await cancel(browser, transaction)
      await deny()
      if (when === 'learned') expect(outcomeOf(await browser.get(callbackOf(transaction)))).toBe('not_approved')
      // The session keeps at most eight transactions, so the sign-ins of these eight users must not remove the denied step-up from it.
      for (const username of others) expect((await browser.post('/login', { username, password: PASSWORD })).status).toBe(303)
      expect(outcomeOf(await browser.post('/start', { factor: 'recovery' }))).toBe('not_approved')
    })

    it('the last of eight other users signs in all the same', async () => {
      const browser = await signedIn(await start())
      await browser.post('/start', {})
      await deny()
      for (let i = 0; i < 8; i++) {
        world.simulator.addUser({ username: `other${i}`, phone: '+41791112233' })
        await signIn(browser, `other${i}`)
      }
      const transaction = await signIn(browser, 'other7')
      await world.simulator.phone('other7').approve()
      expect(outcomeOf(await browser.get(callbackOf(transaction)))).toBe('success')
    })

    it.each([['at once', 0], ['after the first push has expired', 125]])('a user who approves one step-up starts the next one %s', async (_name, seconds) => {
      const browser = await signedIn(await start())
      const { userId } = world.simulator.users.find(({ username }) => username === 'anna') as { userId: string }
      await browser.post('/prove', { username: 'anna', userId })
      world.later(20)
      const transaction = handleIn((await browser.post('/start', {})).location)
      await world.simulator.phone('anna').approve()
      expect(outcomeOf(await browser.get(callbackOf(transaction)))).toBe('success')
      world.later(seconds)
      expect((await browser.post('/start', { factor: 'recovery' })).status).toBe(303)
    })

    it.each(['after its callback', 'without its callback'])('a step-up that has timed out stops the recovery code, also if it is cancelled %s', async (when) => {
      const browser = await signedIn(await start())
      const transaction = handleIn((await browser.post('/start', {})).location)
      world.later(125)
      if (when === 'after its callback') expect(outcomeOf(await browser.get(callbackOf(transaction)))).toBe('expired_transaction')
      await cancel(browser, transaction)
      expect(outcomeOf(await browser.post('/start', { factor: 'recovery' }))).toBe('expired_transaction')
    })

    it('a user who denies nothing goes on with another step-up', async () => {
      const browser = await signedIn(await start())
      const transaction = handleIn((await browser.post('/start', {})).location)
      await browser.post('/login/2fa', { transaction, cancel: '1' })
      const code = handleIn((await browser.post('/start', { factor: 'recovery' })).location)
      expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction: code, code: CODE }))).toBe('success')
    })
  })
})

describe('decided', () => {
  // Shows: T-bomber-10
  it.each(['new', 'old'])('is published once, if the password was posted twice and the page has the %s handle', async (which) => {
    const app = await start({})
    const browser = app.browser()
    const handles = { old: await signIn(browser, 'anna'), new: await signIn(browser, 'anna') }
    expect(world.asked('approve')).toBe(1)
    await deny()
    expect((await browser.get(statusOf(handles[which as 'old' | 'new']))).json().status).toBe('failed')
    expect(denials()).toHaveLength(1)
    expect((await browser.get(statusOf(handles.new))).json().status).toBe('failed')
    expect(outcomeOf(await browser.get(callbackOf(handles.new)))).toBe('not_approved')
    expect(denials()).toHaveLength(1)
  })

  // Shows: T-bomber-10
  it('is published at the user\'s next start, if no page was opened; the third push is not sent', async () => {
    const app = await start({})
    for (let i = 0; i < 2; i++) {
      await signIn(app.browser(), 'anna')
      await deny()
      expect(denials()).toHaveLength(i)
    }
    expect(outcomeOf(await app.browser().post('/login', { username: 'anna', password: PASSWORD }))).toBe('too_many_starts')
    expect(denials()).toHaveLength(2)
    expect(world.asked('approve')).toBe(2)
  })

  it('is looked for before a start begins a pause: a user who answered nothing and waits as long as told starts again', async () => {
    const app = await start({ startBudget: { starts: 5, perSeconds: 300 } })
    for (let i = 0; i < 5; i++) await signIn(app.browser(), 'anna')
    const refused = await app.browser().post('/login', { username: 'anna', password: PASSWORD })
    expect([outcomeOf(refused), refused.headers.get('retry-after')]).toEqual(['too_many_starts', '300'])
    world.later(301)
    await expect(signIn(app.browser(), 'anna')).resolves.toBeDefined()
    expect(world.asked('approve')).toBe(6)
  })

  const hiding: Record<string, (browser: Browser, transaction: string) => Promise<unknown>> = {
    'no page': () => Promise.resolve(),
    'one page, which then closes': (browser, transaction) => browser.get(statusOf(transaction)),
    'a switch': (browser, transaction) => change(browser, transaction, 'app'),
    'a cancellation': (browser, transaction) => cancel(browser, transaction),
    'two cancellations': async (browser, transaction) => [await cancel(browser, transaction), await cancel(browser, transaction)],
    'a switch, and a cancellation of what was before it': async (browser, transaction) => [await change(browser, transaction, 'app'), await cancel(browser, transaction)],
  }

  it.each(Object.keys(hiding))('is published after the push has expired, when the process next serves anybody: %s', async (how) => {
    const app = await start({})
    const browser = app.browser()
    await hiding[how]?.(browser, await signIn(browser, 'anna'))
    await deny()
    await othersComeAfter(200, app)
    await until(() => denials().length > 0)
    expect(denials()).toMatchObject([{ factor: 'push', subject: { username: 'anna' } }])
  })

  it('says denied, if the callback comes only after the push has expired', async () => {
    const browser = (await start({})).browser()
    const transaction = await signIn(browser, 'anna')
    await deny()
    world.later(121)
    expect(outcomeOf(await browser.get(callbackOf(transaction)))).toBe('expired_transaction')
    expect(world.events.of('decided')).toMatchObject([{ reason: 'denied' }])
  })

  it('counts no denial for a user who closes the page and answers nothing', async () => {
    const app = await start({})
    for (let i = 0; i < 3; i++) {
      await signIn(app.browser(), 'anna')
      await othersComeAfter(200, app)
      await until(() => world.events.of('decided').filter(({ subject }) => (subject as { username?: string } | undefined)?.username === 'anna').length > i)
    }
    expect(world.events.of('decided').map(({ reason }) => reason)).not.toContain('denied')
    await expect(signIn(app.browser(), 'anna')).resolves.toBeDefined()
  })
})

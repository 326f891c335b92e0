/**
 * The attack: another user's phone.
 *
 * A start can name the phone that is asked. Nevis does not document that this phone must be the user's own, and Nevis's calls to rename and delete a phone do
 * not even name a user. An attacker with anna's password could name the attacker's own phone and approve in her place. An attacker with another account could
 * name anna's phone in a start for that account. Then anna's phone would ring, but the start would not count towards anna's limit of starts. Or the attacker
 * could remove anna's phone on the page that lists the attacker's devices. Ids are not secret: they are in pages, in logs, and in the answers of the API.
 *
 * So every id of an authenticator is compared with the subject's own authenticators at Nevis. An id of another user never reaches Nevis, neither in a
 * path nor in a body.
 */
import { NevisClient, ownAuthenticator, push } from '../../src'
import { callbackOf, handleIn, PASSWORD, signIn, waitingOf, type TestApp } from '../support/app'
import type { Browser, Page } from '../support/browser'
import { lab, outcomeOf } from './support/lab'

const world = lab()

const idOf = (username: string) => world.simulator.users.find((user) => user.username === username)?.authenticators[0]?.authenticatorId as string
/** All paths and bodies that were sent to Nevis. */
const sent = () => JSON.stringify(world.simulator.requests.map(({ path, body }) => [path, body]))
const nobodys = '00000000-0000-4000-8000-000000000000'

/** Every way in which a request can name a phone. */
const ways: [string, (app: TestApp, authenticatorId: string) => Promise<Page>][] = [
  ['with the password', (app, authenticatorId) => app.browser().post('/login', { username: 'anna', password: PASSWORD, authenticatorId })],
  ['for a QR code', (app, authenticatorId) => app.browser().post('/login', { username: 'anna', password: PASSWORD, factor: 'app', authenticatorId })],
  ['to send it again', async (app, authenticatorId) => {
    const browser = app.browser()
    return browser.post('/login/2fa', { transaction: await signIn(browser, 'anna'), factor: 'push', authenticatorId })
  }],
  ['in place of a code', async (app, authenticatorId) => {
    const browser = app.browser()
    return browser.post('/login/2fa', { transaction: await signIn(browser, 'anna', { factor: 'sms' }), factor: 'push', authenticatorId })
  }],
]

describe('a start that names another user\'s phone', () => {
  describe.each(ways)('%s', (_way, start) => {
    // Shows: ASVS V8.2.2, T-browser-2, C-approval-9
    it.each([['ben\'s', () => idOf('ben')], ['nobody\'s', () => nobodys], ['any', () => '*'], ['no id at all', () => '../x']])('fails with unknown_authenticator, and the id never reaches Nevis: %s', async (_whose, id) => {
      const app = await world.start()
      const page = await start(app, id())
      expect(page.status).toBe(400)
      expect(outcomeOf(page)).toBe('unknown_authenticator')
      expect(sent()).not.toContain(id())
      expect(world.simulator.phone('ben').waiting).toEqual([])
    })
  })

  describe('by the route, which took it from the request', () => {
    it('fails as well: whoever names the phone, it must be the subject\'s own', async () => {
      const app = await world.start({ start: { authenticatorId: (req) => (req.body as { device: string }).device } })
      const page = await app.browser().post('/login', { username: 'anna', password: PASSWORD, device: idOf('ben') })
      expect(outcomeOf(page)).toBe('unknown_authenticator')
      expect(sent()).not.toContain(idOf('ben'))
    })
  })

  describe('while an approval is under way', () => {
    it('does not affect it: it still signs in', async () => {
      const app = await world.start()
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      expect(outcomeOf(await browser.post('/login/2fa', { transaction: handle, factor: 'push', authenticatorId: idOf('ben') }))).toBe('unknown_authenticator')
      await world.simulator.phone('anna').approve()
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
    })
  })

  describe('again and again', () => {
    it('is limited by the budget of starts, so that an attacker cannot try many ids', async () => {
      const app = await world.start()
      const outcomes: string[] = []
      for (let i = 0; i < 7; i++) outcomes.push(outcomeOf(await app.browser().post('/login', { username: 'anna', password: PASSWORD, authenticatorId: idOf('ben') })))
      expect(outcomes).toEqual([...Array<string>(5).fill('unknown_authenticator'), 'too_many_starts', 'too_many_starts'])
      expect(world.asked('findUserByUsername')).toBe(5)
    })
  })

  describe('that was the user\'s own when the page was made', () => {
    it('fails with unknown_authenticator once it is removed', async () => {
      const app = await world.start()
      const browser = app.browser()
      const mine = idOf('anna')
      const handle = handleIn((await browser.post('/login', { username: 'anna', password: PASSWORD, authenticatorId: mine })).location)
      await new NevisClient({ baseURL: world.simulator.baseURL, accessKey: world.simulator.accessKey }).deleteAuthenticator(mine)
      world.later(15)
      expect(outcomeOf(await browser.post('/login/2fa', { transaction: handle, factor: 'push' }))).toBe('unknown_authenticator')
    })
  })
})

describe('a cloud that answers about another user', () => {
  it.each([
    ['another userId', { userId: '11111111-1111-4111-8111-111111111111' }, 'userId'],
    ['another username', { username: 'ben' }, 'username'],
  ] as const)('with %s › ends in binding_mismatch, sends no push, and says why only in an event', async (_what, patch, field) => {
    const { userId } = world.simulator.users.find(({ username }) => username === 'anna') as { userId: string }
    const app = await world.start({ strategy: { subject: () => ({ userId, username: 'anna' }) } })
    world.simulator.faults.add({ on: 'getUser', patch })
    const page = await app.browser().post('/login', { username: 'anna', password: PASSWORD, authenticatorId: idOf('anna') })
    expect(outcomeOf(page)).toBe('binding_mismatch')
    expect(page.text).not.toContain(field)
    expect(world.events.of('suspicious')).toMatchObject([{ reason: 'binding_mismatch', field }])
    expect(world.asked('approve')).toBe(0)
  })

  it('that cannot say whose phone it is › ends in an error, and sends no push', async () => {
    const app = await world.start()
    world.simulator.faults.add({ on: 'findUserByUsername', status: 500 })
    const page = await app.browser().post('/login', { username: 'anna', password: PASSWORD, authenticatorId: idOf('anna') })
    expect(outcomeOf(page)).toBe('NEVIS_UNEXPECTED_RESPONSE')
    expect(world.asked('approve')).toBe(0)
  })
})

describe('the names of a user\'s phones', () => {
  const list = (handle: string) => `${waitingOf(handle)}&authenticators=1`
  const name = () => world.simulator.users.find(({ username }) => username === 'anna')?.authenticators[0]?.name as string

  describe('asked for with a stolen handle', () => {
    // Shows: ASVS V14.2.6
    it('are not told, and Nevis is not asked', async () => {
      const app = await world.start()
      const handle = await signIn(app.browser(), 'anna')
      const page = await app.browser().get(list(handle))
      expect(page.status).toBe(403)
      expect(page.text).not.toContain(name())
      expect(world.asked('getUser')).toBe(0)
    })
  })

  describe('asked for once nothing more could be started with the transaction', () => {
    // Shows: T-password-6
    it.each([
      ['cancelled', async (browser: Browser, handle: string) => void (await browser.post('/login/2fa', { transaction: handle, cancel: '1' }))],
      ['too long after the password', async () => world.later(601)],
    ] as const)('are not told: %s', async (_why, end) => {
      const app = await world.start()
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await end(browser, handle)
      const page = await browser.get(list(handle), { accept: 'application/json' })
      expect(page.json()).not.toHaveProperty('authenticators')
      expect(page.json()).not.toHaveProperty('authenticatorsURL')
      expect(world.asked('getUser')).toBe(0)
    })
  })

  describe('asked for by anyone who signs in next in the same session', () => {
    it('are not told', async () => {
      const app = await world.start({
        routes: (express, { passport }) => {
          express.post('/password-only', passport.authenticate('local', { keepSessionInfo: true } as object), (_req, res) => void res.end())
        },
      })
      const browser = app.browser()
      await browser.post('/password-only', { username: 'anna', password: PASSWORD })
      const handle = handleIn((await browser.post('/start')).location)
      expect((await browser.get(list(handle), { accept: 'application/json' })).json().authenticators).toMatchObject([{ id: idOf('anna'), name: name() }])
      await browser.post('/password-only', { username: 'ben', password: PASSWORD })
      expect((await browser.get(list(handle), { accept: 'application/json' })).json()).not.toHaveProperty('authenticators')
    })
  })
})

describe('ownAuthenticator, before an app renames or removes a phone', () => {
  const client = () => new NevisClient({ baseURL: world.simulator.baseURL, accessKey: world.simulator.accessKey })
  const userIdOf = (username: string) => world.simulator.users.find((user) => user.username === username)?.userId as string

  // Shows: C-user-10
  it('finds the user\'s own, by userId and by username', async () => {
    for (const subject of [{ userId: userIdOf('anna') }, { username: 'anna' }]) {
      expect(await ownAuthenticator(client(), subject, idOf('anna'))).toMatchObject({ authenticatorId: idOf('anna') })
    }
  })

  // Shows: ASVS V8.2.2
  it.each([['ben\'s', () => idOf('ben')], ['nobody\'s', () => nobodys], ['any', () => '*'], ['none', () => undefined], ['a list', () => [idOf('anna')]], ['an object', () => ({ toString: () => idOf('anna') })]])('does not find any other id, and sends it nowhere: %s', async (_whose, id) => {
    expect(await ownAuthenticator(client(), { userId: userIdOf('anna') }, id())).toBeUndefined()
    expect(sent()).not.toContain(idOf('ben'))
    expect(world.operations()).toEqual(['getUser'])
  })

  // Shows: C-user-10
  it('finds nothing where Nevis answers about another user', async () => {
    world.simulator.faults.add({ on: 'getUser', patch: { userId: userIdOf('ben') } })
    expect(await ownAuthenticator(client(), { userId: userIdOf('anna') }, idOf('anna'))).toBeUndefined()
  })

  it('rejects for a user whom Nevis does not know', async () => {
    await expect(ownAuthenticator(client(), { username: 'nobody' }, idOf('anna'))).rejects.toMatchObject({ code: 'NEVIS_NOT_FOUND' })
  })
})

describe('a factor of the app\'s own that says nothing of phones', () => {
  it('gets no phone, whatever the request names', async () => {
    const { takesAuthenticator: _none, ...plain } = push()
    const given: unknown[] = []
    const app = await world.start({ strategy: { factors: [{ ...plain, approve: (nevis, subject, request) => (given.push(request), push().approve(nevis, subject, request)) }] } })
    await signIn(app.browser(), 'anna', { authenticatorId: idOf('ben') })
    expect(given).toEqual([{ typedCodeLine: expect.any(String) }])
    expect(sent()).not.toContain(idOf('ben'))
  })
})

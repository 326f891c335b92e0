/**
 * The attack: a 404 that is not from Nevis.
 *
 * If the app enrols the first factor right after the password (`approve-or-enroll`, `enroll`), it relies on Nevis's answer that a user is
 * unknown, which is HTTP 404. But an ingress, a load balancer or a service mesh sends 404, too, when it cannot find Nevis: with a text, a page, other
 * JSON, or nothing. The attacker has stolen the password of a user who has a phone, and signs in while the gateway is being deployed. In an earlier
 * version, the victim counted as new, and the attacker could enrol a phone and was signed in.
 *
 * So only Nevis's own error body says that a user is unknown. A user who is really new must still get a first factor.
 */
import { NevisClient } from '../../src'
import { callbackOf, handleIn, PASSWORD, waitingOf, type TestApp } from '../support/app'
import { lab, outcomeOf } from './support/lab'

const world = lab()
const WAYS: [string, Record<string, string>][] = [['app', { factor: 'app' }], ['sms', { factor: 'sms', phone: '+41790000666' }], ['recovery', { factor: 'recovery' }]]
const FOREIGN: [string, unknown][] = [
  ['the text of an ingress', 'default backend - 404'],
  ['the text of a router', '404 page not found'],
  ['nothing', ''],
  ['a page', '<html><head><title>404 Not Found</title></head></html>'],
  ['the JSON of an API gateway', { message: 'no Route matched with those values' }],
  ['the JSON of a web framework', { statusCode: 404, error: 'Not Found', message: 'Cannot GET /api/v1/users' }],
  ['the JSON of a cloud', { error: { code: 404, status: 'NOT_FOUND' } }],
  ['an empty object', {}],
  ['a list', []],
  ['a text for the number', { status: '404', error: 'Not Found' }],
  ['the status of a token', { status: 'unknown' }],
  ['an error about the page to which a gateway has forwarded the request', { error: 'Not Found', message: 'x', path: '/error/404', status: 404, timestamp: 1 }],
  ['an error about another request', { error: 'Not Found', message: 'x', path: '/api/v1/status', status: 404, timestamp: 1 }],
]
const idOf = (username: string) => world.simulator.users.find((user) => user.username === username)?.userId as string

const start = (operation: 'approve-or-enroll' | 'enroll' | 'approve', byId = false): Promise<TestApp> =>
  world.start({ strategy: { operation, ...(byId && { subject: () => ({ userId: idOf('anna') }) }) } })
const password = (app: TestApp, fields: Record<string, string>, username = 'anna') => app.browser().post('/login', { username, password: PASSWORD, ...fields })

describe.each(['approve-or-enroll', 'enroll'] as const)('with %s, a victim who has a phone', (operation) => {
  describe.each(FOREIGN)('looked up through a gateway that answers 404 with %s', (_what, body) => {
    // Shows: ASVS V15.3.5, T-enrol-2
    it.each(WAYS)('is not new: nothing is enrolled for the attacker: %s', async (_name, fields) => {
      const app = await start(operation)
      world.simulator.faults.add({ on: 'findUserByUsername', status: 404, body })
      const page = await password(app, fields)
      expect([page.status, outcomeOf(page)]).toEqual([502, 'NEVIS_UNEXPECTED_RESPONSE'])
      expect(world.asked('enroll')).toBe(0)
      expect(app.verified).toEqual([])
    })

    it('is not new where the app knows the userId', async () => {
      const app = await start(operation, true)
      world.simulator.faults.add({ on: 'getUser', status: 404, body })
      expect(outcomeOf(await password(app, { factor: 'app' }))).toBe('NEVIS_UNEXPECTED_RESPONSE')
      expect(world.asked('enroll')).toBe(0)
    })
  })
})

describe('a user who is new', () => {
  it('is known by the 404 of Nevis, enrols a phone and is signed in', async () => {
    const app = await start('approve-or-enroll')
    const browser = app.browser()
    const handle = handleIn((await browser.post('/login', { username: 'carl', password: PASSWORD, factor: 'app' })).location)
    const { appLinkUri } = (await browser.get(waitingOf(handle), { accept: 'application/json' })).json() as { appLinkUri: string }
    await world.simulator.phone('carl').scan(appLinkUri)
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
    expect(app.verified).toMatchObject([{ username: 'carl', operation: 'enroll', factor: 'app' }])
  })

  it.each(['/api/v1/users', '/api/v1/users?username=carl'])('is known by the 404 of Nevis about the look-up: %s', async (path) => {
    const app = await start('approve-or-enroll')
    world.simulator.faults.add({ on: 'findUserByUsername', status: 404, body: { error: 'Not Found', message: 'x', path, status: 404, timestamp: 1 } })
    expect((await password(app, { factor: 'app' }, 'carl')).status).toBe(303)
    expect(world.asked('enroll')).toBe(1)
  })

  it('is known, too, where Nevis writes its errors as RFC 9457 has them', async () => {
    const app = await start('approve-or-enroll')
    world.simulator.faults.add({ on: 'findUserByUsername', status: 404, body: { type: 'about:blank', title: 'Not Found', status: 404, detail: 'no such user' } })
    expect((await password(app, { factor: 'app' }, 'carl')).status).toBe(303)
    expect(world.asked('enroll')).toBe(1)
  })
})

describe('a start', () => {
  // Shows: C-error-4
  it.each(FOREIGN)('that a gateway answers 404 is an error, and says of no user that they have no such factor: %s', async (_what, body) => {
    const app = await start('approve')
    world.simulator.faults.add({ on: 'approve', status: 404, body })
    expect(outcomeOf(await password(app, { factor: 'push' }))).toBe('NEVIS_UNEXPECTED_RESPONSE')
  })

  it('that Nevis answers 404 fails with not_enrolled', async () => {
    const app = await start('approve')
    expect(outcomeOf(await password(app, { factor: 'push' }, 'carl'))).toBe('not_enrolled')
  })
})

/**
 * A success that is not from Nevis: a user has lost a phone, and removes it on a page of the app. In an earlier version, a maintenance page with HTTP 200
 * counted as Nevis's answer that the phone is removed. So a thief who has found the phone could still approve with it.
 */
describe('a lost phone', () => {
  const clientOf = () => new NevisClient({ baseURL: world.simulator.baseURL, accessKey: world.simulator.accessKey })
  const phoneOf = (username: string) => world.simulator.users.find((user) => user.username === username)?.authenticators[0]?.authenticatorId as string

  // Shows: T-answer-3
  it.each(['<h1>Sorry</h1>', 'OK', { error: 'Service Unavailable' }, { status: 'failed' }, []])('is not reported removed by HTTP 200 with %j', async (body) => {
    world.simulator.faults.add({ on: ['deleteAuthenticator', 'deleteUser'], status: 200, body })
    await expect(clientOf().deleteAuthenticator(phoneOf('anna'))).rejects.toMatchObject({ code: 'NEVIS_UNEXPECTED_RESPONSE' })
    await expect(clientOf().deleteUser(idOf('anna'))).rejects.toMatchObject({ code: 'NEVIS_UNEXPECTED_RESPONSE' })
    expect(phoneOf('anna')).toBeDefined()
  })

  // A cache or a gateway mixes up answers. The answer contains the user or the phone that was to be removed, which therefore still exists, or another user.
  it.each<[string, () => object]>([
    ['the user, with the phone', () => ({ userId: idOf('anna'), username: 'anna', status: 'active', authenticators: [{ authenticatorId: phoneOf('anna'), state: 'active' }] })],
    ['the user, with nothing but names', () => ({ userId: idOf('anna'), username: 'anna', createdAt: '2026-01-01T00:00:00Z' })],
    ['the userId alone', () => ({ userId: idOf('anna') })],
    ['the phone', () => ({ authenticatorId: phoneOf('anna'), name: 'phone', state: 'active' })],
    ['the id of the phone', () => ({ authenticatorId: phoneOf('anna') })],
    ['a success for another user', () => ({ success: true, userId: idOf('ben'), authenticatorId: phoneOf('ben') ?? idOf('ben') })],
  ])('is not reported removed by HTTP 200 with %s', async (_what, body) => {
    world.simulator.faults.add({ on: ['deleteAuthenticator', 'deleteUser'], status: 200, body: body() })
    await expect(clientOf().deleteAuthenticator(phoneOf('anna'))).rejects.toMatchObject({ code: 'NEVIS_UNEXPECTED_RESPONSE' })
    await expect(clientOf().deleteUser(idOf('anna'))).rejects.toMatchObject({ code: 'NEVIS_UNEXPECTED_RESPONSE' })
    expect(phoneOf('anna')).toBeDefined()
  })

  it('is not reported removed before by the 404 of a gateway', async () => {
    world.simulator.faults.add({ on: 'deleteAuthenticator', status: 404, body: 'default backend - 404' })
    await expect(clientOf().deleteAuthenticator(phoneOf('anna'))).rejects.toMatchObject({ code: 'NEVIS_UNEXPECTED_RESPONSE' })
  })

  it('is reported removed once it is', async () => {
    await expect(clientOf().deleteAuthenticator(phoneOf('anna'))).resolves.toBeUndefined()
    expect(phoneOf('anna')).toBeUndefined()
    await expect(clientOf().deleteUser(idOf('ben'))).resolves.toBeUndefined()
    expect(idOf('ben')).toBeUndefined()
  })
})

/**
 * The attack: ids that change a path.
 *
 * The attacker can change answers of Nevis, or Nevis is faulty: a user has the id `../x`, or a status token contains line breaks. Ids become parts of the paths
 * of later requests, which carry the access key. The strategy stores ids in sessions, and the app stores ids in its database. The client refuses to send such
 * an id, and treats it as a mistake of the programmer. In an earlier version, the strategy stored the id in the session and failed with a `TypeError` much
 * later, without a code by which an operator could recognise the cause.
 *
 * So the client refuses an answer with an id or token that no request could carry, as an answer that breaks Nevis's documentation. The strategy refuses an answer
 * to a start that would not fit into the URL of the waiting page: otherwise the phone would show the push, but no page would accept the handle. A user who has one
 * authenticator with such an id and other authenticators must still be able to sign in, and counts as a user with a factor.
 */
import { NevisClient, ownAuthenticator } from '../../src'
import { callbackOf, handleIn, PASSWORD, signIn, waitingOf } from '../support/app'
import { lab, outcomeOf } from './support/lab'

const world = lab()
const ODD_IDS: [string, string][] = [['that is a path', '../x'], ['that is a number', '100'], ['of two lines', 'x\r\ny: z'], ['of kilobytes', 'x'.repeat(9000)]]
const idOf = (username: string) => world.simulator.users.find((user) => user.username === username)?.userId as string

describe('a start', () => {
  describe.each(ODD_IDS)('where Nevis names an id %s', (_what, userId) => {
    // Shows: ASVS V15.3.5, T-answer-4
    it.each(['push', 'sms'])('is an error of the answer: %s', async (factor) => {
      const app = await world.start()
      world.simulator.faults.add({ on: 'approve', patch: { userId } })
      const page = await app.browser().post('/login', { username: 'anna', password: PASSWORD, factor })
      expect([page.status, outcomeOf(page)]).toEqual([502, 'NEVIS_UNEXPECTED_RESPONSE'])
    })

    it('is an error of the answer where the user is only looked up: recovery', async () => {
      const app = await world.start()
      world.simulator.faults.add({ on: 'findUserByUsername', patch: { userId } })
      expect(outcomeOf(await app.browser().post('/login', { username: 'anna', password: PASSWORD, factor: 'recovery' }))).toBe('NEVIS_UNEXPECTED_RESPONSE')
    })
  })

  it.each([['two lines', 'a\r\nb'], ['kilobytes', 'x'.repeat(9000)], ['a character that no header takes', '\u2028']])('is an error of the answer where the status token has %s', async (_what, statusToken) => {
    const app = await world.start()
    world.simulator.faults.add({ on: 'approve', patch: { statusToken } })
    expect(outcomeOf(await app.browser().post('/login', { username: 'anna', password: PASSWORD }))).toBe('NEVIS_UNEXPECTED_RESPONSE')
  })
})

describe('a start with a status token that is too long for the URL of the waiting page', () => {
  const statusToken = 'x'.repeat(8000)

  it.each(['app', 'sms'])('is an error of the answer, and leaves an earlier start as it is: %s', async (factor) => {
    const app = await world.start()
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    world.simulator.faults.add({ on: 'approve', patch: { statusToken } })
    const page = await browser.post('/login', { username: 'anna', password: PASSWORD, factor })
    expect([page.status, outcomeOf(page)]).toEqual([502, 'NEVIS_UNEXPECTED_RESPONSE'])
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
  })

  it('is an error of the answer, and leaves an earlier enrolment valid', async () => {
    const app = await world.start({ strategy: { operation: 'enroll' } })
    const browser = app.browser()
    const fields = { username: 'newcomer', password: PASSWORD, factor: 'sms', phone: '+41790000123' }
    const handle = handleIn((await browser.post('/login', fields)).location)
    const code = /\d{6}/.exec(world.simulator.sms('newcomer').at(-1) as string)?.[0] as string
    world.simulator.faults.add({ on: 'enroll', patch: { enrollment: { statusToken } } })
    expect(outcomeOf(await app.browser().post('/login', fields))).toBe('NEVIS_UNEXPECTED_RESPONSE')
    expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction: handle, code }))).toBe('success')
  })

  it('goes on with a shorter one, which the waiting page accepts', async () => {
    const app = await world.start()
    const browser = app.browser()
    world.simulator.faults.add({ on: 'approve', patch: { statusToken: 'x'.repeat(5800) } })
    const handle = await signIn(browser, 'anna')
    expect((await browser.get(waitingOf(handle))).status).toBe(200)
  })
})

describe('a callback', () => {
  it.each<[string, object]>([['userId', { userId: '../x' }], ['token of two lines', { token: 'a\nb' }], ['token of kilobytes', { token: 'x'.repeat(9000) }]])(
    'where the status has an odd %s is an error, signs no user in, and is right once Nevis is',
    async (_what, patch) => {
      const app = await world.start()
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      const fault = world.simulator.faults.add({ on: 'getStatus', patch: { ...patch } })
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('NEVIS_UNEXPECTED_RESPONSE')
      expect(app.verified).toEqual([])
      fault.remove()
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
    },
  )
})

describe('a user with an authenticator that has no id', () => {
  const odd = { type: 'sms', phone: '+41791234567' }

  it('signs in', async () => {
    const app = await world.start({ strategy: { operation: 'approve-or-enroll' } })
    world.simulator.faults.add({ on: ['findUserByUsername', 'getUser'], patch: { authenticators: [odd] } })
    const browser = app.browser()
    const handle = handleIn((await browser.post('/login', { username: 'anna', password: PASSWORD })).location)
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
    expect(app.verified).toMatchObject([{ id: idOf('anna'), operation: 'approve' }])
  })

  it('has a factor, so that a stolen password enrols none, also where Nevis calls the user new', async () => {
    const app = await world.start({ strategy: { operation: 'enroll' } })
    world.simulator.faults.add({ on: 'findUserByUsername', patch: { status: 'new', authenticators: [odd] } })
    expect(outcomeOf(await app.browser().post('/login', { username: 'anna', password: PASSWORD, factor: 'app' }))).toBe('already_enrolled')
    expect(world.asked('enroll')).toBe(0)
  })

  it('is not offered on the waiting page, where the others are', async () => {
    const app = await world.start()
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    const other = { authenticatorId: '00000000-0000-4000-8000-000000000000', name: 'Tablet' }
    world.simulator.faults.add({ on: 'getUser', patch: { authenticators: [odd, other] } })
    const view = (await browser.get(`${waitingOf(handle)}&authenticators=1`, { accept: 'application/json' })).json()
    expect(view).toMatchObject({ status: 'pending', authenticators: [{ id: other.authenticatorId, name: 'Tablet' }] })
  })

  it('is not found by a page of the app that forgot to send an id', async () => {
    const client = new NevisClient({ baseURL: world.simulator.baseURL, accessKey: world.simulator.accessKey })
    world.simulator.faults.add({ on: 'findUserByUsername', patch: { authenticators: [odd] } })
    for (const id of [undefined, null, '', 'undefined']) expect(await ownAuthenticator(client, { username: 'anna' }, id)).toBeUndefined()
  })

  it('is never named by nothing: a start with no id of theirs asks the newest phone', async () => {
    const app = await world.start()
    world.simulator.faults.add({ on: 'findUserByUsername', patch: { authenticators: [odd] } })
    for (const authenticatorId of ['', 'undefined']) {
      expect(outcomeOf(await app.browser().post('/login', { username: 'anna', password: PASSWORD, authenticatorId }))).toBe('unknown_authenticator')
    }
    expect((await app.browser().post('/login', { username: 'anna', password: PASSWORD })).status).toBe(303)
    const asked = world.simulator.requests.filter(({ operation }) => operation === 'approve')
    expect(asked.map(({ body }) => body)).toEqual([expect.not.objectContaining({ authenticatorId: expect.anything() })])
  })
})

/**
 * The attack: an attacker with one password starts one push, and then sends requests in a loop, so that other users cannot sign in. In an earlier version,
 * 300 callbacks of a pending push made 300 status calls, and all users share the rate limit that Nevis sets for this customer. With one handle (the id in the
 * URL of the waiting page) and without a session cookie, an attacker could open event streams until no stream was left for other users. Clients that poll
 * caused two calls to Nevis every two seconds, even if the option `pollSchedule` allowed fewer.
 */
import { get, type ClientRequest } from 'node:http'
import { callbackOf, PASSWORD, signIn, statusOf } from '../support/app'
import { lab, outcomeOf, tally } from './support/lab'

const world = lab()
jest.setTimeout(60_000)

/** Stops the clock that limits the rate of calls, so that a slow machine does not allow more calls. */
const inOneMoment = () => jest.spyOn(performance, 'now').mockReturnValue(performance.now())

describe('300 callbacks of one pending push', () => {
  // Shows: T-exhaust-3
  it('are ten calls at most, all lead back to the waiting page, and the approval then counts once', async () => {
    const app = await world.start()
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    inOneMoment()
    const pages = await Promise.all(Array.from({ length: 300 }, () => browser.get(callbackOf(handle))))
    expect(tally(pages.map(outcomeOf))).toEqual({ '303 /login/2fa': 300 })
    expect(world.asked('getStatus')).toBeLessThanOrEqual(10)
    await world.simulator.phone('anna').approve()
    world.later(1)
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
    expect(app.verified).toHaveLength(1)
  })
})

describe('300 callbacks of one approved push', () => {
  it('sign in once, and are ten calls at most', async () => {
    const app = await world.start()
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    await world.simulator.phone('anna').approve()
    inOneMoment()
    const pages = await Promise.all(Array.from({ length: 300 }, () => browser.clone().get(callbackOf(handle))))
    expect(tally(pages.map(outcomeOf))['success']).toBe(1)
    expect(app.verified).toHaveLength(1)
    expect(world.asked('getStatus')).toBeLessThanOrEqual(3)
    expect(world.asked('introspect')).toBeLessThanOrEqual(3)
  })
})

describe('fifty clients that poll one push every two seconds for a minute', () => {
  const everyTwoSeconds = [{ untilSeconds: 600, everySeconds: 2 }]

  /** Returns a function that moves the clock of this process forward. The simulated cloud runs in this process and uses the same clock. */
  function movableClock(): (seconds: number) => void {
    let ahead = 0
    const [date, ticks] = [Date.now(), performance.now()]
    jest.spyOn(Date, 'now').mockImplementation(() => date + ahead)
    jest.spyOn(performance, 'now').mockImplementation(() => ticks + ahead)
    return (seconds) => void (ahead += seconds * 1000)
  }

  // Shows: T-exhaust-3
  it.each([['the default schedule', {}], ['a schedule of two seconds', { pollSchedule: everyTwoSeconds }]])('are 31 calls at most, with %s', async (_name, strategy) => {
    const app = await world.start({ strategy })
    const later = movableClock()
    const handle = await signIn(app.browser(), 'anna')
    const statuses = new Set<string>()
    for (let round = 0; round <= 30; round++) {
      const pages = await Promise.all(Array.from({ length: 50 }, () => app.browser().get(statusOf(handle))))
      for (const page of pages) statuses.add(page.json().status)
      if (round < 30) later(2)
    }
    expect([...statuses]).toEqual(['pending'])
    expect(world.asked('getStatus')).toBeGreaterThanOrEqual(25)
    expect(world.asked('getStatus')).toBeLessThanOrEqual(31)
    await world.simulator.phone('anna').approve()
    later(4)
    expect((await app.browser().get(statusOf(handle))).json()).toMatchObject({ status: 'succeeded' })
  })

  it('a page that looks, polls and is reloaded at once still sees the approval', async () => {
    const app = await world.start({ strategy: { pollSchedule: everyTwoSeconds } })
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    inOneMoment()
    await browser.get(`/login/2fa?transaction=${handle}`)
    await browser.get(statusOf(handle))
    await world.simulator.phone('anna').approve()
    expect((await browser.get(statusOf(handle))).json()).toMatchObject({ status: 'succeeded' })
  })
})

describe('the streams of one handle', () => {
  // Shows: T-exhaust-3
  it('are 20 at once; the next are JSON, and another person still gets one', async () => {
    const app = await world.start()
    const requests: ClientRequest[] = []
    const kindOf = (handle: string) =>
      new Promise<string>((resolve, reject) => {
        const request = get(`${app.origin}${statusOf(handle)}`, { headers: { accept: 'text/event-stream' } }, (response) => {
          response.on('error', () => undefined).resume()
          resolve(String(response.headers['content-type']))
        })
        requests.push(request.on('error', reject))
      })
    world.defer(() => requests.forEach((request) => request.on('error', () => undefined).destroy()))
    const handle = await signIn(app.browser(), 'anna')
    const kinds = await Promise.all(Array.from({ length: 200 }, () => kindOf(handle)))
    expect(tally(kinds)).toEqual({ 'text/event-stream; charset=utf-8': 20, 'application/json; charset=utf-8': 180 })
    expect(await kindOf(await signIn(app.browser(), 'ben'))).toBe('text/event-stream; charset=utf-8')
  })

  it('have a place again once one of them has ended', async () => {
    const app = await world.start({ strategy: { pollSchedule: [{ untilSeconds: 600, everySeconds: 0.5 }] } })
    const handle = await signIn(app.browser(), 'anna')
    const ask = () => fetch(`${app.origin}${statusOf(handle)}`, { headers: { accept: 'text/event-stream' } })
    const open = await Promise.all(Array.from({ length: 20 }, ask))
    expect((await ask()).headers.get('content-type')).toBe('application/json; charset=utf-8')
    await world.simulator.phone('anna').approve()
    const texts = await Promise.all(open.map((one) => one.text()))
    expect(texts.every((text) => text.includes('"status":"succeeded"'))).toBe(true)
    const again = await ask()
    expect([again.headers.get('content-type'), await again.text()]).toEqual(['text/event-stream; charset=utf-8', expect.stringContaining('succeeded')])
  })
})

describe('150 codes at once for one enrolment by SMS', () => {
  // Shows: T-exhaust-3
  it('are five calls of each kind at most, because each code is counted first', async () => {
    const app = await world.start({ start: { operation: 'approve-or-enroll' } })
    const browser = app.browser()
    const transaction = await signIn(browser, 'carla', { factor: 'sms', phone: '+41795556677' })
    world.simulator.requests.length = 0
    await Promise.all(Array.from({ length: 150 }, (_, i) => browser.clone().post('/login/2fa/callback', { transaction, code: String(300000 + i) })))
    expect([world.asked('getUser') <= 5, world.asked('verifyCode') <= 5, world.operations().length <= 10]).toEqual([true, true, true])
  })
})

describe('a start with a factor that is none', () => {
  it('asks Nevis nothing, though the operation is still to be found out', async () => {
    const app = await world.start({ start: { operation: 'approve-or-enroll' } })
    for (let i = 0; i < 20; i++) expect(outcomeOf(await app.browser().post('/login', { username: 'anna', password: PASSWORD, factor: 'nonsense' }))).toBe('unknown_factor')
    expect(world.operations()).toEqual([])
    expect(outcomeOf(await app.browser().post('/login', { username: 'anna', password: PASSWORD }))).toBe('303 /login/2fa')
  })
})

describe('an address with thousands of names', () => {
  it('is read once, and finds the field all the same', async () => {
    const app = await world.start()
    const names = Array.from({ length: 2000 }, (_, i) => `n${i}`).join('&')
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    expect((await browser.get(`${statusOf(handle)}&${names}`)).json()).toMatchObject({ status: 'pending' })
    expect((await browser.get(`${statusOf(handle)}&transaction=x`)).status).toBe(404)
  })
})

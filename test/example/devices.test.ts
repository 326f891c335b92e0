/**
 * Tests the sign-up, the first device, and the page of a user's devices in the example app. Nevis renames and removes any authenticator, and enrols any user,
 * if the app tells it to. So the example app must check that a device belongs to the user, and that the request comes from that user.
 */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from '../support/browser'
import { circumstances, sixMinutesLater } from './circumstances'
import { callbackOf, choose, enterPassword, hiddenField, signIn, startExample, submit, typeCode, type Account, type Running } from './support'

/** Delays the simulator's answers about a user. So two requests of the app that are sent at the same moment both get the user's old data. */
const SLOW = `
import { NevisSimulator } from '${pathToFileURL(join(__dirname, '../../dist/simulator/index.js')).href}'
const { start } = NevisSimulator
NevisSimulator.start = async (options) => {
  const cloud = await start.call(NevisSimulator, options)
  cloud.faults.add({ on: 'getUser', delayMs: 50 })
  return cloud
}`

let app: Running
beforeAll(async () => {
  app = await startExample({ NODE_OPTIONS: `${circumstances.NODE_OPTIONS} --import=data:text/javascript,${encodeURIComponent(SLOW)}` })
})
beforeEach(() => sixMinutesLater(app))
afterAll(() => app.stop())

const page = { accept: 'text/html' }
const DEVICES = '/account/devices'

let people = 0
async function signUp(browser: Browser, fields: Record<string, string> = {}): Promise<Account & { answer: Page }> {
  const account = { username: `person-${++people}`, password: 'long enough', recoveryCodes: [], ...fields }
  const answer = await submit(browser, '/sign-up', '/sign-up', { username: account.username, password: account.password })
  return { ...account, answer }
}

const viewOf = async (browser: Browser, waiting: string) => (await browser.get(waiting, { accept: 'application/json' })).json() as Record<string, string>

/** A new user who has signed up, enrolled one device, and signed in with it. */
async function newcomer(): Promise<{ browser: Browser; account: Account }> {
  const browser = app.browser()
  const account = await signUp(browser)
  const enrolment = await enterPassword(browser, account)
  await app.phone(account.username).scan((await viewOf(browser, enrolment))['appLinkUri'] as string)
  expect((await browser.get(callbackOf(enrolment))).location).toBe('/account')
  const approval = (await submit(browser, '/step-up', '/step-up', { factor: 'push' })).location as string
  await app.phone(account.username).approve()
  expect((await browser.get(callbackOf(approval))).location).toBe('/account')
  return { browser, account }
}

async function addDevice(browser: Browser, { username }: Account): Promise<void> {
  const waiting = (await submit(browser, DEVICES, `${DEVICES}/add`, { factor: 'app' })).location as string
  await app.phone(username).scan((await viewOf(browser, waiting))['appLinkUri'] as string)
  expect((await browser.get(callbackOf(waiting))).location).toBe(DEVICES)
}

async function devicesOf(browser: Browser): Promise<{ id: string; name: string }[]> {
  const { status, text } = await browser.get(DEVICES, page)
  expect(status).toBe(200)
  return text.split('<li>').slice(1).map((item) => ({ id: hiddenField(item, 'authenticatorId'), name: /<h3>([^<]*)</.exec(item)?.[1] as string }))
}

/** The requests that the page of devices sends for the device with this id. */
const acts = (id: string): [string, Record<string, string>][] => [
  [`${DEVICES}/rename`, { authenticatorId: id, name: 'Mine' }],
  [`${DEVICES}/remove`, { authenticatorId: id }],
]

describe('signing up', () => {
  it.each([
    ['a name that is taken', { username: 'anna' }, 'That username is taken.'],
    ['a name in capitals', { username: 'ANNA' }, 'A username has 3–50'],
    ['a name with markup', { username: '<b>anna</b>' }, 'A username has 3–50'],
    ['a short password', { password: 'short' }, 'A password has 8 to 128 characters.'],
    ['no password', { password: '' }, 'A password has 8 to 128 characters.'],
  ])('with %s › is refused with the reason', async (_what, fields, reason) => {
    const browser = app.browser()
    expect((await signUp(browser, fields)).answer.location).toBe('/sign-up')
    expect((await browser.get('/sign-up')).text).toContain(reason)
  })

  it('fills in the username of the sign-in form, and does not ask once more to sign up', async () => {
    const browser = app.browser()
    const { username } = await signUp(browser)
    const { text } = await browser.get('/login')
    expect(text).toContain(`name="username" value="${username}"`)
    expect(text).not.toContain('No account yet?')
    expect((await browser.get('/login')).text).toContain('No account yet?')
  })

  it('with a name that is taken › changes no password', async () => {
    const browser = app.browser()
    await signUp(browser, { username: 'ben' })
    expect((await submit(browser, '/login', '/login', { username: 'ben', password: 'long enough' })).location).toBe('/login')
    await signIn(app, 'ben')
  })

  it('signs no user in', async () => {
    const browser = app.browser()
    expect((await signUp(browser)).answer.location).toBe('/login')
    expect((await browser.get('/account')).location).toBe('/login')
  })

  it('without a token, or by GET › makes no account', async () => {
    const browser = app.browser()
    const fields = { username: 'forged', password: 'long enough' }
    expect((await browser.post('/sign-up', fields)).status).toBe(403)
    await browser.get(`/sign-up?${new URLSearchParams(fields).toString()}`)
    expect((await submit(browser, '/login', '/login', fields)).location).toBe('/login')
  })
})

describe('the first sign-in', () => {
  it('is an enrolment of the app', async () => {
    const browser = app.browser()
    const waiting = await enterPassword(browser, await signUp(browser))
    expect(await viewOf(browser, waiting)).toMatchObject({ factor: 'app', status: 'pending' })
  })

  it('does not take recovery codes for a second factor', async () => {
    const browser = app.browser()
    const waiting = await enterPassword(browser, await signUp(browser))
    expect((await choose(browser, waiting, { factor: 'recovery' })).location).toBe('/login')
    expect((await browser.get('/account')).location).toBe('/login')
  })

  it('by enrolment › is not yet the second factor that the page of devices wants', async () => {
    const browser = app.browser()
    const account = await signUp(browser)
    const waiting = await enterPassword(browser, account)
    await app.phone(account.username).scan((await viewOf(browser, waiting))['appLinkUri'] as string)
    expect((await browser.get(callbackOf(waiting))).location).toBe('/account')
    expect((await browser.get(DEVICES, page)).location).toBe('/step-up?for=devices')
  })

  it('after a browser that went away at the end of the enrolment › asks the device that is there, and links it', async () => {
    const lost = app.browser()
    const account = await signUp(lost)
    const enrolment = await enterPassword(lost, account)
    await app.phone(account.username).scan((await viewOf(lost, enrolment))['appLinkUri'] as string)

    const browser = app.browser()
    const approval = await enterPassword(browser, account)
    expect((await browser.get(callbackOf(approval))).location).toMatch(/^\/login\/2fa\?/)
    await app.phone(account.username).scan((await viewOf(browser, approval))['appLinkUri'] as string)
    await app.phone(account.username).approve()
    expect((await browser.get(callbackOf(approval))).location).toBe('/account')
    expect(await devicesOf(browser)).toHaveLength(1)
    await enterPassword(app.browser(), account, 'push')
  })
})

describe('the page of devices', () => {
  it('leads back to itself by way of a fresh second factor', async () => {
    const browser = await signIn(app, 'anna')
    await sixMinutesLater(app)
    expect((await browser.get(DEVICES, page)).location).toBe('/step-up?for=devices')
    const approval = (await submit(browser, '/step-up', '/step-up', { factor: 'push' })).location as string
    await app.phone('anna').approve()
    expect((await browser.get(callbackOf(approval))).location).toBe(DEVICES)
    expect(await devicesOf(browser)).toHaveLength(1)
  })

  it('of a user without a device › says so', async () => {
    const browser = app.browser()
    const waiting = await enterPassword(browser, app.account('clara'), 'recovery')
    await typeCode(browser, waiting, app.account('clara').recoveryCodes[0] as string)
    const { text } = await browser.get(DEVICES, page)
    expect(text).toContain('You have not set up a device yet.')
    expect(text).not.toContain('Lost a device?')
  })

  it('says how many devices the user has, names the ways in without the device, and says what to do if there is none', async () => {
    const text = async (browser: Browser) => (await browser.get(DEVICES, page)).text
    const anna = await text(await signIn(app, 'anna'))
    expect(anna).toContain('Sign in by SMS or with a recovery code. Set up')
    expect(anna).toContain('because your account would be less well protected')
    expect(anna).not.toContain('Set up SMS or recovery codes now.')
    const { browser, account } = await newcomer()
    const [before, lost] = (await text(browser)).split('<h2>Lost a device?</h2>')
    expect(before).toContain('because you could lock yourself out')
    expect(before).toContain('on the following device.')
    expect(before).toContain('Set up SMS or recovery codes now.')
    expect(lost).toContain('You have no other way to sign in. Contact support.')
    expect(lost).not.toContain('Set up')
    await addDevice(browser, account)
    const withTwo = await text(browser)
    expect(withTwo).toContain('Sign in with another device. Set up')
    expect(withTwo).toContain('on these devices.')
    expect(withTwo).not.toContain('Set up SMS or recovery codes now.')
  })

  it('is a link on each page of a signed-in user, and marked on its own', async () => {
    const browser = await signIn(app, 'ben')
    for (const path of ['/', '/account', '/invoices', '/transfer', '/step-up', '/nothing']) expect((await browser.get(path, page)).text).toContain(`<a href="${DEVICES}">`)
    expect((await browser.get(DEVICES, page)).text).toContain(`<a href="${DEVICES}" aria-current="page">`)
    expect((await browser.post('/transfer', {}, page)).text).toContain(`<a href="${DEVICES}">`) // refused without the token of the form
  })

  it('after something was set up › still has its second factor', async () => {
    const { browser, account } = await newcomer()
    await addDevice(browser, account)
    expect(await devicesOf(browser)).toHaveLength(2)
  })
})

describe('the number for codes by SMS', () => {
  const shown = async (browser: Browser) => /<p>Your number: .*<\/p>/.exec((await browser.get(DEVICES, page)).text)?.[0]
  const numberPart = (digits: string) => `<p>Your number: <bdi class="number" dir="ltr" aria-hidden="true">•••• ${digits}</bdi><span class="hidden">ending in ${digits}</span></p>`
  const addNumber = async (browser: Browser, { username }: Account, phone: string) => {
    const waiting = (await submit(browser, DEVICES, `${DEVICES}/add`, { factor: 'sms', phone })).location as string
    const text = await app.phone(username).sms()
    expect(text).toMatch(/^Alpine Mutual: you are adding this mobile number\. Code: \d{4,}$/)
    const code = /\d{4,}/.exec(text)?.[0] as string
    const isFirst = (await shown(browser)) === undefined
    expect((await typeCode(browser, waiting, code)).location).toBe(DEVICES)
    expect((await browser.get(DEVICES, page)).text).toContain(`<p class="message" role="status">${isFirst ? 'You can sign in by SMS now.' : 'Your mobile number has been changed.'}</p>`)
  }

  it('is shown by its last digits, to its user alone, and without the rest', async () => {
    const { browser, account } = await newcomer()
    expect(await shown(browser)).toBeUndefined()
    await addNumber(browser, account, '+41 79 555 00 09')
    expect(await shown(browser)).toBe(numberPart('0009'))
    const RANDOM = / value="[0-9a-f]{256}"| datetime="[^"]*"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g
    expect((await browser.get(DEVICES, page)).text.replace(RANDOM, '')).not.toMatch(/555/)
    const [anna, ben] = [await signIn(app, 'anna'), await signIn(app, 'ben')]
    expect([await shown(anna), await shown(ben)]).toEqual([numberPart('0001'), undefined])
  })

  it('is the newest one after a replacement, and the one before until the new one is confirmed', async () => {
    const { browser, account } = await newcomer()
    await addNumber(browser, account, '+41 79 555 00 08')
    await submit(browser, DEVICES, `${DEVICES}/add`, { factor: 'sms', phone: '+41 79 555 00 07' })
    expect(await shown(browser)).toBe(numberPart('0008'))
    await addNumber(browser, account, '+41 79 555 00 06')
    expect(await shown(browser)).toBe(numberPart('0006'))
  })

  it('is accepted as people in Switzerland write it, and refused with a sentence otherwise', async () => {
    const { browser, account } = await newcomer()
    await addNumber(browser, account, ' 079 555 00 05')
    expect(await shown(browser)).toBe(numberPart('0005'))
    await addNumber(browser, account, '0041 79 555 00 04')
    expect(await shown(browser)).toBe(numberPart('0004'))
    for (const phone of ['555 00 03', '0', 'my phone', '044 555 00 03']) {
      expect((await submit(browser, DEVICES, `${DEVICES}/add`, { factor: 'sms', phone })).location).toBe(DEVICES)
      expect((await browser.get(DEVICES, page)).text).toContain('Enter the number with its country code')
    }
  })
})

describe('new recovery codes', () => {
  const make = async (browser: Browser) => (await submit(browser, DEVICES, `${DEVICES}/add`, { factor: 'recovery' })).location as string
  const save = async (browser: Browser, waiting: string) => submit(browser, waiting, '/login/2fa/callback', { transaction: new URL(waiting, app.origin).searchParams.get('transaction') as string, code: 'saved' })
  const WARNING = 'Your old recovery codes and the ones just shown may not work. Create new ones.'
  const LASTING = 'You have not confirmed that you have saved your newest codes. They and all earlier ones may not work.'

  it('end the old ones › as the page says before', async () => {
    const browser = await signIn(app, 'anna')
    expect((await browser.get(DEVICES, page)).text).toContain('New codes may end the old ones at once, even if you cancel.')
    const other = (await submit(browser, DEVICES, `${DEVICES}/add`, { factor: 'app' })).location as string
    expect((await browser.get(other, page)).text).not.toContain('value="recovery"') // this page lacks that sentence, so it must not offer new recovery codes
    for (const factor of ['push', 'widget', 'nothing']) expect([factor, (await submit(browser, DEVICES, `${DEVICES}/add`, { factor })).status]).toEqual([factor, 404])
  })

  it('cancelled, or confirmed too late › are followed by a warning; saved in time › are not', async () => {
    const browser = await signIn(app, 'anna')
    expect((await save(browser, await make(browser))).location).toBe(DEVICES)
    expect((await browser.get(DEVICES, page)).text).not.toContain(WARNING)

    const { location } = await choose(browser, await make(browser), { cancel: '1' })
    const cancelled = (await browser.get(location as string, page)).text
    expect(cancelled).toContain(WARNING)
    expect(cancelled).toContain('The request was cancelled.')

    const late = await make(browser)
    await browser.get(late, page)
    await sixMinutesLater(app)
    await sixMinutesLater(app)
    expect((await save(browser, late)).location).toBe(location)
    expect((await browser.get(location as string, page)).location).toBe('/step-up?for=devices')
    const { text } = await browser.get('/step-up?for=devices', page)
    expect(text).toContain(WARNING)
    expect(text).not.toContain('Send a new one.')
  })

  it('left before they are confirmed › leave a warning in place of the old date until codes are confirmed; refused by a limit › change nothing', async () => {
    const { browser } = await newcomer()
    const shown = async () => {
      const { text } = await browser.get(DEVICES, page)
      return { warning: text.includes(LASTING), date: text.includes('Created on'), none: text.includes('You have none yet.'), way: text.includes('Sign in with a recovery code') }
    }
    const [unsaved, saved] = [{ warning: true, date: false, none: false, way: false }, { warning: false, date: true, none: false, way: true }]
    expect(await shown()).toEqual({ ...unsaved, warning: false, none: true })
    await make(browser)
    expect(await shown()).toEqual(unsaved)
    await save(browser, await make(browser))
    expect(await shown()).toEqual(saved)

    /** Starts enrolments of this factor until a limit refuses one. Returns the address of the last waiting page. */
    const startUntilRefused = async (factor: string) => {
      for (let tries = 0, last = ''; tries < 20; tries++) {
        const next = (await submit(browser, DEVICES, `${DEVICES}/add`, { factor, phone: '+41 79 555 00 02' })).location as string
        if (next === DEVICES) return last
        last = next
      }
      throw new Error('no limit refuses')
    }
    const last = await startUntilRefused('recovery')
    expect((await browser.get(DEVICES, page)).text).toMatch(/Too many requests\. Try again in \d+ (seconds|minutes)\. If/)
    expect(await shown()).toEqual(unsaved)
    await save(browser, last)
    expect(await shown()).toEqual(saved)
    await startUntilRefused('sms')
    expect(await make(browser)).toBe(DEVICES)
    expect(await shown()).toEqual(saved)
  })
})

describe('a name for a device', () => {
  it.each(['', ' ', 'x'.repeat(41), 'two\nlines', '<b>'])('of %j › is refused with the reason', async (name) => {
    const browser = await signIn(app, 'ben')
    const [device] = await devicesOf(browser)
    expect((await submit(browser, DEVICES, `${DEVICES}/rename`, { authenticatorId: device?.id as string, name })).location).toBe(DEVICES)
    expect((await browser.get(DEVICES, page)).text).toContain('A name has 1 to 40 letters, digits, spaces and punctuation marks. Not allowed: ')
    expect(await devicesOf(browser)).toEqual([device])
  })
})

describe('a rename without a name', () => {
  it('is refused, and the device keeps its name', async () => {
    const browser = await signIn(app, 'ben')
    const [device] = await devicesOf(browser)
    expect((await submit(browser, DEVICES, `${DEVICES}/rename`, { authenticatorId: device?.id as string })).location).toBe(DEVICES)
    expect(await devicesOf(browser)).toEqual([device])
  })
})

describe('renaming and removing', () => {
  it('another user’s device › fails with 404, and it is as it was', async () => {
    const { browser: victim, account } = await newcomer()
    await addDevice(victim, account)
    const before = await devicesOf(victim)
    const thief = await signIn(app, 'ben')
    for (const [path, fields] of acts(before[0]?.id as string)) expect([path, (await submit(thief, DEVICES, path, fields)).status]).toEqual([path, 404])
    expect(await devicesOf(victim)).toEqual(before)
  })

  it('with a device that no user has › fails with 404', async () => {
    const browser = await signIn(app, 'ben')
    for (const id of ['', '*', '../users', '00000000-0000-4000-8000-000000000000']) {
      for (const [path, fields] of acts(id)) expect([id, path, (await submit(browser, DEVICES, path, fields)).status]).toEqual([id, path, 404])
    }
    for (const [path] of acts('')) expect([path, (await submit(browser, DEVICES, path, { name: 'Mine' })).status]).toEqual([path, 404])
  })

  it('without a fresh second factor › is sent to give one, and nothing changes', async () => {
    const { browser, account } = await newcomer()
    await addDevice(browser, account)
    const before = await devicesOf(browser)
    await sixMinutesLater(app)
    for (const [path, fields] of [...acts(before[0]?.id as string), [`${DEVICES}/add`, { factor: 'recovery' }] as const]) {
      expect([path, (await submit(browser, '/account', path, fields)).location]).toEqual([path, '/step-up?for=devices'])
    }
    const json = { accept: 'application/json' }
    const _csrf = hiddenField((await browser.get('/account')).text, '_csrf')
    for (const [path, fields] of acts(before[0]?.id as string)) expect((await browser.post(path, { _csrf, ...fields }, json)).status).toBe(401)
    const approval = (await submit(browser, '/step-up', '/step-up', { factor: 'push' })).location as string
    await app.phone(account.username).approve()
    await browser.get(callbackOf(approval))
    expect(await devicesOf(browser)).toEqual(before)
  })

  it('by GET › leads to the page, and nothing changes', async () => {
    const { browser, account } = await newcomer()
    await addDevice(browser, account)
    const before = await devicesOf(browser)
    for (const [path, fields] of [...acts(before[0]?.id as string), [`${DEVICES}/add`, { factor: 'recovery' }] as const, [`${DEVICES}/typed-code`, { isOn: '1' }] as const, [`${DEVICES}/forget-browsers`, {}] as const]) {
      expect([path, (await browser.get(`${path}?${new URLSearchParams(fields).toString()}`, page)).location]).toEqual([path, DEVICES])
    }
    expect(await devicesOf(browser)).toEqual(before)
  })

  it('without the token of the form › fails with 403, and nothing changes', async () => {
    const { browser, account } = await newcomer()
    await addDevice(browser, account)
    const before = await devicesOf(browser)
    for (const [path, fields] of [...acts(before[0]?.id as string), [`${DEVICES}/add`, { factor: 'recovery' }] as const]) {
      expect([path, (await browser.post(path, fields, page)).status]).toEqual([path, 403])
      expect([path, (await browser.post(path, { ...fields, _csrf: '0'.repeat(256) }, page)).status]).toEqual([path, 403])
    }
    expect(await devicesOf(browser)).toEqual(before)
  })

  it('before the second factor, or without a login › is sent to the login', async () => {
    const browser = app.browser()
    await enterPassword(browser, app.account('anna'))
    for (const who of [browser, app.browser()]) {
      for (const [path, fields] of acts('x')) expect((await submit(who, '/login', path, fields)).location).toBe('/login')
    }
  })
})

describe('removing the last device', () => {
  it('is refused with the reason', async () => {
    const browser = await signIn(app, 'ben')
    const [device] = await devicesOf(browser)
    expect((await submit(browser, DEVICES, `${DEVICES}/remove`, { authenticatorId: device?.id as string })).location).toBe(DEVICES)
    expect((await browser.get(DEVICES, page)).text).toContain('You cannot remove your only device. Set up another one first.')
    expect(await devicesOf(browser)).toEqual([device])
  })

  it('by removing both at the same moment › leaves one', async () => {
    const { browser, account } = await newcomer()
    await addDevice(browser, account)
    const before = await devicesOf(browser)
    const _csrf = hiddenField((await browser.get(DEVICES, page)).text, '_csrf')
    const removals = before.map(({ id }) => browser.post(`${DEVICES}/remove`, { _csrf, authenticatorId: id }, page))
    expect((await Promise.all(removals)).map(({ location }) => location)).toEqual([DEVICES, DEVICES])
    expect(await devicesOf(browser)).toHaveLength(1)
  })
})

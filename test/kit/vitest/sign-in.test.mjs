import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { start } from '../start.js'

let simulator, browser, stop

beforeEach(async () => {
  ({ simulator, browser, stop } = await start())
  simulator.addUser({ username: 'anna', phone: '+41791234567' })
})

afterEach(async () => {
  vi.restoreAllMocks()
  await stop()
})

/** @returns the address of the callback, to which the waiting page goes by itself after the user has answered the request */
async function password(fields = {}) {
  const { location } = await browser.post('/login', { username: 'anna', password: 'secret', ...fields })
  expect(location).toMatch('/login/2fa?transaction=')
  return location.replace('/login/2fa', '/login/2fa/callback')
}

const home = async () => (await browser.get('/')).text
const reason = async () => (await browser.get('/login')).text

test('an approval signs in, and the password alone does not', async () => {
  const callback = await password()
  expect(await home()).toBe('Hello stranger')
  await simulator.phone('anna').approve()
  expect((await browser.get(callback)).location).toBe('/')
  expect(await home()).toBe('Hello anna')
})

test('an approval counts that comes after almost two minutes', async () => {
  const callback = await password()
  simulator.advance(119_000)
  await simulator.phone('anna').approve()
  await browser.get(callback)
  expect(await home()).toBe('Hello anna')
})

test('nobody is signed in who does not answer within two minutes', async () => {
  const callback = await password()
  simulator.advance(120_000)
  expect((await browser.get(callback)).location).toBe('/login')
  expect(await reason()).toBe('You declined the request, or it was not answered in time. If you did not start this sign-in, change your password.')
  expect(await home()).toBe('Hello stranger')
})

test('a denial leads back to the password, with the reason', async () => {
  const callback = await password()
  await simulator.phone('anna').deny()
  expect((await browser.get(callback)).location).toBe('/login')
  expect(await reason()).toBe('You declined the request, or it was not answered in time. If you did not start this sign-in, change your password.')
})

test('the code of the text signs in', async () => {
  const callback = await password({ factor: 'sms' })
  const [code] = simulator.sms('anna').at(-1).match(/\d{6}/)
  await browser.post(callback, { code })
  expect(await home()).toBe('Hello anna')
})

test('Nevis being down signs nobody in', async () => {
  simulator.faults.add({ status: 503 })
  expect((await browser.post('/login', { username: 'anna', password: 'secret' })).status).toBe(503)
  expect(await home()).toBe('Hello stranger')
})

test('the account asks again five minutes after the sign-in', async () => {
  const callback = await password()
  await simulator.phone('anna').approve()
  await browser.get(callback)
  expect((await browser.get('/account')).text).toBe('Your account')
  const later = Date.now() + 301_000
  vi.spyOn(Date, 'now').mockImplementation(() => later)
  expect((await browser.get('/account')).location).toBe('/login/2fa')
})

test('a browser that comes back after the transaction is over has to start again', async () => {
  const callback = await password()
  await simulator.phone('anna').approve()
  const later = Date.now() + 120_000
  vi.spyOn(Date, 'now').mockImplementation(() => later)
  expect((await browser.get(callback)).location).toBe('/login')
  expect(await reason()).toBe('This request has expired. Send a new one.')
})

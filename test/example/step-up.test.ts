/**
 * Confirming once more before something risky.
 */
import { callbackOf, signIn, startExample, submit, type Running } from './support'

/** A clock that goes on by six minutes at each SIGUSR2. */
const CLOCK = 'let ahead=0;const{now}=Date;Date.now=()=>now()+ahead;process.on("SIGUSR2",()=>{ahead+=360000})'

let app: Running
beforeAll(async () => {
  app = await startExample({ NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(CLOCK)}` })
})
afterAll(() => app.stop())

const page = { accept: 'text/html' }

describe('a transfer', () => {
  it('right after the sign-in › goes through', async () => {
    const browser = await signIn(app, 'ben')
    expect((await browser.get('/transfer', page)).status).toBe(200)
    expect((await submit(browser, '/transfer', '/transfer', { recipient: 'Anna', amount: '50' })).location).toBe('/account')
    expect((await browser.get('/account')).text).toContain('CHF 50.00 are on their way to Anna.')
  })

  it.each([
    [{ recipient: '<b>Anna</b>', amount: '50' }, 'Enter the name of the recipient.'],
    [{ recipient: 'Anna', amount: '-50' }, 'Enter an amount'],
    [{ recipient: 'Anna', amount: '0.00' }, 'Enter an amount'],
  ])('of %j › is refused with the reason', async (fields, reason) => {
    const browser = await signIn(app, 'anna')
    expect((await submit(browser, '/transfer', '/transfer', fields)).location).toBe('/transfer')
    expect((await browser.get('/transfer', page)).text).toContain(reason)
  })
})

describe('a transfer with a second factor that is six minutes old', () => {
  it('is sent to confirm once more, and nothing is transferred; then it goes through', async () => {
    const browser = await signIn(app, 'anna')
    expect((await browser.get('/transfer', page)).status).toBe(200)
    app.process.kill('SIGUSR2')
    let answer = await browser.get('/transfer', page)
    for (let looks = 0; looks < 500 && answer.status === 200; looks++) answer = await browser.get('/transfer', page)
    expect([answer.status, answer.location]).toEqual([303, '/step-up'])
    expect((await submit(browser, '/account', '/transfer', { recipient: 'Ben', amount: '50' })).location).toBe('/step-up')
    expect((await browser.get('/transfer', { accept: 'application/json' })).status).toBe(401)
    expect((await browser.get('/account')).text).not.toContain('on their way')

    const started = await submit(browser, '/step-up', '/step-up', { factor: 'push' })
    await app.phone('anna').approve()
    expect((await browser.get(callbackOf(started.location as string))).location).toBe('/transfer')
    expect((await submit(browser, '/transfer', '/transfer', { recipient: 'Ben', amount: '50' })).location).toBe('/account')
  })
})

describe('confirming once more', () => {
  it('asks the phone with words of its own, renews the session and leads back to the transfer', async () => {
    const browser = await signIn(app, 'ben')
    const before = browser.clone()
    const started = await submit(browser, '/step-up', '/step-up', { factor: 'push' })
    expect((await browser.get(started.location as string, page)).text).toContain('Confirm your transfers at Alpine Mutual?')
    await app.phone('ben').approve()
    expect((await browser.get(callbackOf(started.location as string))).location).toBe('/transfer')
    expect((await browser.get('/transfer', page)).status).toBe(200)
    expect(before.cookies.get('sid')).not.toBe(browser.cookies.get('sid'))
    expect((await before.get('/account')).location).toBe('/login')
  })

  it('denied › leaves the person signed in, with the reason', async () => {
    const browser = await signIn(app, 'ben')
    const started = await submit(browser, '/step-up', '/step-up', { factor: 'push' })
    await app.phone('ben').deny()
    expect((await browser.get(callbackOf(started.location as string))).location).toBe('/login')
    expect((await browser.get('/login')).location).toBe('/account')
    expect((await browser.get('/account')).text).toContain('The request was not approved.')
  })
})

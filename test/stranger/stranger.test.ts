/**
 * A common kind of app (Express 4, Passport 0.6, passport-local, csurf, EJS, sessions and users in SQLite), before and after a second factor was added.
 * The tests run it as a process of its own, and use it over HTTP.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { NevisSimulator } from '../../src/simulator'
import { handleIn } from '../support/app'
import { Browser, type Page } from '../support/browser'
import { hiddenField } from '../example/support'
import { changedLines, folderOf, start, submit, type Folder, type Running } from './support'

jest.setTimeout(120_000)

const PASSWORD = 'correct horse battery staple'
const PAGE = { accept: 'text/html' }

let simulator: NevisSimulator
let folder: Folder
let app: Running
let settings: Record<string, string>
let browser: Browser
/** What the app wrote to standard error before the restarts. */
let errors = ''

const signUp = (username: string, by = browser) => submit(by, '/signup', '/signup', { username, password: PASSWORD })
const password = (username: string, by = browser, typed = PASSWORD) => submit(by, '/login', '/login', { username, password: typed })
const home = async (by = browser) => (await by.get('/', PAGE)).text
const callback = (location: string | undefined, by = browser) => by.get(`/login/2fa/callback?transaction=${handleIn(location)}`, PAGE)
const viewOf = async (location: string | undefined) => (await browser.get(location as string, { accept: 'application/json' })).json()
const codeOf = (username: string) => /\d{6}/.exec(simulator.sms(username).at(-1) ?? '')?.[0] as string
/** Returns the redirect's target, and the message on the page to which the browser is redirected. */
const said = async (page: Page) => [page.location, /<p class="message">([^<]*)/.exec((await browser.get(page.location as string, PAGE)).text)?.[1]]

async function tapped(username: string, start: Page, by = browser): Promise<Page> {
  await simulator.phone(username).approve()
  return callback(start.location, by)
}

/** Restarts the app, and moves the app's and Nevis's clocks ahead. */
async function restart(seconds = 0): Promise<void> {
  await app.stop()
  errors += app.stderr()
  simulator.advance(seconds * 1000)
  const clock = `const { now } = Date; Date.now = () => now() + ${simulator.now() - Date.now()}`
  app = await start(folder, { ...settings, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(clock)}` })
  browser = movedTo(browser)
}

/** Creates a user who has an account in the app and the Access App on a phone, and is not signed in. */
async function member(username: string, has: object = {}): Promise<void> {
  simulator.addUser({ username, ...has })
  expect((await signUp(username, new Browser(app.origin))).location).toMatch(/^\/login\/2fa\?transaction=/)
}

/** Returns a browser for the restarted app, which has a new address, with the cookies of the old browser. */
function movedTo(old: Browser): Browser {
  const moved = new Browser(app.origin)
  for (const [name, value] of old.cookies) moved.cookies.set(name, value)
  return moved
}

async function open(fixture: 'before' | 'after' | 'init'): Promise<void> {
  errors = ''
  simulator = await NevisSimulator.start()
  folder = folderOf(fixture)
  settings = { NEVIS_BASE_URL: simulator.baseURL, NEVIS_ACCESS_KEY: simulator.accessKey }
  app = await start(folder, settings)
}

async function close(): Promise<void> {
  await app.stop()
  folder.remove()
  await simulator.close()
}

describe('before', () => {
  beforeAll(() => open('before'))
  afterAll(close)
  beforeEach(() => void (browser = new Browser(app.origin)))

  describe('with passwords alone', () => {
    it('signs up, out and in, back to the page that asked for it, and says what is wrong', async () => {
      expect((await signUp('anna')).location).toBe('/notes')
      expect(await home()).toContain('anna')
      expect((await submit(browser, '/', '/logout')).location).toBe('/')
      expect((await browser.get('/notes?q=milk', PAGE)).location).toBe('/login')
      expect(await said(await password('anna', browser, 'wrong'))).toEqual(['/login', 'Incorrect username or password.'])
      expect((await password('anna')).location).toBe('/notes?q=milk')
      expect((await browser.get('/account', PAGE)).status).toBe(200)
      expect((await browser.post('/notes', { text: 'without a token' })).status).toBe(403)
    })
  })
})

describe.each(['after', 'init'] as const)('%s', (fixture) => {
  beforeAll(() => open(fixture))
  afterAll(close)
  beforeEach(() => void (browser = new Browser(app.origin)))

  describe('for a user who signs up', () => {
    it('sets up a phone first, and only then signs in', async () => {
      const started = await signUp('nora')
      expect(started.location).toMatch(/^\/login\/2fa\?transaction=/)
      expect(await home()).not.toContain('nora')
      const page = await browser.get(started.location as string, PAGE)
      expect(page.text).toContain('Set up the Access App')
      await simulator.phone('nora').scan((await viewOf(started.location)).appLinkUri)
      expect((await callback(started.location)).location).toBe('/notes')
      expect(await home()).toContain('nora')
    })

    it('signs in by an approval the next time', async () => {
      expect((await tapped('nora', await password('nora'))).location).toBe('/notes')
      expect(await home()).toContain('nora')
    })
  })

  describe('for a user whose browser went away at the end of setting it up', () => {
    it('signs in by an approval the next time', async () => {
      const started = await signUp('gone')
      await simulator.phone('gone').scan((await viewOf(started.location)).appLinkUri)
      browser = new Browser(app.origin)
      expect((await tapped('gone', await password('gone'))).location).toBe('/notes')
      expect(await home()).toContain('gone')
    })
  })

  describe('for a user whom Nevis knows already', () => {
    it('by push › goes back to the page that asked for it, once', async () => {
      await member('anna')
      expect((await browser.get('/notes?q=milk', PAGE)).location).toBe('/login')
      const started = await password('anna')
      expect(started.status).toBe(303)
      expect(await home()).not.toContain('anna')
      expect((await tapped('anna', started)).location).toBe('/notes?q=milk')
      expect(await home()).toContain('anna')
      await submit(browser, '/', '/logout')
      expect((await tapped('anna', await password('anna'))).location).toBe('/notes')
    })

    it('with a wrong password › asks Nevis nothing', async () => {
      await member('wrong')
      const asked = simulator.requests.length
      expect(await said(await password('wrong', browser, 'another'))).toEqual(['/login', 'Incorrect username or password.'])
      expect(simulator.requests).toHaveLength(asked)
    })

    it('denied › is back at the password with the reason, and not signed in', async () => {
      await member('denied')
      const started = await password('denied')
      await simulator.phone('denied').deny()
      expect(await said(await callback(started.location))).toEqual(['/login', 'You declined the request, or it was not answered in time. If you did not start this sign-in, change your password.'])
      expect(await home()).not.toContain('denied')
    })

    it('cancelled › by a form of the page, each of which holds a token that the app takes', async () => {
      await member('clive')
      const { location } = await password('clive')
      const transaction = handleIn(location)
      const page = await browser.get(location as string, PAGE)
      const tokens = [...page.text.matchAll(/<form[^]*?<\/form>/g)].map(([form]) => hiddenField(form, '_csrf'))
      expect(tokens.length).toBeGreaterThan(2)
      expect((await browser.post('/login/2fa', { transaction, cancel: '1' }, PAGE)).status).toBe(403)
      const cancelled = await browser.post('/login/2fa', { transaction, cancel: '1', _csrf: tokens.at(-1) as string }, PAGE)
      expect(await said(cancelled)).toEqual(['/login', 'The request was cancelled.'])
      expect((await tapped('clive', { location } as Page)).location).toBe('/login')
      expect(await home()).not.toContain('clive')
    })

    it('by SMS, chosen on the login form › takes the right code after a wrong one', async () => {
      await member('clara', { phone: '+41790000001' })
      const form = await browser.get('/login', PAGE)
      expect(form.text).toContain('<button name="factor" value="sms">')
      const location = (await submit(browser, '/login', '/login', { username: 'clara', password: PASSWORD, factor: 'sms' })).location as string
      const transaction = handleIn(location)
      const type = (code: string) => submit(browser, location, '/login/2fa/callback', { transaction, retry: '1', code })
      expect((await type(codeOf('clara') === '000000' ? '111111' : '000000')).location).toMatch(/^\/login\/2fa\?transaction=/)
      expect((await browser.get(location, PAGE)).text).toContain('Attempts left: 4')
      expect(await home()).not.toContain('clara')
      expect((await type(codeOf('clara'))).location).toBe('/notes')
      expect(await home()).toContain('clara')
    })

    it('logged out › is signed in no more, and the old approval does not help', async () => {
      await member('otto')
      const started = await password('otto')
      await tapped('otto', started)
      expect((await submit(browser, '/', '/logout')).location).toBe('/')
      expect((await browser.get('/account', PAGE)).location).toBe('/login')
      expect((await callback(started.location)).location).toBe('/login')
      expect((await browser.get('/account', PAGE)).location).toBe('/login')
    })
  })

  describe('on the page that wants a fresh second factor', () => {
    it('passes after a sign-in, asks again five minutes later, and leads back', async () => {
      await member('steph')
      await tapped('steph', await password('steph'))
      expect((await browser.get('/account', PAGE)).status).toBe(200)
      await restart(301)
      expect(await home()).toContain('steph')
      expect((await browser.get('/account?tab=password', PAGE)).location).toBe('/login/2fa')
      expect((await browser.get('/login/2fa', PAGE)).text).toContain('Confirm that it is you')
      const started = await submit(browser, '/login/2fa', '/login/2fa')
      expect((await tapped('steph', started)).location).toBe('/account?tab=password')
      expect((await submit(browser, '/account', '/account/password', { password: PASSWORD })).location).toBe('/account')
    })
  })

  describe('on the page that wants a fresh second factor, denied or cancelled', () => {
    it('stays signed in, and returns to a page of the app that says why', async () => {
      await member('nick')
      await tapped('nick', await password('nick'))
      await restart(301)
      const denied = await submit(browser, '/login/2fa', '/login/2fa')
      await simulator.phone('nick').deny()
      expect(await said(await callback(denied.location))).toEqual(['/notes', 'You declined the request, or it was not answered in time. If you did not start this sign-in, change your password.'])
      const cancelled = await submit(browser, '/login/2fa', '/login/2fa')
      expect(await said(await submit(browser, cancelled.location as string, '/login/2fa', { transaction: handleIn(cancelled.location), cancel: '1' }))).toEqual(['/notes', 'The request was cancelled.'])
      expect(await home()).toContain('nick')
      expect((await browser.get('/account', PAGE)).location).toBe('/login/2fa')
    })
  })

  describe('restarted while a user waits', () => {
    it('goes on where it was: the session is in the database', async () => {
      await member('rita')
      expect((await browser.get('/notes?q=milk', PAGE)).location).toBe('/login')
      const started = await password('rita')
      await restart()
      expect((await browser.get(`/login/2fa/status?transaction=${handleIn(started.location)}`)).json()).toMatchObject({ status: 'pending' })
      expect((await tapped('rita', started)).location).toBe('/notes?q=milk')
      expect(await home()).toContain('rita')
    })
  })

  describe('all along', () => {
    it('has met no error but the form without a token', () => {
      const met = (errors + app.stderr()).split('\n').filter((line) => /^\S*Error/.test(line))
      expect(met).toEqual(['ForbiddenError: invalid csrf token'])
    })
  })
})

describe('the lines that a second factor changes', () => {
  const files = (fixture: string) =>
    readdirSync(join(__dirname, fixture), { recursive: true, encoding: 'utf8' }).filter((file) => /\.\w+$/.test(file)).sort()
  const textOf = (fixture: string, file: string) => {
    const path = join(__dirname, fixture, file)
    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  }
  const changes = [...new Set([...files('before'), ...files('after')])].map((file) => [file, changedLines(textOf('before', file), textOf('after', file))] as const)

  it('are at most 25, and one in a template: the button for SMS', () => {
    const isTemplate = ([file]: readonly [string, number]) => file.endsWith('.ejs')
    expect(changes.filter(isTemplate).filter(([, lines]) => lines > 0)).toEqual([['views/login.ejs', 1]])
    const total = changes.filter((change) => !isTemplate(change)).reduce((sum, [, lines]) => sum + lines, 0)
    expect(total).toBeGreaterThan(10)
    expect(total).toBeLessThanOrEqual(25)
  })

  it('are counted as they are', () => {
    expect(changedLines('a\nb\nc', 'a\nB\nc')).toBe(1)
    expect(changedLines('a\nb\nc', 'a\n\n\nb\nx\ny\nc')).toBe(2)
    expect(changedLines('a\nb\nc\nd', 'a\nd')).toBe(2)
    expect(changedLines('a\nb\nc', 'a\nx\ny\nc\nz')).toBe(3)
    expect(changedLines('', 'a\nb')).toBe(2)
  })
})

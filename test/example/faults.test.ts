/** When Nevis or the database fails, the example app answers with an error status and a general sentence, without details of the error. */
import { once } from 'node:events'
import { NevisSimulator } from '../../src/simulator'
import { Browser } from '../support/browser'
import { launch, submit } from './support'

/**
 * Starts the app with a stub in place of the database, and with a Nevis address at which no server listens (unless `CLOUD` names another address). The stub
 * fails for the username `broken`, for a signed-in user, and, for the user with `USER_ID` as Nevis's id, when the waiting page asks for the phone number.
 */
const SCRIPT = `
import { createApp } from './dist/app.js'
import { readConfig } from './dist/config.js'
import { hashPassword } from './dist/password.js'
const { USER_ID } = process.env
const user = { id: 1, username: 'anna', ...(USER_ID && { nevisUserId: USER_ID }) }
let asked = 0
const passwordHash = await hashPassword('right')
const broken = () => { throw Object.assign(new Error('c4n4ry of the database'), { name: 'DatabaseError', code: 'E42' }) }
const users = {
  findById: async () => broken(),
  findByNevisId: async () => user,
  addedBy: async () => (USER_ID && ++asked > 2 ? broken() : { smsSince: new Date(), codesSince: new Date() }),
  findForPassword: async (username) => (username === 'broken' ? broken() : { user: username === 'deleted' ? { ...user, nevisUserId: 'dd56f53d-0d2c-4b23-97cf-4f5a1e1b7a10' } : user, passwordHash }),
}
const { CLOUD: baseURL = 'http://127.0.0.1:1', KEY: accessKey = 'key-of-nobody' } = process.env
const cloud = { baseURL, accessKey }
const server = createApp({ config: readConfig(), users, cloud }).listen(0, '127.0.0.1', () => console.log(server.address().port))
`

/** An app with only the routes of the invoices, with a signed-in user, and with a database that loses its connection while it carries out a payment. */
const PAYING = `
import express from 'express'
import { invoiceRoutes } from './dist/paying.js'
import { handleError, logError } from './dist/pages.js'
const invoice = { id: 7, number: '2026-7', payee: 'Stadtwerke', amount: '86.15', paidAt: null }
const invoices = { find: async () => invoice, pay: async () => { throw Object.assign(new Error('c4n4ry of the database'), { name: 'DatabaseError', code: 'E42' }) } }
const app = express()
app.use((req, _res, next) => { req.user = { id: 1 }; req.session = {}; next() })
app.use('/invoices', invoiceRoutes(invoices, {}), logError, handleError)
const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port))
`

/** Starts the app with a script, calls `work`, and ends the app. Returns what the app has written to standard error. */
async function withApp(work: (browser: Browser) => Promise<void>, settings: Record<string, string> = {}, script = SCRIPT): Promise<string> {
  const { child, texts, ended } = launch(settings, undefined, ['--input-type=module', '-e', script])
  try {
    while (!texts.stdout.includes('\n')) {
      const end = await Promise.race([once(child.stdout, 'data').then(() => undefined), ended])
      if (end !== undefined) throw new Error(`The app has ended: ${end.stderr}`)
    }
    await work(new Browser(`http://127.0.0.1:${texts.stdout.trim()}`))
  } finally {
    child.kill()
  }
  return (await ended).stderr
}

const INTERNALS = /key-of-nobody|c4n4ry|E42|Error:|\bat \/|node_modules|\.js\b(?!")/

describe('a fault', () => {
  // Shows: ASVS V16.5.1
  it('of the cloud › is told with 503, and logged by name and code alone', async () => {
    const logged = await withApp(async (browser) => {
      const answer = await submit(browser, '/login', '/login', { username: 'anna', password: 'right' })
      expect(answer.status).toBe(503)
      expect(answer.text).toContain('Not available just now')
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/)
      expect(answer.text).not.toMatch(INTERNALS)
      expect((await browser.get('/account')).location).toBe('/login')
      expect((await browser.get('/login')).text).toContain('name="username" value="anna"')
    })
    expect(logged).toBe('NevisError NEVIS_UNREACHABLE\n')
  })

  it('of an operator, who has deleted the user at Nevis › sends the user to support', async () => {
    const simulator = await NevisSimulator.start()
    try {
      await withApp(async (browser) => {
        expect((await submit(browser, '/login', '/login', { username: 'deleted', password: 'right' })).location).toBe('/login')
        expect((await browser.get('/login')).text).toContain('This way to confirm is not available here. Sign in again, or contact support.')
      }, { CLOUD: simulator.baseURL, KEY: simulator.accessKey })
    } finally {
      await simulator.close()
    }
  })

  it('of the database on the waiting page, which has a policy of its own › is told with the policy of the app', async () => {
    const simulator = await NevisSimulator.start()
    try {
      const { userId } = simulator.addUser({ username: 'anna', phone: '+41791234567' })
      await withApp(async (browser) => {
        const { location } = await submit(browser, '/login', '/login', { username: 'anna', password: 'right' })
        expect(location).toMatch(/^\/login\/2fa\?transaction=/)
        const [failed, usual] = [await browser.get(location as string, { accept: 'text/html' }), await browser.get('/login')]
        expect([failed.status, failed.headers.get('content-security-policy')]).toEqual([500, usual.headers.get('content-security-policy')])
      }, { CLOUD: simulator.baseURL, KEY: simulator.accessKey, USER_ID: userId })
    } finally {
      await simulator.close()
    }
  })

  it('of the database › is told with 500, and logged by name and code alone', async () => {
    const logged = await withApp(async (browser) => {
      const answer = await submit(browser, '/login', '/login', { username: 'broken', password: 'right' })
      expect(answer.status).toBe(500)
      expect(answer.text).toContain('Something went wrong')
      expect(answer.text).not.toMatch(INTERNALS)
    })
    expect(logged).toBe('DatabaseError E42\n')
  })
})

describe('a fault while a payment is carried out', () => {
  it('is told with 500, and the page says where the user sees whether the payment was made', async () => {
    const logged = await withApp(async (browser) => {
      const answer = await browser.post('/invoices/7/pay', {}, { accept: 'text/html' })
      expect(answer.status).toBe(500)
      expect(answer.text).toContain('<strong>Your invoices show whether this payment was made. Look there before you pay again.</strong>')
      expect(answer.text).toContain('<a class="button" href="/invoices">All invoices</a>')
      expect(answer.text).not.toMatch(INTERNALS)
    }, {}, PAYING)
    expect(logged).toBe('DatabaseError E42\n')
  })
})

describe('a request that cannot be read', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' }

  it.each<[string, number, Record<string, string>, string]>([
    ['a form that is too long', 413, form, `a=${'c4n4ry'.repeat(30_000)}`],
    ['a form with too many fields', 413, form, 'c4n4ry=1&'.repeat(1001)],
    ['a charset that does not exist', 415, { 'content-type': 'application/x-www-form-urlencoded; charset=c4n4ry' }, 'a=b'],
    ['an encoding that does not exist', 415, { ...form, 'content-encoding': 'c4n4ry' }, 'a=b'],
    ['a form that is no gzip', 400, { ...form, 'content-encoding': 'gzip' }, 'c4n4ry'],
    ['a form without its token', 403, form, 'username=c4n4ry'],
  ])('%s › is told with %i and no word of the reason', async (_name, status, headers, body) => {
    const logged = await withApp(async (browser) => {
      const answer = await browser.send('POST', '/login', headers, body)
      expect(answer.status).toBe(status)
      expect(answer.headers.get('content-type')).toContain('text/html')
      expect(answer.text).toContain(`Error ${status}`)
      expect(answer.text).not.toMatch(INTERNALS)
    })
    expect(logged).toBe('')
  })
})

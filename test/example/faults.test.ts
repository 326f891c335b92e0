/**
 * What the example app tells when something breaks that is nobody's fault: the status, and not a word more.
 */
import { Browser } from '../support/browser'
import { launch, submit } from './support'

/** The app with a cloud that nobody listens for, and one account in place of the database. */
const SCRIPT = `
import { createApp } from './app.js'
import { readConfig } from './config.js'
import { hashPassword } from './password.js'
const user = { id: 1, username: 'anna' }
const passwordHash = await hashPassword('right')
const users = {
  findById: async () => { throw Object.assign(new Error('secret of the database'), { name: 'DatabaseError', code: 'E42' }) },
  findForPassword: async () => ({ user, passwordHash }),
}
const cloud = { baseURL: 'http://127.0.0.1:1', accessKey: 'key-of-nobody' }
const server = createApp({ config: readConfig(), users, cloud }).listen(0, '127.0.0.1', () => console.log(server.address().port))
`

describe('a fault', () => {
  it('of the cloud › is told with 503, and logged by name and code alone', async () => {
    const { child, texts, ended } = launch({}, undefined, ['--input-type=module', '-e', SCRIPT])
    try {
      while (!texts.stdout.includes('\n')) await new Promise((heard) => child.stdout.once('data', heard))
      const browser = new Browser(`http://127.0.0.1:${texts.stdout.trim()}`)
      const answer = await submit(browser, '/login', '/login', { username: 'anna', password: 'right' })
      expect(answer.status).toBe(503)
      expect(answer.text).toContain('Not available just now')
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/)
      expect(answer.text).not.toMatch(/key-of-nobody|Error:|\bat \//)
      expect((await browser.get('/account')).location).toBe('/login')
    } finally {
      child.kill()
    }
    expect((await ended).stderr).toBe('NevisError NEVIS_UNREACHABLE\n')
  })
})

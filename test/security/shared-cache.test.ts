/**
 * The attack: requesting a cached file after another user. The script and the style of the waiting page are served behind the session, and hosts that
 * renew a session with every answer (`rolling: true` of express-session; @fastify/session by default) send the session's cookie with them. A shared
 * cache in front (Apache's mod_cache, a content delivery network) stores an answer that says `public`, its `Set-Cookie` included, and sends it to the
 * next user who requests the same file: the cookie of a signed-in user.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { signIn, waitingOf } from '../support/app'
import { Browser, type Page } from '../support/browser'
import { lab } from './support/lab'

const world = lab()
const asPage = { accept: 'text/html' }

/** May a shared cache keep it? RFC 9111, section 3, for an answer to a GET without `Authorization`. */
function isForEverybody({ headers }: Page): boolean {
  const directives = (headers.get('cache-control') ?? '').split(/\s*,\s*/).map((directive) => directive.split('=')[0])
  return !directives.includes('private') && !directives.includes('no-store')
}

const linksIn = ({ text }: Page) => [...text.matchAll(/(?:src|href)="([^"]*[?&][^"]*asset=[^"]*)"/g)].map(([, link]) => (link as string).replaceAll('&#38;', '&'))

async function expectPrivate(browser: Browser, page: Page): Promise<void> {
  const links = linksIn(page)
  expect(links).toHaveLength(2)
  for (const link of links) {
    const [mine, foreign, bare] = await Promise.all([link, link.replace(/v=\w+/, 'v=0'), link.replace(/&v=\w+/, '')].map((address) => browser.get(address)))
    for (const file of [mine, foreign, bare] as Page[]) {
      // It is here that the session is renewed: without this the test would show nothing.
      expect(file.headers.getSetCookie()).toHaveLength(1)
      expect([file.status, isForEverybody(file)]).toEqual([200, false])
    }
    // The person's own browser keeps it, under its one address only.
    expect([mine, foreign, bare].map((file) => file?.headers.get('cache-control'))).toEqual(['private, max-age=31536000, immutable', 'no-store', 'no-store'])
  }
  expect(isForEverybody(page)).toBe(false)
}

describe('a shared cache keeps nothing of a host whose session is renewed with every answer', () => {
  // Shows: ASVS V14.3.2, T-exhaust-5
  it('Express with rolling: true', async () => {
    const browser = (await world.start({ session: { rolling: true } })).browser()
    await expectPrivate(browser, await browser.get(waitingOf(await signIn(browser, 'anna')), asPage))
  })

  // Shows: ASVS V14.3.2
  it('@fastify/session as it comes', async () => {
    if (!existsSync(join(__dirname, '../../dist/index.js'))) throw new Error('run "npm run build" first')
    const host = spawn(process.execPath, [join(__dirname, 'support/fastify-app.mjs')], { stdio: ['pipe', 'pipe', 'inherit'] })
    world.defer(async () => {
      const gone = once(host, 'exit')
      host.stdin.end()
      await gone
    })
    const [line] = (await once(host.stdout, 'data')) as [Buffer]
    const person = new Browser(line.toString().trim())
    const page = await person.get('/login/2fa', asPage)
    expect([page.status, page.headers.getSetCookie().length]).toEqual([200, 1])
    await expectPrivate(person, page)
  })
})

/**
 * The attack: requesting a cached file after another user. The app serves the script and the style of the waiting page behind its session middleware. Some web
 * frameworks renew a session with every answer (`rolling: true` of express-session; @fastify/session by default), so they send the session's cookie with script
 * and style, too. A shared cache in front of the app (Apache's mod_cache, a content delivery network) stores an answer that says `public`, with its
 * `Set-Cookie`. The next user who requests the same file then gets the cookie of a signed-in user.
 *
 * A second fault needs no attacker: a cache may store any answer that does not forbid it, such as the callback's redirect back to the waiting page. If
 * the cache sends this redirect again after the approval, the user cannot sign in.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { PASSWORD, callbackOf, signIn, waitingOf } from '../support/app'
import { Browser, type Page } from '../support/browser'
import { describeWithNginx, startNginx } from '../support/nginx'
import { lab } from './support/lab'

const world = lab()
const asPage = { accept: 'text/html' }

/** True if a shared cache may store this answer to a GET without `Authorization` (RFC 9111, section 3). */
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
      // First check that the answer sets the session's cookie. An answer without this cookie may be cached without harm, so the next check would prove nothing.
      expect(file.headers.getSetCookie()).toHaveLength(1)
      expect([file.status, isForEverybody(file)]).toEqual([200, false])
    }
    // Only the user's own browser may store the file (`private`), and only under the URL that the page names.
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

describe('an answer of Passport to a start or a callback', () => {
  const cachingOf = ({ status, headers }: Page) => [status, headers.get('cache-control')]

  // Shows: T-exhaust-5
  it('forbids to store it, whichever of the actions it is, and whatever the app has set before', async () => {
    const app = await world.start({ session: { rolling: true } })
    const browser = app.browser()
    const start = await browser.post('/login', { username: 'anna', password: PASSWORD })
    const handle = new URL(start.location as string, 'http://app').searchParams.get('transaction') as string
    expect(cachingOf(start)).toEqual([303, 'no-store'])
    expect(cachingOf(await browser.get(callbackOf(handle)))).toEqual([303, 'no-store'])
    await world.simulator.phone('anna').approve()
    expect(cachingOf(await browser.get(callbackOf(handle)))).toEqual([200, 'no-store'])
    expect(cachingOf(await browser.get(callbackOf(handle)))).toEqual([403, 'no-store'])
    expect(cachingOf(await browser.get('/login/2fa/callback'))).toEqual([405, 'no-store'])
    world.simulator.faults.add({ on: 'approve', status: 503 })
    expect(cachingOf(await browser.post('/login', { username: 'anna', password: PASSWORD }))).toEqual([502, 'no-store'])
  })

  it('leaves the last word to the handler of the app', async () => {
    const app = await world.start({
      routes: (routes, { passport }) => {
        routes.use('/own', (_req, res, next) => (res.set('Cache-Control', 'public, max-age=600'), next()))
        const answer: express.RequestHandler = (_req, res) => void res.set('Cache-Control', 'private').send('in')
        routes.all('/own', passport.authenticate('nevis', { failureRedirect: '/' }), answer)
      },
    })
    const browser = app.browser()
    expect(cachingOf(await browser.get('/own'))).toEqual([302, 'no-store'])
    const handle = await signIn(browser, 'anna')
    await world.simulator.phone('anna').approve()
    expect(cachingOf(await browser.get(`/own?transaction=${handle}`))).toEqual([200, 'private'])
  })
})

describeWithNginx('nginx that stores each answer that does not forbid it', () => {
  it('has not stored the redirect of a callback before the approval', async () => {
    const app = await world.start()
    const folder = mkdtempSync(join(tmpdir(), 'passport-nevis-'))
    world.defer(() => rmSync(folder, { recursive: true, force: true }))
    const { origin, close } = await startNginx(
      `location / { proxy_pass ${app.origin}; proxy_set_header Host $http_host; proxy_cache site; proxy_cache_valid any 1h; add_header X-Cache $upstream_cache_status always; }`,
      `proxy_cache_path ${folder} keys_zone=site:1m;`,
    )
    world.defer(close)
    const browser = new Browser(origin)
    // First check that the cache works: it stores an answer that does not forbid caching. With a cache that stores nothing, this test would prove nothing.
    await browser.get('/me')
    expect((await browser.get('/me')).headers.get('x-cache')).toBe('HIT')
    const handle = await signIn(browser, 'anna')
    const early = await browser.get(callbackOf(handle))
    expect([early.status, early.headers.get('x-cache')]).toEqual([303, 'MISS'])
    await world.simulator.phone('anna').approve()
    expect((await browser.get(callbackOf(handle))).json()).toMatchObject({ action: 'success' })
  })
})

/** Tests apps behind a real nginx: with default buffering and gzip; with a path prefix that nginx removes; and with requests sent to two apps in turn. */
import { get, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { MemoryLedger, requireSecondFactor } from '../../src'
import { appFindings } from '../../src/doctor/app-checks'
import { AppObserver } from '../../src/doctor/app-observer'
import { lab } from '../security/support/lab'
import { handleIn, PASSWORD, signIn } from '../support/app'
import { Browser } from '../support/browser'
import { describeWithNginx, startNginx } from '../support/nginx'

const world = lab()
const SUB = { waitingURL: '/sub/login/2fa', callbackURL: '/sub/login/2fa/callback', statusURL: '/sub/login/2fa/status' }

async function nginx(server: string, http?: string): Promise<string> {
  const { origin, close } = await startNginx(server, http)
  world.defer(close)
  return origin
}

/** Opens an event stream. `text()` returns what has arrived so far. */
async function streamOf(url: string, headers: Record<string, string> = {}): Promise<{ body: Readable; isCompressed: boolean; text(): string }> {
  const [response] = (await once(get(url, { headers: { accept: 'text/event-stream', ...headers } }), 'response')) as [IncomingMessage]
  let text = ''
  const isCompressed = response.headers['content-encoding'] === 'gzip'
  const body = isCompressed ? response.pipe(createGunzip()) : response
  body.setEncoding('utf8').on('data', (part: string) => (text += part))
  return { body, isCompressed, text: () => text }
}

describeWithNginx('behind nginx', () => {
  describe('with its default buffering, and gzip', () => {
    it('passes each event on at once, also compressed', async () => {
      const app = await world.start()
      const origin = await nginx(`location / { proxy_pass ${app.origin}; proxy_set_header Host $http_host; }`, 'gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any;')
      const handle = await signIn(new Browser(origin), 'anna')
      const { body, isCompressed, text } = await streamOf(`${origin}/login/2fa/status?transaction=${handle}`, { 'accept-encoding': 'gzip' })
      expect(isCompressed).toBe(true)
      await once(body, 'data')
      expect(text()).toContain('"status":"pending"')
      const over = once(body, 'end')
      await world.simulator.phone('anna').approve()
      await over
      expect(text()).toContain('"status":"succeeded"')
    })
  })

  describe('that takes a prefix off the path', () => {
    const prefixed = async () => {
      const app = await world.start({
        strategy: SUB,
        routes: (express, { passport }) => {
          express.get('/account', requireSecondFactor({ maxAgeSeconds: 300, redirectTo: '/sub/login/2fa' }), (_req, res) => void res.send('Your account'))
          express.post('/again', passport.authenticate('nevis'))
          express.get('/done', (_req, res) => void res.send('done'))
        },
      })
      return { app, origin: await nginx(`location /sub/ { proxy_pass ${app.origin}/; proxy_set_header Host $http_host; }`) }
    }

    it('signs in, and comes back from a step-up to the page below the prefix', async () => {
      const { origin } = await prefixed()
      const browser = new Browser(origin)
      const started = await browser.post('/sub/login', { username: 'anna', password: PASSWORD })
      expect(started.location).toMatch(/^\/sub\/login\/2fa\?transaction=/)
      await world.simulator.phone('anna').approve()
      expect((await browser.get(String(started.location).replace('/2fa?', '/2fa/callback?'))).json()).toMatchObject({ action: 'success' })
      // The user is signed in, but has no second factor record, so the account page asks for a second factor.
      expect((await browser.get('/sub/account?from=mail', { accept: 'text/html' })).location).toBe('/sub/login/2fa')
      const cancelled = handleIn((await browser.post('/sub/again', {})).location)
      expect((await browser.post('/sub/login/2fa', { transaction: cancelled, cancel: '1' })).json()).toMatchObject({ code: 'cancelled', returnTo: '/sub/account?from=mail' })
      await browser.get('/sub/account?from=mail', { accept: 'text/html' })
      const again = await browser.post('/sub/again', {})
      await world.simulator.phone('anna').approve()
      const back = (await browser.get(String(again.location).replace('/2fa?', '/2fa/callback?'))).json()
      expect(back).toMatchObject({ action: 'success', info: { returnTo: '/sub/account?from=mail' } })
    })

    it('is no fault for the doctor, which names the prefix', async () => {
      const { app } = await prefixed()
      const observer = new AppObserver()
      observer.register(app.nevis, 'nevis')
      const findings = (await appFindings({ origin: app.origin, observer }, false)).filter(({ check }) => check.startsWith('routes.'))
      expect(findings.filter(({ level }) => level === 'error')).toEqual([])
      expect(findings.find(({ check }) => check === 'routes.status')?.finding).toBe('the status endpoint is at /login/2fa/status; browsers use the prefix /sub, which your proxy must remove from the path; the doctor cannot see whether a session runs before it')
    })
  })

  describe('that sends each request to the next of two apps', () => {
    it('signs in once', async () => {
      const ledger = new MemoryLedger()
      const { MemoryStore } = jest.requireActual<typeof import('express-session')>('express-session')
      const store = new MemoryStore()
      const apps = [await world.start({ strategy: { ledger }, session: { store } }), await world.start({ strategy: { ledger }, session: { store } })]
      const origin = await nginx('location / { proxy_pass http://apps; proxy_set_header Host $http_host; }', `upstream apps { ${apps.map((app) => `server ${new URL(app.origin).host};`).join(' ')} }`)
      const browser = new Browser(origin)
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      const outcomes = await Promise.all(Array.from({ length: 6 }, async () => (await browser.clone().get(`/login/2fa/callback?transaction=${handle}`)).json() as { action: string }))
      expect(outcomes.filter(({ action }) => action === 'success')).toHaveLength(1)
      expect(apps.flatMap(({ verified }) => verified)).toHaveLength(1)
    })
  })
})

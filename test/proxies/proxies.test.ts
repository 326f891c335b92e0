/**
 * Tests a whole sign-in over HTTP/2 through nginx, HAProxy and Apache, each with the settings of docs/guides/reverse-proxies.md. Also tests each proxy as a
 * shared cache in front of an app that sets its cookie with every answer. `npm run proxies` runs more tests.
 *
 * If a proxy is not installed, jest reports its tests as skipped; in CI, every test must run.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const areInstalled = ['nginx', 'haproxy', 'apache2'].every((name) => existsSync(`/usr/sbin/${name}`))
const describeWithProxies = areInstalled || process.env['CI'] !== undefined ? describe : describe['skip']
const PROXIES = ['nginx', 'HAProxy', 'Apache']

describeWithProxies('behind a reverse proxy', () => {
  /** The names of the tests in `run.mjs` that have passed. */
  let passed: (string | undefined)[]

  beforeAll(async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(__dirname, 'run.mjs'), '--quick']).catch((error: { stdout: string }) => error)
    passed = [...stdout.matchAll(/^ok {3}(.+) \(/gm)].map(([, name]) => name)
  }, 120_000)

  it.each(PROXIES)('a user signs in, and comes back from a step-up, as with the settings of the guide: %s', (proxy) => {
    expect(passed).toContain(`${proxy} as in the guide, HTTP/2`)
  })

  // Shows: ASVS V14.3.2
  it.each(PROXIES)('a shared cache stores neither script nor style of the waiting page with the cookie of a user: %s', (proxy) => {
    expect(passed).toContain(`${proxy} as a shared cache, a cookie with every answer`)
  })
})

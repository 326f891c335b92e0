/**
 * A whole sign-in over HTTP/2 through nginx, HAProxy and Apache, each with the settings of docs/guides/reverse-proxies.md. `npm run proxies` has more.
 *
 * If a machine has none of them, jest reports the test as skipped; in CI it must run.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const areInstalled = ['nginx', 'haproxy', 'apache2'].every((name) => existsSync(`/usr/sbin/${name}`))
const withProxies = areInstalled || process.env['CI'] !== undefined ? it : it['skip']

describe('behind a reverse proxy', () => {
  withProxies('a user signs in, and comes back from a step-up, as with the settings of the guide', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(__dirname, 'run.mjs'), '--quick'])
    const signedIn = [...stdout.matchAll(/^ok {3}(.+) \(/gm)].map(([, name]) => name)
    expect(signedIn).toEqual(['nginx as in the guide, HTTP/2', 'HAProxy as in the guide, HTTP/2', 'Apache as in the guide, HTTP/2'])
  }, 120_000)
})

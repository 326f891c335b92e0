// @ts-check
// Counts the new TLS connections per login of this package and of other clients, with one login every 7 s. Each client has its own https server, and all
// clients run at the same time.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { contest, startUpstream, stop } from '../processes.mjs'

const CONTESTANTS = [
  { name: 'passport-nevis, push', calls: 3, file: './contestants/nevis.mjs' },
  { name: 'axios with an agent that keeps connections', calls: 3, file: './contestants/bare-axios.mjs' },
  { name: 'openid-client, Passport strategy', calls: 2, file: './peers/openid-client.mjs' },
  { name: 'passport-oauth2', calls: 2, file: './peers/oauth2.mjs' },
  { name: '@duosecurity/duo_universal', calls: 2, file: './peers/duo.mjs' },
]
const LOGINS = 4
const PAUSE_MS = 7000

/**
 * @param {{ log: (line: string) => void }} tools
 * @returns the number of new connections per login, without the first login
 */
export async function measure({ log }) {
  const folder = mkdtempSync(join(tmpdir(), 'passport-nevis-bench-'))
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2', '-keyout', key, '-out', certificate], { stdio: 'ignore' })
  try {
    log(`${LOGINS} logins, ${PAUSE_MS / 1000} s apart`)
    const rows = await Promise.all(CONTESTANTS.map(async ({ name, calls, file }) => {
      const upstream = await startUpstream(certificate, key)
      const { ask } = await contest(file, [upstream.address], { env: { NODE_EXTRA_CA_CERTS: certificate } })
      await ask({ logins: 1 })
      await upstream.calls()
      for (let i = 0; i < LOGINS; i++) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
        await ask({ logins: 1 })
      }
      const { handshakes = 0 } = await upstream.calls()
      return { name, calls, each: handshakes / LOGINS }
    }))
    return { logins: LOGINS, pauseSeconds: PAUSE_MS / 1000, rows }
  } finally {
    stop()
    rmSync(folder, { recursive: true })
  }
}

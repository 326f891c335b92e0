/**
 * Tests the client in a company that decrypts TLS, or that runs its own server in place of Nevis, with a CA that only the company trusts: see
 * docs/guides/forward-proxy.md.
 *
 * Out of scope: the proxy itself (`proxy.test.ts`).
 */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { Agent, createServer, type Server } from 'node:https'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { privateCA } from '../support/certificates'
import { closing } from '../support/closing'
import { portOf } from '../support/forward-proxy'
import { ACCESS_KEY, nevisError, newClient } from './support'

const company = privateCA('IP:0.0.0.0')
afterAll(() => company.remove())

/**
 * Starts a server in place of Nevis, with this certificate chain. Its address is 0.0.0.0, which reaches this machine but does not count as loopback, so the
 * client treats it like an address of another machine.
 */
async function cloudWith(...chain: Buffer[]): Promise<string> {
  const server: Server = createServer({ key: company.key, cert: Buffer.concat(chain) }, (req, res) => void req.resume().on('end', () => res.end('{"active":true,"sub":"anna"}')))
  closing({ close: () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections())) })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `https://0.0.0.0:${portOf(server)}`
}

describe('a certificate of a private CA', () => {
  describe('that the process does not know', () => {
    it.each([
      ['with the whole chain', [company.leaf, company.intermediate, company.root], 'SELF_SIGNED_CERT_IN_CHAIN'],
      ['without the root', [company.leaf, company.intermediate], 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
      ['alone', [company.leaf], 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ] as const)('%s › is refused, and the cause says so', async (_name, chain, code) => {
      const error = await nevisError(newClient({ baseURL: await cloudWith(...chain), retries: 0 }).introspect('t0ken'))
      expect(error).toMatchObject({ code: 'NEVIS_UNREACHABLE', cause: { code } })
    })
  })

  describe('whose root is in NODE_EXTRA_CA_CERTS', () => {
    it('is accepted', async () => {
      const options = { baseURL: await cloudWith(company.leaf, company.intermediate), accessKey: ACCESS_KEY, calls: 1 }
      const { stdout } = await promisify(execFile)(process.execPath, [join(__dirname, 'behind-proxy.mjs'), JSON.stringify(options)], {
        env: { PATH: process.env['PATH'], NODE_EXTRA_CA_CERTS: company.rootFile },
      })
      expect(JSON.parse(stdout)).toEqual(['anna'])
    })
  })

  describe('whose root is in `ca` of an agent of the app', () => {
    it('is accepted', async () => {
      const httpsAgent = new Agent({ keepAlive: true, ca: company.root })
      closing({ close: () => httpsAgent.destroy() })
      const baseURL = await cloudWith(company.leaf, company.intermediate)
      await expect(newClient({ baseURL, httpsAgent }).introspect('t0ken')).resolves.toMatchObject({ active: true })
    })
  })
})

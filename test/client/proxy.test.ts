/**
 * A client behind a forward proxy that environment variables name, as in many companies. The client sends all its calls through a few tunnels, so the proxy
 * learns only the host name of Nevis. Lying proxies are in `test/security/lying-proxy.test.ts`.
 */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { Agent, createServer as createHttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { newTunnelAgent } from '../../src/client/agents'
import { proxyFor, type Proxy } from '../../src/client/proxy'
import { certificateFor } from '../support/certificates'
import { describeWithTinyproxy, portOf, startForwardProxy, startTinyproxy, tunnelTo, type ForwardProxy } from '../support/forward-proxy'
import { ACCESS_KEY, closeServers, nevisError, newClient, serve } from './support'

// A long time limit, because each process that a test starts takes a second to load.
jest.setTimeout(30_000)

const NAMES = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY', 'no_proxy', 'NO_PROXY']
const before = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]))
const clearEnvironment = () => NAMES.forEach((name) => delete process.env[name])

const certificate = certificateFor('DNS:nevis.test,DNS:localhost,IP:0.0.0.0')
const received: (string | undefined)[] = []
let handshakes = 0
const cloud = createHttpsServer({ key: certificate.key, cert: certificate.cert, keepAliveTimeout: 0 }, (req, res) => {
  received.push(req.headers.authorization)
  req.resume().on('end', () => res.end('{"active":true,"sub":"anna"}'))
}).on('secureConnection', () => handshakes++)

let proxy: ForwardProxy
const made: Agent[] = []

beforeAll(() => once(cloud.listen(0, '127.0.0.1'), 'listening'))
beforeEach(async () => {
  clearEnvironment()
  received.length = handshakes = 0
  proxy = await startForwardProxy(tunnelTo(portOf(cloud)))
})
afterEach(async () => {
  for (const agent of made.splice(0)) agent.destroy()
  await proxy.close()
  await closeServers()
})
afterAll(async () => {
  for (const name of NAMES) if (before[name] !== undefined) process.env[name] = before[name]
  cloud.closeAllConnections()
  await new Promise((resolve) => cloud.close(resolve))
  certificate.remove()
})

/** Creates a client with the agent that it would use if the environment named this proxy. The agent also trusts the certificate of this file's server. */
function tunnels(named: Partial<Proxy> = {}) {
  const agent = newTunnelAgent({ protocol: 'http:', hostname: '127.0.0.1', port: String(proxy.port), authorization: undefined, ...named }, 'nevis.test:443')
  made.push(Object.assign(agent, { options: { ...agent.options, ca: certificate.cert } }))
  // Use a long time-out: fifty TLS handshakes at once can take seconds on a busy machine.
  return { agent, client: newClient({ baseURL: 'https://nevis.test', httpsAgent: agent, timeoutMs: 60_000 }) }
}
const idleIn = (agent: Agent) => Object.values(agent.freeSockets).flatMap((list = []) => list)

/** Calls Nevis in a child process whose only proxy variables are those in `env`. */
async function callsOf(env: Record<string, string>, options: { baseURL: string; calls?: number }): Promise<string[]> {
  const rest = Object.fromEntries(Object.entries(process.env).filter(([name]) => !NAMES.includes(name)))
  const { stdout } = await promisify(execFile)(process.execPath, [join(__dirname, 'behind-proxy.mjs'), JSON.stringify({ accessKey: ACCESS_KEY, calls: 1, ...options })], {
    env: { ...rest, NODE_EXTRA_CA_CERTS: certificate.certFile, ...env },
  })
  return JSON.parse(stdout) as string[]
}
const address = (credentials = '') => `http://${credentials}127.0.0.1:${proxy.port}`
const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString('base64')}`

describe('a call to the cloud', () => {
  describe('where the environment names a proxy', () => {
    it('goes through its tunnel, in which it cannot see the access key', async () => {
      expect(await callsOf({ https_proxy: address() }, { baseURL: 'https://nevis.test' })).toEqual(['anna'])
      expect(received).toEqual([`Bearer ${ACCESS_KEY}`])
      expect(proxy.seen).toEqual([expect.stringMatching(/^\["CONNECT","nevis\.test:443",/)])
      expect(proxy.seen.join()).not.toMatch(new RegExp(`${ACCESS_KEY}|t0ken|authorization`, 'i'))
    })

    it('shares one tunnel and one TLS handshake with the next nineteen', async () => {
      expect(await callsOf({ HTTPS_PROXY: address() }, { baseURL: 'https://nevis.test', calls: 20 })).toEqual(Array(20).fill('anna'))
      expect([proxy.seen.length, handshakes]).toEqual([1, 1])
    })

    it('brings the credentials of its address, unescaped, to the proxy alone', async () => {
      expect(await callsOf({ all_proxy: address('us%40er:p%3Ass@') }, { baseURL: 'https://nevis.test' })).toEqual(['anna'])
      expect(proxy.seen).toEqual([expect.stringContaining(`"Proxy-Authorization","${basic('us@er:p:ss')}"`)])
      expect(received).toEqual([`Bearer ${ACCESS_KEY}`])
    })

    // Shows: ASVS V12.3.2, T-network-1
    it('does not go to Nevis where the certificate is not trusted, whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
      const env = { https_proxy: address(), NODE_EXTRA_CA_CERTS: '', NODE_TLS_REJECT_UNAUTHORIZED: '0' }
      expect(await callsOf(env, { baseURL: 'https://nevis.test' })).toEqual(['NEVIS_UNREACHABLE DEPTH_ZERO_SELF_SIGNED_CERT'])
      expect(await callsOf({ ...env, NO_PROXY: '*' }, { baseURL: `https://0.0.0.0:${portOf(cloud)}` })).toEqual(['NEVIS_UNREACHABLE DEPTH_ZERO_SELF_SIGNED_CERT'])
      expect(received).toEqual([])
    })
  })

  describe('where the proxy is reached by https:', () => {
    it('goes through TLS in TLS', async () => {
      const secure = await startForwardProxy(tunnelTo(portOf(cloud)), certificate)
      try {
        expect(await callsOf({ https_proxy: `https://localhost:${secure.port}` }, { baseURL: 'https://nevis.test', calls: 2 })).toEqual(['anna', 'anna'])
        expect(secure.seen).toHaveLength(1)
      } finally {
        await secure.close()
      }
    })

    // Shows: ASVS V12.3.2
    it('fails where the certificate of the proxy is not trusted, whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
      const secure = await startForwardProxy(tunnelTo(portOf(cloud)), certificate)
      const env = { https_proxy: `https://localhost:${secure.port}`, NODE_EXTRA_CA_CERTS: '' }
      try {
        for (const more of [{}, { NODE_TLS_REJECT_UNAUTHORIZED: '0' }]) {
          expect(await callsOf({ ...env, ...more }, { baseURL: 'https://nevis.test' })).toEqual(['NEVIS_UNREACHABLE DEPTH_ZERO_SELF_SIGNED_CERT'])
        }
        expect(secure.seen).toEqual([])
      } finally {
        await secure.close()
      }
    })
  })

  describe('where the app has an agent of its own', () => {
    it('uses that agent, whatever the environment says', async () => {
      // Set the environment first, because the client chooses its agent when it is created.
      process.env['https_proxy'] = 'http://127.0.0.1:1'
      const { client } = tunnels()
      await expect(client.introspect('t0ken')).resolves.toMatchObject({ active: true })
      expect(proxy.seen).toHaveLength(1)
    })
  })

  describe('where the agent of the app trusts any certificate', () => {
    it('succeeds, because the app decides that', async () => {
      const httpsAgent = new Agent({ rejectUnauthorized: false })
      made.push(httpsAgent)
      await expect(newClient({ baseURL: `https://0.0.0.0:${portOf(cloud)}`, httpsAgent }).introspect('t0ken')).resolves.toMatchObject({ active: true })
    })
  })

  describe('where NO_PROXY excepts its host', () => {
    it.each(['nevis.test', '.test', '*.test', 'other.test, nevis.test:443', '*'])('%s › goes there directly', async (names) => {
      Object.assign(process.env, { https_proxy: address(), no_proxy: names })
      expect(proxyFor(new URL('https://nevis.test'))).toBeUndefined()
      expect(await nevisError(newClient({ baseURL: 'https://nevis.test' }).ping())).toMatchObject({ code: 'NEVIS_UNREACHABLE' })
      expect(proxy.seen).toEqual([])
    })

    it.each(['test', 'other.test', 'nevis.test:8443'])('%s › is not its host: the call goes through the proxy', async (names) => {
      Object.assign(process.env, { https_proxy: address(), no_proxy: names })
      await nevisError(newClient({ baseURL: 'https://nevis.test' }).ping())
      expect(proxy.seen).toHaveLength(1)
    })
  })

  describe('of a client that was made before', () => {
    it('uses the proxy that the environment named then', async () => {
      process.env['https_proxy'] = address()
      const client = newClient({ baseURL: 'https://nevis.test' })
      process.env['https_proxy'] = 'http://127.0.0.1:1'
      await nevisError(client.ping())
      expect(proxy.seen).toHaveLength(1)
    })
  })

  describe('with the host or the proxy named by an IPv6 address', () => {
    it('writes the host in brackets and the proxy without', async () => {
      process.env['https_proxy'] = `http://[::1]:8080`
      expect(proxyFor(new URL('https://[2001:db8::1]'))).toEqual({ protocol: 'http:', hostname: '::1', port: '8080', authorization: undefined })
      process.env['https_proxy'] = address()
      await nevisError(newClient({ baseURL: 'https://[2001:db8::1]' }).ping())
      expect(proxy.seen).toEqual([expect.stringMatching(/^\["CONNECT","\[2001:db8::1\]:443",\["Host","\[2001:db8::1\]:443"/)])
    })
  })
})

describe('the tunnels', () => {
  describe('of two hundred calls at once', () => {
    it('are fifty, and carry every call', async () => {
      const { client } = tunnels()
      const answers = await Promise.all(Array.from({ length: 200 }, () => client.introspect('t0ken')))
      expect(answers.filter(({ active }) => active)).toHaveLength(200)
      expect([proxy.seen.length, handshakes]).toEqual([50, 50])
    })
  })

  describe('while the proxy does not answer', () => {
    it('are fifty; the other calls wait for one of them', async () => {
      const held: Socket[] = []
      const fifty = new Promise<void>((resolve) => (proxy.reply = (socket) => void (held.push(socket) === 50 && resolve())))
      const { agent, client } = tunnels()
      const answers = Promise.all(Array.from({ length: 60 }, () => client.introspect('t0ken')))
      await fifty
      expect(Object.values(agent.requests).flat()).toHaveLength(10)
      proxy.reply = tunnelTo(portOf(cloud))
      for (const socket of held) proxy.reply(socket, 0)
      expect(await answers).toHaveLength(60)
      expect(proxy.seen).toHaveLength(50)
    })

    it('are closed at the deadline of their call', async () => {
      const closed = new Promise((resolve) => (proxy.reply = (socket) => void socket.on('end', resolve).resume()))
      const { agent } = tunnels()
      expect((await nevisError(newClient({ baseURL: 'https://nevis.test', httpsAgent: agent, timeoutMs: 1000 }).introspect('t0ken'))).code).toBe('NEVIS_TIMEOUT')
      await closed
    })
  })

  describe('that are idle', () => {
    it('are kept for 30 s', async () => {
      const { agent, client } = tunnels()
      await client.introspect('t0ken')
      expect(idleIn(agent).map(({ timeout }) => timeout)).toEqual([30_000])
      const [idle] = idleIn(agent) as [Socket]
      const closed = once(idle, 'close')
      idle.emit('timeout')
      await closed
      expect(idleIn(agent)).toEqual([])
    })

    it.each<[string, () => Promise<unknown>]>([
      ['the proxy', () => proxy.hangUp()],
      ['Nevis', () => Promise.resolve(cloud.closeIdleConnections())],
    ])('and are closed by %s are not used again', async (_who, close) => {
      const { agent, client } = tunnels()
      await client.introspect('t0ken')
      const [idle] = idleIn(agent) as [Socket]
      const closed = once(idle, 'close')
      await close()
      await closed
      await expect(client.introspect('t0ken')).resolves.toMatchObject({ active: true })
      expect(proxy.seen).toHaveLength(2)
    })
  })
})

describe('an environment that names no usable proxy', () => {
  it.each(['socks5://secret:secret@127.0.0.1:1080', 'http://secret secret'])('is refused when the client is made, and not repeated: %s', (value) => {
    process.env['all_proxy'] = value
    expect(() => newClient()).toThrow(new TypeError('NevisClient: the proxy in the environment (HTTPS_PROXY, ALL_PROXY) must be an http: or https: URL'))
  })

  it.each(['http://secret:99999', 'secret:0', 'https://secret:secret@[::1]:65536/'])('with a port that does not exist is refused when the client is made, and not repeated: %s', (value) => {
    process.env['all_proxy'] = value
    expect(() => newClient()).toThrow(new TypeError('NevisClient: the proxy in the environment (HTTPS_PROXY, ALL_PROXY) must have a port from 1 to 65535, or none'))
  })

  it('escapes that escape nothing stand for themselves', () => {
    process.env['https_proxy'] = 'http://100%:50%25@proxy.test'
    expect(proxyFor(new URL('https://nevis.test'))).toMatchObject({ authorization: basic('100%:50%') })
  })
})

describe('several variables that name a proxy', () => {
  it.each([
    ['https_proxy', { https_proxy: 'http://one.test', HTTPS_PROXY: 'http://two.test', all_proxy: 'http://three.test' }],
    ['HTTPS_PROXY', { HTTPS_PROXY: 'http://one.test', all_proxy: 'http://two.test', ALL_PROXY: 'http://three.test' }],
    ['ALL_PROXY', { ALL_PROXY: 'http://one.test', http_proxy: 'http://two.test', HTTP_PROXY: 'http://two.test' }],
  ])('%s › counts', (_name, variables) => {
    Object.assign(process.env, variables)
    expect(proxyFor(new URL('https://nevis.test'))).toMatchObject({ hostname: 'one.test' })
  })
})

describe('a call that stays on this machine', () => {
  it('is not shown to the proxy', async () => {
    Object.assign(process.env, { http_proxy: address(), https_proxy: address() })
    const { baseURL } = await serve((_req, res) => void res.end('{"active":true,"sub":"anna"}'))
    await expect(newClient({ baseURL }).introspect('t0ken')).resolves.toMatchObject({ active: true })
    expect(await callsOf({ https_proxy: address() }, { baseURL: `https://localhost:${portOf(cloud)}` })).toEqual(['anna'])
    expect(proxy.seen).toEqual([])
  })
})

describeWithTinyproxy('tinyproxy', () => {
  // 0.0.0.0 reaches this machine, but is no loopback address, so the call goes through the proxy.
  const baseURL = () => `https://0.0.0.0:${portOf(cloud)}`

  describe('that wants no credentials', () => {
    it('carries twenty calls in one tunnel', async () => {
      const real = await startTinyproxy()
      try {
        expect(await callsOf({ HTTPS_PROXY: `http://127.0.0.1:${real.port}` }, { baseURL: baseURL(), calls: 20 })).toEqual(Array(20).fill('anna'))
        expect([received.length, handshakes]).toEqual([20, 1])
      } finally {
        await real.close()
      }
    })
  })

  describe('that wants credentials', () => {
    it('carries the call with the right ones, and refuses it without', async () => {
      const real = await startTinyproxy('anna p4ss')
      const through = (credentials: string) => callsOf({ HTTPS_PROXY: `http://${credentials}127.0.0.1:${real.port}` }, { baseURL: baseURL() })
      try {
        expect(await through('%61nna:p4ss@')).toEqual(['anna'])
        expect(await through('')).toEqual(['NEVIS_UNREACHABLE PROXY_AUTHENTICATION_REQUIRED'])
        expect(await through('anna:wrong@')).toEqual(['NEVIS_UNREACHABLE PROXY_REFUSED'])
        expect(received).toHaveLength(1)
      } finally {
        await real.close()
      }
    })
  })

  describe('that cannot reach the host', () => {
    it('refuses, and that is not the answer of Nevis', async () => {
      const real = await startTinyproxy()
      try {
        expect(await callsOf({ HTTPS_PROXY: `http://127.0.0.1:${real.port}` }, { baseURL: 'https://0.0.0.0:1' })).toEqual(['NEVIS_UNREACHABLE PROXY_REFUSED'])
      } finally {
        await real.close()
      }
    })
  })
})

/** Tests how long the client keeps an idle connection to Nevis, and what happens to calls on a connection that the server has closed. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import type { Server } from 'node:http'
import { newHttpAgent, newHttpsAgent } from '../../src/client/agents'
import { NevisClient } from '../../src/client/client'
import { ACCESS_KEY, PUSH_APPROVAL, STATUS, USER_ID, closeServers, newClient, nevisError, serve } from './support'

let now = 1_000_000
beforeEach(() => {
  now = 1_000_000
  jest.spyOn(performance, 'now').mockImplementation(() => now)
})
afterEach(async () => {
  jest.restoreAllMocks()
  await closeServers()
})

const answers: Record<string, [number, object]> = {
  '/api/v1/approval': [201, PUSH_APPROVAL],
  '/api/v1/status': [200, STATUS],
  '/api/v1/introspect': [200, { active: true, sub: USER_ID }],
}

/** A server that counts its connections. With `hintSeconds`, its answers say how long it keeps an idle connection. */
async function cloud(hintSeconds?: number) {
  const sockets = new Set<Socket>()
  const { baseURL, server } = await serve((req, res) => {
    sockets.add(req.socket)
    const [status, answer] = answers[String(req.url)] as [number, object]
    if (hintSeconds !== undefined) res.setHeader('keep-alive', `timeout=${hintSeconds}`)
    res.writeHead(status).end(JSON.stringify(answer))
  })
  server.keepAliveTimeout = 0
  const httpAgent = newHttpAgent()
  return { sockets, server, httpAgent, client: newClient({ baseURL, httpAgent }) }
}

async function login(client: NevisClient) {
  await client.approve({ userId: USER_ID })
  await client.getStatus('x')
  await client.introspect('x')
}

/** For each connection that is idle now: how long the agent keeps the connection, in milliseconds. */
const kept = (agent: { freeSockets: NodeJS.ReadOnlyDict<Socket[]> }) => Object.values(agent.freeSockets).flatMap((list = []) => list.map(({ timeout }) => timeout))

/** Closes all idle connections on the server, and waits until the client has noticed. */
async function closeIdle(server: Server, agent: { freeSockets: NodeJS.ReadOnlyDict<Socket[]> }) {
  const idle = Object.values(agent.freeSockets).flatMap((list = []) => list)
  const closed = Promise.all(idle.map((socket) => once(socket, 'close')))
  server.closeIdleConnections()
  await closed
}

describe('a call whose answer names no user or transaction', () => {
  it('gets a connection of its own, so that an answer that comes twice does not count for the next call', async () => {
    const connections: number[] = []
    const { baseURL, server } = await serve((req, res) => {
      req.resume()
      req.on('end', () => {
        // The server accepts the code of the first call, and refuses the codes of all later calls. It sends its first answer twice, as a faulty gateway may do.
        const isFirst = connections.length === 1
        res.writeHead(isFirst ? 200 : 400, { 'content-length': 0, connection: 'keep-alive' }).end()
        if (isFirst) setTimeout(() => req.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'), 20)
      })
    })
    server.on('connection', () => connections.push(1))
    const client = newClient({ baseURL, httpAgent: undefined })
    const verify = (code: string) => client.verifyCode({ userId: USER_ID, code, channel: 'recovery' })
    expect(await verify('RIGHT')).toBe(true)
    expect(await Promise.all([verify('WRONG'), verify('WRONG'), verify('WRONG')])).toEqual([false, false, false])
    await client.deleteUser(USER_ID).catch(() => undefined)
    expect(connections).toHaveLength(5)
  })
})

describe('an idle connection', () => {
  describe('to a server that says nothing about it', () => {
    it('is kept for 30 s', async () => {
      const { client, httpAgent } = await cloud()
      await login(client)
      expect(kept(httpAgent)).toEqual([30_000])
    })
  })

  describe('to a server that keeps it longer', () => {
    it('serves the next login', async () => {
      const { client, sockets } = await cloud(75)
      await login(client)
      now += 7000
      await login(client)
      expect(sockets.size).toBe(1)
    })
  })

  describe('that is used again and again', () => {
    it('has no more listeners than one that was used once', async () => {
      const { client, httpAgent } = await cloud()
      const watchers = () => Object.values(httpAgent.freeSockets).flatMap((list = []) => list.map((socket) => [socket.listenerCount('close'), socket.listenerCount('timeout')]))
      await client.getStatus('x')
      const afterOne = watchers()
      expect(afterOne).toHaveLength(1)
      for (let i = 0; i < 3; i++) await login(client)
      expect(watchers()).toEqual(afterOne)
    })
  })

  describe('to a server that announces when it closes', () => {
    it.each([
      [5, 4000],
      [20, 19_000],
      [75, 30_000],
    ])('after %i s is closed after %i ms', async (hintSeconds, ms) => {
      const { client, httpAgent } = await cloud(hintSeconds)
      await login(client)
      expect(kept(httpAgent)).toEqual([ms])
    })
  })

  describe('that the server has closed without a word', () => {
    it('limits how long the next ones are kept, to four fifths of its time', async () => {
      const { client, server, httpAgent, sockets } = await cloud()
      await login(client)
      now += 5000
      await closeIdle(server, httpAgent)
      await login(client)
      expect(sockets.size).toBe(2)
      expect(kept(httpAgent)).toEqual([4000])
    })

    it('limits nothing where our own time-out closed it', async () => {
      const { client, httpAgent } = await cloud()
      await login(client)
      const [idle] = Object.values(httpAgent.freeSockets).flat() as [Socket]
      now += 30_000
      const closed = once(idle, 'close')
      idle.emit('timeout')
      await closed
      await login(client)
      expect(kept(httpAgent)).toEqual([30_000])
    })

    it('within a second of its use limits nothing: the server is restarting', async () => {
      const { client, server, httpAgent } = await cloud()
      await login(client)
      now += 900
      await closeIdle(server, httpAgent)
      await login(client)
      expect(kept(httpAgent)).toEqual([30_000])
    })

    it('after a second limits the next ones', async () => {
      const { client, server, httpAgent } = await cloud()
      await login(client)
      now += 1000
      await closeIdle(server, httpAgent)
      await login(client)
      expect(kept(httpAgent)).toEqual([800])
    })

    it('is forgotten after an hour', async () => {
      const { client, server, httpAgent } = await cloud()
      await login(client)
      now += 5000
      await closeIdle(server, httpAgent)
      now += 3_600_000
      await login(client)
      expect(kept(httpAgent)).toEqual([30_000])
    })

    it('while a call is under way limits nothing', async () => {
      const { baseURL, server } = await serve((req, res) => {
        if (req.url === '/ping') return void res.end('PONG')
        now += 8000
        req.socket.end()
      })
      server.keepAliveTimeout = 0
      const httpAgent = newHttpAgent()
      const client = newClient({ baseURL, httpAgent })
      await client.ping()
      expect((await nevisError(client.approve({ userId: USER_ID }))).code).toBe('NEVIS_UNREACHABLE')
      await client.ping()
      expect(kept(httpAgent)).toEqual([30_000])
    })
  })

  describe('that the server closes at each login, 5 s after the last call', () => {
    it('fails no approval, and none is sent twice', async () => {
      let approvals = 0
      const { client, server, httpAgent } = await cloud()
      server.on('request', ({ url }: { url: string }) => void (approvals += Number(url === '/api/v1/approval')))
      for (let i = 0; i < 5; i++) {
        await login(client)
        now += 5000
        await closeIdle(server, httpAgent)
      }
      expect(approvals).toBe(5)
    })
  })

  describe('that is reset under a call', () => {
    /** A server that answers the first request of each connection, and resets the connection at the second request. */
    async function fickle() {
      const used = new WeakSet<Socket>()
      const seen: string[] = []
      const { baseURL } = await serve((req, res) => {
        seen.push(String(req.url))
        if (used.has(req.socket)) return void req.socket.resetAndDestroy()
        used.add(req.socket)
        const [status, answer] = answers[String(req.url)] as [number, object]
        res.writeHead(status).end(JSON.stringify(answer))
      })
      return { seen, client: newClient({ baseURL, retries: 1 }) }
    }

    it('does not matter to a status call, which is sent once more on another connection', async () => {
      const { client, seen } = await fickle()
      await client.getStatus('x')
      await expect(client.getStatus('x')).resolves.toMatchObject({ status: 'pending' })
      expect(seen).toHaveLength(3)
    })

    it('ends an approval in NEVIS_UNREACHABLE, after one request', async () => {
      const { client, seen } = await fickle()
      await client.getStatus('x')
      expect((await nevisError(client.approve({ userId: USER_ID }))).code).toBe('NEVIS_UNREACHABLE')
      expect(seen).toEqual(['/api/v1/status', '/api/v1/approval'])
    })
  })
})

describe('TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'passport-nevis-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  it('needs one handshake, however many logins follow each other within 30 s', async () => {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2', '-keyout', key, '-out', cert], { stdio: 'ignore' })
    let handshakes = 0
    const server = createHttpsServer({ key: readFileSync(key), cert: readFileSync(cert), keepAliveTimeout: 60_000 }, (req, res) => {
      const [status, answer] = answers[String(req.url)] as [number, object]
      res.writeHead(status).end(JSON.stringify(answer))
    })
    server.on('secureConnection', () => handshakes++)
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
    const httpsAgent = newHttpsAgent()
    Object.assign(httpsAgent.options, { ca: readFileSync(cert) })
    const client = new NevisClient({ baseURL: `https://localhost:${(server.address() as AddressInfo).port}`, accessKey: ACCESS_KEY, httpsAgent })
    try {
      for (let i = 0; i < 4; i++) {
        await login(client)
        now += 7000
      }
      expect(handshakes).toBe(1)
      expect(kept(httpsAgent)).toEqual([30_000])
    } finally {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })
})

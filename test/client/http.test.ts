/** Tests HTTP requests to real servers: deadline, retries, redirects, size limits, connections, and the function that returns the access key. */
import { execFile } from 'node:child_process'
import { Agent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import type { NevisClient } from '../../src/client/client'
import { ACCESS_KEY, AUTHENTICATOR_ID, PUSH_APPROVAL, STATUS, USER, USER_ID, closeServers, newClient, nevisError, serve } from './support'

afterEach(closeServers)

const PENDING = JSON.stringify(STATUS)
const approve = (client: NevisClient) => client.approve({ username: 'u12345' })

describe('the deadline', () => {
  describe('with a server that drips its answer', () => {
    // Shows: ASVS V16.5.2, T-network-4
    it('rejects with NEVIS_TIMEOUT and hangs up', async () => {
      let hungUp: () => void
      const closed = new Promise<void>((resolve) => (hungUp = resolve))
      const { baseURL } = await serve((_req, res) => {
        const drip = setInterval(() => res.write(' '), 20)
        res.on('close', () => {
          clearInterval(drip)
          hungUp()
        })
      })
      const error = await nevisError(newClient({ baseURL, timeoutMs: 200, retries: 2 }).getStatus('x'))
      expect(error).toMatchObject({ code: 'NEVIS_TIMEOUT', status: 504, operation: 'getStatus' })
      expect(error.nevisStatus).toBeUndefined()
      await closed
    })
  })

  describe('with a server that never answers', () => {
    it('rejects with NEVIS_TIMEOUT after one request', async () => {
      let requests = 0
      const { baseURL } = await serve(() => requests++)
      expect((await nevisError(approve(newClient({ baseURL, timeoutMs: 1000 })))).code).toBe('NEVIS_TIMEOUT')
      expect(requests).toBe(1)
    })
  })

  describe('with a key function that never answers', () => {
    it('rejects with NEVIS_TIMEOUT', async () => {
      const accessKey = () => new Promise<string>(() => undefined)
      expect((await nevisError(newClient({ accessKey, timeoutMs: 50 }).ping())).code).toBe('NEVIS_TIMEOUT')
    })
  })

  describe('with a key function that answers too late', () => {
    it('rejects with NEVIS_TIMEOUT and sends nothing any more', async () => {
      let requests = 0
      const { baseURL } = await serve(() => requests++)
      let give: (key: string) => void = () => undefined
      const key = new Promise<string>((resolve) => (give = resolve))
      expect((await nevisError(approve(newClient({ baseURL, timeoutMs: 50, accessKey: () => key })))).code).toBe('NEVIS_TIMEOUT')
      give(ACCESS_KEY)
      // The call above has timed out while it waited for the access key. If it still sent its request, the server would get that request before the request of
      // the call below, and `requests` would be 2.
      await nevisError(approve(newClient({ baseURL, timeoutMs: 200 })))
      expect(requests).toBe(1)
    })
  })

  describe('with a Retry-After that does not fit', () => {
    it('gives up at once with the error of the answer', async () => {
      let requests = 0
      const { baseURL } = await serve((_req, res) => {
        requests++
        res.writeHead(429, { 'retry-after': '3600' }).end()
      })
      expect(await nevisError(newClient({ baseURL, retries: 2 }).getStatus('x'))).toMatchObject({
        code: 'NEVIS_RATE_LIMITED', status: 503, nevisStatus: 429, retryAfterSeconds: 3600,
      })
      expect(requests).toBe(1)
    })

    it('reads an HTTP date', async () => {
      const { baseURL } = await serve((_req, res) => {
        res.writeHead(503, { 'retry-after': new Date(Date.now() + 3_600_000).toUTCString() }).end()
      })
      const { retryAfterSeconds } = await nevisError(newClient({ baseURL, retries: 2 }).ping())
      expect(retryAfterSeconds).toBeGreaterThan(3000)
      expect(retryAfterSeconds).toBeLessThanOrEqual(3600)
    })
  })
})

describe('retries', () => {
  /** A server that answers each request with the next of these statuses and repeats the last status. `0` stands for a connection reset. */
  async function scripted(...statuses: number[]) {
    const seen: string[] = []
    const { baseURL } = await serve((req, res) => {
      const status = statuses[Math.min(seen.push(String(req.url)), statuses.length) - 1]
      if (status === 0) req.socket.resetAndDestroy()
      else res.writeHead(Number(status), { 'retry-after': '0' }).end(req.url === '/ping' ? 'PONG' : PENDING)
    })
    return { baseURL, seen }
  }

  describe('of a call that changes nothing', () => {
    // Shows: C-error-9
    it.each([0, 429, 502, 503, 504])('asks again after %i', async (status) => {
      const { baseURL, seen } = await scripted(status, status, 200)
      await expect(newClient({ baseURL, retries: 2 }).getStatus('x')).resolves.toMatchObject({ status: 'pending' })
      expect(seen).toHaveLength(3)
    })

    it.each([400, 403, 404, 500, 302])('takes %i for an answer', async (status) => {
      const { baseURL, seen } = await scripted(status)
      await nevisError(newClient({ baseURL, retries: 2 }).getStatus('x'))
      expect(seen).toHaveLength(1)
    })

    it.each<[string, (client: NevisClient) => Promise<unknown>]>([
      ['ping', (client) => client.ping()],
      ['getStatus', (client) => client.getStatus('x')],
      ['introspect', (client) => client.introspect('x')],
      ['getUser', (client) => client.getUser(USER_ID)],
      ['findUserByUsername', (client) => client.findUserByUsername('u')],
    ])('%s stops after `retries`', async (_name, call) => {
      const { baseURL, seen } = await scripted(0, 503, 503, 503)
      expect((await nevisError(call(newClient({ baseURL, retries: 2 })))).code).toBe('NEVIS_UNEXPECTED_RESPONSE')
      expect(seen).toHaveLength(3)
    })
  })

  describe('of a call that notifies a user, spends a code or changes something', () => {
    // Shows: T-network-5, C-error-9
    it.each<[string, (client: NevisClient) => Promise<unknown>]>([
      ['approve', approve],
      ['enroll', (client) => client.enroll({ username: 'u' })],
      ['verifyCode', (client) => client.verifyCode({ userId: USER_ID, code: '1', statusToken: 'x' })],
      ['createIntent', (client) => client.createIntent({ username: 'u', operation: 'approve' })],
      ['deleteUser', (client) => client.deleteUser(USER_ID)],
      ['renameAuthenticator', (client) => client.renameAuthenticator(AUTHENTICATOR_ID, 'x')],
      ['deleteAuthenticator', (client) => client.deleteAuthenticator(AUTHENTICATOR_ID)],
    ])('%s is sent once', async (_name, call) => {
      for (const status of [0, 429, 503]) {
        const { baseURL, seen } = await scripted(status)
        await nevisError(call(newClient({ baseURL, retries: 10 })))
        expect(seen).toHaveLength(1)
      }
    })
  })
})

describe('a broken answer', () => {
  /** A server that writes these bytes, whatever the request is, and closes the connection. */
  async function raw(bytes: string): Promise<string> {
    const server = createTcpServer((socket: Socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.end(bytes))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    server.unref()
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  describe('that was cut off', () => {
    it.each(['', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"status":'])('rejects %j with NEVIS_UNREACHABLE', async (bytes) => {
      const error = await nevisError(newClient({ baseURL: await raw(bytes) }).getStatus('x'))
      expect(error).toMatchObject({ code: 'NEVIS_UNREACHABLE', status: 503 })
      expect(error.cause).toBeInstanceOf(Error)
    })
  })

  describe('that is not HTTP, or not what its encoding says', () => {
    // The client must also refuse the last two of these responses, which a lenient HTTP parser would accept: a proxy could read them differently from this
    // client.
    it.each([
      'SSH-2.0-OpenSSH_9\r\n',
      'HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}',
      'HTTP/1.1 404 Not Found\r\ncontent-length: 20\r\ntransfer-encoding: chunked\r\n\r\n14\r\n{"status":"unknown"}\r\n0\r\n\r\n',
      'HTTP/1.1 404 Not Found\r\nx: \u0001\r\ncontent-length: 20\r\n\r\n{"status":"unknown"}',
    ])(
      'rejects %j with NEVIS_UNEXPECTED_RESPONSE',
      async (bytes) => {
        const error = await nevisError(newClient({ baseURL: await raw(bytes) }).getStatus('x'))
        expect(error).toMatchObject({ code: 'NEVIS_UNEXPECTED_RESPONSE', cause: { code: expect.stringMatching(/^(HPE|Z)_/) as string } })
        expect(error.message).toContain('the answer cannot be read')
      },
    )
  })

  // axios 1.21.1 and later keep Node's HTTP parser strict for each request.
  describe('that only a lenient HTTP parser would accept', () => {
    it('rejects with NEVIS_UNEXPECTED_RESPONSE, also in a process started with --insecure-http-parser', async () => {
      const body = '{"active":true,"sub":"anna"}'
      const baseURL = await raw(`HTTP/1.1 200 OK\r\nx: \u0001\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
      const options = JSON.stringify({ baseURL, accessKey: ACCESS_KEY, calls: 1 })
      const { stdout } = await promisify(execFile)(process.execPath, ['--insecure-http-parser', join(__dirname, 'behind-proxy.mjs'), options])
      expect(JSON.parse(stdout)).toEqual(['NEVIS_UNEXPECTED_RESPONSE HPE_INVALID_HEADER_TOKEN'])
    })
  })

  describe('that never comes, because no server listens', () => {
    it('rejects with NEVIS_UNREACHABLE and says why', async () => {
      const { baseURL } = await serve(() => undefined)
      await closeServers()
      const error = await nevisError(approve(newClient({ baseURL })))
      expect(error).toMatchObject({ code: 'NEVIS_UNREACHABLE', cause: { name: 'NetworkFault', code: 'ECONNREFUSED', message: 'ECONNREFUSED' } })
      expect(error.message).toBe('Nevis approve failed: NEVIS_UNREACHABLE, no connection, or the connection was closed early (ECONNREFUSED)')
    })
  })

  describe('that never comes, because the agent of the app fails', () => {
    it.each<[unknown, string]>([
      ['EPROTO', 'EPROTO'],
      ['XZ_BUF_ERROR', 'XZ_BUF_ERROR'],
      ['A'.repeat(64), 'A'.repeat(64)],
      ['A'.repeat(65), 'UNKNOWN'],
      ['canary EPROTO', 'UNKNOWN'],
      ['EPROTO canary', 'UNKNOWN'],
      ['', 'UNKNOWN'],
      [7, 'UNKNOWN'],
      [undefined, 'UNKNOWN'],
    ])('with the code %j, says %s and nothing else', async (code, shown) => {
      const error = Object.assign(new Error('canary'), { code })
      const httpAgent = Object.assign(new Agent(), {
        createConnection: (_options: unknown, connected: (error: Error) => void) => connected(error),
      })
      expect(await nevisError(newClient({ baseURL: 'http://127.0.0.1:1', httpAgent }).ping())).toMatchObject({
        code: 'NEVIS_UNREACHABLE', cause: { code: shown, message: shown }, message: expect.not.stringContaining('canary') as string,
      })
    })
  })

  describe('that is far too large', () => {
    it.each([false, true])('is refused early (compressed: %s)', async (compressed) => {
      const chunk = Buffer.alloc(1_000_000, ' ')
      let sent = 0
      let requests = 0
      const { baseURL } = await serve((_req, res) => {
        requests++
        if (compressed) {
          res.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(20_000_000, ' ')))
          return
        }
        const more = () => {
          while (sent < 100 && !res.destroyed) {
            sent++
            if (!res.write(chunk)) return void res.once('drain', more)
          }
          res.end()
        }
        more()
      })
      const error = await nevisError(newClient({ baseURL, retries: 2 }).getUser(USER_ID))
      expect(error).toMatchObject({ code: 'NEVIS_UNEXPECTED_RESPONSE', status: 502 })
      expect(error.message).toContain('too large')
      expect(requests).toBe(1)
      expect(sent).toBeLessThan(100)
    })
  })

  describe('that is compressed', () => {
    it('is asked for, in an encoding that all servers know, and read', async () => {
      const asked: unknown[] = []
      const { baseURL } = await serve((req, res) => {
        asked.push(req.headers['accept-encoding'])
        res.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(PENDING))
      })
      await expect(newClient({ baseURL }).getStatus('x')).resolves.toMatchObject({ status: 'pending' })
      expect(asked).toEqual(['gzip'])
    })
  })
})

describe('a redirect', () => {
  describe('to another server', () => {
    // Shows: ASVS V12.2.1, ASVS V15.3.2, T-network-3, C-overview-2
    it.each([301, 302, 303, 307, 308])('is not followed with HTTP %i, and the key goes nowhere', async (status) => {
      let visits = 0
      const elsewhere = await serve((_req, res) => {
        visits++
        res.end('PONG')
      })
      const { baseURL } = await serve((_req, res) => res.writeHead(status, { location: elsewhere.baseURL }).end())
      expect(await nevisError(newClient({ baseURL, retries: 2 }).ping())).toMatchObject({
        code: 'NEVIS_UNEXPECTED_RESPONSE', nevisStatus: status,
      })
      expect(visits).toBe(0)
    })
  })
})

describe('connections', () => {
  describe('of one client', () => {
    it('are used again, and hide the key after use', async () => {
      const { inspect } = await import('node:util')
      const sockets = new Set<unknown>()
      const { baseURL } = await serve((req, res) => {
        sockets.add(req.socket)
        res.end(JSON.stringify(USER))
      })
      const client = newClient({ baseURL })
      for (let i = 0; i < 3; i++) await client.getUser(USER_ID)
      expect(sockets.size).toBe(1)
      expect(inspect(client, { showHidden: true, depth: 20 })).not.toContain(ACCESS_KEY)
    })

    it('name this package in the header User-Agent', async () => {
      let agent: unknown
      const { baseURL } = await serve((req, res) => {
        agent = req.headers['user-agent']
        res.end('PONG')
      })
      await newClient({ baseURL }).ping()
      expect(agent).toBe('passport-nevis')
    })

    it('serve calls side by side, each with its own answer', async () => {
      const { baseURL } = await serve((req, res) => {
        const userId = String(req.url).slice('/api/v1/users/'.length)
        res.end(JSON.stringify({ ...USER, userId }))
      })
      const client = newClient({ baseURL })
      const ids = Array.from({ length: 120 }, (_, i) => `${USER_ID.slice(0, -3)}${String(i).padStart(3, '0')}`)
      const users = await Promise.all(ids.map((id) => client.getUser(id)))
      expect(users.map((user) => user.userId)).toEqual(ids)
    })

    it('go through the agent of the app, if it gives one', async () => {
      const { baseURL } = await serve((_req, res) => res.end('PONG'))
      const httpAgent = new Agent()
      const addRequest = jest.spyOn(httpAgent as Agent & { addRequest(): void }, 'addRequest')
      await newClient({ baseURL, httpAgent }).ping()
      expect(addRequest).toHaveBeenCalledTimes(1)
    })

    it('by an agent of the app that are not encrypted give no answer, where the base URL is https:', async () => {
      let requests = 0
      const { server } = await serve((_req, res) => {
        requests++
        res.end(PENDING)
      })
      const { port } = server.address() as AddressInfo
      // This agent connects without TLS, so the client gets an unencrypted response. Such a response could come from a proxy instead of Nevis.
      const httpsAgent = Object.assign(new HttpsAgent(), { createConnection: () => connect(port, '127.0.0.1') })
      expect(await nevisError(newClient({ httpsAgent }).getStatus('x'))).toMatchObject({ code: 'NEVIS_UNREACHABLE', cause: { code: 'NOT_ENCRYPTED' } })
      expect(requests).toBe(1)
    })

    it.each(['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'])('to loopback never go through a proxy, named in %s even after the client was made', async (name) => {
      let proxied = 0
      const proxy = await serve((_req, res) => {
        proxied++
        res.end('PONG')
      })
      const { baseURL } = await serve((_req, res) => res.end('PONG'))
      const client = newClient({ baseURL })
      process.env[name] = proxy.baseURL
      try {
        await client.ping()
      } finally {
        delete process.env[name]
      }
      expect(proxied).toBe(0)
    })
  })
})

describe('the access key', () => {
  describe('from a function', () => {
    // Shows: C-auth-1, C-auth-2
    it('is asked for once per call and is the current one', async () => {
      const seen: unknown[] = []
      const { baseURL } = await serve((req, res) => {
        seen.push(req.headers.authorization)
        res.writeHead(201).end(JSON.stringify(PUSH_APPROVAL))
      })
      let version = 0
      const client = newClient({ baseURL, accessKey: () => Promise.resolve(`key-${++version}`) })
      await approve(client)
      await approve(client)
      expect(seen).toEqual(['Bearer key-1', 'Bearer key-2'])
    })

    it.each(['', 'two words', 'a\r\nb', 7, undefined])('that gives %j rejects with a TypeError that does not repeat it', async (key) => {
      const outcome = newClient({ accessKey: () => key as string }).ping()
      await expect(outcome).rejects.toThrow(
        new TypeError('NevisClient: accessKey() must return a non-empty string of visible ASCII characters, without white space'),
      )
    })

    it('can be asked about', async () => {
      const asked: unknown[] = []
      const { baseURL } = await serve((req, res) => {
        void text(req).then((form) => {
          asked.push(req.headers.authorization, form)
          res.end('{"active":true,"aud":"api"}')
        })
      })
      await expect(newClient({ baseURL, accessKey: () => 'key-1' }).introspectAccessKey()).resolves.toMatchObject({ aud: ['api'] })
      expect(asked).toEqual(['Bearer key-1', 'token=key-1'])
    })

    it('that throws lets the error of the app pass', async () => {
      const error = new Error('the vault is closed')
      await expect(newClient({ accessKey: () => Promise.reject(error) }).ping()).rejects.toBe(error)
    })
  })
})

/**
 * The attack: a forward proxy that lies.
 *
 * The attacker has the victim's password, and answers in place of the proxy that `HTTPS_PROXY` names. The attacker owns the proxy, or can change the connection
 * to the proxy, which is plain HTTP in the company's network. Such a proxy has no certificate of Nevis, so it must not achieve more than a failure. But some
 * clients take the proxy's reply to CONNECT for the answer of Nevis. With such a client, the proxy could sign the attacker in without Nevis. For this, the
 * proxy would reply to all three calls of a login with `100 Continue`, and then with `200 OK` and `{"status":"succeeded"}`. With a 404, the proxy could make a
 * known user look unknown. In other tests, the attacker tunnels to another server (with a certificate of its own), sends HTTP instead of TLS, sends bytes
 * before TLS begins, sends too much, or sends nothing at all.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { request as requestHttp, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { join } from 'node:path'
import { NevisClient, NevisError } from '../../src'
import { callbackOf, PASSWORD, signIn } from '../support/app'
import { Browser } from '../support/browser'
import { certificateFor } from '../support/certificates'
import { portOf, startForwardProxy, tunnelTo, type ForwardProxy, type Reply } from '../support/forward-proxy'
import { lab, outcomeOf } from './support/lab'

const world = lab()
jest.setTimeout(60_000)

const HOST = 'nevis.test'
const BASE_URL = `https://${HOST}`
const nevis = certificateFor(`DNS:${HOST}`)
const attacker = certificateFor(`DNS:${HOST}`)
/** A certificate that the app trusts, but for another host. */
const other = certificateFor('DNS:other.test')

let proxy: ForwardProxy
beforeEach(async () => void (proxy = await startForwardProxy((socket) => socket.destroy())))
afterEach(() => proxy.close())
beforeAll(() => writeFileSync(nevis.certFile, Buffer.concat([nevis.cert, other.cert])))
afterAll(() => [nevis, attacker, other].forEach((one) => one.remove()))

/** Sends this text at once, and closes the connection. */
const says = (text: string): Reply => (socket) => void socket.end(text)
/** Opens the tunnel, waits for the first bytes of the client's TLS handshake, and then sends this text instead of TLS. */
const tunnelThat = (text: string): Reply => (socket) => {
  socket.write('HTTP/1.1 200 OK\r\n\r\n')
  socket.once('data', () => socket.end(text))
}
const page = (head: string, body = '{"status":"succeeded","active":true}') => `HTTP/1.1 ${head}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
const drip = (head: string): Reply => (socket) => {
  socket.write(head)
  const timer = setInterval(() => socket.write('x'), 20)
  socket.on('close', () => clearInterval(timer)).resume()
}

const REFUSED = /^PROXY_REFUSED$/
const INVALID = /^PROXY_INVALID_RESPONSE$/
const LIES: [string, Reply, RegExp][] = [
  ['100, then 200 with an answer', says(`HTTP/1.1 100 Continue\r\n\r\n${page('200 OK')}`), REFUSED],
  ['102, then 200', says(`HTTP/1.1 102 Processing\r\n\r\n${page('200 OK')}`), REFUSED],
  ['101', says('HTTP/1.1 101 Switching Protocols\r\nupgrade: tls\r\nconnection: upgrade\r\n\r\n'), REFUSED],
  ['a bare 404', says(page('404 Not Found', '{"status":404,"error":"Not Found"}')), REFUSED],
  ['a bare 403', says('HTTP/1.1 403 Forbidden\r\n\r\n'), REFUSED],
  ['a 302', says('HTTP/1.1 302 Found\r\nlocation: https://evil.test/\r\n\r\n'), REFUSED],
  ['a 412 that says failed', says(page('412 Precondition Failed', '{"status":"failed"}')), REFUSED],
  ['a 500', says(page('500 Oops')), REFUSED],
  ['a 407 page', says(page('407 Proxy Authentication Required')), /^PROXY_AUTHENTICATION_REQUIRED$/],
  ['a bare 204', says('HTTP/1.1 204 No Content\r\n\r\n'), /^ECONNRESET$/],
  ['200 and an answer in one piece', says(page('200 OK')), INVALID],
  ['200 and a TLS record before ours', says('HTTP/1.1 200 OK\r\n\r\n\u0016\u0003\u0003'), INVALID],
  ['200, then an answer where TLS should be', tunnelThat(page('200 OK')), /^(EPROTO|ERR_SSL_WRONG_VERSION_NUMBER)$/],
  ['200, then a TLS alert', tunnelThat('\u0015\u0003\u0001\u0000\u0002\u0002\u0028'), /^(EPROTO|ERR_SSL_\w+)$/],
  ['200, then nothing', says('HTTP/1.1 200 OK\r\n\r\n'), /^ECONNRESET$/],
  ['200, then a reset', (socket) => void (socket.write('HTTP/1.1 200 OK\r\n\r\n'), socket.once('data', () => socket.resetAndDestroy())), /^ECONNRESET$/],
  ['nothing, and hangs up', says(''), /^ECONNRESET$/],
  ['a reset', (socket) => void socket.resetAndDestroy(), /^ECONNRESET$/],
  ['half a status line', says('HTTP/1.1 20'), /^(ECONNRESET|PROXY_INVALID_RESPONSE)$/],
  ['what is not HTTP', says('SSH-2.0-OpenSSH_9\r\n\r\n'), INVALID],
  ['200 with huge headers', says(`HTTP/1.1 200 OK\r\nx: ${'a'.repeat(1_000_000)}\r\n\r\n`), INVALID],
  ['200 with two thousand headers', says(`HTTP/1.1 200 OK\r\n${'canary: canary\r\n'.repeat(2000)}\r\n`), INVALID],
]

/** Makes a call with the default retries. The key and the token are words that no error may contain. */
async function ask(timeoutMs?: number): Promise<NevisError> {
  const client = new NevisClient({ baseURL: BASE_URL, accessKey: 'canary-key', ...(timeoutMs !== undefined && { timeoutMs }) })
  const outcome: unknown = await client.getStatus('canary-token').then((answer) => answer, (error: unknown) => error)
  expect(outcome).toBeInstanceOf(NevisError)
  const error = outcome as NevisError
  expect([error.message, error.stack, String(error.cause), JSON.stringify(error)].join()).not.toMatch(/canary|evil|HTTP\/1/)
  return error
}

describe('a proxy that answers CONNECT with', () => {
  const { https_proxy: before } = process.env
  beforeEach(() => void (process.env['https_proxy'] = `http://canary:canary@127.0.0.1:${proxy.port}`))
  afterEach(() => {
    delete process.env['https_proxy']
    if (before !== undefined) process.env['https_proxy'] = before
  })

  describe('a lie', () => {
    // Shows: ASVS V12.2.1, T-network-2
    it.each(LIES)('%s › is NEVIS_UNREACHABLE, never an answer', async (_lie, reply, cause) => {
      proxy.reply = reply
      const error = await ask()
      expect(error).toMatchObject({ code: 'NEVIS_UNREACHABLE', status: 503 })
      expect(error.nevisStatus).toBeUndefined()
      expect((error.cause as { code: string }).code).toMatch(cause)
      // The proxy got requests, but neither the access key nor the token (both begin with `canary-`).
      expect(proxy.seen.length).toBeGreaterThan(0)
      expect(proxy.seen.join()).not.toMatch(/canary-/)
    })
  })

  describe('nothing that ends', () => {
    it.each<[string, Reply]>([
      ['silence', (socket) => void socket.resume()],
      ['200, then silence', (socket) => void (socket.write('HTTP/1.1 200 OK\r\n\r\n'), socket.resume())],
      ['the start of a status line, then silence', (socket) => void (socket.write('HTTP/1.1 '), socket.resume())],
      ['one byte after the other of a header', drip('HTTP/1.1 200 OK\r\nx: ')],
    ])('%s › is NEVIS_TIMEOUT at the deadline', async (_name, reply) => {
      proxy.reply = reply
      expect(await ask(500)).toMatchObject({ code: 'NEVIS_TIMEOUT', status: 504 })
    })
  })

  describe('a tunnel to another server', () => {
    it('that has a certificate of its own for this host › is NEVIS_UNREACHABLE, and the key is not sent', async () => {
      const received: unknown[] = []
      const middle = createHttpsServer({ key: attacker.key, cert: attacker.cert }, (req, res) => void (received.push(req.headers), res.end('{"status":"succeeded"}')))
      await once(middle.listen(0, '127.0.0.1'), 'listening')
      proxy.reply = tunnelTo(portOf(middle))
      try {
        expect(await ask()).toMatchObject({ code: 'NEVIS_UNREACHABLE', cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } })
        expect(received).toEqual([])
      } finally {
        middle.closeAllConnections()
        await new Promise((resolve) => middle.close(resolve))
      }
    })
  })
})

describe('a whole login', () => {
  const children: ChildProcess[] = []
  const servers: Server[] = []
  afterEach(async () => {
    for (const child of children.splice(0)) {
      child.stdin?.end()
      await once(child, 'exit')
    }
    for (const server of servers.splice(0)) {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })

  /** The simulated cloud, with the certificate of Nevis or with the attacker's. */
  async function cloudOverTLS({ key, cert } = nevis): Promise<number> {
    const { hostname, port } = new URL(world.simulator.baseURL)
    const server = createHttpsServer({ key, cert }, (req, res) => {
      const { method, url, headers } = req
      const onward = requestHttp({ hostname, port, method, path: url, headers: { ...headers, host: `${hostname}:${port}` } }, (answer) => {
        // The simulator's headers say how long the simulator keeps a connection, so do not pass them on.
        const { 'keep-alive': _, connection: __, ...others } = answer.headers
        res.writeHead(answer.statusCode as number, others)
        answer.pipe(res)
      })
      req.pipe(onward)
    })
    // Keep an idle connection open for a minute: on a busy machine, the app may pause between two calls, and its tunnel must stay open.
    server.keepAliveTimeout = 60_000
    servers.push(server)
    await once(server.listen(0, '127.0.0.1'), 'listening')
    return portOf(server)
  }

  /** Starts an app that calls Nevis through the proxy. The app trusts the certificates `nevis` and `other`. */
  async function browserOfApp(): Promise<Browser> {
    const rest = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name)))
    const settings = { baseURL: BASE_URL, accessKey: world.simulator.accessKey, issuer: world.simulator.baseURL, password: PASSWORD }
    const child = spawn(process.execPath, [join(__dirname, 'behind-proxy.mjs'), JSON.stringify(settings)], {
      env: { ...rest, HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, NODE_EXTRA_CA_CERTS: nevis.certFile },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    children.push(child)
    const [origin] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
    return new Browser(String(origin).trim())
  }
  const whoIs = async (browser: Browser) => ((await browser.get('/me')).json() as { user: unknown }).user

  describe('through a proxy that is honest', () => {
    it('signs the user in who approves, in fewer tunnels than calls', async () => {
      proxy.reply = tunnelTo(await cloudOverTLS())
      const browser = await browserOfApp()
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
      expect(await whoIs(browser)).toEqual({ username: 'anna' })
      expect(world.operations()).toEqual(['approve', 'getStatus', 'introspect'])
      // The status call uses the tunnel of the start. The introspection follows so quickly that this tunnel is perhaps not in Node's pool again. Then Node
      // opens a second tunnel.
      expect(proxy.seen.length).toBeLessThan(3)
    })
  })

  describe('that the proxy invents, answer by answer', () => {
    const [transactionId, userId, statusToken] = ['11111111-2222-4333-8444-555555555555', '7e16ba00-92e2-4fcb-b30e-1af8fdc843aa', 'forged.status.token']
    const invented = () => [
      page('201 Created', JSON.stringify({ transactionId, userId, statusToken })),
      page('200 OK', JSON.stringify({ transactionId, status: 'succeeded', userId, token: 'forged.transaction.token', createdAt: '2030-01-01T00:00:00Z', lastUpdatedAt: '2030-01-01T00:00:00Z' })),
      page('200 OK', JSON.stringify({ active: true, sub: userId, iss: world.simulator.baseURL, aud: ['app'], iat: Math.floor(Date.now() / 1000), exp: Math.floor(Date.now() / 1000) + 60 })),
    ]

    it('ends at the start, and signs no user in', async () => {
      proxy.reply = (socket, nth) => void socket.end(`HTTP/1.1 100 Continue\r\n\r\n${invented()[nth - 1] ?? ''}`)
      const browser = await browserOfApp()
      const start = await browser.post('/login', { username: 'anna', password: PASSWORD })
      // If the app took the proxy's replies for answers of Nevis, the start would lead to the waiting page. In that case the test also calls the callback, so
      // that a failing test shows who was signed in.
      const callback = start.location === undefined ? start : await browser.get(callbackOf(new URL(start.location, 'http://app').searchParams.get('transaction') as string))
      expect(await whoIs(browser)).toBeNull()
      expect(callback.json()).toEqual({ action: 'error', code: 'NEVIS_UNREACHABLE', cause: 'PROXY_REFUSED' })
    })

    it('after an honest start, signs no user in; and the user gets in once the proxy is honest again', async () => {
      const honest = tunnelTo(await cloudOverTLS())
      proxy.reply = honest
      const browser = await browserOfApp()
      const handle = await signIn(browser, 'anna')
      await proxy.hangUp()
      proxy.reply = says(`HTTP/1.1 100 Continue\r\n\r\n${invented()[1] as string}`)
      expect((await browser.get(callbackOf(handle))).json()).toEqual({ action: 'error', code: 'NEVIS_UNREACHABLE', cause: 'PROXY_REFUSED' })
      expect(await whoIs(browser)).toBeNull()
      proxy.reply = honest
      await world.simulator.phone('anna').approve()
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
      expect(await whoIs(browser)).toEqual({ username: 'anna' })
    })
  })

  describe('through a tunnel to a cloud of the attacker, where every approval is given', () => {
    // Shows: ASVS V12.3.2, T-network-2
    it.each([
      ['of its own for the same host', attacker, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
      ['that the app trusts for another host', other, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ])('with a certificate %s, signs no user in', async (_whose, certificate, cause) => {
      proxy.reply = tunnelTo(await cloudOverTLS(certificate))
      const browser = await browserOfApp()
      expect((await browser.post('/login', { username: 'anna', password: PASSWORD })).json()).toEqual({ action: 'error', code: 'NEVIS_UNREACHABLE', cause })
      expect(world.operations()).toEqual([])
      expect(await whoIs(browser)).toBeNull()
    })
  })
})

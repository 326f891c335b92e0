/** Behind a proxy that the environment names, as in many companies: it carries the calls, and sees where they go and nothing else. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { Agent, createServer as createHttpsServer } from 'node:https'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ACCESS_KEY, closeServers, nevisError, newClient, serve } from './support'

/** All that came to the proxy in the clear. */
let seen: string[]
let refusing: boolean
let cloudPort: number
const received: (string | undefined)[] = []
const sockets = new Set<Socket>()

const proxy = createServer((req, res) => {
  seen.push(JSON.stringify([req.method, req.url, req.rawHeaders]))
  res.writeHead(502).end()
})
proxy.on('connect', (req, socket: Socket) => {
  seen.push(JSON.stringify([req.method, req.url, req.rawHeaders]))
  if (refusing) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
  const onward = connect(cloudPort, '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
  for (const end of [socket, onward]) sockets.add(end.on('error', () => undefined))
  socket.pipe(onward).pipe(socket)
})

const folder = mkdtempSync(join(tmpdir(), 'passport-nevis-'))
const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=nevis.test', '-addext', 'subjectAltName=DNS:nevis.test', '-days', '2', '-keyout', keyFile, '-out', certFile], { stdio: 'ignore' })
const [key, cert] = [readFileSync(keyFile), readFileSync(certFile)]
rmSync(folder, { recursive: true })
const cloud = createHttpsServer({ key, cert }, (req, res) => {
  received.push(req.headers.authorization)
  res.end('{"active":true,"sub":"anna"}')
})

beforeAll(async () => {
  for (const server of [proxy, cloud]) await once(server.listen(0, '127.0.0.1'), 'listening')
  cloudPort = (cloud.address() as AddressInfo).port
  process.env['https_proxy'] = process.env['http_proxy'] = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
})

beforeEach(() => {
  seen = []
  refusing = false
  received.length = 0
})

afterEach(closeServers)

afterAll(async () => {
  delete process.env['https_proxy']
  delete process.env['http_proxy']
  for (const socket of sockets) socket.destroy()
  for (const server of [proxy, cloud]) await new Promise((resolve) => server.close(resolve))
})

const clientOf = (baseURL: string) => newClient({ baseURL, httpsAgent: new Agent({ ca: cert }) })

describe('a call to the cloud', () => {
  it('goes through its tunnel, in which it cannot see the access key', async () => {
    await expect(clientOf('https://nevis.test').introspect('t0ken')).resolves.toMatchObject({ active: true })
    expect(received).toEqual([`Bearer ${ACCESS_KEY}`])
    expect(seen).toEqual([expect.stringMatching(/^\["CONNECT","nevis\.test:443",/)])
    expect(seen.join()).not.toMatch(new RegExp(`${ACCESS_KEY}|t0ken|authorization`, 'i'))
  })

  it('fails where the proxy refuses it, as if Nevis had: nothing tells the two answers apart', async () => {
    refusing = true
    expect(await nevisError(clientOf('https://nevis.test').introspect('t0ken'))).toMatchObject({ code: 'NEVIS_UNAUTHORIZED', nevisStatus: 403 })
    expect([seen.length, received]).toEqual([1, []])
  })
})

describe('a call that stays on this machine', () => {
  it('is not shown to it', async () => {
    const { baseURL } = await serve((_req, res) => void res.end('{"active":true,"sub":"anna"}'))
    await expect(newClient({ baseURL }).introspect('t0ken')).resolves.toMatchObject({ active: true })
    expect(seen).toEqual([])
  })
})

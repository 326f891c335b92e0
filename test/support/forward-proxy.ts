/**
 * Forward proxies: one that replies to CONNECT as a test wants, and a real tinyproxy. On a machine without tinyproxy, the tests with tinyproxy are skipped; in
 * CI they must run.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { connect, createServer as createTcpServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Certificate } from './certificates'

const isInstalled = spawnSync('tinyproxy', ['-v']).status === 0
export const describeWithTinyproxy = isInstalled || process.env['CI'] !== undefined ? describe : describe['skip']

/** @param nth 1 for the first CONNECT */
export type Reply = (socket: Socket, nth: number) => void

export interface ForwardProxy {
  readonly port: number
  /** Everything that the proxy could read: method, target and headers of each request. */
  readonly seen: string[]
  /** The number of connections that are still open. */
  readonly open: number
  reply: Reply
  /** Ends all connections from the proxy's side. */
  hangUp(): Promise<void>
  close(): Promise<void>
}

export const portOf = (server: Server | TcpServer): number => (server.address() as AddressInfo).port

/** An honest proxy: it tunnels to this port of this machine, whatever host the client asks for. */
export const tunnelTo = (port: number): Reply => (socket) => {
  const onward = connect(port, '127.0.0.1', () => socket.write('HTTP/1.1 200 Connection established\r\n\r\n'))
  onward.on('error', () => socket.destroy()).on('close', () => socket.destroy())
  socket.on('close', () => onward.destroy())
  socket.pipe(onward).pipe(socket)
}

/** @param tls the certificate of the proxy, if clients connect to the proxy by TLS */
export async function startForwardProxy(reply: Reply, tls?: Certificate): Promise<ForwardProxy> {
  const sockets = new Set<Socket>()
  const server = tls === undefined ? createServer() : createHttpsServer({ key: tls.key, cert: tls.cert })
  const proxy = { port: 0, seen: [] as string[], reply, hangUp, close }
  let connects = 0
  server.on('request', (req, res) => {
    proxy.seen.push(JSON.stringify([req.method, req.url, req.rawHeaders]))
    res.writeHead(502).end()
  })
  server.on('connect', (req, socket: Socket) => {
    proxy.seen.push(JSON.stringify([req.method, req.url, req.rawHeaders]))
    sockets.add(socket)
    const gone = () => sockets.delete(socket)
    // When the client has closed its half of a connection, Node's server leaves its own half open. So close the server's half here.
    socket.on('error', gone).on('end', gone).on('close', gone).on('end', () => socket.end())
    proxy.reply(socket, ++connects)
  })
  async function hangUp() {
    const all = [...sockets]
    const closed = Promise.all(all.map((socket) => once(socket, 'close')))
    for (const socket of all) socket.destroy()
    await closed
  }
  async function close() {
    await hangUp()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.defineProperty(Object.assign(proxy, { port: portOf(server) }), 'open', { get: () => sockets.size }) as ForwardProxy
}

export interface Tinyproxy {
  readonly port: number
  close(): Promise<void>
}

/** @param basicAuth letters and digits: `user password` */
export async function startTinyproxy(basicAuth?: string): Promise<Tinyproxy> {
  const folder = mkdtempSync(join(tmpdir(), 'passport-nevis-'))
  const file = join(folder, 'tinyproxy.conf')
  const port = await freePort()
  writeFileSync(file, [`Port ${port}`, 'Listen 127.0.0.1', 'Timeout 600', `LogFile "${join(folder, 'log')}"`, ...(basicAuth === undefined ? [] : [`BasicAuth ${basicAuth}`]), ''].join('\n'))
  const child = spawn('tinyproxy', ['-d', '-c', file], { stdio: 'ignore' })
  const gone = once(child, 'exit')
  for (let i = 0; i < 200 && !(await isUp(port)); i++) await new Promise((resolve) => setTimeout(resolve, 10))
  if (!(await isUp(port))) throw new Error('tinyproxy did not start')
  return {
    port,
    close: async () => {
      child.kill('SIGTERM')
      await gone
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Finds a free port, because tinyproxy cannot choose one itself. */
async function freePort(): Promise<number> {
  const server = createTcpServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const port = portOf(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}

function isUp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    }).on('error', () => resolve(false))
  })
}

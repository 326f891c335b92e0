/** Starts a real nginx on loopback with the configuration of a test. On a machine without nginx, the tests that need nginx are skipped, except in CI. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const BINARY = '/usr/sbin/nginx'
const isInstalled = spawnSync(BINARY, ['-v']).status === 0
export const describeWithNginx = isInstalled || process.env['CI'] !== undefined ? describe : describe['skip']

export interface Nginx {
  readonly origin: string
  close(): Promise<void>
}

/** @param server the directives in nginx's block `server`; `http`: further directives in the block `http` */
export async function startNginx(server: string, http = ''): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), 'passport-nevis-'))
  const port = await freePort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join('\n')
  writeFileSync(join(folder, 'nginx.conf'), `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
events {}
http { access_log off; ${temporary}
${http}
server { listen 127.0.0.1:${port};
${server}
} }`)
  const child = spawn(BINARY, ['-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')], { stdio: 'inherit' })
  const close = async () => {
    await ended(child)
    rmSync(folder, { recursive: true, force: true })
  }
  for (let i = 0; i < 200; i++) {
    if (await answers(port)) return { origin: `http://127.0.0.1:${port}`, close }
    await new Promise((resolve) => setImmediate(() => setTimeout(resolve, 20)))
  }
  await close()
  throw new Error('nginx did not start')
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => (socket.destroy(), resolve(true))).once('error', () => resolve(false))
  })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

// @ts-check
// Starts a Redis for a benchmark, on a socket in a new folder.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'

/**
 * Redis commands that the benchmark does not count, because they are not calls of the measured app: `info`, with which the benchmark reads the counts; the
 * commands that a client sends when it connects; and the commands that the ledger's script runs inside Redis.
 */
const NOT_SENT = /^(info|hello|client\|.*|incr|expire)$/

/** @returns the path of Redis's socket, a client, a function that returns how many commands Redis has received, and `close` */
export async function startRedis() {
  const folder = mkdtempSync(join(tmpdir(), 'passport-nevis-bench-'))
  const path = join(folder, 'redis.sock')
  const server = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--dir', folder, '--save', ''], { stdio: 'ignore' })
  for (let i = 0; i < 250 && !existsSync(path); i++) await new Promise((resolve) => setTimeout(resolve, 20))
  const client = await createClient({ socket: { path, tls: false } }).connect()
  const commands = async () => {
    const stats = [...(await client.info('commandstats')).matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)]
    return stats.reduce((sum, [, name = '', calls]) => sum + (NOT_SENT.test(name) ? 0 : Number(calls)), 0)
  }
  const close = () => {
    client.destroy()
    server.kill()
    rmSync(folder, { recursive: true, force: true })
  }
  return { path, client, commands, close }
}

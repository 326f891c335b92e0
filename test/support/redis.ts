/** A real Redis for a test file, on a socket in a new folder. On a machine without Redis, the tests that need it are skipped; in CI they must run. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const isInstalled = spawnSync('redis-server', ['--version']).status === 0
export const describeWithRedis = isInstalled || process.env['CI'] !== undefined ? describe : describe['skip']

export class RedisServer {
  private constructor(
    readonly path: string,
    private readonly folder: string,
    private child: ChildProcess,
    private readonly options: readonly string[],
  ) {}

  /** @param options further options of redis-server, such as `--rename-command` */
  static async start(...options: string[]): Promise<RedisServer> {
    const folder = mkdtempSync(join(tmpdir(), 'passport-nevis-'))
    const path = join(folder, 'redis.sock')
    const server = new RedisServer(path, folder, launch(path, folder, options), options)
    await server.isUp()
    return server
  }

  /** Stops the process, so that it no longer answers but its connections stay open. `resume` lets it continue. */
  pause(): void {
    this.child.kill('SIGSTOP')
  }

  resume(): void {
    this.child.kill('SIGCONT')
  }

  async kill(): Promise<void> {
    const gone = new Promise((resolve) => this.child.once('exit', resolve))
    this.child.kill('SIGKILL')
    await gone
    rmSync(this.path, { force: true })
  }

  async restart(): Promise<void> {
    this.child = launch(this.path, this.folder, this.options)
    await this.isUp()
  }

  async close(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }

  private async isUp(): Promise<void> {
    for (let i = 0; i < 200 && !existsSync(this.path); i++) await new Promise((resolve) => setImmediate(() => setTimeout(resolve, 10)))
    if (!existsSync(this.path)) throw new Error('redis-server did not start')
  }
}

function launch(path: string, folder: string, options: readonly string[]): ChildProcess {
  return spawn('redis-server', ['--port', '0', '--unixsocket', path, '--dir', folder, '--save', '', '--appendonly', 'no', ...options], { stdio: 'ignore' })
}

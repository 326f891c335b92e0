/** Starts a PostgreSQL server for a test file, on a socket in a new folder. Without PostgreSQL on the machine, these tests are skipped, except in CI. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const binaries = binaryFolder()
export const describeWithPostgres = binaries !== undefined || process.env['CI'] !== undefined ? describe : describe['skip']

export class PostgresServer {
  private constructor(
    readonly url: string,
    private readonly folder: string,
    private child: ChildProcess,
  ) {}

  static async start(): Promise<PostgresServer> {
    if (binaries === undefined) throw new Error('PostgreSQL is not installed')
    const folder = mkdtempSync(join(tmpdir(), 'passport-nevis-'))
    const owner = unprivileged()
    if (owner !== undefined) chownSync(folder, owner.uid, owner.gid)
    const data = join(folder, 'data')
    execFileSync(join(binaries, 'initdb'), ['-D', data, '-U', 'example', '--auth=trust', '--no-sync', '--encoding=UTF8'], { ...owner, cwd: folder, stdio: 'ignore' })
    return new PostgresServer(`postgres://example@localhost/postgres?host=${encodeURIComponent(folder)}`, folder, await launch(folder))
  }

  /** Stops PostgreSQL at once, which cuts off its connections. What was committed is there again after `restart`. */
  async kill(): Promise<void> {
    const gone = once(this.child, 'exit')
    this.child.kill('SIGQUIT')
    await gone
  }

  async restart(): Promise<void> {
    this.child = await launch(this.folder)
  }

  async close(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

async function launch(folder: string): Promise<ChildProcess> {
  const args = ['-D', join(folder, 'data'), '-k', folder, '-c', 'listen_addresses=', '-c', 'fsync=off']
  const child = spawn(join(binaries as string, 'postgres'), args, { ...unprivileged(), cwd: folder })
  let said = ''
  for (let chunks = 0; chunks < 100 && !said.includes('ready to accept connections'); chunks++) {
    const [chunk] = await Promise.race([once(child.stderr, 'data'), once(child, 'exit').then(() => [undefined])])
    if (chunk === undefined) throw new Error(`PostgreSQL has ended: ${said}`)
    said += String(chunk)
  }
  return child
}

/** Finds the folder with PostgreSQL's programs. Debian installs them outside of the PATH. */
function binaryFolder(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(':')
  const packaged = '/usr/lib/postgresql'
  if (existsSync(packaged)) folders.push(...readdirSync(packaged).map((version) => join(packaged, version, 'bin')))
  return folders.find((folder) => existsSync(join(folder, 'postgres')) && existsSync(join(folder, 'initdb')))
}

/** If this process runs as root, returns the ids of the user `postgres`, because PostgreSQL refuses to run as root. Otherwise returns undefined. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

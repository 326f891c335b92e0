/**
 * Several processes of one app. Their sessions and their ledger (the store that all processes share) are in one Redis.
 *
 * Out of scope: the app (`worker.mjs`).
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { NevisSimulator } from '../../../src/simulator'
import { PASSWORD } from '../../support/app'

interface WorkerOptions {
  readonly simulator: NevisSimulator
  readonly redisPath: string
  /** The address at which the processes reach the simulator. Default: the simulator's own address. */
  readonly baseURL?: string
  /** The delay of the session store for each call. */
  readonly latencyMs: number
  /** True if the phone shows a code that the user types into the page. */
  readonly typedCode?: boolean
}

export interface Workers {
  readonly origins: readonly string[]
  end(): Promise<void>
}

export async function startWorkers(count: number, { simulator: { baseURL: issuer, accessKey }, ...more }: WorkerOptions): Promise<Workers> {
  if (!existsSync(join(__dirname, '../../../dist/index.js'))) throw new Error('run "npm run build" first')
  const setup = JSON.stringify({ baseURL: issuer, issuer, accessKey, password: PASSWORD, ...more })
  const workers = Array.from({ length: count }, () => spawn(process.execPath, [join(__dirname, '../worker.mjs'), setup], { stdio: ['pipe', 'pipe', 'inherit'] }))
  const origins = await Promise.all(
    workers.map(async ({ stdout }) => {
      const [line] = (await once(stdout, 'data')) as [Buffer]
      return line.toString().trim()
    }),
  )
  return {
    origins,
    async end() {
      for (const worker of workers) {
        const gone = once(worker, 'exit')
        worker.stdin.end()
        await gone
      }
    },
  }
}

/**
 * A proxy in front of several processes of an app: each request goes to the next process, as with a load balancer without sticky sessions. If a
 * process does not answer, a request that may be sent twice goes to the next one, as with most load balancers.
 */
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { listen } from './app'

export class RoundRobin {
  /** How many requests each process got, by its origin. */
  readonly sent = new Map<string, number>()
  private turn = 0

  private constructor(
    private readonly origins: string[],
    private readonly server: Server,
  ) {}

  static async start(origins: readonly string[]): Promise<RoundRobin> {
    const server = createServer((req, res) => proxy.pass(req, res))
    const proxy = new RoundRobin([...origins], server)
    await listen(server)
    return proxy
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  replace(old: string, origin: string): void {
    this.origins.splice(this.origins.indexOf(old), 1, origin)
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve))
    this.server.closeAllConnections()
    await closed
  }

  private pass(req: IncomingMessage, res: ServerResponse, triesLeft = this.origins.length - 1): void {
    const origin = this.origins[this.turn++ % this.origins.length] as string
    const { method, headers, url } = req
    const onward = request(new URL(url as string, origin), { method, headers: { ...headers, 'x-forwarded-for': '127.0.0.1' } })
    onward.once('response', (answer) => {
      this.sent.set(origin, (this.sent.get(origin) ?? 0) + 1)
      res.writeHead(answer.statusCode as number, answer.headers)
      answer.once('error', () => res.destroy())
      answer.pipe(res)
    })
    onward.once('error', (error: NodeJS.ErrnoException) => {
      if (res.headersSent) return void res.destroy()
      // After a refused connection, nothing was sent, so any request may be sent again.
      if (triesLeft > 0 && (method === 'GET' || error.code === 'ECONNREFUSED')) return this.pass(req, res, triesLeft - 1)
      res.writeHead(502).end()
    })
    res.once('close', () => onward.destroy())
    if (method === 'GET' || method === 'HEAD') onward.end()
    else req.pipe(onward)
  }
}

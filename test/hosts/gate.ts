/**
 * A proxy between an app and the simulator that delays one answer until the test releases it, as if Nevis were slow.
 *
 * Out of scope: changing answers. The only change: the address of this proxy replaces the simulator's address, because the app knows Nevis by the address of
 * this proxy, and expects this address in tokens.
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { NevisSimulator } from '../../src/simulator'
import { listen } from '../support/app'

export class Gate {
  private readonly server: Server
  private held: { readonly arrive: () => void; readonly opened: Promise<void> } | undefined

  private constructor(readonly simulator: NevisSimulator) {
    this.server = createServer((req, res) => {
      void (async () => {
        const chunks: Buffer[] = []
        for await (const chunk of req) chunks.push(chunk as Buffer)
        const { host: _host, connection: _connection, 'content-length': _length, ...headers } = req.headers
        const body = Buffer.concat(chunks)
        const answer = await fetch(new URL(req.url as string, simulator.baseURL), {
          method: req.method as string,
          headers: headers as Record<string, string>,
          ...(body.length > 0 && { body }),
        })
        const text = (await answer.text()).replaceAll(simulator.baseURL, this.baseURL)
        const { held } = this
        this.held = undefined
        held?.arrive()
        await held?.opened
        res.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'application/json' }).end(text)
      })()
    })
  }

  static async start(): Promise<Gate> {
    const gate = new Gate(await NevisSimulator.start())
    await listen(gate.server)
    return gate
  }

  get baseURL(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  get accessKey(): string {
    return this.simulator.accessKey
  }

  /**
   * Delays the simulator's next answer.
   * @returns `arrived`, which resolves when this proxy has the answer, and the function `open`, which sends the answer to the app
   */
  hold(): { readonly arrived: Promise<void>; readonly open: () => void } {
    let open = () => {}
    let arrive = () => {}
    const opened = new Promise<void>((resolve) => (open = resolve))
    const arrived = new Promise<void>((resolve) => (arrive = resolve))
    this.held = { arrive, opened }
    return { arrived, open }
  }

  async close(): Promise<void> {
    this.server.close().closeAllConnections()
    await this.simulator.close()
  }
}

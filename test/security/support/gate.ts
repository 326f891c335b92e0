/**
 * A server in front of the simulated cloud, which lets no introspection pass until a condition is true.
 *
 * Out of scope: the condition.
 */
import { createServer, request as requestHttp } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { NevisSimulator } from '../../../src/simulator'
import { listen } from '../../support/app'

export interface Gate {
  readonly baseURL: string
  close(): Promise<void>
}

/** @param isOpen called every few milliseconds while the gate holds an introspection back; once it returns true, the introspection passes */
export async function startGate(simulator: NevisSimulator, isOpen: () => Promise<boolean>): Promise<Gate> {
  const { hostname, port } = new URL(simulator.baseURL)
  const server = createServer((req, res) => {
    const { method, url, headers } = req
    const onward = requestHttp({ hostname, port, method, path: url, headers: { ...headers, host: `${hostname}:${port}` } }, (answer) => {
      res.writeHead(answer.statusCode as number, answer.headers)
      answer.pipe(res)
    })
    const pass = async () => {
      while (url === '/api/v1/introspect' && !res.destroyed && !(await isOpen())) await new Promise((resolve) => setTimeout(resolve, 10))
      req.pipe(onward)
    }
    void pass()
  })
  await listen(server)
  return {
    baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

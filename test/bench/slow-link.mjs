// @ts-check
// A proxy that delays everything on the way to a server, as a network between a browser and a data centre does.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/**
 * @param {string} address of the server
 * @param {number} roundTripMs the delay that this proxy adds to a request and its answer together
 * @returns the address of this proxy, to be called in place of the server, and `close`
 */
export async function slowLink(address, roundTripMs) {
  const { port } = new URL(address)
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set()
  const server = createServer((near) => {
    const far = connect(Number(port), '127.0.0.1')
    for (const [from, to] of /** @type {const} */ ([[near, far], [far, near]])) {
      sockets.add(from)
      from.setNoDelay(true)
      from.on('error', () => {})
      from.on('data', (chunk) => setTimeout(() => to.destroyed || to.write(chunk), roundTripMs / 2))
      from.on('end', () => setTimeout(() => to.end(), roundTripMs / 2))
      from.on('close', () => {
        sockets.delete(from)
        setTimeout(() => to.destroy(), roundTripMs)
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`,
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

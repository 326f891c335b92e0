// @ts-check
// The address of a server of the benchmark.

/** @param {import('node:net').Server} server that already listens on a port of loopback */
export function originOf(server) {
  return `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`
}

// @ts-check
// Makes a server of the benchmark listen on a free port of loopback.

/** @param {import('node:net').Server} server that listens on loopback */
export function originOf(server) {
  return `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`
}

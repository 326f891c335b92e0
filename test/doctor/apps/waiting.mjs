/** An app that waits at its start for a connection that never comes, as with a Redis that is down. */
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

for (;;) {
  const isThere = await new Promise((resolve) => connect({ host: '127.0.0.1', port: 1, path: process.env.SOCKET }, () => resolve(true)).on('error', () => resolve(false)))
  if (isThere) break
  await pause(20)
}

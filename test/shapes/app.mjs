// Runs the app as a program of its own, and prints its port.
import { once } from 'node:events'
import process from 'node:process'
import { app, status } from './site.mjs'

const server = app.listen(0, '127.0.0.1')
if (process.env.KEEP_ALIVE_MS) server.keepAliveTimeout = Number(process.env.KEEP_ALIVE_MS)
void once(server, 'listening').then(() => console.log(server.address().port))
process.once('SIGTERM', () => {
  server.close()
  status.closeStreams()
})

// Runs two workers of the app behind one port. At SIGTERM, the main process sends the signal to its workers, and exits after the workers.
import cluster from 'node:cluster'
import process from 'node:process'

if (cluster.isPrimary) {
  for (let i = 0; i < 2; i++) cluster.fork()
  process.once('SIGTERM', () => {
    for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGTERM')
  })
} else {
  await import('./app.mjs')
}

// What the two apps of the comparison have alike: Express, sessions, a first factor that believes everybody, and `GET /cpu`,
// the microseconds of CPU that this process has used.
import express from 'express'
import session from 'express-session'

export const origin = process.argv[2]

export function newApp() {
  const app = express()
  app.get('/cpu', (_req, res) => {
    const { user, system } = process.cpuUsage()
    res.json(user + system)
  })
  return app
}

/** @param store of the sessions; in the process, if there is none */
export function useSessions(app, store) {
  app.use(express.urlencoded({ extended: false }), session({ secret: 'benchmark', resave: false, saveUninitialized: false, store }))
}

export function listen(app) {
  const server = app.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
  // Longer than any pause here: no connection is closed just as it is used again.
  server.keepAliveTimeout = 120_000
}

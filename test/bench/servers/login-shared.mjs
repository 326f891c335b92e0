// @ts-check
// What `login-nevis.mjs` and `login-by-hand.mjs` have in common: Express, sessions, a first factor that accepts every user, and `GET /cpu`, the CPU time of
// this process in microseconds.
import express from 'express'
import session from 'express-session'
import { originOf } from './listening.mjs'

export const origin = String(process.argv[2])

export function newApp() {
  const app = express()
  app.get('/cpu', (_req, res) => {
    const { user, system } = process.cpuUsage()
    res.json(user + system)
  })
  return app
}

/**
 * Adds sessions to the app.
 * @param {import('express').Express} app
 * @param {session.Store} [store] the session store. Default: the memory of the process
 */
export function useSessions(app, store) {
  app.use(express.urlencoded({ extended: false }), session({ secret: 'benchmark', resave: false, saveUninitialized: false, ...(store && { store }) }))
}

/** @param {import('express').Express} app */
export function listen(app) {
  const server = app.listen(0, '127.0.0.1', () => console.log(originOf(server)))
  // Longer than any pause of the benchmark, so that no connection closes at the moment when it is used again.
  server.keepAliveTimeout = 120_000
}

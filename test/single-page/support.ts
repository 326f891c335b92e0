/**
 * A single-page app in this process. Its API is the code of docs/guides/single-page-apps.md. Its pages load scripts that esbuild bundles from the source.
 *
 * Out of scope: Chromium (`test/browser/support.ts`), and malicious servers (`test/security/single-page.test.ts`).
 */
import { buildSync } from 'esbuild'
import express, { type Express as App } from 'express'
import session from 'express-session'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Passport } from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'
import { NevisStrategy, app as qrCode, push, recovery, sms, type NevisStrategyOptions } from 'passport-nevis'
import { NevisSimulator } from '../../src/simulator'
import { listen, PASSWORD } from '../support/app'

const ENTRY = join(__dirname, '../../src/waiting/browser/index.mts')
const { addApi } = jest.requireActual<{ addApi: (app: App, parts: object) => void }>('./server.js')

/** Bundles code into a script for a page. The code can import files of this folder. */
export function scriptOf(code: string, format: 'esm' | 'iife' = 'esm', minify = false): string {
  const { outputFiles } = buildSync({
    stdin: { contents: code, resolveDir: __dirname, loader: 'jsx' },
    bundle: true, write: false, format, minify, jsx: 'automatic', platform: 'browser',
    alias: { 'passport-nevis/browser': ENTRY },
    define: { 'process.env.NODE_ENV': '"production"', __VUE_OPTIONS_API__: 'false', __VUE_PROD_DEVTOOLS__: 'false', __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false' },
  })
  return (outputFiles[0] as { text: string }).text
}

/** Compiles a Vue component into JavaScript that declares a constant `name`, as Vue's bundler plugins do. */
export function componentOf(file: string, name: string): string {
  const { parse, compileScript } = jest.requireActual<any>('vue/compiler-sfc')
  return compileScript(parse(readFileSync(join(__dirname, file), 'utf8')).descriptor, { id: name, inlineTemplate: true, genDefaultAs: name }).content
}

/** A script that defines the package's functions as `nevis`, for `page.evaluate`. */
export const library = (): string => scriptOf(`import * as all from 'passport-nevis/browser'; window.nevis = all`, 'iife')

export const pageWith = (script: string): string => `<!doctype html><html lang="en"><title>Bank</title><link rel="icon" href="data:,"><main id="app"></main><script type="module">${script.replaceAll('</script', '<\\/script')}</script>`

export interface SinglePageApp {
  readonly origin: string
  readonly simulator: NevisSimulator
  /** The bodies of the transfers that were executed. */
  readonly transfers: unknown[]
  /** The method and the path of each request to the API, without the query. */
  readonly requests: string[]
  /** The pages by path, such as `/react`. */
  readonly pages: Map<string, string>
  close(): Promise<void>
}

/** A faster poll schedule. With the default schedule, a test would wait two seconds for the first status call. */
const TWICE_A_SECOND = [{ untilSeconds: 600, everySeconds: 0.5 }]

export interface SinglePageOptions {
  readonly strategy?: Partial<NevisStrategyOptions>
  /** The user that `verify` returns for a username. Default: a user with this name. */
  readonly verify?: (username: string) => { username: string } | false
  /** Adds routes before those of the API. */
  readonly before?: (app: App, parts: { nevis: NevisStrategy }) => void
}

export async function startSinglePage({ strategy, verify = (username) => ({ username }), before }: SinglePageOptions = {}): Promise<SinglePageApp> {
  const simulator = await NevisSimulator.start()
  const passport = new Passport()
  passport.use(new LocalStrategy((username, password, done) => done(null, password === PASSWORD && { username })))
  passport.serializeUser((user, done) => done(null, (user as { username: string }).username))
  passport.deserializeUser((username, done) => done(null, { username: username as string }))
  const options = { baseURL: simulator.baseURL, accessKey: simulator.accessKey, factors: [push(), qrCode(), sms(), recovery()], waitingURL: '/api/2fa', pollSchedule: TWICE_A_SECOND, ...strategy }
  const nevis = new NevisStrategy(options as NevisStrategyOptions & { passReqToCallback?: false }, async ({ username = '' }) => verify(username))
  passport.use(nevis)

  const transfers: unknown[] = []
  const requests: string[] = []
  const pages = new Map<string, string>()
  const app = express()
  app.use((req, res, next) => {
    const page = req.method === 'GET' && pages.get(req.path)
    if (page) return void res.type('html').send(page)
    requests.push(`${req.method} ${req.path}`)
    next()
  })
  before?.(app, { nevis })
  const sessions = session({ secret: 'a secret for tests', resave: false, saveUninitialized: false })
  // Signs the user in without a second factor record, so that each step-up asks for a second factor.
  app.post('/signed-in', sessions, passport.session(), express.json(), (req, res, next) => req.logIn(req.body as Express.User, (error) => (error ? next(error) : res.json({}))))
  app.post('/signed-out', sessions, (req, res) => req.session.destroy(() => res.json({})))
  addApi(app, { passport, nevis, session: sessions, transfer: (_user: unknown, body: unknown) => ({ number: transfers.push(body) }) })

  const server = createServer(app)
  await listen(server)
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    simulator, transfers, requests, pages,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await simulator.close()
    },
  }
}


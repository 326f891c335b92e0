/**
 * Tests which sign-ins the command `doctor` finds in the source of an app, beginning with the file that starts the app. A sign-in that the doctor cannot try
 * prevents the result `ok`.
 */
import { Passport } from 'passport'
import express from 'express'
import { symlinkSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Script } from 'node:vm'
import { NevisStrategy, push } from '../../src'
import { appFindings } from '../../src/doctor/app-checks'
import { AppObserver } from '../../src/doctor/app-observer'
import { Source } from '../../src/doctor/init/source'
import { loadedFiles, sourceReport } from '../../src/doctor/source-check'
import { NevisSimulator } from '../../src/simulator'
import { closing } from '../support/closing'
import { folderWith, removeFolders, type Files } from './init/support'
import { closeServers, originOf, troublesIn } from './support'

afterEach(removeFolders)
afterEach(closeServers)

const LOGIN = "const passport = require('passport')\nmodule.exports = (app) => app.post('/login', passport.authenticate('local', { session: false }), passport.authenticate('nevis'))\n"
const KIOSK = "module.exports = (app) => app.post('/kiosk', (req, res) => {\n  req.session.passport = { user: 'anna' }\n  res.end()\n})\n"
const SERVER = "require('./routes/login')(app)\nrequire('./routes/kiosk')(app)\n"

/** @returns the source of a class with a route: the method `login` checks the password, and then the handler `behind` runs */
const classWith = (behind: string) => `require('./auth')\nclass Login {\n  constructor() {\n    this.router = Router()\n    this.router.post('/login', this.login, ${behind})\n  }\n  login = async (req, res, next) => {\n    const user = await find(req.body)\n    req.login(user, { session: false }, next)\n  }\n}\n`

const reportOf = (files: Files) => {
  const folder = folderWith({ 'unused.js': KIOSK, ...files })
  const { closed, open } = sourceReport(join(folder, 'server.js'))
  const short = (text: string) => text.replaceAll(`${relative(process.cwd(), folder)}/`, '')
  return { closed: [...closed].map(short), open: open.map(short) }
}

function forgottenIn(files: Files) {
  const folder = folderWith(files)
  const { open, forgotten } = sourceReport(join(folder, 'server.js'))
  const short = (text: string) => text.replaceAll(`${relative(process.cwd(), folder)}/`, '')
  return { open: open.map(short), forgotten: forgotten.map(short) }
}

describe('the source', () => {
  it('with a handler that writes the session › names its line, in a file that the app loads', () => {
    expect(reportOf({ 'server.js': SERVER, 'routes/login.js': LOGIN, 'routes/kiosk.js': KIOSK })).toEqual({
      closed: ['routes/login.js:2'],
      open: ['sign-in: session.passport = …, a sign-in without Passport at routes/kiosk.js:2'],
    })
  })

  it.each(['req.session.isAuth', 'req.session.authorized', 'req.session.isLogged', 'req.session.email', 'const sess = req.session; sess.userId', 'let s\n  s = req.session\n  s.authenticated'])('with a sign-in without Passport by %s = … › names its line', (target) => {
    expect(reportOf({ 'server.js': `app.post('/enter', (req, res) => {\n  ${target} = user.id\n})\n` }).open).toHaveLength(1)
  })

  it('names the first line that records the second factor, and the first that requires it', () => {
    const files = { 'server.js': "require('./a')\nrequire('./b')\n", 'a.js': "const { recordSecondFactor } = require('passport-nevis')\napp.all('/2fa/callback', secondFactor, (0, passport_nevis_1.recordSecondFactor)())\n", 'b.js': "const nevis_1 = require('passport-nevis')\napp.use('/pay', (0, nevis_1.requireSecondFactor)({ maxAgeSeconds: 1 }))\n" }
    const folder = folderWith(files)
    expect(sourceReport(join(folder, 'server.js'))).toMatchObject({ recordedAt: expect.stringMatching(/a\.js:2$/) as string, requiredAt: expect.stringMatching(/b\.js:2$/) as string, mayRequire: true, isWhole: true })
    expect(sourceReport(join(folderWith({ 'server.js': 'const f = (a) => require(a)\n' }), 'server.js'))).toMatchObject({ recordedAt: undefined, requiredAt: undefined, mayRequire: false, isWhole: false })
  })

  /** If it is not clear what a line does, the doctor takes it for a line that records the second factor, but not for a line that requires it. */
  it.each<[string, string, string | undefined, string | undefined, boolean]>([
    ['an export under another name', "const { recordSecondFactor: record, requireSecondFactor: fresh } = require('passport-nevis')\napp.all('/2fa/callback', record())\napp.use(fresh())\n", ':2', ':3', true],
    ['an import under another name', "import { recordSecondFactor as record, requireSecondFactor as fresh } from 'passport-nevis'\napp.all('/2fa/callback', record())\napp.use(fresh())\n", ':2', ':3', true],
    ['only an import', "import { recordSecondFactor, requireSecondFactor } from 'passport-nevis'\nconst { recordSecondFactor, secondFactorOf } = require('passport-nevis')\n", undefined, undefined, false],
    ['an own function with the same name', 'function requireSecondFactor(req, res, next) { next() }\napp.use(requireSecondFactor())\n', undefined, undefined, true],
    ['a function of another module', "const { recordSecondFactor, requireSecondFactor } = require('./nevis')\napp.use(requireSecondFactor(), guards.requireSecondFactor(), recordSecondFactor())\n", ':2', undefined, true],
    ['an export of it', "export { recordSecondFactor as record, requireSecondFactor as fresh } from 'passport-nevis'\n", ':1', undefined, true],
    ['a variable', "const nevis = require('passport-nevis')\nconst record = nevis['recordSecondFactor']\nconst fresh = nevis.requireSecondFactor\n", ':2', undefined, true],
    ['only secondFactorOf', "const { secondFactorOf } = require('passport-nevis')\napp.use((req, res, next) => (secondFactorOf(req) ? next() : res.end()))\n", undefined, undefined, true],
  ])('with %s › names only the lines that are certain to require the second factor', (_name, text, recordedAt, requiredAt, mayRequire) => {
    const report = sourceReport(join(folderWith({ 'server.js': text, 'nevis.js': '' }), 'server.js'))
    expect([report.recordedAt?.slice(-2), report.requiredAt?.slice(-2), report.mayRequire]).toEqual([recordedAt, requiredAt, mayRequire])
  })

  /** The first line of an app with one file. The code of each app below begins in the third line. */
  const APP = "const express = require('express'), session = require('express-session'), passport = require('passport'), { Router } = require('express'), app = express()\n\n"
  const LOGS_IN = '(req, res, next) => req.login(user, next)'
  const ROUTE = `app.post('/login', ${LOGS_IN})\n`
  const ROUTER = `const express = require('express')\nconst router = express.Router()\nrouter.post('/login', ${LOGS_IN})\nmodule.exports = router\n`

  it.each<[string, Files]>([
    ['req.login in the callback of the password strategy', { 'server.js': "app.post('/enter', (req, res, next) => passport.authenticate('local', (err, user) => { if (!user) return res.redirect('/'); req.login(user, () => res.redirect('/')) })(req, res, next))\n" }],
    ['the password strategy in a handler', { 'server.js': "app.post('/enter', (req, res, next) => { passport.authenticate('local', { failureRedirect: '/' })(req, res, next) })\n" }],
    ['req.login in a handler of the login path', { 'server.js': "app.post('/api/login', async (req, res, next) => { const user = await users.findByUsername(req.body.username); if (!user || !(await bcrypt.compare(req.body.password, user.passwordHash))) return res.status(401).json({ error: 'wrong' }); req.login(user, { keepSessionInfo: true }, next) })\n" }],
    ['req.login behind handlers that are found', { 'server.js': "app.post('/login', passport.authenticate('local', { session: false }), login, home); const home = (req, res) => res.redirect('/'); app.get('/login', form); function login(req, res, next) { req.login(req.user, next) }\n" }],
    ['the password strategy with session: true', { 'server.js': "app.post('/enter', passport.authenticate('local', { session: true }))\n" }],
    ['a password strategy with another name', { 'server.js': "app.post('/enter', passport.authenticate('local-login'))\n" }],
    ['req.login in a router', { 'server.js': `const router = Router(); router.post('/login', ${LOGS_IN}); app.use('/auth', router)\n` }],
    ['req.login in the router of another file', { 'server.js': "app.use('/auth', require('./auth'))\n", 'auth.js': `const { Router } = require('express')\nconst router = Router()\nrouter.post('/login', ${LOGS_IN})\nmodule.exports = router\n` }],
    ['req.login in an imported router', { 'server.js': "const auth = require('./auth'); app.use(auth)\n", 'auth.js': `import express from 'express'\nconst router = express.Router()\nrouter.post('/sign-in', ${LOGS_IN})\nexport default router\n` }],
    ['a route behind known middleware, other paths and settings', { 'server.js': `app.set('view engine', 'ejs'); app.use(express.json()); app.use(express.urlencoded({ extended: false }), session({ secret })); app.use(passport.initialize()); app.use(passport.session()); app.use('/admin', guard); app.get('/login', form); app.post('/logout', out); ${ROUTE.trim()}; app.use(notFound)\n` }],
  ])('with a password route that signs in by itself, as %s › is certainly wrong, and its line is named', (_name, files) => {
    const { open, forgotten } = forgottenIn({ ...files, 'server.js': `${APP}${files['server.js']}` })
    expect(forgotten).toEqual([expect.stringMatching(/ at (?:server|auth)\.[jt]s:3$/)])
    expect(open).toEqual(expect.arrayContaining(forgotten))
  })

  it.each<[string, Files]>([
    ...[
      'if (process.env.DEMO) mount(app)', 'if (process.env.DEMO)\n  mount(app)', 'if (process.env.DEMO) {\n  mount(app)\n}', 'if (a) b()\nelse mount(app)', 'process.env.DEMO && mount(app)', 'process.env.DEMO || mount(app)', 'demo ?? mount(app)',
      'process.env.DEMO ? mount(app) : start(app)', 'process.env.DEMO ? start(app) : mount(app)', 'const server = process.env.DEMO ? mount(app) : app', 'all([demo && mount(app)])', 'for (const one of apps) mount(app)', 'while (demo()) mount(app)',
      'switch (demo) {\n  case 1:\n    mount(app)\n}', 'try { mount(app) } catch {}', 'try { a() } catch (error) { mount(app) }', 'setup()\nfunction setup() {\n  if (a) { if (b) { return } }\n  mount(app)\n}', 'function setup() { mount(app) }\nif (demo) setup()', 'module.exports = () => mount(app)',
      'connect(() => { mount(app) })', 'demo.then(mount)', 'mount(demo ? app : other)', 'mount(app.demo)', 'mount(this.app)', 'demos.forEach((app) => mount(app))', 'const other = express()\nmount(express())', '', 'const demo = { start() { mount(app) } }', 'class Demo { start() { mount(app) } }',
    ].map((call): [string, Files] => [`a route in a function, with the call ${call}`, { 'server.js': `${call}\nfunction mount(app) {\n  app.post('/login', (req, res, next) => req.login(user, next))\n}\n` }]),
    ...[
      "if (demo) app.use('/auth', router)", "if (demo) {\n  app.use('/auth', router)\n}", "demo && app.use('/auth', router)", "demo ? app.use('/auth', router) : start(app)", "app.use('/auth', demo ? router : other)", "app.use('/auth', demo && router)", "for (const path of paths) app.use('/auth', router)",
      "app.use('/auth', router)\nif (demo) app.use(router)", "const api = Router()\napi.use('/auth', router)\nif (demo) app.use(api)", "const api = express()\nconst app = express()\napi.use('/auth', router)", "const api = Router()\napi.use('/auth', router)", '',
    ].map((mount): [string, Files] => [`a route of a router, with the mount ${mount}`, { 'server.js': `const router = Router()\nrouter.post('/sign', passport.authenticate('local'))\n${mount}\n` }]),
    ['a route on a property of a class that gets other values', { 'server.js': "class Server {\n  app = express()\n  constructor(demo) { this.app = demo; this.app.post('/login', (req, res, next) => req.login(user, next)) }\n}\nnew Server(a)\n" }],
    ['a route of an app in an object', { 'server.js': "mount({ app: demo })\nfunction mount({ app }) {\n  app.post('/login', (req, res, next) => req.login(user, next))\n}\n" }],
    ['a route of one of two routers, of which another file mounts one', { 'server.js': "const { staff, demo } = require('./auth')\napp.use(staff)\napp.use(test ? demo : staff)\n", 'auth.js': "exports.staff = Router()\nconst demo = Router()\ndemo.post('/sign', passport.authenticate('local'))\nexports.demo = demo\n" }],
    ...["if (demo) require('./auth')", "demo && require('./auth')", "if (demo) await import('./auth.js')", 'names.forEach((name) => require(name))', "const load = () => require('./auth')", "import type { A } from './auth.js'", "if (demo) require('./b')"].map((load): [string, Files] => [`a file that ${load} loads`, { 'server.js': `${load}\n`, 'b.js': "require('./auth')\n", 'auth.js': "app.post('/login', (req, res, next) => req.login(user, next))\n" }]),
    ...["demo && app.post('/sign', passport.authenticate('local'))", "demo ? app.post('/sign', passport.authenticate('local')) : start()", "app.post('/sign', demo ? passport.authenticate('local') : start)\nfunction start() {}", "app.post('/sign', ...(demo ? [passport.authenticate('local')] : []))", "app.post('/login', demo && ((req, res, next) => req.login(user, next)))"].map((code): [string, Files] => [`a choice: ${code}`, { 'server.js': `${code}\n` }]),
    ['a sign-up', { 'server.js': "app.post('/signup', (req, res, next) => req.login(user, next))\n" }],
    ['a re-login after a new password', { 'server.js': "app.post('/password', signedIn, (req, res, next) => req.login(req.user, next))\n" }],
    ['the second factor for some users', { 'server.js': "app.post('/login', passport.authenticate('local', { session: false }), unlessInvited, passport.authenticate('nevis'))\nfunction unlessInvited(req, res, next) { if (isInvited(req.user)) return next()\n  req.logIn(req.user, () => res.redirect('/'))\n}\n" }],
    ['a variable with the second factor', { 'server.js': "const onto = passport.authenticate('nevis')\napp.post('/login', (req, res, next) => {\n  if (a) return onto(req, res, next)\n  req.login(user, next)\n})\n" }],
    ['another second factor', { 'server.js': "app.post('/login', (req, res, next) => {\n  if (!totpIsRight(req)) return next()\n  req.login(user, next)\n})\n" }],
    ['session: false', { 'server.js': "app.post('/login', (req, res, next) => req.login(user, { session: false }, next))\n" }],
    ['options that are elsewhere', { 'server.js': "app.post('/login', (req, res, next) => req.login(user, options, next))\n" }],
    ['another strategy', { 'server.js': "app.post('/login', passport.authenticate('google'))\n" }],
    ['a list of strategies', { 'server.js': "app.post('/login', passport.authenticate(['google', 'local']))\n" }],
    ...['userId', 'lastLogin', 'failedLogin', 'username', 'pendingUserId', 'customerId'].map((name): [string, Files] => [`a write of session.${name}`, { 'server.js': `app.post('/login', (req, res) => { req.session.${name} = user.id })\n` }]),
    ['an empty session of Passport', { 'server.js': "app.post('/login', (req, res) => { req.session.passport = {} })\n" }],
    ...['/webauthn/login', '/auth/google/login', '/users/:id/login', '/session', '/api/sessions', '/login/local'].map((path): [string, Files] => [`the path ${path}`, { 'server.js': `app.post('${path}', (req, res, next) => req.login(user, next))\n` }]),
    ['a router at another path', { 'server.js': "const router = Router()\napp.use('/passkeys', router)\nrouter.post('/login', (req, res, next) => req.login(user, next))\n" }],
    ['a router whose path is not found', { 'server.js': "router.post('/login', (req, res, next) => req.login(user, next))\n" }],
    ['a route behind an if in one line', { 'server.js': "if (process.env.E2E)\n  app.post('/login', (req, res, next) => req.login(user, next))\n" }],
    ['a route behind an if that returns', { 'server.js': "mount(app)\nfunction mount(app) {\n  if (!process.env.E2E) {\n    return\n  }\n  app.post('/login', (req, res, next) => req.login(user, next))\n}\n" }],
    ['a route in an if', { 'server.js': "if (process.env.E2E) {\n  app.post('/login', (req, res, next) => req.login(user, next))\n}\n" }],
    ['a route in a function that tests NODE_ENV', { 'server.js': "mount(app)\nfunction mount(app) {\n  if (process.env.NODE_ENV === 'production') return\n  app.post('/login', (req, res, next) => req.login(user, next))\n}\n" }],
    ['a login with the token of an identity provider', { 'server.js': "app.post('/login', async (req, res, next) => {\n  const user = await verifyIdToken(req.body.token)\n  req.login(user, next)\n})\n" }],
    ['a route only for tests', { 'server.js': "if (process.env.NODE_ENV === 'test') {\n  app.post('/login', (req, res, next) => req.login(user, next))\n}\n" }],
    ['the password strategy only for tests', { 'server.js': "if (process.env.NODE_ENV === 'production') {\n  start()\n}\nelse {\n  app.post('/enter', passport.authenticate('local'))\n}\n" }],
    ['a handler whose route is only for tests', { 'server.js': "if (process.env.NODE_ENV === 'test') {\n  app.post('/login', login)\n}\nfunction login(req, res, next) { req.login(user, next) }\n" }],
    ['a sign-in only for tests', { 'server.js': "app.post('/login', (req, res, next) => {\n  if (process.env.NODE_ENV !== 'test') return next()\n  req.login(user, next)\n})\n" }],
    ['a passkey', { 'server.js': "app.post('/login', async (req, res, next) => {\n  await verifyPasskey(req.body)\n  req.login(user, next)\n})\n" }],
    ['a one-time password', { 'server.js': "app.post('/login', async (req, res, next) => {\n  await verifyOtp(req.body)\n  req.login(user, next)\n})\n" }],
    ['options with a variable', { 'server.js': "app.post('/login', passport.authenticate('local', { session: SESSION }))\n" }],
    ['options with a property', { 'server.js': "app.post('/login', passport.authenticate('local', { session: config.session }))\n" }],
    ['a strategy in a variable that no route uses', { 'server.js': "exports.check = passport.authenticate('local')\n" }],
    ['a later handler that is not found', { 'server.js': "const { confirm } = require('@company/auth')\napp.post('/login', passport.authenticate('local'), confirm)\n" }],
    ['a later handler that is not found, behind a handler with a name', { 'server.js': "app.post('/login', login, confirm())\nfunction login(req, res, next) { req.login(user, next) }\n" }],
    ['another route with the same path', { 'server.js': "app.post('/login', (req, res, next) => req.login(user, next))\napp.all('/login', confirm)\n" }],
    ['a function that starts the second factor for some users', { 'server.js': "app.post('/login', (req, res, next) => check(req, (user) => {\n  if (user.phone) return finish(req, res, next)\n  req.login(user, next)\n}))\nfunction finish(req, res, next) { return user.isOld ? next() : start(req, res, next) }\nconst start = (req, res, next) => passport.authenticate('nevis')(req, res, next)\n" }],
    ['an array of handlers that another file exports', { 'server.js': "const passwords = require('./auth')\napp.post('/login', passwords, confirm)\n", 'auth.js': "module.exports = [passport.authenticate('local')]\n" }],
    ['a function without a name, whose return would be found in a route', { 'server.js': "app.post('/login', (req, res) => { return res.end() })\nfunction make() { return (req, res, next) => { req.login(user, next) } }\n" }],
    ['a handler that is also on another path', { 'server.js': "app.post('/login', auth.login)\napp.post('/invited', auth.login)\nauth.login = (req, res, next) => req.login(user, next)\n" }],
    ['req.login in a function that makes the app', { 'server.js': "function createApp() {\n  app.use(session({ cookie: { secure: process.env.NODE_ENV === 'production' } }))\n  app.post('/login', (req, res, next) => req.login(user, next))\n}\ncreateApp()\n" }],
    ['req.login behind a check of the form', { 'server.js': "app.post('/login', (req, res, next) => {\n  if (!ok(req)) return res.json({ error: 'invalid_token' })\n  req.login(user, next)\n})\n" }],
    ['the session of Passport in a handler of the login path', { 'server.js': "const router = Router(); app.use('/auth', router)\nrouter.post('/sign-in', async (req, res) => {\n  req.session.passport = { user: (await check(req.body)).id }\n})\n" }],
    ['req.login in a named handler of another file', { 'server.js': "const auth = require('./auth')\n\napp.post('/login', auth.login)\n", 'auth.js': "exports.login = async (req, res, next) => {\n\n  req.login(await check(req), next)\n}\n" }],
    ['req.login in an arrow property of a controller', { 'server.js': "const auth = require('./auth')\n\napp.post('/login', auth.login)\n", 'auth.js': "class Auth {\n  login = async (req, res, next) => {\n    req.login(await check(req), next)\n  }\n}\nmodule.exports = new Auth()\n" }],
    ['req.login in a static method of a controller', { 'server.js': "const auth = require('./auth')\n\napp.post('/login', auth.login)\n", 'auth.js': "module.exports = class Auth {\n  static async login(req, res, next) {\n    req.login(await check(req), next)\n  }\n}\n" }],
    ['req.login in a router that a function makes', { 'server.js': "import makeAuth from './auth.js'\napp.use('/auth', makeAuth(users))\n", 'auth.js': "export default (users) => {\n  const router = Router()\n  router.post('/login', (req, res, next) => req.login(user, next))\n  return router\n}\n" }],
    ['req.login in a function that gets the app', { 'server.js': "const { mount } = require('./auth')\nconst main = async () => {\n  const app = express()\n  await mount(app)\n}\nmain()\n", 'auth.js': "exports.mount = mount\nfunction mount(server) {\n  server.post('/login', (req, res, next) => req.login(user, next))\n}\n" }],
    ['req.login in a module that gets the app', { 'server.js': "require('./auth')(app)\n", 'auth.js': "module.exports = function (app) {\n\n  app.post('/login', (req, res, next) => req.login(user, next))\n}\n" }],
    ['req.login in a function that is called where it is written', { 'server.js': ";(async () => {\n  await connect()\n  app.post('/login', (req, res, next) => req.login(user, next))\n})()\n" }],
    ['req.login in a route on a property of a class', { 'server.js': "require('./auth')\n", 'auth.ts': "class Server {\n  private readonly web: Express = express(); constructor() { this.routes(); }\n  private routes(): void { this.web.post('/login', (req, res, next) => req.login(user, next)); }\n}\nnew Server()\n" }],
    ['req.login in the methods of a class', { 'server.js': "class Server {\n  routes(app) {\n    app.post('/login', (req, res, next) => req.login(user, next))\n  }\n  constructor(app) { this.routes(app) }\n}\nnew Server(express())\nnew Server(app)\n" }],
    ...[
      "app.use(requireSecondFactor())", "app.use('/login', devOnly)", "app.use('/', devOnly)", "app.use('/LOGIN/', devOnly)", "app.use(['/login'], devOnly)", "app.use(/login/, devOnly)", "app.use(path, express.json())", "app.use(express.json(), devOnly)", "app.use(own.json())", "app.use(passport.authenticate('nevis'))",
      "app.use((req, res, next) => next())", "app.all('*', devOnly)", "app.param('id', devOnly)", "secure(app)", "require('./guards')(app)", "module.exports = app", "const other = app", "function secure() { app.use(devOnly) }", "app.use('/a', b).use(devOnly)", "const one = express.Router(); one.use(devOnly); app.use(one)",
      "app.get('/a', b).all('/login', devOnly)", "const session = devOnly; app.use(session())", "passport.deserializeUser((req, id, done) => done(null, false))", "passport.use(new Local({ passReqToCallback: true }, check))", "app['use'](devOnly)", "if (process.env.SSO) return", "const second = express()",
    ].map((front): [string, Files] => [`a route behind ${front}`, { 'server.js': `${front}\n${ROUTE}` }]),
    ...["app.use('/auth', devOnly, router)", "app.use('/auth', router, devOnly)", "app.use(devOnly)\napp.use('/auth', router)", "router.use(devOnly)\napp.use('/auth', router)", "app.use('/auth', router)\napp.use('/api', router)", "app.use('/:a', router)", "app.use('/a', (req, res, next) => router(req, res, next))"].map((mount): [string, Files] => [`a route of a router, with ${mount.replace('\n', '; ')}`, { 'server.js': `const router = Router()\n${mount.includes('router.use') ? mount.replace('\n', `\nrouter.post('/login', ${LOGS_IN})\n`) : `router.post('/login', ${LOGS_IN})\n${mount}`}\n` }]),
    ...["router.use(requireSecondFactor())", "guarded(router)"].map((front): [string, Files] => [`a router of another file with ${front}`, { 'server.js': "app.use('/auth', require('./auth'))\n", 'auth.js': `const { Router } = require('express')\nconst router = Router()\n${front}\nrouter.post('/login', ${LOGS_IN})\nmodule.exports = router\n` }]),
    ['a router that its file exports behind a guard', { 'server.js': "app.use('/auth', require('./auth'))\n", 'auth.js': `const { Router } = require('express')\nconst router = Router()\nrouter.post('/login', ${LOGS_IN})\nmodule.exports = guarded(router)\n` }],
    ...["app.post('/login/', ", "app.post(['/login', '/enter'], ", "app.all('/Login', ", "app.post('/:page', ", "app.use('/login', ", "app.route('/login').post("].map((other): [string, Files] => [`another route ${other}…)`, { 'server.js': `${other}passport.authenticate('local', { session: false }), passport.authenticate('nevis'))\n${ROUTE}` }]),
    ...[
      'if (!authenticator.check(req.body.code, user.secret)) return next()', 'if (!speakeasy.verify({ token: req.body.code })) return next()', 'if (!(await verifySmsCode(user, req.body.code))) return next()', 'await twilio.verify.v2.services(s).verificationChecks.create({})', 'await yubikey.verify(req.body.key)', 'const user = await u2f.checkSignature(req.body)',
      'if (!(await phone.confirm(user))) return next()', 'if (user.enrolled) return stepTwo(req, res, next)', 'const user = await consumeLoginToken(req.body.token)', 'if (req.session.approvedFor !== user.id) return next()', "if (process.env.E2E !== '1') return next()", 'if (!config.testLogin) return next()', "if (app.get('env') !== 'test') return next()",
      "if (!req.body['code']) return next()", "if (!req.get('x-code')) return next()", 'await user.confirm?.()', 'const user = await users.findOne({ approved: true })', 'const user = await users.findOne(req.body.username, approved)', 'if (`${code()}`) return next()', "passport.authenticate('nevis')(req, res, next)", 'const user = await check(req.body)', 'if (/a/) return next()',
    ].map((code): [string, Files] => [`a handler with ${code}`, { 'server.js': `app.post('/login', async (req, res, next) => { ${code}; req.login(user, next) })\n` }]),
    ...['approved(), ', 'approved, ', '...guards, ', '(req, res) => res.redirect(), ', "passport.authenticate('local', { successRedirect: '/', session: false }), ", 'strict, '].map((front): [string, Files] => [`a handler behind ${front}`, { 'server.js': `app.post('/login', ${front}${LOGS_IN})\nfunction strict(req, res, next) { next() }\n` }]),
    ...['login = withFactor', 'login ||= withFactor', "login = require('./auth').start", '[login] = handlers', 'function other(login) {}', '{ const login = withFactor }'].map((code): [string, Files] => [`a handler with the assignment ${code}`, { 'server.js': `let login = (req, res, next) => { req.login(user, next) }\nif (config.confirm) ${code}\napp.post('/login', login)\n` }]),
    ['a router in a variable that gets another value', { 'server.js': `let router = Router()\nrouter.post('/login', ${LOGS_IN})\nif (config.confirm) router = require('./m')\napp.use('/auth', router)\n` }],
    ['an imported router in a variable that gets another value', { 'server.js': "let auth = require('./auth')\nif (config.confirm) auth = other\napp.use('/auth', auth)\n", 'auth.js': ROUTER }],
    ...['passwordless', 'local-otp', 'localapikey', 'ldap-otp', 'password-and-code'].map((name): [string, Files] => [`the strategy ${name}`, { 'server.js': `app.post('/enter', passport.authenticate('${name}'))\n` }]),
    ['a handler for errors', { 'server.js': "app.post('/login', passport.authenticate('local'), failed)\nfunction failed(err, req, res, next) { next(err) }\n" }],
  ])('with %s › is not certainly wrong', (_name, files) => {
    expect(forgottenIn({ ...files, 'server.js': `${APP}${files['server.js']}` }).forgotten).toEqual([])
  })

  it.each<[string, Files, number]>([
    ['of another file', { 'server.js': "require('./a')\nconst strategy = process.env.LDAP ? 'ldapauth' : 'local'\napp.post('/enter', passport.authenticate(strategy))\n", 'a.js': 'const strategy = new NevisStrategy({})\npassport.use(strategy)\n' }, 1],
    ['that also gets another value', { 'server.js': "let nevis = new NevisStrategy({})\nif (demo) nevis = 'local'\napp.post('/enter', passport.authenticate(nevis))\n" }, 1],
    ['of a function', { 'server.js': "const nevis = new NevisStrategy({})\nconst mount = (nevis) => app.post('/enter', passport.authenticate(nevis))\n" }, 1],
    ['of the same file', { 'server.js': "const own = new NevisStrategy({})\napp.post('/2fa', passport.authenticate(own))\n" }, 0],
    ['that another file exports', { 'server.js': "const { nevis } = require('./a')\nconst a = require('./a')\napp.post('/2fa', passport.authenticate(nevis), passport.authenticate(a.nevis))\n", 'a.js': 'const own = new passport_nevis_1.NevisStrategy({})\nexports.nevis = own\n' }, 0],
  ])('with a strategy in a variable %s › counts as the second factor only if the variable has no other value', (_name, files, count) => {
    expect(reportOf(files).open).toHaveLength(count)
  })

  const PASSWORD = "app.post('/login', passport.authenticate('local', { session: false }), "
  it.each<[string, Files]>([
    ['one file, with the array of the password exported', { 'server.js': `export const checks = [passport.authenticate('local', { session: false })]\napp.post('/login', ...checks, passport.authenticate('nevis'))\n` }],
    ['an arrow property of a class', { 'server.js': `const auth = require('./auth')\n${PASSWORD}auth.confirm)\n`, 'auth.js': "class Auth {\n  other = 1\n  confirm = (req, res, next) => { passport.authenticate('nevis')(req, res, next) }\n}\nmodule.exports = new Auth()\n" }],
    ['a static method of a class', { 'server.js': `const auth = require('./auth')\n${PASSWORD}auth.confirm)\n`, 'auth.js': "module.exports = class Auth {\n  other() {}\n  static async confirm(req, res, next) { passport.authenticate('nevis')(req, res, next) }\n}\n" }],
    ['a method of an object of a class in the same file', { 'server.js': `class Auth { confirm(req, res, next) { passport.authenticate('nevis')(req, res, next) } }\nconst auth = new Auth()\n\n${PASSWORD}auth.confirm)\n` }],
    ['an array that is spread', { 'server.js': `const guards = [passport.authenticate('nevis')]\n${PASSWORD}...guards)\n` }],
    ['an array of another file', { 'server.js': `const { guards } = require('./auth')\n${PASSWORD}guards, done)\n`, 'auth.js': "const guards = [(req, res, next) => next(), passport.authenticate('nevis')]\nexports.guards = guards\n" }],
    ['a handler behind the spread array with the password', { 'server.js': "const checks = [validate, passport.authenticate('local', { session: false })]\napp.post('/login', ...checks, passport.authenticate('nevis'))\n" }],
  ])('with the second factor in %s › is closed', (_name, files) => {
    const { closed, open } = reportOf({ 'auth.js': '', ...files })
    expect([closed.length, open.filter((text) => !text.includes('cannot read'))]).toEqual([1, []])
  })

  it.each<[string, Files]>([
    ...["Auth['confirm'] = other", 'Auth.confirm &&= other', 'Object.assign(Auth, { confirm: other })', "Object.defineProperty(Auth, 'confirm', { value: other })", 'class Lax extends Auth {}'].map((code): [string, Files] => [`a method of a class, with ${code} in another file`, { 'server.js': `const { Auth } = require('./auth')\nrequire('./off')\n${PASSWORD}Auth.confirm)\n`, 'auth.js': "class Auth { static confirm(req, res, next) { passport.authenticate('nevis')(req, res, next) } }\nexports.Auth = Auth\n", 'off.js': `const { Auth } = require('./auth')\n${code}\n` }]),
    ['a property that the app changes', { 'server.js': `const auth = require('./auth')\n${PASSWORD}auth.confirm)\n`, 'auth.js': "class Auth { confirm = (req, res, next) => { passport.authenticate('nevis')(req, res, next) } }\nmodule.exports = new Auth()\nmodule.exports.confirm = other\n" }],
    ['the route of a method that another route uses, too', { 'server.js': classWith("passport.authenticate('nevis')"), 'auth.js': "app.post('/other', controller.login, giveToken)\n" }],
    ['a class whose route does not run it', { 'server.js': classWith('giveToken') }],
    ['a static method, but of an object', { 'server.js': `class Auth { static confirm(req, res, next) { passport.authenticate('nevis')(req, res, next) } }\nconst auth = new Auth()\n${PASSWORD}auth.confirm)\n` }],
    ['a method that may go on without it', { 'server.js': `class Auth { static confirm(req, res, next) { if (a) return next()\n passport.authenticate('nevis')(req, res, next) } }\n${PASSWORD}Auth.confirm)\n` }],
    ['a getter', { 'server.js': `class Auth { static get confirm() { return passport.authenticate('nevis') } }\n${PASSWORD}Auth.confirm)\n` }],
    ['an array that grows', { 'server.js': `const guards = [passport.authenticate('nevis')]\nguards.unshift(giveToken)\n${PASSWORD}...guards)\n` }],
    ['an array behind a handler that answers', { 'server.js': `const guards = [(req, res) => res.json({ token }), passport.authenticate('nevis')]\n${PASSWORD}...guards)\n` }],
    ['only one of two routes with the array of the password', { 'server.js': "const checks = [passport.authenticate('local', { session: false })]\napp.post('/login', ...checks, passport.authenticate('nevis'))\napp.post('/token', ...checks, giveToken)\n" }],
  ])('with the second factor in %s › is not closed', (_name, files) => {
    expect(reportOf({ 'auth.js': '', ...files }).closed).toEqual([])
  })

  it('with the second factor behind a handler of a class › is closed', () => {
    expect(reportOf({ 'auth.js': '', 'server.js': classWith("passport.authenticate('nevis')") })).toEqual({ closed: ['server.js:9'], open: [] })
    const ts = classWith("passport.authenticate('nevis')").replace('login = async (req, res, next) => {', 'private async login(req: Request, res: Response, next: NextFunction): Promise<void> {')
    expect(reportOf({ 'auth.js': '', 'server.js': "require('./login')\n", 'login.ts': ts })).toEqual({ closed: ['login.ts:9'], open: [] })
  })

  it('with a password route that signs in by itself › is an error of the doctor', async () => {
    const simulator = closing(await NevisSimulator.start())
    const observer = new AppObserver()
    const { baseURL, accessKey } = simulator
    observer.register(new NevisStrategy({ baseURL, accessKey, factors: [push()], waitingURL: '/2fa' }, async () => false))
    const source = () => sourceReport(join(folderWith({ 'server.js': `${APP.trim()}; ${ROUTE}` }), 'server.js'))
    const found = troublesIn(await appFindings({ origin: await originOf(express()), observer, source }, false))
    expect(found['routes.password']).toMatch(/^error: the password alone signs users in, and no second factor follows: sign-in: req\.login\(…\) at \S+server\.js:1$/)
  })

  it('with a guard of NestJS that checks the password alone › names its line, but not the guard of the second factor, nor the one of API tokens', () => {
    const guards = "const guards = [(0, passport_1.AuthGuard)('nevis'),\n(0, passport_1.AuthGuard)('jwt'),\n(0, passport_1.AuthGuard)('local')]\n"
    expect(reportOf({ 'server.js': guards }).open).toEqual(["sign-in: AuthGuard('local') at server.js:3"])
  })

  it('loaded by a computed path › is read, but not an installed package, nor this package', () => {
    const files = { 'server.js': "require(__dirname + '/routes/kiosk')(app)\n", 'routes/kiosk.js': KIOSK, 'node_modules/a/index.js': KIOSK, 'data.json': '{}', 'passport-nevis/index.js': KIOSK, 'passport-nevis/package.json': '{ "name": "passport-nevis", "exports": "./index.js" }' }
    const folder = folderWith(files)
    symlinkSync(join(folder, 'passport-nevis'), join(folder, 'node_modules/passport-nevis'), 'junction')
    const loaded = Object.keys(files).map((path) => join(folder, path))
    expect(sourceReport(join(folder, 'server.js'), [...loaded, join(__dirname, '../../src/doctor/loaded-app.ts')]).open).toEqual([expect.stringMatching(/routes\/kiosk\.js:2$/)])
  })

  it('with a password route that signs in by itself › is certainly wrong only in files that the process has loaded', () => {
    const folder = folderWith({ 'server.js': `${APP}app.use('/auth', require('./login'))\napp.use('/api', require('./e2e'))\n`, 'login.js': ROUTER, 'e2e.js': ROUTER })
    const [entry = '', login = '', e2e = ''] = ['server.js', 'login.js', 'e2e.js'].map((name) => join(folder, name))
    for (const loaded of [[login, e2e], []]) expect(sourceReport(entry, loaded).forgotten).toEqual([expect.stringMatching(/login\.js:3$/), expect.stringMatching(/e2e\.js:3$/)])
    expect(sourceReport(entry, [login]).forgotten).toEqual([expect.stringMatching(/login\.js:3$/)])
  })

  it('with many functions that call each other, or many routes › is examined in few steps', () => {
    const functions = Array.from({ length: 9 }, (_, i) => `function m${i}(app) { ${i === 0 ? ROUTE.trim() : Array.from({ length: 8 }, () => `m${i - 1}(app)`).join('; ')} }\n`).join('')
    const routes = Array.from({ length: 300 }, (_, i) => `app.post('/p${i}', passport.authenticate('local'))\n`).join('')
    for (const code of [`${functions}if (demo) m8(app)\n`, routes]) {
      const files = { 'server.js': `${APP}${code}` }
      const steps = jest.spyOn(Source.prototype, 'is')
      const { forgotten } = forgottenIn(files)
      expect([forgotten.length, steps.mock.calls.length < 5_000_000]).toEqual([code === routes ? 300 : 0, true])
      steps.mockRestore()
    }
  })

  it.each(['kiosk', 'kiosk.tsx', 'kiosk.njs'])('in the loaded file %s › is read', (name) => {
    const folder = folderWith({ 'server.js': '\n', [name]: KIOSK })
    expect(sourceReport(join(folder, 'server.js'), [join(folder, name)]).open).toEqual([expect.stringMatching(/kiosk.*:2$/)])
  })

  it('in a file that gives itself another name › is listed with its own name, and a folder is not', () => {
    const folder = folderWith({ 'named.js': '1\n' })
    const file = join(folder, 'named.js')
    const scripts = [new Script('1\n//# sourceURL=/', { filename: file }), new Script('1', { filename: folder })]
    for (const script of scripts) script.runInThisContext()
    const [files, unread] = loadedFiles()
    expect([scripts.length, files.includes(file), files.includes('/'), files.includes(folder), unread]).toEqual([2, true, false, false, []])
  })

  it('of a runtime without the debugger of V8 › may be unknown, and the doctor says so', () => {
    const disconnect = jest.spyOn(Session.prototype, 'disconnect')
    jest.spyOn(Session.prototype, 'post').mockImplementation(() => { throw new Error('not implemented') })
    const [files, unread] = loadedFiles()
    expect(disconnect).toHaveBeenCalledTimes(1)
    jest.restoreAllMocks()
    expect(sourceReport(join(folderWith({ 'server.js': '\n' }), 'server.js'), files.slice(0, 0), unread).open).toEqual(['ES modules that this runtime cannot list, which the doctor cannot read'])
  })

  it('of a linked package › is read, also if the app loads it later', () => {
    const folder = folderWith({ 'server.js': "app.post('/kiosk', (req, res) => require('kiosk')(app))\n", 'packages/kiosk/index.js': KIOSK, 'node_modules/.keep': '' })
    symlinkSync(join(folder, 'packages/kiosk'), join(folder, 'node_modules/kiosk'), 'junction')
    expect(sourceReport(join(folder, 'server.js')).open).toEqual([expect.stringMatching(/packages\/kiosk\/index\.js:2$/)])
  })

  it.each(['import', 'require'])('with %s of a computed path in a handler › is not known', (load) => {
    expect(reportOf({ 'b.js': '', 'server.js': `${load}(dir + 'a')\napp.get('/', async (req, res) => {\n  ${load}('./b')\n  ${load}(dir + 'c')\n})\n` }).open).toEqual([`${load}(…) of a computed path at server.js:4, which the doctor cannot read`])
  })

  it.each([
    'app.get(p, (req, res, next) => import(`./x/${f}.js`).then(next))',
    'const load = (n) => import(n)',
    'const load = (n) => {\n  if (n) { return import(n) } }',
    'function load({ n }) { return require(n) }',
    'app.get(p, async ({ params }, res) => { await import(params.n) })',
    'app.get(p, (q, s) => { require(q.n) })',
    'app.get(p, (req, res = 1) => { require(req.n) })',
    'class A { load(n) { return require(n) } }',
    'app.get(p, (q) => module.require(q.n))',
    'const load = createRequire(import.meta.url)\nconst a = (q) => load(q.n)',
    "const load = require('module').createRequire(a)\nconst b = (q) => load(q.n)",
    'names.forEach((n) => app.get(n, (q, s) => require(n)(q, s)))',
    'names.map((n) => (q, s) => require(n)(q, s))',
    'names.map((n) => function (q, s) { require(n)(q, s) })',
    'function all() { names.forEach((n) => require(n)) }',
    'const load = () => require("./a\\x62")',
    'app.get(p, (q, s) => createRequire(__filename)(q.n)(q, s))',
    'const f = (load = require) => load(q.n)',
  ])('with a computed path in a function, as in %j › is not known', (code) => {
    expect(reportOf({ 'server.js': `${code}\n` }).open).toEqual([expect.stringMatching(/^\w+\(…\) of a computed path at server\.js:\d, which the doctor cannot read$/)])
  })

  it.each(['async function load({ n }: A): Promise<{ a: B }> { await import(n) }', 'class A { async load(n: string): Promise<void> { await import(n) } }'])('with a computed path in a function of TypeScript, as in %j › is not known', (code) => {
    expect(reportOf({ 'server.js': "require('./a')\n", 'a.ts': code }).open).toEqual(['import(…) of a computed path at a.ts:1, which the doctor cannot read'])
  })

  it.each([
    'names.forEach((n) => require(n)(app))', 'names.forEach(function (n) { require(n)(app) })', 'if (a) { require(dir + b) }', 'try { require(a) } catch (e) { require(b) }', 'for await (const n of names) { await import(n) }',
    'const f = (a) => a\nrequire(b)', 'const f = (a) => { a() }, b = require(c)', 'class A { require(n) { this.a(n) } }', 'const f = () => import(`./b`)', "const f = () => import('./b', { with: c })",
    "const { createRequire } = require('node:module')\nconst load = createRequire(a)\nif (typeof require !== 'undefined') load.resolve(a)", "import { createRequire } from 'module'\nif (require.main === module) a()", "const f = () => [require('fs'), require('node:path'), import('./b.json'), import('./b.js?v=1'), require('esm/x')]",
  ])('with a path that is fixed, or read at the start, as in %j › is known', (code) => {
    const installed = { 'node_modules/esm/package.json': '{ "exports": { "./x": { "import": "./x.mjs" } } }' }
    expect(reportOf({ ...installed, 'b.js': '', 'b.json': '1', 'server.js': `${code}\n` }).open).toEqual([])
  })

  it.each([
    ["import('./kiosk.mjs?v=1')", 'kiosk.mjs'], ["import('./kiosk.mjs#a')", 'kiosk.mjs'], ["require('./kiosk')", 'kiosk/index.ts'], ["require('./kiosk')", 'kiosk.tsx'], ["import('./kiosk.js')", 'kiosk.tsx'],
    ["require('./kiosk.njs')", 'kiosk.njs'], ["createRequire(__filename)('./kiosk')", 'kiosk.js'],
  ])('that a handler loads by %s, in %s › is read', (load, path) => {
    expect(reportOf({ 'server.js': `app.get(p, (q, s) => ${load})\n`, [path]: KIOSK }).open).toEqual([`sign-in: session.passport = …, a sign-in without Passport at ${path}:2`])
  })

  it('that a handler loads by a URL › is read', () => {
    const folder = folderWith({ 'kiosk.mjs': KIOSK })
    writeFileSync(join(folder, 'server.js'), `app.get(p, (q, s) => import('${pathToFileURL(join(folder, 'kiosk.mjs')).href}'))\n`)
    expect(sourceReport(join(folder, 'server.js')).open).toEqual([expect.stringMatching(/kiosk\.mjs:2$/)])
  })

  it.each(["import('@/kiosk')", "import('#kiosk')", "require('app/kiosk')", "import('kiosk')", "require('./missing')", "import('data:text/javascript,')", "import('file://host/%')"])('that a handler loads by %s, which the doctor does not find › is not known', (load) => {
    const folder = folderWith({ 'server.js': `import a from '@/a'\napp.get(p, (q, s) => ${load})\n`, 'package.json': '{ "name": "app", "imports": { "#kiosk": { "import": "./kiosk.js" } }, "exports": { "./kiosk": { "import": "./kiosk.js" } } }', 'packages/kiosk/package.json': '{ "name": "kiosk", "exports": { "import": "./index.js" } }', 'node_modules/.keep': '' })
    symlinkSync(join(folder, 'packages/kiosk'), join(folder, 'node_modules/kiosk'), 'junction')
    const shown = /data:|%/.test(load) ? load.replace(/\(.*/, '(…)') : load
    expect(sourceReport(join(folder, 'server.js')).open).toEqual([`${shown} at ${relative(process.cwd(), folder)}/server.js:2, a file or package that was not found (perhaps optional), which the doctor cannot read`])
  })

  it.each([
    'app.get(p, (q, s) => createRequire(__filename))', 'app.get(p, (q, s) => require?.(q.n)(q, s))', 'app.get(p, (q, s) => (require)(q.n)(q, s))', 'app.get(p, (q, s) => require.call(null, q.n)(q, s))', 'const load = require.bind(null)',
    'const o = { load: require }', 'go(require)', 'app.get(p, (q, s) => s.send(`${require(q.n)}`))', "import { createRequire as load } from 'module'",
  ])('with an indirect use of a loading function, as in %j › is not known', (code) => {
    expect(reportOf({ 'server.js': `${code}\n` }).open).toEqual([expect.stringMatching(/^an indirect use of (?:require|createRequire) at server\.js:1, which the doctor cannot read$/)])
  })

  it('of an app below a folder node_modules › is read, but not the packages of this app', () => {
    const folder = folderWith({ 'node_modules/app/server.js': "require('./lib/kiosk')\n", 'node_modules/app/lib/kiosk.js': KIOSK, 'node_modules/app/node_modules/a/index.js': KIOSK, 'node_modules/b/index.js': KIOSK })
    const app = join(folder, 'node_modules/app')
    expect(sourceReport(join(app, 'server.js'), [join(app, 'lib/kiosk.js'), join(app, 'node_modules/a/index.js'), join(folder, 'node_modules/b/index.js')]).open).toEqual([expect.stringMatching(/app\/lib\/kiosk\.js:2$/)])
  })

  it.each(['import(`./routes/kiosk.js`)', "createRequire(a)\nconst f = () => load('./routes/kiosk')"])('loaded by %s › is read', (code) => {
    expect(reportOf({ 'server.js': `const load = ${code}\n`, 'routes/kiosk.js': KIOSK }).open).toEqual([expect.stringMatching(/routes\/kiosk\.js:2$/)])
  })

  it('of ES modules › is followed in the same way', () => {
    expect(reportOf({ 'server.js': "import './kiosk.mjs'\nconst later = await import('./later.mjs')\n", 'kiosk.mjs': 'export default (req) => { req.session.userId = 1 }\n', 'later.mjs': 'export default (req, user, next) => req.logIn(user, next)\n' }).open).toHaveLength(2)
  })

  it.each([['a bundle', `// ${'a'.repeat(200_000)}\n`], ['a file with JSX', 'const a = (<p>\n']])('in %s › is named as not read', (_name, text) => {
    expect(reportOf({ 'server.js': text })).toEqual({ closed: [], open: ['server.js, which the doctor cannot read'] })
  })

  it('in more than 500 files › says that some are not read, even if all others are well', () => {
    const files = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i}.js`, i + 1 < count ? `require('./${i + 1}')\n` : KIOSK]))
    expect(reportOf({ ...files(499), 'server.js': "require('./0')\nrequire('./0')\n" }).open).toEqual(['sign-in: session.passport = …, a sign-in without Passport at 498.js:2'])
    expect(reportOf({ ...files(500), 'server.js': "require('./0')\n" }).open).toEqual(['more than 500 files, which the doctor cannot read'])
  })

  it('in files of more than 10 MB › says that some are not read', () => {
    const files = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`${i}.js`, `//${' '.repeat(198_000)}\n`]))
    expect(reportOf({ ...files, 'server.js': Array.from({ length: 51 }, (_, i) => `require('./${i}')\n`).join('') }).open).toEqual(['more than 10 MB of code, which the doctor cannot read'])
  })

  it('with such a handler › is not called ok, beside a right login, and the places that fit into the finding are listed', async () => {
    const simulator = closing(await NevisSimulator.start())
    const observer = new AppObserver()
    class Watched extends Passport {}
    observer.watchPassport({ name: 'passport', version: '0.7.0' }, Watched.prototype)
    const passport = new Watched()
    const { baseURL, accessKey } = simulator
    passport.use(new NevisStrategy({ baseURL, accessKey, factors: [push()], waitingURL: '/2fa' }, async () => false))
    const app = express().post('/login', passport.authenticate('local', { session: false }), passport.authenticate('nevis'))
    const source = () => ({ ...sourceReport(__filename), closed: new Set<string>(), open: ['lib/big.js, which the doctor cannot read', ...Array.from({ length: 20 }, (_, i) => `sign-in: session.passport = … at routes/kiosk.js:${i + 1}`)] })
    const found = troublesIn(await appFindings({ origin: await originOf(app), observer, source }, false))
    expect(found['routes.password']).toMatch(/^unchecked: no sign-in reached .* follows; the source contains lib\/big\.js, which the doctor cannot read; the source contains sign-in: session\.passport = … at routes\/kiosk\.js:1, which the doctor cannot try; and 19 more$/)
  })
})

/** The password check of an app is wrapped in a promise: tests that `init` names its line, writes no diff for it, and never reports it as closed. */
import { folderWith, init, ONE_FILE, removeFolders } from './support'

afterEach(removeFolders)

const ROUTE = /app\.post\('\/login'[^]*?\n\}\);\n/
const withRoute = (code: string) => ONE_FILE.replace(ROUTE, `${code}\n`)
const FIRST = ONE_FILE.slice(0, ONE_FILE.search(ROUTE)).split('\n').length
/** The body of an `async` handler that signs in after the promise of this code. */
const handler = (check: string) => `app.post('/login', async (req, res, next) => {
  try {
    const user = await ${check}
    await new Promise((resolve, reject) => req.logIn(user, (err) => (err ? reject(err) : resolve())))
    res.redirect('/')
  } catch (err) { next(err) }
})`
const CALLBACK = "passport.authenticate('local') with a callback of its own"

it.each([
  ['new Promise', handler("new Promise((resolve, reject) => passport.authenticate('local', (err, user) => (err ? reject(err) : resolve(user)))(req, res, next))"), 2, CALLBACK],
  ['a promise that signs in itself', handler("new Promise((resolve, reject) => passport.authenticate('local', (err, user) => { if (err || !user) return reject(err); req.logIn(user, (e) => (e ? reject(e) : resolve(user))) })(req, res, next))"), 2, CALLBACK],
  ['a function of the app with a promise', `const check = (req, res) => new Promise((resolve, reject) => passport.authenticate('local', (err, user) => (err ? reject(err) : resolve(user)))(req, res))\n${handler('check(req, res)')}`, 0, CALLBACK],
  ['promisify, with the callback in a variable', `const check = promisify((req, res, callback) => passport.authenticate('local', callback)(req, res))\n${handler('check(req, res)')}`, 0, CALLBACK],
  ['promisify of the middleware', handler("promisify(passport.authenticate('local', { failureRedirect: '/login' }))(req, res)"), 2, "passport.authenticate('local')"],
  ['an async callback', "app.post('/login', (req, res, next) => {\n  passport.authenticate('local', async (err, user) => { await promisify(req.login.bind(req))(user); res.redirect('/') })(req, res, next)\n})", 1, CALLBACK],
])('a password check in %s › is left to the developer, with its line', (_name, code, below, what) => {
  const { exitCode, out } = init(folderWith({ 'app.js': withRoute(code) }))
  const line = FIRST + below
  expect([exitCode, out]).toEqual([1, expect.not.stringContaining('+++ ')])
  expect(out).toContain(`\n  LEFT          app.js:${line}  sign-in: ${what}\n`)
  expect(out.split('Nothing is changed')[1]?.split('Look at')[0]).toContain(`app.js:${line} `)
  expect(out).not.toContain('no route with')
  expect(out).not.toMatch(/^ {2}(?:ok|changed)/m)
})

it('with its callback in a variable › gets the advice for a callback, not for options', () => {
  const { out } = init(folderWith({ 'app.js': withRoute("app.post('/login', (req, res, next) => {\n  passport.authenticate('local', done)(req, res, next)\n})") }))
  expect(out.replace(/\s+/g, ' ')).toContain('The code that gets the user from it must pass { session: false } to req.logIn')
})

it('beside a route that init can change › is left, and only the other route is changed', () => {
  const api = "app.post('/api/login', async (req, res, next) => {\n  const user = await new Promise((resolve, reject) => passport.authenticate('local', (err, user) => (err ? reject(err) : resolve(user)))(req, res, next))\n  res.json(user)\n})\n"
  const { exitCode, out } = init(folderWith({ 'app.js': ONE_FILE.replace("const server =", `${api}const server =`), 'db.js': '' }))
  expect(exitCode).toBe(1)
  expect(out).toMatch(/^ {2}changed below app\.js:\d+ {2}sign-in: passport\.authenticate\('local'\)$/m)
  expect(out).toMatch(/^ {2}LEFT {10}app\.js:\d+ {2}sign-in: passport\.authenticate\('local'\) with a callback of its own$/m)
})

it('an own method authenticate that gets the request › is not taken for one of Passport', () => {
  const { out } = init(folderWith({ 'auth.js': "const passport = require('passport')\nexports.login = async (req, res) => { const user = await accounts.authenticate(req, res) }\n" }))
  expect(out).toContain('No place was found that signs users in.')
})

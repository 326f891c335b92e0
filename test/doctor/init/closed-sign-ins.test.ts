/** An app already has the second factor: tests which of its sign-ins the command `init` accepts, and which it leaves to the developer (`LEFT`). */
import { folderWith, init, removeFolders, type Files } from './support'

afterEach(removeFolders)

const HEAD = `const express = require('express')
const passport = require('passport')
const { promisify } = require('util')
const { nevis } = require('passport-nevis')
const users = require('./users')
const failureRedirect = '/login'
const app = express()
const secondFactor = passport.authenticate('nevis', { failureRedirect: '/login' })
`

/** What `init` reports for this code: the exit code, the places in the order of the files, and the whole output. */
function reportOf(code: string, files: Files = {}) {
  const { exitCode, out } = init(folderWith({ 'app.js': HEAD + code, ...files }))
  const places = out.replace(/\n {4}/g, ' ').split('\n').flatMap((line) => /^ {2}(ok|LEFT) +\S+ {2}(.*)/.exec(line)?.slice(1).join(' ') ?? [])
  return { exitCode, places, out: out.replace(/\s+/g, ' ') }
}

describe('a password check without a session, in front of the second factor', () => {
  it.each([
    ['in the list of handlers', "app.post('/login', passport.authenticate('local', { session: false, failureRedirect }), secondFactor)"],
    ['inside a handler', "app.post('/login', (req, res, next) => { passport.authenticate('local', { session: false, failureRedirect })(req, res, next) }, secondFactor)"],
    ['inside a handler with a name', "function check(req, res, next) { passport.authenticate('local', { session: false })(req, res, next) }\napp.post('/login', check, secondFactor)"],
    ['inside a handler that goes on to the second factor itself', "app.post('/login', (req, res, next) => { passport.authenticate('local', { session: false })(req, res, (err) => { if (err) return next(err); secondFactor(req, res, next) }) })"],
    ['in a table of routes', "module.exports = [{ method: 'post', path: '/login', handlers: [passport.authenticate('local', { session: false }), secondFactor] }]"],
    ['in a table of routes with the method as a key', "module.exports = { '/login': { post: [passport.authenticate('local', { session: false }), secondFactor] } }"],
  ])('%s › is right', (_name, code) => {
    expect(reportOf(code)).toMatchObject({ exitCode: 0, places: ["ok sign-in: passport.authenticate('local')"] })
  })

  it.each([
    ['inside a handler that answers after it', "app.post('/login', (req, res, next) => { passport.authenticate('local', { session: false })(req, res, () => res.json(token(req.user))) }, secondFactor)"],
    ['inside a handler of a route without the second factor', "app.post('/login', (req, res, next) => { passport.authenticate('local', { session: false })(req, res, next) }, (req, res) => res.json(token(req.user)))"],
    ['in one array of a table of routes, with the second factor in another', "module.exports = [{ method: 'post', path: '/login', before: [passport.authenticate('local', { session: false })], after: [secondFactor] }]"],
    ['in an array of another object', "module.exports = { strategies: [passport.authenticate('local', { session: false }), secondFactor] }"],
  ])('%s › is reported', (_name, code) => {
    expect(reportOf(code)).toMatchObject({ exitCode: 1, places: ["LEFT sign-in: passport.authenticate('local') without a session"] })
  })

  it.each(['successRedirect', "'successRedirect'", 'successReturnToOrRedirect'])('with %s › is reported, because Passport redirects before the second factor', (option) => {
    const { exitCode, places, out } = reportOf(`app.post('/login', passport.authenticate('local', { session: false, ${option}: '/', failureRedirect }), secondFactor)`)
    expect([exitCode, places]).toEqual([1, ["LEFT sign-in: passport.authenticate('local') with a redirect before the second factor"]])
    expect(out).toContain('app.js:9 remove successRedirect (or successReturnToOrRedirect): with it, Passport redirects before the second factor, so no user can sign in. Redirect in the last handler of the callback')
  })
})

describe('a handler of another file that sets the user of one request', () => {
  const HANDLER = 'function rememberMe(req, res, next) { users.find(req.cookies.remembered, (err, user) => { if (err || !user) return next(err || new Error()); req.login(user, { session: false }, next) }) }'
  const file = (code: string) => ({ 'remember.js': `const users = require('./users')\n${code}\n` })
  const ROUTE = "app.post('/login/remembered', rememberMe, secondFactor)"

  it.each<[string, string, string]>([
    ['exported as a whole', `module.exports = ${HANDLER}`, `const rememberMe = require('./remember')\n${ROUTE}`],
    ['exported without a name', `module.exports = ${HANDLER.replace(' rememberMe', ' ')}`, `const rememberMe = require('./remember')\n${ROUTE}`],
    ['exported by its name', `${HANDLER}\nmodule.exports = { rememberMe }`, `const { rememberMe } = require('./remember')\n${ROUTE}`],
    ['exported as a property', `exports.rememberMe = ${HANDLER.replace(' rememberMe', ' ')}`, `const remember = require('./remember')\n${ROUTE.replace('rememberMe', 'remember.rememberMe')}`],
    ['required in the route', `module.exports = ${HANDLER}`, ROUTE.replace('rememberMe', "require('./remember')")],
  ])('%s, and used only in front of the second factor › is right', (_name, exported, code) => {
    expect(reportOf(code, file(exported))).toMatchObject({ exitCode: 0, places: ['ok remember me: req.login(…)'] })
  })

  it.each<[string, string]>([
    ['used also in front of all pages', `const rememberMe = require('./remember')\napp.use(rememberMe)\n${ROUTE}`],
    ['used only in a route without the second factor', "const rememberMe = require('./remember')\napp.get('/', rememberMe, (req, res) => res.render('home'))"],
    ['required once more, in front of all pages', `const rememberMe = require('./remember')\napp.use(require('./remember'))\n${ROUTE}`],
    ['not used in any file that init reads', ''],
    ['in a list of another file that no route uses', `const rememberMe = require('./remember')\nexports.all = [require('./remember')]\n${ROUTE}`],
  ])('%s › is reported', (_name, code) => {
    expect(reportOf(code, file(`module.exports = ${HANDLER}`))).toMatchObject({ exitCode: 1, places: ['LEFT remember me: req.login(…) without a session'] })
  })
})

describe('a promise of req.login', () => {
  const route = (login: string, rest = 'next()', later = 'secondFactor') => `app.post('/sign-up', wrap(async (req, res, next) => { const user = await users.create(req.body); ${login}; ${rest} }), ${later})`

  it.each([
    ['bound after promisify', 'const login = promisify(req.login).bind(req); await login(user, { session: false })'],
    ['bound before promisify', 'const login = promisify(req.login.bind(req)); await login(user, { session: false })'],
    ['called in place', 'await promisify(req.logIn.bind(req))(user, { session: false })'],
    ['called with the request', 'await promisify(req.logIn).call(req, user, { session: false })'],
    ['of a module', 'await util.promisify(req.logIn).call(req, user, { session: false })'],
  ])('%s, without a session, in front of the second factor › is right', (_name, login) => {
    expect(reportOf(route(login))).toMatchObject({ exitCode: 0, places: [expect.stringMatching(/^ok sign-up: req\.log[iI]n, bound or promisified$/)] })
  })

  const LOGIN = 'const login = promisify(req.login).bind(req); await login(user, { session: false })'
  it.each([
    ['that signs in', route('const login = promisify(req.login).bind(req); await login(user)'), 'pass { session: false } as the second argument'],
    ['that signs in at one of two calls', route(`${LOGIN}; await login(user)`), 'pass { session: false } as the second argument'],
    ['that is passed on', route(`${LOGIN}; enter(login)`), 'pass { session: false } as the second argument'],
    ['behind which the handler answers', route(LOGIN, 'res.json(user)'), 'no second factor was found behind it'],
    ['in a route without the second factor', route(LOGIN, 'next()', '(req, res) => res.json(req.user)'), 'no second factor was found behind it'],
  ])('%s › is reported, with the right advice', (_name, code, advice) => {
    const { exitCode, places, out } = reportOf(code)
    expect([exitCode, places]).toEqual([1, ['LEFT sign-up: req.login, bound or promisified']])
    expect(out).toContain(advice)
  })

  it('in a handler that calls a function authenticate › is not taken for a sign-in by an admin', () => {
    const { out } = reportOf("app.post('/login', wrap(async (req, res, next) => { const user = await authenticate(req); req.login(user, (err) => next(err)) }), finish)")
    expect(out).toContain('app.js:9 pass { session: false } as the second argument')
    expect(out).not.toContain('such as an admin')
  })

  it('behind a guard with a function as its argument › still counts as a sign-in by an admin', () => {
    expect(reportOf("app.post('/switch', requireRole((user) => user.boss), (req, res, next) => req.login(found, next))").out).toContain('such as an admin')
  })
})

describe('the advice', () => {
  it('for a callback without req.logIn › does not speak of its req.logIn', () => {
    const { out } = reportOf("const check = (req, res) => new Promise((resolve, reject) => passport.authenticate('local', (err, user) => (err ? reject(err) : resolve(user)))(req, res))")
    expect(out).toContain('the callback itself signs no user in. The code that gets the user from it must pass { session: false } to req.logIn')
  })

  it('for another strategy › is a whole sentence, and says that successRedirect must go', () => {
    expect(reportOf("app.post('/sso', passport.authenticate('ldap'))").out).toContain("app.js:9 if the strategy has no second factor of its own: pass { session: false } without successRedirect to this passport.authenticate, and run passport.authenticate('nevis') right behind it")
  })
})

describe('an app that keeps the signed-in user in the session, without Passport', () => {
  it.each([
    ['a middleware that reads the user of the session', 'app.use(async (req, res, next) => { if (req.session.userId) req.user = await users.findById(req.session.userId); next() })', 'req.user = …'],
    ['such a middleware with a callback', 'app.use((req, res, next) => { users.findById(req.session.userId, (err, user) => { req.user = user; next(err) }) })', 'req.user = …'],
    ...[
      'req.user = req.session.userId ? await users.findById(req.session.userId) : null',
      'req.user = !req.session.userId ? undefined : await users.findById(req.session.userId)',
      'req.user = (await users.findById(req.session.userId)) || null',
      'req.user = await (req.session.userId && users.findById(req.session.userId))',
      'const user = await users.findById(req.session.userId); if (user) req.user = user',
      'const { userId } = req.session; if (userId) { req.user = await users.findById(userId) }',
      "const { rows } = await db.query('SELECT * FROM users WHERE id = $1', [req.session.userId]); req.user = rows[0]",
      'users.findById(req.session.userId).then((user) => { req.user = user }, next)',
    ].map((code): [string, string, string] => [`a middleware for every request with ${code}`, `app.use(async (req, res, next) => { ${code}; next() })`, 'req.user = …']),
    ['a handler behind the second factor that stores the user', "app.all('/login/2fa/callback', secondFactor, (req, res, next) => { req.session.regenerate((err) => { if (err) return next(err); req.session.userId = req.user.id; res.redirect('/') }) })", 'session.userId = …'],
    ['such a handler with a name', "function signIn(req, res) { req.session.userId = req.user.id; res.redirect('/') }\napp.all('/login/2fa/callback', secondFactor, signIn)", 'session.userId = …'],
  ])('%s › is right', (_name, code, what) => {
    expect(reportOf(code)).toMatchObject({ exitCode: 0, places: [`ok sign-in: ${what}, a sign-in without Passport`] })
  })

  it.each([
    ['a middleware that finds the user by a cookie', 'app.use(async (req, res, next) => { req.user = await users.find(req.cookies.remembered); next() })', 'req.user = …'],
    ['a middleware that finds the user by the session and a header', 'app.use(async (req, res, next) => { req.user = await users.find(req.session.userId ?? req.headers.user); next() })', 'req.user = …'],
    ['a handler that checks a password without a session', 'app.use(async (req, res, next) => { req.user = await check(name, password, { session: false }); next() })', 'req.user = …'],
    ['a handler that finds the user in a session of the database', 'app.use(async (req, res, next) => { req.user = await User.findById(id).session(session); next() })', 'req.user = …'],
    ...[
      'req.user = req.session.userId ? await users.findById(req.session.userId) : await users.find(req.cookies.remembered)',
      'req.user = req.session.userId ? await users.findById(req.session.userId) : guest',
      'req.user = req.session.isAdmin ? admin : null',
      'req.user = req.session.isAdmin && admin',
      'const user = await users.find(req.body.name); req.user = user',
      'const { id } = req.body; const user = req.session.ok && (await users.findById(id)); req.user = user',
      'let user = await users.findById(req.session.userId); user = await users.find(name); req.user = user',
      'const user = await users.findById(req.session.userId); if (!user) { let user = await users.check(req.body); req.user = user }',
      'const user = await users.findById(req.session.userId); const set = (user, { remember }) => { req.user = user }; set(await users.check(req.body), {})',
      'const user = await users.findById(req.session.userId); const set = ({ user }) => { req.user = user }; set(await users.check(req.body))',
      'const user = await users.findById(req.session.userId); if (!user) { let { user } = await users.check(req.body); req.user = user }',
      'const user = await users.findById(req.session.userId); for (const user of await users.check(req.body)) { req.user = user }',
      'const user = await users.findById(req.session.userId); try { next() } catch (user) { req.user = user }',
      'const user = await users.findById(req.session.userId); const set = (user) => { req.user = user }; set(await users.check(req.body))',
      'req.user = await check(name, password, req.session.language)',
      "req.user = await users.find(req.get('x-user') || req.session.userId)",
      'users.find(req.cookies.remembered).then((user) => { req.user = user }, next)',
    ].map((code): [string, string, string] => [`a handler with ${code}`, `app.use(async (req, res, next) => { ${code}; next() })`, 'req.user = …']),
    ['a handler that takes the session or a password', 'app.use(async (req, res, next) => { req.user = req.session.user ?? (await login(name, password)); next() })', 'req.user = …'],
    ['a handler that stores a user of the form', "app.all('/login/2fa/callback', secondFactor, (req, res) => { req.session.userId = req.body.id; res.redirect('/') })", 'session.userId = …'],
    ['a handler behind the password', "app.post('/login', check, (req, res) => { req.session.userId = req.user.id; res.redirect('/') })", 'session.userId = …'],
    ['a handler in front of the second factor', "app.post('/login', (req, res, next) => { req.session.userId = req.user.id; next() }, secondFactor)", 'session.userId = …'],
    ['a handler behind a callback of the app', "const own = (req, res, next) => passport.authenticate('nevis', (err, user) => next(err))(req, res, next)\napp.all('/login/2fa/callback', own, (req, res) => { req.session.userId = req.user.id; res.redirect('/') })", 'session.userId = …'],
  ])('%s › is reported', (_name, code, what) => {
    expect(reportOf(code)).toMatchObject({ exitCode: 1, places: [`LEFT sign-in: ${what}, a sign-in without Passport`] })
  })
})

describe('a function of the app that gets the session as an argument', () => {
  const route = (call: string) => `app.post('/login', async (req, res) => { const user = await users.check(req.body); if (!user) return res.redirect('/login'); ${call}; res.redirect('/') })`

  it.each<[string, string, string, Files]>([
    ['under another name', `function signIn(user, sess) { sess.userId = user.id }\n${route('signIn(user, req.session)')}`, 'session.userId = …, a sign-in without Passport', {}],
    ['as its first argument', `const signIn = async (s, user) => { s.user = user; await s.save() }\n${route('await signIn(req.session, user)')}`, 'session.user = …, a sign-in without Passport', {}],
    ['in another file', `const { login } = require('./login')\n${route('login(user, req.session)')}`, 'session.uid = …, a sign-in without Passport', { 'login.js': 'exports.login = (user, target) => Object.assign(target, { uid: user.id }) || (target.uid = user.id)' }],
    ['in a package', `const { start } = require('own-sessions')\n${route('start(user, req.session)')}`, 'start(…) gets the session and a user', {}],
    ['in a method that is not found', route('this.accounts.start(req.session, found.user)'), 'start(…) gets the session and a user', {}],
  ])('%s › is reported if it may store the user there', (_name, code, what, files) => {
    const { exitCode, places } = reportOf(code, files)
    expect([exitCode, places]).toEqual([1, expect.arrayContaining([`LEFT sign-in: ${what}`])])
  })

  it.each([
    ['stores no user', `function count(user, sess) { sess.visits = (sess.visits || 0) + 1 }\n${route('count(user, req.session)')}`],
    ['is another function with the same name of a parameter', `function count(sess) { sess.visits = 1 }\nfunction mark(sess) { sess.user = 1 }\n${route('count(req.session)')}`],
    ['is not found, but gets no other user than req.user', route('audit.note(req.user, req.session)')],
    ['is not found, and gets no user', route('flash(req.session, text)')],
  ])('that %s › is not reported', (_name, code) => {
    expect(reportOf(code)).toMatchObject({ exitCode: 0, places: [] })
  })
})

/**
 * Tests the command `init`, which finds the sign-ins of an app and adds the second factor: what it reports and changes in an app without a second factor and in
 * apps with another structure, and which files it must not change.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { main } from '../../../src/doctor/command-line'
import { BEFORE, DB, folderWith, init, MODULES, ONE_FILE, removeFolders, textsIn, type Files } from './support'
import { notOnWindows } from '../../support/windows'

afterEach(removeFolders)

const KEY = 'c4n4ry-access-key'
const before = () => folderWith({}, BEFORE)
const added = (out: string) => out.split('\n').filter((line) => /^\+(?!\+\+)/.test(line)).map((line) => line.slice(1))

describe('for the app before its second factor', () => {
  it('names each way to sign in, prints the changes, and writes nothing', () => {
    const folder = before()
    const texts = textsIn(folder)
    const { exitCode, out, err } = init(folder)
    expect([exitCode, err]).toEqual([0, ''])
    const guide = readFileSync(join(__dirname, '../../../docs/guides/init.md'), 'utf8')
    expect(out.startsWith((/^```text\n([^]*?)```/m.exec(guide) as unknown as [string, string])[1])).toBe(true)
    for (const file of ['app.js', 'auth.js', 'routes/auth.js', 'routes/account.js', 'views/login.ejs', 'package.json']) expect(out).toContain(`--- a/${file}\n+++ b/${file}\n@@ -`)
    expect(added(out)).toEqual(expect.arrayContaining([
      "app.get('/login/2fa/status', statusEndpoint(nevis)) // before session(): it needs none",
      '}, async ({ username }) => users.findByUsername(username))',
      "}), secondFactor, afterFailure)",
      '    req.login(user, { session: false }, (err) => {',
      '      secondFactor(req, res, (err) => afterFailure(err, req, res, next))',
    ]))
    expect(out).toContain('GET /account in routes/account.js asks for a second factor of the last five minutes')
    expect(out.replace(/\n +/g, ' ')).toContain('mount outagePage(nevis) behind your routes: docs/guides/failure-codes.md, "While Nevis is down"')
    expect(textsIn(folder)).toEqual(texts)
    expect(out.split('\n').filter((line) => line.length > 100 && !/^[-+ ]/.test(line))).toEqual([])
  })

  it('prints a diff that git applies, and writes just that', () => {
    const [one, other] = [before(), before()]
    const { out } = init(one)
    execFileSync('git', ['apply', '-'], { cwd: one, input: out.slice(out.indexOf('--- a/'), out.indexOf('\nWhat changes')) })
    const written = init(other, '--write')
    expect(written.out).toContain('Written: app.js, auth.js, package.json, routes/account.js, routes/auth.js, views/login.ejs')
    expect(textsIn(one)).toEqual(textsIn(other))
  })

  it('finds nothing to change the second time', () => {
    const folder = before()
    init(folder, '--write')
    const texts = textsIn(folder)
    const { exitCode, out } = init(folder, '--write')
    expect([exitCode, out]).toEqual([0, expect.stringMatching(/^2 places .*\n\n {2}ok .*\n {2}ok .*\n\nNothing to change\.$/)])
    expect(textsIn(folder)).toEqual(texts)
  })

  it('is a command, with its own help and errors', async () => {
    const run = async (...argv: string[]) => {
      const said: string[] = []
      const exitCode = await main(['init', ...argv], {}, { log: (text) => said.push(text), error: (text) => said.push(text) })
      return [exitCode, said.join('\n')]
    }
    expect(await run('--help')).toEqual([0, expect.stringMatching(/^Usage: passport-nevis init \[folder\]/)])
    expect(await run('--wirte')).toEqual([2, expect.stringContaining("Unknown option '--wirte'")])
    expect(await run('a', 'b')).toEqual([2, expect.stringContaining('init takes at most one folder')])
    expect(await run(join(before(), 'nowhere'))).toEqual([2, expect.stringMatching(/^passport-nevis init: the folder \S+\s+does not exist$/)])
    const [exitCode, text] = await run(join(before(), 'server.js'))
    expect([exitCode, String(text).replace(/\n/g, ' ')]).toEqual([2, expect.stringMatching(/server\.js is a file: give the folder of the app, as in npx passport-nevis init \S+$/)])
    expect(await run(before())).toEqual([0, expect.stringContaining('What changes')])
  })
})

describe('for another shape', () => {
  it('in one file › finds the user as the app does, and moves what came after the password behind the callback', () => {
    const folder = folderWith({ 'app.js': ONE_FILE, 'db.js': DB })
    const { exitCode, out } = init(folder, '--write')
    expect(exitCode).toBe(0)
    const { 'app.js': text } = textsIn(folder)
    expect(text).toContain("}, ({ username }, done) => db.get('SELECT * FROM users WHERE username = ?', [ username ], done));\npassport.use(nevis);\n")
    expect(text).toContain("app.get('/login/2fa/status', statusEndpoint(nevis)); // before session(): it needs none\n// Sessions in memory.")
    expect(text).toContain("app.post('/login', passport.authenticate('local', { session: false, failureRedirect: '/login' }), secondFactor);\n")
    expect(out.replace(/\n +/g, ' ')).toContain('such as /sub/login/2fa, because a proxy or another app mounts it there: write the prefix before /login/2fa in waitingURL, as')
    expect(text).toContain("app.all('/login/2fa/callback', secondFactor, recordSecondFactor(), function(req, res) {\n  res.redirect(req.authInfo.returnTo || '/');\n});")
  })

  it('with the session above the password strategy › makes the strategy above the session', () => {
    const [head, strategy, rest] = ONE_FILE.split(/(?=passport\.use)|(?=passport\.serializeUser)/) as [string, string, string]
    const folder = folderWith({ 'app.js': head + rest.replace('app.get(', `${strategy}app.get(`), 'db.js': DB })
    expect(init(folder, '--write').exitCode).toBe(0)
    const { 'app.js': text = '' } = textsIn(folder)
    expect(text.indexOf('const nevis')).toBeLessThan(text.indexOf("statusEndpoint(nevis)"))
    expect(text.indexOf('const nevis')).toBeGreaterThan(text.indexOf('const app = express()'))
  })

  it('as ES modules with a mounted router › knows the address of the browser, and imports in the same manner', () => {
    const folder = folderWith(MODULES)
    expect(init(folder, '--write').exitCode).toBe(0)
    const texts = textsIn(folder)
    expect(texts['auth.js']).toContain("import { NevisStrategy, push, app as qrCode, sms, recovery } from 'passport-nevis'")
    expect(texts['auth.js']).toContain("export const nevis = new NevisStrategy({")
    expect(texts['auth.js']).toContain("waitingURL: '/auth/login/2fa',\n}, async ({ username }) => User.findOne({ username }))")
    expect(texts['routes/sign-in.js']).toContain("import { nevis } from '../auth.js'")
    expect(texts['routes/sign-in.js']).toContain("router.all('/login/2fa/callback', secondFactor, recordSecondFactor(), (req, res) => res.redirect(req.authInfo.returnTo || '/'))")
    expect(texts['server.js']).toContain("app.get('/auth/login/2fa/status', statusEndpoint(nevis))")
  })

  it('as ES modules in TypeScript, with a file that imports only packages › imports the strategy with the extension that Node needs', () => {
    const folder = folderWith({ ...Object.fromEntries(Object.entries(MODULES).map(([path, text]) => [path.replace(/\.js$/, '.ts'), text])), 'package.json': '{ "type": "module" }' })
    init(folder, '--write')
    expect(textsIn(folder)['routes/sign-in.ts']).toContain("import { nevis } from '../auth.js'")
  })

  it("as ES modules in TypeScript, with a path that is no import › imports the strategy with the extension all the same", () => {
    const files = Object.entries(MODULES).map(([path, text]) => [path.replace(/\.js$/, '.ts'), path === 'routes/sign-in.js' ? `${text}export const files = './public'\n` : text])
    const folder = folderWith({ ...(Object.fromEntries(files) as Files), 'package.json': '{ "type": "module" }' })
    init(folder, '--write')
    expect(textsIn(folder)['routes/sign-in.ts']).toContain("import { nevis } from '../auth.js'")
  })

  it('in TypeScript › reads the environment and the way back as its compiler wants it', () => {
    const folder = folderWith({
      'src/app.ts': ONE_FILE.replaceAll(/const (\w+) = require\('(.*)'\);/g, "import $1 from '$2';").replace("const { Strategy: LocalStrategy } = require('passport-local');", "import { Strategy as LocalStrategy } from 'passport-local';")
        .replace("'use strict'\n", '')
        .replace(/passport\.use\(new[^]*?\n}\)\);/, "passport.use(new LocalStrategy((username: string, password: string, done): void => {\n  db.findByName(username).then((user) => done(null, user ?? false), done);\n}));")
        .replace("{ failureRedirect: '/login' }), function(req, res) {\n  res.redirect('/');\n}", "{ successReturnToOrRedirect: '/', failureRedirect: '/login' })"),
    })
    expect(init(folder, '--write').exitCode).toBe(0)
    const { 'src/app.ts': text } = textsIn(folder)
    expect(text).toContain("baseURL: process.env['NEVIS_BASE_URL'],")
    expect(text).toContain("}, async ({ username = '' }) => db.findByName(username));")
    expect(text).toContain("(req, res) => res.redirect(req.authInfo?.returnTo ?? '/'));")
  })
})

it.each([
  ['(req, res) => res.redirect(303, "/")', '(req, res) => res.redirect(303, req.authInfo.returnTo || "/")'],
  ["async (r, s) => { await log(r); return s.redirect(r.session.returnTo || '/') }", "async (r, s) => { await log(r); return s.redirect(r.authInfo.returnTo || (r.session.returnTo || '/')) }"],
  ["(req, res) => { if (req.user.isNew) return res.redirect('/set-up'); res.render('home') }", undefined],
  ["(req, res) => { if (req.user.isActive) return res.redirect('/'); res.redirect('/blocked') }", undefined],
  ["(req, res) => {\n  if (req.user.mustChange)\n    return res.redirect('/change')\n}", undefined],
  ["(req, res) => {\n  if (req.user.isFine) res.render('home')\n  else\n    res.redirect('/change')\n}", undefined],
  ["({ user }, res) => res.redirect('/')", undefined],
  ["(req, res) => res.redirect('/', 302)", undefined],
  ['goHome', undefined],
])('a handler after the sign-in, %s, returns to the page of a step-up, or the developer is told', (handler, changed) => {
  const step = "const log = (r) => 1;\nconst goHome = (req, res) => res.redirect('/');\napp.post('/password', ensureLoggedIn, (req, res) => res.end());\napp.get('/',"
  const code = ONE_FILE.replace("function(req, res) {\n  res.redirect('/');\n}", handler).replace("app.get('/',", step)
  const folder = folderWith({ 'app.js': code, 'db.js': DB })
  const { out } = init(folder, '--write')
  expect(textsIn(folder)['app.js']).toContain(`recordSecondFactor(), ${changed ?? handler});`)
  expect(out.replace(/\n +/g, ' ').includes('users do not return to the page from which they came')).toBe(changed === undefined)
})

it.each([["'/account'", true], ["'/'", false]])('a sign-up that redirects to %s › is told if that changes', (target, isTold) => {
  const code = ONE_FILE.replace("app.get('/',", `app.post('/reset', function(req, res, next) { req.logIn(user, function(err) {\n  if (err) { return next(err); }\n  res.redirect(${target});\n}); });\napp.get('/',`)
  const { out } = init(folderWith({ 'app.js': code, 'db.js': DB }))
  expect(out).toContain('changed below app.js:24  password reset')
  expect(out.replace(/\n +/g, ' ').includes(`app.js:24 redirected to ${target}; now the callback redirects, as after a login`)).toBe(isTold)
})

/** The attack: an admin who signs in as a customer starts the customer's second factor, and so sets up the admin's own phone as the customer's factor. */
describe('a sign-in that must not start the second factor of its user', () => {
  const login = '(req, res, next) => { req.login(user, (err) => { if (err) return next(err); res.redirect(\'/\') }) }'
  const named = login.replace('(req, res, next) =>', 'function enter(req, res, next)')
  it.each<[code: string, remedy: 'other' | 'GET' | 'changed']>([
    [`app.post('/impersonate/:id', ${login})`, 'other'],
    [`app.post('/users/:id/enter', isAdmin, ${login})`, 'other'],
    [`app.post('/users/:id/enter', [auth.isLoggedIn], ${login})`, 'other'],
    [`app.post('/users/:id/enter', restrictTo('admin'), ${login})`, 'other'],
    [`app.route('/users/:id/enter').post(requireRole('staff'), ${login})`, 'other'],
    [`app.use(ensureLoggedIn)\napp.post('/users/:id/enter', ${login})`, 'other'],
    [`app.use('/users', ensureLoggedIn)\napp.post('/users/:id/enter', ${login})`, 'other'],
    [`app.post('/users/:id/enter', ${login.replace('{', '{ if (!req.user?.isAdmin) return next();')})`, 'other'],
    [`app.post('/users/:id/enter', ${login.replace('{', '{ if (!req.isAuthenticated()) return next();')})`, 'other'],
    [`app.post('/users/:id/enter', isAdmin, enter)\n${named}`, 'other'],
    [`app.post('/users/:id/enter', enter)\n${named.replace('{', '{ if (!req.user) return next();')}`, 'other'],
    [`app.post('/users/:id/enter', (req, res, next) => enter(req, res, next))\n${named.replace('enter(', 'impersonate(')}`, 'other'],
    [`app.post('/users/:id/enter', isAdmin, ${login.replace('user,', 'user, { session: false },').replace("res.redirect('/')", "passport.authenticate('nevis')(req, res, next)")})`, 'other'],
    [`app.get('/impersonate/:id', isAdmin, ${login})`, 'other'],
    [`app.get('/invite/:token', ${login})`, 'GET'],
    [`app.route('/magic').get(${login})`, 'GET'],
    [`app.get('/invite/:token', enter)\n${named}`, 'GET'],
    [`app.get('/invite/:token', ${login.replace('user,', 'user, { session: false },').replace("res.redirect('/')", "passport.authenticate('nevis')(req, res, next)")})`, 'GET'],
    [`app.post('/signup', checkCaptcha, ${login})`, 'changed'],
    [`app.post('/signup', enter)\n${named}`, 'changed'],
    [`app.post('/signup', ${login.replace('req.login', "db.get('SELECT 1', [], (failed, user) => req.login").replace(/ }$/, ') }')})`, 'changed'],
    [`app.post('/admin-contact', ${login.replace('{', '{ if (req.user) return next();')})`, 'changed'],
    [`app.post('/profile', ensureLoggedIn, ${login.replace('user,', 'req.user,')})`, 'changed'],
    [`app.use('/admin', isAdmin)\napp.post('/signup', ${login})`, 'changed'],
    [`app.post('/signup', ${login})\napp.use(ensureLoggedIn)`, 'changed'],
  ])('%s › %s', (code, remedy) => {
    const folder = folderWith({ 'app.js': ONE_FILE.replace('const server', `${code}\nconst server`), 'db.js': DB })
    const { exitCode, out } = init(folder, '--write')
    const flat = out.replace(/\n +/g, ' ')
    expect([exitCode, textsIn(folder)['app.js']?.includes(code)]).toEqual(remedy === 'changed' ? [0, false] : [1, true])
    expect(flat.includes("do not start the other user's second factor")).toBe(remedy === 'other')
    expect(flat.includes('a GET request never starts a second factor')).toBe(remedy === 'GET')
  })
})

describe('package.json', () => {
  it.each(['{"name":"a","dependencies":{"express":"^5.0.0","passport":"^0.7.0"}}', '{ "dependencies": {} }', '{ "dependencies": { "express": "5" } }'])('on one line, %s › gets the dependency', (manifest) => {
    const folder = folderWith({ 'app.js': ONE_FILE, 'db.js': DB, 'package.json': manifest })
    const { out } = init(folder, '--write')
    const before = JSON.parse(manifest) as { dependencies: object }
    expect(JSON.parse(textsIn(folder)['package.json'] as string)).toEqual({ ...before, dependencies: { ...before.dependencies, 'passport-nevis': '^0.1.0' } })
    expect(out).not.toContain('npm install passport-nevis')
  })
})

describe('the call that finds the user', () => {
  const HEAD = ONE_FILE.slice(0, ONE_FILE.indexOf('passport.use('))
  const TAIL = ONE_FILE.slice(ONE_FILE.indexOf('passport.serializeUser'))
  const app = (verify: string): Files => ({ 'app.js': `${HEAD}passport.use(new LocalStrategy(${verify}));\n${TAIL}`, 'db.js': DB })

  it.each<[string, string]>([
    ['async (username, password, done) => {\n  const user = await db.find(username);\n  if (!user) return done(null, false);\n  done(null, user);\n}', '}, async ({ username }) => db.find(username));'],
    ['async (username, password, done) => {\n  const user = await db.find(username);\n  done(null, user && user.password === password ? user : false);\n}', '}, async ({ username }) => db.find(username));'],
    ['async (username, password, done) => {\n  const user = await db.find(username);\n  done(null, !user || user.password !== password ? false : user);\n}', '}, async ({ username }) => db.find(username));'],
    ['(username, password, done) => {\n  db.find(username).then((user) => done(null, user ?? false), done);\n}', '}, async ({ username }) => db.find(username));'],
    ['(username, password, done) => {\n  db.get(username, (err, row) => { if (err) return done(err); done(null, row || false); });\n}', '}, ({ username }, done) => db.get(username, done));'],
  ])('in %j › is copied', (verify, copied) => {
    const folder = folderWith(app(verify))
    expect(init(folder, '--write').exitCode).toBe(0)
    expect(textsIn(folder)['app.js']).toContain(copied)
  })

  it.each([
    // The query's result contains the user, but is not the user. If `init` copied the query, an unknown user would count as found: an empty list is truthy.
    'async (username, password, done) => {\n  const result = await db.query(sql, [username]);\n  const user = result.rows[0];\n  done(null, user);\n}',
    'async (username, password, done) => {\n  const rows = await db.query(sql, [username]);\n  done(null, rows[0]);\n}',
    'async (username, password, done) => {\n  const user = await db.query(sql, [username]).then((rows) => rows[0]);\n  done(null, user);\n}',
    'async (username, password, done) => {\n  const user = db.find(username).user;\n  done(null, user);\n}',
    '(username, password, done) => {\n  db.query(sql, [username], (err, rows) => { if (err) return done(err); done(null, rows[0]); });\n}',
    '(username, password, done) => {\n  db.query(sql, [username]).then((rows) => done(null, rows[0]), done);\n}',
    // The call with the username does not look up a user.
    'async (username, password, done) => {\n  const name = normalise(username);\n  const user = await db.find(name);\n  done(null, user);\n}',
    // The first call finds only some users.
    'async (username, password, done) => {\n  let user = await cache.get(username);\n  if (!user) user = await db.find(username);\n  done(null, user);\n}',
    'async (username, password, done) => {\n  let user = await cache.get(username);\n  user ??= await db.find(username);\n  done(null, user);\n}',
    // The app passes another object to `done` than the one that it found.
    'async (username, password, done) => {\n  const user = await db.find(username);\n  done(null, { id: user.id });\n}',
  ])('in %j › is not clear, and nothing is changed', (verify) => {
    const folder = folderWith(app(verify))
    const texts = textsIn(folder)
    const { exitCode, out } = init(folder, '--write')
    expect([exitCode, out.replace(/\n +/g, ' ')]).toEqual([1, expect.stringContaining('it is not clear how the verify function of the password strategy finds a user by name')])
    expect(textsIn(folder)).toEqual(texts)
  })
})

it.each([
  ["{ failureRedirect: '/login',\n  failureFlash: true }", "{ session: false, failureRedirect: '/login',\n  failureFlash: true }"],
  ["{ successReturnToOrRedirect: '/', failureRedirect: '/login',\n  failureFlash: true }", "{ session: false, failureRedirect: '/login',\n  failureFlash: true }"],
  ["{\n  failureRedirect: '/login',\n  failureFlash: true }", "{\n  session: false, // the password is right, but the user is not signed in yet\n  failureRedirect: '/login',\n  failureFlash: true }"],
  // Comments stay, also those above an option that is removed.
  ["{\n  failureRedirect: '/login', // where failures go: ticket 4711\n  successRedirect: '/',\n}", "{\n  session: false, // the password is right, but the user is not signed in yet\n  failureRedirect: '/login', // where failures go: ticket 4711\n}"],
  ["{\n  // home\n  successRedirect: '/', failureRedirect: '/login' }", "{\n  session: false, // the password is right, but the user is not signed in yet\n  // home\n  failureRedirect: '/login' }"],
  ["{\n  successRedirect: '/', successFlash: 'Hello', // home\n  failureRedirect: '/login',\n}", "{\n  session: false, // the password is right, but the user is not signed in yet\n  // home\n  failureRedirect: '/login',\n}"],
  ["{ failureRedirect: '/login' /* keep */, session: true }", "{ session: false, failureRedirect: '/login' /* keep */, }"],
])('options of the password route on several lines, or with comments, %j › all stay in effect', (options, changed) => {
  const code = ONE_FILE.replace("{ failureRedirect: '/login' }", options).replace("function(req, res) {\n  res.redirect('/');\n}", options.includes('success') ? '' : '$&')
  const folder = folderWith({ 'app.js': code.replace('}), );', '}));'), 'db.js': DB })
  expect(init(folder, '--write').exitCode).toBe(0)
  expect(textsIn(folder)['app.js']).toContain(`passport.authenticate('local', ${changed})`)
})

it('comments between the handlers of the password route › are moved with the handlers', () => {
  const code = ONE_FILE.replace("}), function", "}), // then\n  audit,\n  // audit: required by SOX\n  function").replace('const db', 'const audit = (req, res, go) => go();\nconst db')
  const folder = folderWith({ 'app.js': code, 'db.js': DB })
  expect(init(folder, '--write').exitCode).toBe(0)
  expect(textsIn(folder)['app.js']).toContain("recordSecondFactor(), // then\n  audit,\n  // audit: required by SOX\n  function(req, res) {\n  res.redirect(req.authInfo.returnTo || '/');\n});")
})

it.each<[string, (text: string) => string, string]>([
  ['an option for a message after the sign-in', (text) => text.replace("{ failureRedirect: '/login' }), function(req, res) {\n  res.redirect('/');\n}", "{ successRedirect: '/', successFlash: 'Hello' })"), 'successFlash is removed from app.js:25, because the user is not signed in yet: show the message in a handler behind the callback'],
  ['an earlier route with a parameter', (text) => text.replace("app.post('/login'", "app.get('/login/:provider', start);\n$&"), 'GET /login/:provider at app.js:25 may answer requests to the new route /login/2fa: move it below the new routes, or exclude this path'],
  ['an earlier route of the same path', (text) => text.replace("app.post('/login'", "app.post('/login/2fa', start);\n$&"), 'POST /login/2fa at app.js:25 may answer requests to the new route /login/2fa:'],
  ['an earlier route for all paths', (text) => text.replace('// Sessions', "app.get('*', start);\n$&"), 'GET * at app.js:20 may answer requests to the new route /login/2fa/status:'],
  ['a comment that init would remove from a sign-up', (text) => text.replace("app.get('/',", "app.post('/signup', function(req, res, next) { req.logIn(user, function(err) {\n  res.redirect(/* profile */ '/me');\n}); });\n$&"), 'a comment is in its redirect'],
  ['a body parser on the password route alone', (text) => text.replace('app.use(express.urlencoded({ extended: false }));', '').replace("'/login', passport", "'/login', express.urlencoded(), passport"), 'mount a body parser for forms before the three new routes'],
  ['a body parser of a path that only begins like that of the login', (text) => text.replace('app.use(', "app.use('/log', "), 'mount a body parser for forms before the three new routes'],
  ['a body parser of computed paths', (text) => text.replace('app.use(', 'app.use(/api/, '), 'mount a body parser for forms before the three new routes'],
  ['a body parser of other paths', (text) => text.replace('app.use(', "app.use('/api', "), 'mount a body parser for forms before the three new routes'],
])('%s › is named', (_name, change, note) => {
  const { out } = init(folderWith({ 'app.js': change(ONE_FILE), 'db.js': DB }))
  expect(out.replace(/\n +/g, ' ')).toContain(note)
})

it.each([
  ['const forms = express.urlencoded({ extended: false });\napp.use(forms);', 'in a variable'],
  ["app.use('/login', [express.json(), express.urlencoded()]);", 'for the path of the login'],
])('a body parser %s, mounted › is enough; routes of other methods and paths are no hindrance', (mounted) => {
  const others = "app.put('/login/:provider', a);\napp.get('/login', a);\napp.get('/login/:a/:b/c', a);\napp.get('/signup/:a', a);\nother.get('*', a);\n"
  const { out } = init(folderWith({ 'app.js': ONE_FILE.replace('app.use(express.urlencoded({ extended: false }));', mounted).replace("app.post('/login'", others + '$&'), 'db.js': DB }))
  expect(out).not.toMatch(/mount a body parser|may answer requests/)
})

it.each<[string, string]>([
  ['a template ends', 'const text = `\n// ends`; app.post('],
  ['a comment ends', '/* begins\n * ends */ app.post('],
  ['a comment ends above', 'start(); /* begins\n * ends */\napp.post('],
])('the password route where %s › gets the new code outside of it', (_name, begin) => {
  const folder = folderWith({ 'app.js': ONE_FILE.replace('app.post(', begin), 'db.js': DB })
  expect(init(folder, '--write').exitCode).toBe(0)
  const text = (textsIn(folder)['app.js'] as string).replace(/ +/g, ' ')
  expect(text).toContain(`${begin.split('app.post')[0]}const secondFactor = passport.authenticate('nevis'`)
  expect(text).toContain("\n\napp.post('/login', passport")
})

it('the password strategy where a template begins › gets the new code before it', () => {
  const folder = folderWith({ 'app.js': ONE_FILE.replace("}));\npassport.s", '})); const text = `\n`;\npassport.s'), 'db.js': DB })
  expect(init(folder, '--write').exitCode).toBe(0)
  expect(textsIn(folder)['app.js']).toContain('}));\n\nconst nevis = new NevisStrategy({')
})

it('csurf on single routes › a page without it has no token, instead of a TypeError', () => {
  const folder = folderWith({ 'app.js': ONE_FILE.replace('const db', "const csrf = require('csurf')();\nconst db").replace("'/login', passport", "'/login', csrf, passport"), 'db.js': DB })
  expect(init(folder, '--write').exitCode).toBe(0)
  expect(textsIn(folder)['app.js']).toContain('csrfToken: (req) => req.csrfToken?.()')
})

it('csurf in TypeScript › the option reads the token of a request whose type has none, and returns a string', () => {
  const text = ONE_FILE.replace(/(?:const|var) (.*) = require\((.*)\);/g, 'import $1 from $2;').replace('import { Strategy: LocalStrategy }', 'import { Strategy as LocalStrategy }')
  const folder = folderWith({ 'app.ts': text.replace('import db', "import csurf from 'csurf'\nimport db"), 'db.ts': DB })
  expect(init(folder, '--write').exitCode).toBe(0)
  expect(textsIn(folder)['app.ts']).toContain("waitingPage(nevis, { csrfToken: (req) => (req as { csrfToken?: () => string }).csrfToken?.() ?? '', signInURL: '/login' })")
})

it.each(["(req, res) => res.redirect(req.session.returnTo || '/')", "function (req, res) {\n  res.redirect('/');\n}"])('behind a handler that limits the sign-ins, %j › needs nothing of that handler, and is moved', (handler) => {
  const folder = folderWith({ 'app.js': ONE_FILE.replace("function(req, res) {\n  res.redirect('/');\n}", handler).replace("'/login', passport", "'/login', limiter, passport"), 'db.js': DB })
  expect(init(folder, '--write').exitCode).toBe(0)
  expect(textsIn(folder)['app.js']).toContain('recordSecondFactor(), ')
})

it.each(['passport.config.js', 'config/auth.config.ts'])('a sign-in in %s › is found, because apps configure Passport in such files', (path) => {
  const { exitCode, out } = init(folderWith({ [path]: "const passport = require('passport')\nexports.enter = passport.authenticate('google')\n" }))
  expect([exitCode, out]).toEqual([1, expect.stringContaining(`  LEFT          ${path}:2  sign-in: passport.authenticate('google')`)])
})

it.each(['user', 'userName', 'login_name'])('a form field %s › is a name, as username is', (field) => {
  expect(init(folderWith({ 'app.js': ONE_FILE.replace('LocalStrategy(function', `LocalStrategy({ usernameField: '${field}' }, function`), 'db.js': DB })).exitCode).toBe(0)
})

it('a password route on a property of a class › is not changed, and init says why', () => {
  const login = "class Login {\n  app = app\n  constructor() {\n    this.app.post('/login', passport.authenticate('local', { failureRedirect: '/login' }), (req, res) => res.redirect('/'))\n  }\n}\nnew Login()\n"
  const folder = folderWith({ 'app.js': ONE_FILE.replace(/app\.post\('\/login'[^]*?\n\}\);\n/, login), 'db.js': DB })
  const { exitCode, out } = init(folder, '--write')
  expect([exitCode, out.replace(/\n +/g, ' ')]).toEqual([1, expect.stringContaining('init does not change routes of a class, such as those of this.app') as string])
  expect(textsIn(folder)['app.js']).toContain(login)
})

describe('a sensitive route', () => {
  const account = "const express = require('express')\nconst router = express.Router()\nrouter.get('/', page)\nrouter.post('/password', change)\nrouter.post('/delete', remove)\nmodule.exports = router\n"
  const withMount = (mount: string, text = account): Files => ({ 'app.js': ONE_FILE.replace("app.get('/',", `${mount}\napp.get('/',`), 'db.js': DB, 'account.js': text })

  it.each<[string, Files]>([
    ['where its router is mounted', withMount("app.use('/account', ensureLoggedIn, require('./account'));")],
    ['in a list where its router is mounted', withMount("app.use('/account', [ensureLoggedIn, express.json()], require('./account'));")],
    ['above its router', withMount("app.use('/account', ensureLoggedIn());\napp.use('/account', require('./account'));")],
    ['for the whole app', withMount("app.use(ensureLoggedIn);\napp.use('/account', require('./account'));")],
    ['in its router, for all routes', withMount("app.use('/account', require('./account'));", account.replace('router.get', 'router.use(requireAuth)\nrouter.get'))],
    ["before a router of require('express').Router()", withMount("app.use('/account', ensureLoggedIn, require('./account'));", account.replace('express.Router', "require('express').Router"))],
  ])('with a login guard %s › gets requireSecondFactor itself, and the other routes of the router get none', (_name, files) => {
    const folder = folderWith({ ...files, 'account.js': (files['account.js'] as string).replace('module', "router.post('/logout', leave)\nrouter.route('/email').put(change)\nrouter.get('/orders', orders)\nmodule") })
    const { out } = init(folder, '--write')
    const { 'account.js': text = '', 'app.js': app } = textsIn(folder)
    expect(text).toContain("const recentSecondFactor = requireSecondFactor({ maxAgeSeconds: 300, redirectTo: '/login/2fa' })")
    expect(text.split('\n').filter((line) => line.includes('recentSecondFactor, '))).toEqual(["router.get('/', recentSecondFactor, page)", "router.post('/password', recentSecondFactor, change)", "router.post('/delete', recentSecondFactor, remove)", "router.route('/email').put(recentSecondFactor, change)"])
    expect(app).not.toContain('recentSecondFactor')
    expect(out).not.toContain('found no login guard')
  })

  it.each<[string, string, boolean]>([
    ['no requireSecondFactor', "app.post('/password', ensureLoggedIn, change);", true],
    ['requireSecondFactor', "app.post('/password', ensureLoggedIn, requireSecondFactor({ redirectTo: '/a' }), change);", false],
    ['requireSecondFactor in a variable', "const recent = requireSecondFactor({ redirectTo: '/a' });\napp.post('/password', ensureLoggedIn, recent, change);", false],
    ['requireSecondFactor for its router', "const recent = requireSecondFactor({ redirectTo: '/a' });\nconst router = express.Router();\nrouter.post('/password', change);\napp.use('/account', ensureLoggedIn, recent, router);", false],
    ['requireSecondFactor for the whole app', "app.use(requireSecondFactor({ redirectTo: '/a' }));\napp.post('/password', change);", false],
    ['requireSecondFactor for another path', "app.use('/other', requireSecondFactor({ redirectTo: '/a' }));\napp.post('/password', change);", true],
    ['no requireSecondFactor, as a route of the second factor', "const one = { waitingURL: '/2fa' };\napp.post('/2fa', secondFactor);\napp.all('/2fa/callback', secondFactor);", false],
  ])('with %s, in an app that already uses this package › is listed: %s', (_name, code, isListed) => {
    const { exitCode, out } = init(folderWith({ 'app.js': `const express = require('express');\nconst { requireSecondFactor } = require('passport-nevis');\nconst app = express();\n${code}\n` }))
    expect([exitCode, out.replace(/\n +/g, ' ').includes('POST /password in app.js: init found no requireSecondFactor in front of it'), out.includes('Nothing to change.')]).toEqual([isListed ? 1 : 0, isListed, !isListed])
  })

  it('behind a guarded mount with the landing page › leaves the landing page alone', () => {
    const files = withMount("app.use('/account', ensureLoggedIn, require('./account'));")
    const folder = folderWith({ ...files, 'app.js': (files['app.js'] as string).replace("res.redirect('/')", "res.redirect('/account')") })
    init(folder, '--write')
    expect(textsIn(folder)['account.js']).toContain("router.get('/', page)\nrouter.post('/password', recentSecondFactor, change)")
  })

  it.each<[string, string, boolean]>([
    ['a router written above the mount with the guard', "const own = express.Router();\nown.post('/email', change);\napp.use('/user', ensureLoggedIn, own);", true],
    ['a router mounted above the guard', "const own = express.Router();\napp.use('/user', own);\napp.use('/user', ensureLoggedIn);\nown.post('/email', change);", false],
    ['a guard for the path of the route', "app.use('/email', ensureLoggedIn);\napp.post('/email', change);", true],
    ['a guard below the route', "app.post('/email', change);\napp.use('/email', ensureLoggedIn);", false],
    ['a guard for a path that only begins like that of the route', "app.use('/em', ensureLoggedIn);\napp.post('/email', change);", false],
    ['a guard in a list of the route', "app.post('/email', [ensureLoggedIn, express.json()], change);", true],
    ['an escape in the path', "app.post('/:id(\\\\d+)/delete', ensureLoggedIn, change);", true],
    ['an escape in the path, without a guard', "app.post('/:id(\\\\d+)/delete', change);", false],
    ['a template as the path, without a guard', 'app.post(`/email`, change);', false],
    ['a regular expression as the path, without a guard', 'app.post(/^\\/email/, change);', false],
  ])('with %s › is guarded or listed', (_name, code, isGuarded) => {
    const folder = folderWith({ 'app.js': ONE_FILE.replace("app.get('/',", () => `${code}\napp.get('/',`), 'db.js': DB })
    const { exitCode, out } = init(folder, '--write')
    expect([exitCode, textsIn(folder)['app.js']?.includes('recentSecondFactor, ')]).toEqual([isGuarded ? 0 : 1, isGuarded])
    expect(out.includes('init found no login guard')).toBe(!isGuarded)
  })

  it.each([
    ...['ensureLoggedIn', 'ensureAuthenticated', 'isLoggedIn', 'is_logged_in', 'isloggedin', 'requireAuth', 'requiresLogin', 'requireUser', 'requireUserSession', 'checkAuth', 'checkAuthentication', 'mustBeLoggedIn', 'authenticate', 'authenticateUser', 'isAuthorized', 'requireAuthMiddleware'].map((name) => [name, true] as const),
    ...['isValid', 'checkPassword', 'requireField', 'checkUsername', 'requireUserId', 'isDesigned', 'checkSignature', 'requireLogging', 'is', 'authenticatePayment'].map((name) => [name, false] as const),
  ])('behind %s › has a login guard: %s', (name, isGuard) => {
    const { out } = init(folderWith({ 'app.js': ONE_FILE.replace("app.get('/',", `app.post('/password', ${name}, change);\napp.get('/',`), 'db.js': DB }))
    expect(out.includes(`app.post('/password', ${name}, recentSecondFactor, change);`)).toBe(isGuard)
    expect(out.includes('POST /password in app.js: init found no login guard')).toBe(!isGuard)
  })

  it.each<[code: string, isChanged: boolean]>([
    ["app.post('/account/address', ensureLoggedIn, change);", true],
    ["app.put('/profile/phone', ensureLoggedIn, change);", true],
    ["app.post('/iban', ensureLoggedIn, change);", true],
    ["app.delete('/contracts/:id', ensureLoggedIn, remove);", true],
    ["app.get('/contracts/:id', ensureLoggedIn, show);\napp.delete('/contracts/:id', remove);", false],
    ["app.delete('/session', ensureLoggedIn, leave);", false],
    ["app.delete('/logout', ensureLoggedIn, leave);", false],
    ["app.post('/login/password', check);", false],
    ["app.post('/auth/sign-in/email', check);", false],
  ])('%j › gets requireSecondFactor: %s; and no guard is missing', (code, isChanged) => {
    const other = "app.get('/contracts/:id', ensureLoggedIn, show);"
    const { exitCode, out } = init(folderWith({ 'app.js': ONE_FILE.replace("app.get('/',", `${code}\n${other}\napp.get('/',`), 'db.js': DB }))
    expect([exitCode, added(out).filter((line) => line.includes('ensureLoggedIn'))]).toEqual([0, isChanged ? [code.replace('ensureLoggedIn', 'ensureLoggedIn, recentSecondFactor')] : []])
    expect(out).not.toContain('found no login guard')
  })

  it.each<[what: string, code: string, guarded: readonly string[], isPageKnown: boolean]>([
    ['the landing page, and another page', "app.get('/home', ensureLoggedIn, home);\napp.get('/', ensureLoggedIn, index);\napp.post('/nickname', ensureLoggedIn, rename);\napp.post('/password', ensureLoggedIn, change);", ["app.post('/password'"], false],
    ['its own page', "app.get('/home', ensureLoggedIn, home);\napp.get('/password', ensureLoggedIn, page);\napp.post('/password', ensureLoggedIn, change);", ["app.get('/password'", "app.post('/password'"], true],
    ['the page above it, and another page', "app.get('/account', ensureLoggedIn, page);\napp.get('/account/orders', ensureLoggedIn, orders);\napp.post('/account/password', ensureLoggedIn, change);", ["app.get('/account'", "app.post('/account/password'"], true],
    ['the landing page above it', "app.get('/welcome/', ensureLoggedIn, page);\napp.post('/welcome/password', ensureLoggedIn, change);", ["app.post('/welcome/password'"], false],
    ['a landing page with a sensitive path', "app.get('/my-address', ensureLoggedIn, page);\napp.post('/password', ensureLoggedIn, change);", ["app.post('/password'"], false],
  ])('beside %s › gets requireSecondFactor without pages for another purpose', (what, code, guarded, isPageKnown) => {
    const landing = /landing page (?:above|with)/.test(what) ? (code.match(/\/welcome|\/my-address/) as [string])[0] : '/'
    const app = ONE_FILE.replace(/app\.get\('\/'.*\n/, '').replace("function(req, res) {\n  res.redirect('/');\n}", `function(req, res) {\n  res.redirect('${landing}${landing === '/' ? '' : '/?from=login'}');\n}`)
    const { out } = init(folderWith({ 'app.js': app.replace('const server', `${code}\nconst server`), 'db.js': DB }))
    expect(added(out).filter((line) => line.includes('recentSecondFactor,')).map((line) => line.split(',')[0])).toEqual(guarded)
    expect(out.replace(/\n +/g, ' ').includes('init does not know the page with the form of POST')).toBe(!isPageKnown)
  })

  it.each(["app.use('/account', require('./account'));", "app.use('/other', ensureLoggedIn, other);\napp.use('/account', require('./account'));"])('behind %j › is named, and not changed', (mount) => {
    const folder = folderWith(withMount(mount))
    const { exitCode, out } = init(folder, '--write')
    const each = ['/password', '/delete'].map((path) => `POST /account${path} in account.js: init found no login guard in front of it, and added no requireSecondFactor`)
    expect([exitCode, out.replace(/\n +/g, ' ')]).toEqual([1, expect.stringContaining(`Look at these yourself\n ${each.join(' ')}`) as string])
    expect(JSON.stringify(textsIn(folder))).not.toContain('recentSecondFactor')
  })
})

describe('a door', () => {
  const head = "const passport = require('passport')\n"
  it.each<[string, string, string]>([
    ["app.post('/login', passport.authenticate('local'))", "sign-in: passport.authenticate('local')", 'LEFT'],
    ["app.post('/login', passport.authenticate('local', { session: false }), passport.authenticate('nevis'))", "sign-in: passport.authenticate('local')", 'ok'],
    ["app.post('/login', passport.authenticate('local', options))", 'with options written elsewhere', 'LEFT'],
    ["app.post('/login', (req, res, next) => passport.authenticate('local', (err, user) => {})(req, res, next))", 'with a callback of its own', 'LEFT'],
    // With `session: false`, a strategy does not sign the user in, but the later handlers of the route get the user in `req.user`, and may give out a token.
    ["app.post('/token', passport.authenticate('local', { session: false }), (req, res) => res.json({ token: tokens.createFor(req.user) }))", "API token: passport.authenticate('local') without a session", 'LEFT'],
    ["app.post('/login', passport.authenticate('local', { session: false }), next)", "sign-in: passport.authenticate('local') without a session", 'LEFT'],
    ["app.post('/login', passport.authenticate('local', { session: false }), (req, res, next) => res.json(token), passport.authenticate('nevis'))", 'without a session', 'LEFT'],
    ["app.post('/login', passport.authenticate('local', { session: false }), (req, res) => res.redirect('/'), passport.authenticate('nevis'))", 'without a session', 'LEFT'],
    ["app.post('/login', passport.authenticate('local', { ...failed, session: false }), passport.authenticate('nevis'))", "sign-in: passport.authenticate('local')", 'ok'],
    ["app.post('/login', passport.authenticate('local', { session: false, ...options }), passport.authenticate('nevis'))", 'with options written elsewhere', 'LEFT'],
    ["app.use(passport.authenticate('remember-me', { session: false }))", "remember me: passport.authenticate('remember-me') without a session", 'LEFT'],
    ["app.use(passport.authenticate('remember-me'))", "remember me: passport.authenticate('remember-me')", 'LEFT'],
    ["app.get('/cb', passport.authenticate(['google', 'github'], { successRedirect: '/' }))", "sign-in: passport.authenticate('google, github')", 'LEFT'],
    ["app.get('/api', passport.authenticate('jwt', { session: false }))", "API token: passport.authenticate('jwt')", 'LEFT'],
    ["app.post('/reset/:token', (req, res) => { req.logIn(user, done) })", 'password reset: req.logIn(…)', 'LEFT'],
    ["app.post('/signup', (req, res) => { req.login(user, { session: false }, done) }, passport.authenticate('nevis'))", 'sign-up: req.login(…)', 'ok'],
    ["app.post('/signup', (req, res) => { req.login(user, { session: false }, done) })", 'sign-up: req.login(…) without a session', 'LEFT'],
    // In these cases, `req.logIn` is in the callback of the second factor, which Passport also calls after a failure.
    ...([
      ['if (err) return next(err); if (!user) return res.end(); req.logIn(user, { session: true }, next)', 'ok'],
      ['if (err || !user) { log(err); return next(err) } req.session.regenerate(() => req.logIn(user, next))', 'ok'],
      ['if (!user) throw new Error(info.code); req.logIn(user!, next)', 'ok'],
      ['if (err) return next(err); req.logIn(user, next)', 'LEFT'],
      ['if (!user) return res.end(); req.logIn(req.user, next)', 'LEFT'],
      ["if (!user && info.code !== 'not_enrolled') return res.end(); req.logIn(user, next)", 'LEFT'],
      ['if (!user) return res.end(); req.logIn(user || req.user, next)', 'LEFT'],
      ['if (err) return req.logIn(user, next); if (!user) return res.end()', 'LEFT'],
      ['if (!user) return req.logIn(user, next)', 'LEFT'],
      ['if (!user) { req.logIn(user, next); return }', 'LEFT'],
      ['if (isStrict)\n if (!user) return res.end()\n req.logIn(user, next)', 'LEFT'],
      ['if (!user) { if (isStrict)\n return res.end() } req.logIn(user, next)', 'LEFT'],
      ['if (!user) { res.end() } req.logIn(user, next)', 'LEFT'],
      ['if (!user) return res.end(); user = req.user; req.logIn(user, next)', 'LEFT'],
      ['if (!user) return res.end(); { const { user } = req; req.logIn(user, next) }', 'LEFT'],
      ['if (!user) return res.end(); find((user) => req.logIn(user, next))', 'LEFT'],
      ['if (err) next(err); else if (!user) return res.end(); req.logIn(user, next)', 'LEFT'],
      ['if (!other) return res.end(); req.logIn(user, next)', 'LEFT'],
      ['if (!user || err === null || !info.code) return res.end(); req.logIn(user, next)', 'ok'],
      ['if (!(info || !user || err)) return res.end(); req.logIn(user, next)', 'LEFT'],
      ['if (isBad(info || !user || err)) return res.end(); req.logIn(user, next)', 'LEFT'],
      ['if (!user || bad(), false) return res.end(); req.logIn(user, next)', 'LEFT'],
      ['if (all[err || !user || 0]) return res.end(); req.logIn(user, next)', 'LEFT'],
      ['if (err /* || !user || */) return res.end(); req.logIn(user, next)', 'LEFT'],
      ['if (!user) return res.end(); find(function (user, { x }) { req.logIn(user, next) })', 'LEFT'],
      ['if (!user) return res.end(); try { find() } catch (user) { req.logIn(user, next) }', 'LEFT'],
      ['if (!user) return res.end(); for (user of users) req.logIn(user, next)', 'LEFT'],
      ['if (!user) return res.end(); for ([user] of users) req.logIn(user, next)', 'LEFT'],
      ['if (!user) return res.end(); Object.assign(user, found); req.logIn(user, next)', 'LEFT'],
      ['if (!user) return res.end(); if (user) { while (user in known) { log(user) } req.logIn(user, next) }', 'ok'],
    ] as const).map(([body, state]): [string, string, string] => [`const own = (req, res, next) => passport.authenticate('nevis', (err, user, info) => { ${body} })(req, res, next)`, 'sign-in: req.logIn(…)', state]),
    ["passport.authenticate('nevis', { keepSessionInfo: true }, (err, user) => { if (!user) return next(err); req.logIn(user, next) })(req, res, next)", 'sign-in: req.logIn(…)', 'ok'],
    ["passport.authenticate('nevis', { keepSessionInfo: true }, (err, user) => { req.logIn(user, next) })(req, res, next)", 'sign-in: req.logIn(…)', 'LEFT'],
    ["passport.authenticate('nevis', (err, approved) => { if (!approved) return next(err); req.user = approved })(req, res, next)", 'sign-in: req.user = …', 'ok'],
    ["passport.authenticate('nevis', (err, approved) => { if (!approved) return next(err); req.user = found })(req, res, next)", 'sign-in: req.user = …', 'LEFT'],
    ['const logIn = promisify(req.logIn.bind(req))', 'sign-in: req.logIn, bound or promisified', 'LEFT'],
    ['await promisify(req.login).call(req, user)', 'sign-in: req.login, bound or promisified', 'LEFT'],
    ['const { login } = req', 'sign-in: login destructured from the request', 'LEFT'],
    ["req['login'](user, done)", "sign-in: req['login']", 'LEFT'],
    ['class Guard extends AuthGuard { async canActivate(c) { await super.logIn(c) } }', 'sign-in: super.logIn(…)', 'LEFT'],
    ['req.session.userId = user.id', 'sign-in: session.userId = …, a sign-in without Passport', 'LEFT'],
    ['req.session.data = { userId }', 'sign-in: session.data = { … }, a sign-in without Passport', 'LEFT'],
    [';[req.session.userId] = [user.id]', 'sign-in: session.userId = …, a sign-in without Passport', 'LEFT'],
    ['({ id: req.session.userId, name } = user)', 'sign-in: session.userId = …, a sign-in without Passport', 'LEFT'],
    ...['currentUser', 'customerId', 'member_id', 'loggedInUser', 'auth', 'isSignedIn', 'adminName'].map((name): [string, string, string] => [`req.session.${name} = user.id`, `sign-in: session.${name} = …`, 'LEFT']),
    ...["'local', 'anonymous'", "'local', 'nevis'", "'nevis', 'ldapauth'", "'session', 'local'"].map((list): [string, string, string] => [`passport.authenticate([${list}])(req, res, next)`, `passport.authenticate('${list.replaceAll("'", '')}')`, 'LEFT']),
    ['passport.authenticate([kind])(req, res, next)', "passport.authenticate('kind')", 'LEFT'],
    // In these cases, a guard of NestJS lets a request pass without the second factor. Two cases are code that TypeScript has compiled.
    ["__decorate([(0, common_1.UseGuards)((0, passport_1.AuthGuard)('local'))], A.prototype, 'token', null)", "sign-in: AuthGuard('local')", 'LEFT'],
    ["__decorate([UseGuards(AuthGuard(['nevis', 'local']))], A)", "sign-in: AuthGuard('nevis, local')", 'LEFT'],
    ["class Local extends AuthGuard('google') {}", "sign-in: AuthGuard('google')", 'LEFT'],
    ["import { AuthGuard as Guard } from '@nestjs/passport'; const guard = Guard('local')", "sign-in: AuthGuard('local')", 'LEFT'],
    ['const guard = AuthGuard()', 'sign-in: AuthGuard()', 'LEFT'],
    ["const guard = AuthGuard('jwt')", "API token: AuthGuard('jwt')", 'LEFT'],
    ['return { token: await this.jwtService.signAsync({ sub: user.id }) }', 'API token: signAsync(…) makes a token', 'LEFT'],
    ['const token = jwt.sign({ sub: user.id }, key)', 'API token: sign(…) makes a token', 'LEFT'],
    // In these cases, the request is not called `req`, or the code takes the login function out of the request.
    ["app.get('/magic', (rq, rs, next) => rq.login(user, (err) => rs.redirect('/')))", 'link in a mail: rq.login(…)', 'LEFT'],
    ["app.post('/reset', (_, res) => res.req.logIn(account, done))", 'password reset: req.logIn(…)', 'LEFT'],
    ['rq.login(found, { session: true }, next)', 'sign-in: rq.login(…)', 'LEFT'],
    ["rq.login(user, { session: false }, (err) => passport.authenticate('nevis')(rq, rs, next))", 'sign-in: rq.login(…)', 'ok'],
    ['rq.login(user, { session: false }, next)', 'sign-in: rq.login(…) without a session', 'LEFT'],
    ['await (req as any).login(newUser)', 'sign-in: ).login(…)', 'LEFT'],
    ['form.login(user)', 'sign-in: form.login(…)', 'LEFT'],
    ['passport._sm.logIn(rq, user, done)', 'sign-in: _sm.logIn(…)', 'LEFT'],
    ['await promisify(rq.logIn).call(rq, user)', 'sign-in: rq.logIn, bound or promisified', 'LEFT'],
    ["http.IncomingMessage.prototype.logIn.call(rq, user, done)", 'sign-in: prototype.logIn.call(…)', 'LEFT'],
    ["rq['logIn'](user, done)", "sign-in: req['logIn']", 'LEFT'],
    ['const { logIn: enter } = req', 'sign-in: logIn destructured from the request', 'LEFT'],
    ['const enter = ({ login }, res, next) => login(user, next)', 'sign-in: login destructured from the request', 'LEFT'],
    // In these cases, the app stores the function `passport.authenticate` instead of calling it by this name, or the variable with Passport has another name.
    ['exports.authenticate = passport.authenticate.bind(passport)', 'sign-in: passport.authenticate, stored or passed on instead of called', 'LEFT'],
    ["passport['authenticate']('google')", 'sign-in: passport.authenticate, stored or passed on instead of called', 'LEFT'],
    ['const { authenticate } = passport', 'sign-in: passport.authenticate, stored or passed on instead of called', 'LEFT'],
    ["module.exports = (app, pp) => app.get('/cb', pp.authenticate('google'))", "sign-in: passport.authenticate('google')", 'LEFT'],
    // In these cases, the code itself writes the signed-in user into the session, without Passport.
    ["req.session['passport'] = { user: 'kiosk' }", 'sign-in: session.passport = …, a sign-in without Passport', 'LEFT'],
    ["req['session'].userId = user.id", 'sign-in: session.userId = …', 'LEFT'],
    ['req.session.storeMemberId = user.id', 'sign-in: session.storeMemberId = …', 'LEFT'],
    ['(req.session as any).userId ??= user.id', 'sign-in: session.userId = …', 'LEFT'],
    ['req.session!.passport.user = id', 'sign-in: session.passport = …', 'LEFT'],
    ['const s = req.session; s.passport = { user: id }', 'sign-in: session.passport = …', 'LEFT'],
    ['req.session[key] = id', 'sign-in: session[…] = …', 'LEFT'],
    ['Object.assign(req.session, { userId: user.id })', 'sign-in: assign(session, …)', 'LEFT'],
    ['Object.assign(req.session, saved)', 'sign-in: assign(session, …)', 'LEFT'],
    ["_.set(req.session, 'passport.user', id)", 'sign-in: set(session, …)', 'LEFT'],
    ['req.session = { ...other }', 'sign-in: session = { … }', 'LEFT'],
    ['({ id: req.user } = found)', 'sign-in: req.user = …, a sign-in without Passport', 'LEFT'],
    ['({ a: { id: req.session.userId } = { id: 1 } } = user)', 'sign-in: session.userId = …, a sign-in without Passport', 'LEFT'],
    ['(0, lodash_1.merge)(req.session, saved)', 'sign-in: merge(session, …)', 'LEFT'],
    ["(0, lodash_1.set)(req, 'user', user)", 'sign-in: set(req, { user })', 'LEFT'],
    ['Object.assign(req.session, { passport: { user: id } })', 'sign-in: assign(session, …)', 'LEFT'],
    ['req.session = { passport: { user: id } }', 'sign-in: session = { … }', 'LEFT'],
    ["store.set(sid, { cookie, passport: { user: id } })", 'sign-in: passport: { user }', 'LEFT'],
  ])('such as %s › is named with its line, and no file is changed', (code, what, state) => {
    const folder = folderWith({ 'app.js': `${head}// req.login(user)\nconst text = "req.login(user)"\n${code}\n` })
    const texts = textsIn(folder)
    const { exitCode, out } = init(folder, '--write')
    expect(out).toMatch(/^1 place signs users in/)
    const place = `app.js:${3 + code.split('\n').length}`
    expect(out).toContain(`  ${state.padEnd(14)}${place}  `)
    expect(out).toContain(what)
    if (state === 'LEFT') expect(out).toMatch(new RegExp(`\nLook at these yourself\n\n {2}${place} \\w`))
    expect(exitCode).toBe(1)
    expect(textsIn(folder)).toEqual(texts)
  })

  it.each([
    "const secondFactor = passport.authenticate('nevis')\napp.post('/login', passport.authenticate('local', { session: false }), secondFactor)",
    "const ask = passport.authenticate('two', {})\nconst limit = (req, res, next) => (isFast(req) ? res.redirect('/slow') : next())\nconst secondFactor = (req, res, next) => ask(req, res, next)\nconst two = new NevisStrategy({ name: 'two' })\napp.post('/login', passport.authenticate('local', { session: false }), limit, secondFactor)",
    "const password = passport.authenticate('local', { session: false })\nroute({ preValidation: [password, passport.authenticate(nevis)] })\nconst nevis = new NevisStrategy({})",
    "const secondFactor = require('./second-factor')\napp.post('/login', passport.authenticate('local', { session: false }), secondFactor)",
    "const { secondFactor } = require('./second-factor')\napp.post('/login', passport.authenticate('local', { session: false }), secondFactor)",
    "const files = require('./second-factor')\napp.post('/login', [passport.authenticate('local', { session: false }), refused, files.limit, [files.secondFactor]])\nfunction refused(err, req, res, next) { res.render('login', err) }",
    "const limit = require('./second-factor').limit\nconst steps = [passport.authenticate('local', { session: false }), limit, needed()]\napp.post('/login', ...steps)\nfunction needed() {\n  const first = passport.authenticate('nevis')\n  return (req, res, next) => { first(req, res, next) }\n}",
  ])('that the second factor follows, as in %j › is ok', (code) => {
    const files = { 'app.js': `${head}${code}\n`, 'second-factor.js': `${head}exports.secondFactor = void 0\nexports.secondFactor = passport.authenticate('nevis')\nexports.limit = (req, res, next) => next()\n` }
    const { out } = init(folderWith({ ...files, ...(code.includes('const secondFactor = require') && { 'second-factor.js': `${head}const secondFactor = passport.authenticate('nevis')\nmodule.exports = secondFactor\n` }) }))
    expect(out).toMatch(/^1 place signs users in, or makes a token\n\n {2}ok /)
  })

  const REQUIRED = "const { secondFactor } = require('./second-factor')"
  const IMPORTED = "import { secondFactor } from './second-factor.js'"
  it.each<[load: string, exported: string, state: 'ok' | 'LEFT', handler?: string]>([
    // The file `second-factor.js` has a variable `secondFactor` with the second factor, and `other`, a handler that lets every request through.
    [REQUIRED, 'module.exports = { secondFactor }', 'ok'],
    [REQUIRED, 'module.exports = { other, secondFactor: secondFactor }', 'ok'],
    [REQUIRED, 'module.exports.secondFactor = secondFactor', 'ok'],
    [REQUIRED, 'module.exports = other\nmodule.exports.secondFactor = secondFactor', 'ok'],
    [REQUIRED, "module.exports = { ...require('./more'), secondFactor }", 'ok'],
    [REQUIRED, "module.exports = require('./more')", 'ok'],
    [REQUIRED, 'module.exports = { secondFactor: other }', 'LEFT'],
    [REQUIRED, 'module.exports.secondFactor = other', 'LEFT'],
    [REQUIRED, 'exports.secondFactor = other', 'LEFT'],
    [REQUIRED, 'exports.secondFactor = secondFactor\nif (isOff) exports.secondFactor = other', 'LEFT'],
    [REQUIRED, 'exports.secondFactor = secondFactor\nmodule.exports = make(other)', 'LEFT'],
    [REQUIRED, 'module.exports = make(secondFactor)', 'LEFT'],
    [REQUIRED, 'module.exports = { secondFactor, ...others }', 'LEFT'],
    [REQUIRED, 'module.exports = { secondFactor() { return other } }', 'LEFT'],
    [REQUIRED, 'exports.other = other', 'LEFT'],
    [REQUIRED, 'const auth = { secondFactor: other }\nmodule.exports = auth', 'LEFT'],
    ["const { other: secondFactor } = require('./second-factor')", 'module.exports = { secondFactor, other }', 'LEFT'],
    ["const { renamed: secondFactor } = require('./second-factor')", 'module.exports = { renamed: secondFactor }', 'ok'],
    ["const secondFactor = require('./second-factor')", 'module.exports = other', 'LEFT'],
    ["const secondFactor = require('./second-factor').secondFactor.optional", 'exports.secondFactor = secondFactor', 'LEFT'],
    ["const auth = require('./second-factor')", 'module.exports = { secondFactor: other }', 'LEFT', 'auth.secondFactor'],
    ["const auth = require('./second-factor')", 'module.exports = { secondFactor }', 'ok', 'auth.secondFactor'],
    [IMPORTED, 'export { secondFactor }', 'ok'],
    [IMPORTED, 'export { second as secondFactor }\nconst second = secondFactor', 'ok'],
    [IMPORTED, "export { second as secondFactor } from './more.js'", 'ok'],
    [IMPORTED, "export * from './more.js'", 'ok'],
    [IMPORTED, 'export { other as secondFactor }', 'LEFT'],
    [IMPORTED, "export { other as secondFactor } from './more.js'", 'LEFT'],
    [IMPORTED, 'export default secondFactor', 'LEFT'],
    ["import secondFactor from './second-factor.js'", 'export { secondFactor as default }', 'ok'],
    ["import secondFactor from './second-factor.js'", 'export { other as default }', 'LEFT'],
    ["import { default as secondFactor } from './second-factor.js'", 'export default other', 'LEFT'],
    ["import auth from './second-factor.js'", 'export default { secondFactor: other }\nexport { secondFactor }', 'LEFT', 'auth.secondFactor'],
    ["import auth from './second-factor.js'", 'export default { secondFactor }', 'ok', 'auth.secondFactor'],
    ["import * as auth from './second-factor.js'", 'export default { secondFactor: other }\nexport { secondFactor }', 'ok', 'auth.secondFactor'],
    // In these cases, the TypeScript compiler has compiled the exports and imports.
    ["const auth_1 = require('./second-factor')", "Object.defineProperty(exports, 'secondFactor', { enumerable: true, get: function () { return more_1.second; } });\nconst more_1 = require('./more')", 'ok', 'auth_1.secondFactor'],
    ["const auth_1 = require('./second-factor')", "Object.defineProperty(exports, 'secondFactor', { enumerable: true, get: function () { return more_1.other; } });\nconst more_1 = require('./more')", 'LEFT', 'auth_1.secondFactor'],
    ["const auth_1 = require('./second-factor')", "__exportStar(require('./more'), exports)", 'ok', 'auth_1.secondFactor'],
    ["const auth_1 = __importDefault(require('./second-factor'))", 'exports.default = secondFactor', 'ok', 'auth_1.default'],
    ["const auth_1 = __importDefault(require('./second-factor'))", 'exports.default = other', 'LEFT', 'auth_1.default'],
    ["const auth_1 = require('./second-factor')", 'exports.secondFactor = secondFactor', 'ok', '(req, res, next) => (0, auth_1.secondFactor)(req, res, next)'],
    ["const auth_1 = require('./second-factor')", 'const needed = () => secondFactor\nexports.needed = needed', 'ok', '(0, auth_1.needed)()'],
    ["const wrap_1 = __importDefault(require('express-async-handler'))\nconst auth_1 = require('./second-factor')", 'exports.secondFactor = secondFactor', 'ok', '(0, wrap_1.asyncHandler)(async (req, res, next) => { (0, auth_1.secondFactor)(req, res, next) })'],
    ["const express_async_handler_1 = __importDefault(require('express-async-handler'))\nconst auth_1 = require('./second-factor')", 'exports.secondFactor = secondFactor', 'ok', '(0, express_async_handler_1.default)(async (req, res, next) => { (0, auth_1.secondFactor)(req, res, next) })'],
    // In these cases, the code declares or assigns `secondFactor` more than once, so the route may use another value than the second factor.
    [`${REQUIRED}\nmodule.exports = (app, secondFactor) =>`, 'module.exports = { secondFactor }', 'LEFT'],
    [`${REQUIRED}\nmodule.exports = (app, { secondFactor = skip }) =>`, 'module.exports = { secondFactor }', 'LEFT'],
    ["const secondFactor = passport.authenticate('nevis')\nmodule.exports = function (app, secondFactor) {} ;", '', 'ok'],
    ["if (a) { const { secondFactor } = options; enter()\n}\nconst secondFactor = passport.authenticate('nevis');", '', 'ok'],
    ["const secondFactor = passport.authenticate('nevis')\nfor (const secondFactor of list) ", '', 'LEFT'],
    ["function mount(app, { secondFactor } = {}) { enter(secondFactor) }\nconst secondFactor = passport.authenticate('nevis')", '', 'ok'],
    ["for (const { secondFactor } of list) enter(secondFactor)\nconst secondFactor = passport.authenticate('nevis')", '', 'ok'],
    ["for (secondFactor of list) enter(secondFactor)\nvar secondFactor = passport.authenticate('nevis')", '', 'LEFT'],
    ["let { secondFactor } = require('./second-factor')\nif (isOff) secondFactor = (req, res, next) => next();", 'module.exports = { secondFactor }', 'LEFT'],
    ["function a() { const secondFactor = require('./second-factor') }\nconst secondFactor = require('./second-factor')", 'module.exports = secondFactor', 'ok'],
    [`function a() { ${REQUIRED} }\nfunction b() { const { secondFactor } = require('./more') }\n`, 'module.exports = { secondFactor }', 'LEFT'],
  ])('that %j brings the second factor of %j › is %s', (load, exported, state, handler = 'secondFactor') => {
    const code = `${head}const secondFactor = passport.authenticate('nevis')\nconst other = (req, res, next) => next()\n`
    const more = load.includes('from') ? `import passport from 'passport'\nexport const secondFactor = passport.authenticate('nevis'), second = secondFactor\nexport function other(req, res, next) { next() }\n` : `${code}module.exports = { secondFactor, other, second: secondFactor }\n`
    const { out } = init(folderWith({ 'app.js': `${head}${load}\napp.post('/login', passport.authenticate('local', { session: false }), ${handler})\n`, 'second-factor.js': `${code}${exported}\n`, 'more.js': more }))
    expect(out).toMatch(new RegExp(`^1 place signs users in, or makes a token\\n\\n {2}${state} `))
  })

  it.each([
    "const secondFactor: RequestHandler = passport.authenticate('nevis', { keepSessionInfo: true })",
    "export const secondFactor: RequestHandler<object, { a: string }> = (req, res, next) => passport.authenticate('nevis')(req, res, next)",
    "const secondFactor: (req: Request, res: Response, next: NextFunction) => void = passport.authenticate('nevis')",
  ])('that the second factor with a type of TypeScript follows, as in %j › is ok', (declared) => {
    const { out } = init(folderWith({ 'app.ts': `import passport from 'passport'\n${declared}\napp.post('/login', passport.authenticate('local', { session: false }), secondFactor)\n` }))
    expect(out).toMatch(/^1 place signs users in, or makes a token\n\n {2}ok /)
  })

  it.each([
    "(req, res, next) => (req.user.isPhoneSet ? passport.authenticate('nevis')(req, res, next) : res.json({ token: tokenFor(req.user) }))",
    "(req, res, next) => {\n  if (req.user.isExempt) return next()\n  secondFactor(req, res, next)\n}",
    'sometimes',
    'wrapped(async (req, res, next) => {\n  if (req.user.isExempt) return res.send(tokenFor(req.user))\n  secondFactor(req, res, next)\n})',
    'function check(req, res, next) {\n  if (req.user.isExempt) next()\n  else secondFactor(req, res, next)\n}',
    "(req, res, next) => (req.user.isExempt ? next('route') : secondFactor(req, res, next))",
    "(req, res, next) => (req.user.isExempt ? next(`router`) : secondFactor(req, res, next))",
    "(req, res, next) => (req.user.isExempt ? next(null) : secondFactor(req, res, next))",
    "(req, res, next) => (req.user.isExempt ? next(undefined) : secondFactor(req, res, next))",
    "(req, res, next) => (req.user.isExempt ? next(void 0) : secondFactor(req, res, next))",
    "(req, res, next) => (req.user.isExempt ? next?.() : secondFactor(req, res, next))",
    "(req, res, next) => (req.user.isExempt ? next(req.user.isNew ? undefined : error) : secondFactor(req, res, next))",
    '(req, res, cb) => (req.user.isExempt ? cb() : secondFactor(req, res, cb))',
    '(req, res, next) => (req.user.isExempt ? setImmediate(next) : secondFactor(req, res, next))',
    '(req, res, cb) => {\n  if (req.user.isExempt) return process.nextTick(cb)\n  secondFactor(req, res, cb)\n}',
    '(req, res, next) => {\n  const goOn = next\n  if (req.user.isExempt) return goOn()\n  secondFactor(req, res, next)\n}',
    "(req, res, next) => (req.user.isExempt ? next('route') : next()), secondFactor",
    "(req, res, cb) => {\n  if (req.user.isExempt) return cb('router')\n  cb()\n}, (req, res, next) => next(), secondFactor",
    "exempt, secondFactor); function exempt(req, res, next) {\n  if (req.user.isExempt) return next('route')\n  next()\n}\napp.get('/x'",
    '(req: Request, res: Response, cb: NextFunction) => {\n  if (req.user.isExempt) return cb(null)\n  secondFactor(req, res, cb)\n}',
    'function check(req, res, cb) {\n  if (req.user.isExempt) cb()\n  else secondFactor(req, res, (err) => cb(err))\n}',
    // The second factor is only a part of the argument, or of the value of a variable.
    "process.env.MFA === 'on' ? passport.authenticate('nevis') : skip",
    "maybe); const maybe = process.env.MFA === 'on' ? passport.authenticate('nevis') : skip\napp.get('/x'",
    "maybe); let maybe = passport.authenticate('nevis')\nif (process.env.MFA !== 'on') maybe = skip\napp.get('/x'",
    "maybe('nevis')); const maybe = (name) => (process.env.MFA === 'on' ? passport.authenticate(name) : skip)\napp.get('/x'",
    "maybe()); function maybe() {\n  if (process.env.MFA !== 'on') return skip\n  return passport.authenticate('nevis')\n}\napp.get('/x'",
    "unless((req) => req.user.isPartner, passport.authenticate('nevis'))",
    'unless((req, res, next) => secondFactor(req, res, next))',
    "maybe); const maybe = require('./maybe')\napp.get('/x'",
    // A handler that may answer: it uses the response in any way.
    ...["res.render('account')", 'res.jsonp({ token })', "res.redirect('app://in#' + tokenOf(req.user))", "res['json']({ token })", 'res?.json({ token })', 'give(req, res)', 'give(req.res)', 'ctx.body = { token }', 'arguments[1].json({ token })'].flatMap((answer) => [
      `(req, res, next) => {\n  if (req.body.app) return ${answer}\n  next()\n}, secondFactor`,
      `(req, res, next) => {\n  if (req.body.app) return ${answer}\n  secondFactor(req, res, next)\n}`,
    ]),
    '(req, answer, next) => {\n  if (req.body.app) return give(answer)\n  next()\n}, secondFactor',
    '(req, { json }, next) => {\n  if (req.body.app) return json({ token })\n  next()\n}, secondFactor',
    '(...all) => {\n  if (all[0].body.app) return give(all)\n  secondFactor(...all)\n}',
    // A handler whose code `init` does not find, or a handler from another file that may answer.
    ...['give', 'make()', '[give]', '...given', 'A.give', 'B.give', 'limit, C'].map((given) => `${given}, secondFactor); const A = require('a')\nconst B = require('./give')\nconst C = require('./give')\nconst limit = (req, res, next) => next()\napp.get('/x'`),
  ])('that the second factor follows only sometimes, as in %j › is left', (handler) => {
    const code = `const secondFactor = passport.authenticate('nevis')\nconst sometimes = (req, res, next) => (req.user.isPhoneSet ? secondFactor(req, res, next) : next())\napp.post('/login', passport.authenticate('local', { session: false }), ${handler}, (req, res) => res.redirect('/'))`
    const give = 'exports.give = (req, res, next) => (req.body.app ? res.json(1) : next())\nmodule.exports = exports.give\n'
    const maybe = "const maybe = passport.authenticate('nevis')\nmodule.exports = process.env.MFA ? maybe : skip\n"
    const { exitCode, out } = init(folderWith({ 'app.js': `${head}${code}\n`, 'give.js': give, 'maybe.js': maybe }))
    expect([exitCode, out]).toEqual([1, expect.stringContaining("  LEFT          app.js:4  sign-in: passport.authenticate('local') without a session")])
  })

  it.each(["anyOf(passport.authenticate('local', { session: false }), passport.authenticate('nevis'))", "anyOf([passport.authenticate('local', { session: false }), passport.authenticate('nevis')])"])('beside the second factor in the list of another function, %s › is left', (list) => {
    expect(init(folderWith({ 'app.js': `${head}app.post('/login', ${list})\n` }))).toMatchObject({ exitCode: 1, out: expect.stringContaining("  LEFT          app.js:2  sign-in: passport.authenticate('local') without a session") as string })
  })

  it.each([
    'function secondFactor(req: Request, res: Response, next: NextFunction): void {\n  if (skip(req)) return next()\n  nevis(req, res, next)\n}',
    'async function secondFactor<T>(req: Request<T>, res: Response, next: NextFunction): Promise<{ done: boolean }> {\n  if (skip(req)) return next()\n  nevis(req, res, next)\n}',
    'function secondFactor(req: Request, res: Response, next: NextFunction): { done: boolean } | void {\n  if (skip(req)) return next()\n  nevis(req, res, next)\n}',
    'function secondFactor<T extends (a: string) => void>(req: Request, res: Response, next: NextFunction) {\n  nevis(req, res, next)\n}',
    'const secondFactor = function (req: Request, res: Response, next: NextFunction): void {\n  if (skip(req)) return next()\n  nevis(req, res, next)\n}',
    'const secondFactor = (req: Request, res: Response, next: NextFunction): void => {\n  if (skip(req)) return next()\n  nevis(req, res, next)\n}',
  ])('that the second factor may not follow, in TypeScript, as in %j › is left', (definition) => {
    const code = `const nevis = passport.authenticate('nevis')\napp.post('/login', passport.authenticate('local', { session: false }), secondFactor, (req, res) => res.redirect('/'))\n${definition}`
    expect(init(folderWith({ 'app.ts': `${head}${code}\n` }))).toMatchObject({ exitCode: 1, out: expect.stringContaining('  LEFT          app.ts:3  ') as string })
  })

  it.each([
    'function secondFactor(req: Request, res: Response, next: NextFunction): void {\n  nevis(req, res, next)\n}',
    'function secondFactor(req: Request, res: Response, next: NextFunction): { done: boolean } | Promise<{ done: boolean }> {\n  nevis(req, res, next)\n}',
  ])('that the second factor always follows, in TypeScript, as in %j › is ok', (definition) => {
    const code = `const nevis = passport.authenticate('nevis')\napp.post('/login', passport.authenticate('local', { session: false }), secondFactor)\n${definition}`
    expect(init(folderWith({ 'app.ts': `${head}${code}\n` })).out).toMatch(/^1 place signs users in, or makes a token\n\n {2}ok /)
  })

  it.each([
    "passport.authenticate('nevis', (err, user) => (user ? res.json(user) : next(err)))",
    "(req, res, next) => passport.authenticate('nevis', (err, user) => (user ? res.json(user) : next()))(req, res, next)",
    "(req, res, next) => {\n  if (req.body.sms) return bySms(req, res, (err) => res.status(403).send(err.message))\n  secondFactor(req, res, next)\n}",
    "(req, res, cb) => {\n  if (!req.user) return cb(new Error('route'))\n  check(req, (err) => (err ? cb(err) : secondFactor(req, res, cb)))\n}",
    '(req, res, next) => {\n  wait(req).then(() => secondFactor(req, res, next)).catch(next)\n}',
    'wrapped(function (req, res, next) {\n  retry(function (err, done) { secondFactor(req, res, next) })\n})',
    "(req, res, next) => {\n  wait(req, 'nevis', function () {\n    secondFactor(req, res, function () {\n      next()\n    })\n  })\n}",
  ])('that the second factor always follows, with an answer behind it, as in %j › is ok', (handler) => {
    const code = `const secondFactor = passport.authenticate('nevis')\nconst bySms = passport.authenticate('nevis', { failWithError: true })\napp.post('/login', passport.authenticate('local', { session: false }), ${handler})`
    expect(init(folderWith({ 'app.js': `${head}${code}\n` })).out).toMatch(/^1 place signs users in, or makes a token\n\n {2}ok /)
  })

  it.each(['custom-callback', 'single-page', 'form-field', 'remember-me'])('of the guide, in %s.js › is ok: nothing is left to do', (shape) => {
    const { exitCode, out } = init(folderWith({ 'routes.js': readFileSync(join(__dirname, '../../stranger/shapes', `${shape}.js`), 'utf8') }))
    expect([exitCode, out]).toEqual([0, expect.not.stringContaining('LEFT')])
    expect(out).toContain('  ok ')
  })

  it.each<[string, (code: string) => string]>([
    ['that signs in after the password', (code) => code.replace("json('local', { session: false })", "json('local', {})")],
    ['that signs in without a user', (code) => code.replace(/if \(!user\).*/, '')],
    ['that signs in another user', (code) => code.replace('req.logIn(user, options', 'req.logIn(user || req.session.pending, options')],
    ['that also signs in behind its own sign-in', (code) => code.replace('next(err)\n      })', 'req.logIn(user, next)\n      })')],
    ['that signs in after an error', (code) => code.replace('return next(err)', 'return req.logIn(user, next)')],
    ['that is not followed by the second factor', (code) => code.replace("password, secondFactor)", 'password, done)')],
    ['that answers with a token', (code) => code.replace('req.logIn(user, options', 'res.set(token)\n      req.logIn(user, options')],
    ['that gives out a token behind its own sign-in', (code) => code.replace('req.authInfo = info', 'give(user)')],
    ['that answers behind its own sign-in', (code) => code.replaceAll(/\bres\b/g, 'response').replace('next(err)\n      })', 'err ? next(err) : response.json({ token })\n      })')],
    ['that goes on with another function', (code) => code.replace(/\(err\) => \{\s+req\.authInfo[^}]*\}/, 'give')],
    ['that other files can use', (code) => code.replace('const password', 'exports.json = json\n  const password')],
  ])('in a function for several strategies %s › is left', (_name, change) => {
    const code = readFileSync(join(__dirname, '../../stranger/shapes/single-page.js'), 'utf8')
    expect(change(code)).not.toBe(code)
    expect(init(folderWith({ 'routes.js': change(code) }))).toMatchObject({ exitCode: 1, out: expect.stringContaining('LEFT') as string })
  })

  it('with remember me › has a remedy that does not put the second factor in front of every page', () => {
    const { out } = init(folderWith({ 'app.js': `${head}app.use(passport.authenticate('remember-me'))\napp.use(passport.authenticate('saml'))\napp.get('/cb', passport.authenticate('google'))\napp.post('/cb', passport.authenticate('apple'))\napp.get('/back', passport.authenticate('oauth2', { session: false }), keep)\napp.post('/back', passport.authenticate('saml', { session: false }), keep)\n` }))
    expect(out.replace(/\n +/g, ' ')).toContain('app.js:2 its cookie alone must never sign a user in, also not with session: false: remove it and use the option rememberBrowser of this package, or let the cookie replace the password on one route: docs/guides/existing-app.md, "A remember-me strategy of your own"')
    expect(out.replace(/\n +/g, ' ')).toContain('app.js:3 if the strategy has no second factor of its own: use it on one route instead, with { session: false } and without successRedirect')
    expect(out.replace(/\n +/g, ' ')).toContain('app.js:4 if the strategy has no second factor of its own: pass { session: false } without successRedirect to this passport.authenticate, then show a page with a form whose POST runs')
    expect(out.replace(/\n +/g, ' ')).toContain("app.js:5 if the strategy has no second factor of its own: pass { session: false } without successRedirect to this passport.authenticate, and run passport.authenticate('nevis') right behind it")
    expect(out.replace(/\n +/g, ' ')).toContain('app.js:6 no second factor was found behind it, and a GET never starts one: the handlers behind it may only keep the user in the session')
    expect(out.replace(/\n +/g, ' ')).toContain("app.js:7 no second factor was found behind it. Run passport.authenticate('nevis') right behind it")
  })

  it.each(['const authenticate = passport.authenticate.bind(passport)', 'const { authenticate } = passport', "import { authenticate } from 'passport'"])('by another name, %s › is named where it is made and where it is used', (code) => {
    const folder = folderWith({ 'app.js': `${head}${code}\napp.get('/cb', authenticate('google', { successRedirect: '/' }))\n` })
    const { exitCode, out } = init(folder)
    expect([exitCode, out]).toEqual([1, expect.stringMatching(/^2 places sign users in/)])
    expect(out).toContain('  LEFT          app.js:2  sign-in: passport.authenticate, stored or passed on instead of called')
    expect(out).toContain("  LEFT          app.js:3  sign-in: passport.authenticate('google')")
  })

  it.each([
    ['find((user: User): void => { req.logIn(user, next) })', 'LEFT'],
    ['find(function (user: User): Promise<{ a: B }> { req.logIn(user, next) })', 'LEFT'],
    ['const name = isLong ? full(user) : user.name; req.logIn(user, next)', 'ok'],
  ])('in a callback of the second factor in TypeScript, as in %j › is %s', (body, state) => {
    const { out } = init(folderWith({ 'app.ts': `${head}export const own = (req, res, next) => passport.authenticate('nevis', (err, user) => { if (!user) return next(err); ${body} })(req, res, next)\n` }))
    expect(out).toContain(`  ${state.padEnd(14)}app.ts:2  `)
  })

  it('in an interface of TypeScript › is none', () => {
    const code = "import 'express-session'\ndeclare module 'express-session' {\n  interface SessionData {\n    passport: { user: string }\n  }\n}\nexport type Kept = { passport: { user: string } }\n"
    expect(init(folderWith({ 'session.ts': code })).out).toMatch(/^No place was found that signs users in\./)
  })

  it.each([
    'req.session.returnTo = req.originalUrl', 'req.session.userAgent = 1', "passport.authenticate(['session', 'anonymous'])", "passport.authenticate(['nevis'])", "class Guard extends AuthGuard('nevis') {}", 'const guard = new AuthGuard(reflector)',
    'db.authenticate()', "passport.authenticate('nevis')", "passport.authenticate('session')", 'req.session.userId = null', 'if (req.session.user == user) next()',
    "app.post('/login', controller.login)", "app.post('/login', controller.login.bind(controller))", 'client.login(name, password)', "client.login('robot', secret, next)", 'class Service { login(user) {} }',
    'class Strategy { authenticate(req) { this.fail() } }', 'module.exports = { authenticate }', 'exports.passport = passport',
    'req.session.remember = true', 'req.session.cart = []', "req.session['cart'] = []", 'Object.assign(req.session, { cart: [] })', 'Object.assign(user, req.session)', "delete req.session['passport']", 'req.session = null', 'const one = { passport: number }',
    '({ userId = req.session.userId } = req.body)', 'const own = ({ userId = req.session.userId } = {}) => userId', 'const { a: { userId = req.session.userId } } = one', 'const [id = one(req.session.userId)] = ids', 'const { [req.session.userId]: own } = users',
    '({ user = req.user } = options)', 'const x = /req.login(/', '`${req.user} req.login(user)`', 'module.exports = { login: 1 }',
  ])('is not %s', (code) => {
    expect(init(folderWith({ 'app.js': `${head}${code}\n` })).out).toMatch(/^No place was found that signs users in\./)
  })
})

describe('for an app that is not clear', () => {
  const file = (change: (text: string) => string): Files => ({ 'app.js': change(ONE_FILE), 'db.js': DB })
  it.each<[string, Files, string]>([
    ['users with e-mail addresses', file((text) => text.replace('LocalStrategy(function', "LocalStrategy({ usernameField: 'email' }, function")), "app.js:8 users sign in by 'email'"],
    ['a verify function from elsewhere', file((text) => text.replace(/LocalStrategy\(function[^]*?\n}\)/, 'LocalStrategy(verify)')), 'app.js:8 the verify function of the password strategy is not written at new LocalStrategy(…)'],
    ['a lookup that is no lookup', file((text) => text.replace('db.get(', 'audit(password, ').replace(/^/, 'const audit = 1;\n')), 'it is not clear how the verify function'],
    ['a lookup with the password', file((text) => text.replace(/passport\.use\(new[^]*?\n}\)\);/, "passport.use(new LocalStrategy((username, password, done) => {\n  const user = users.find((u) => u.username === username && u.password === password);\n  done(null, user ?? false);\n}));")), 'its first call with the username must not use the password'],
    ['two password routes', file((text) => text.replace('app.get(', "app.post('/other', passport.authenticate('local', { successRedirect: '/' }));\napp.get(")), 'several routes ask for the password'],
    ['handlers that read the form', file((text) => text.replace("res.redirect('/');", "if (req.body.remember) req.session.cookie.maxAge = 1;\n  res.redirect('/');")), 'the handlers behind it read the form'],
    ['a handler that passes the request on', file((text) => text.replace(/function\(req, res\) {\n {2}res\.redirect.*\n}\);\nconst server/, '(req, res, next) => next());\nconst server')), 'the handlers behind it go on to others'],
    ...([
      ["app.post('/login', loadTenant, passport.authenticate", ''],
      ["app.post('/login', passport.authenticate", "app.post('/login', loadTenant);\n"],
      ["app.post('/login', passport.authenticate", "app.all('/log:in', loadTenant);\n"],
      ["app.route('/login').all(loadTenant).post(passport.authenticate", ''],
    ] as const).map(([route, above]): [string, Files, string] => [
      `handlers before the password that prepare those behind it, as in ${above}${route}`,
      file((text) => text.replace("app.post('/login', passport.authenticate", above + route).replace("res.redirect('/')", "res.redirect('/' + res.locals.tenant)")),
      'other handlers run before it, and the handlers behind it may need what these put into req or res',
    ]),
    ...([
      ["{ failureRedirect: '/login' }), f", "{ successFlash: /* hello */ 'Hello' }), f"],
      ["'/login' }), f", "'/login' }) /* audit: required by SOX */, f"],
      ["'/');\n});", "'/');\n} /* audit: required by SOX */,\n);"],
    ] as const).map(([code, other]): [string, Files, string] => [`a comment in ${other}`, file((text) => text.replace(code, other)), 'a comment is in the code that init would remove']),
    ['a router that is mounted nowhere', file((text) => text.replace("app.post('/login'", "const router = express.Router();\nrouter.post('/login'")), 'it is not clear under which path router is mounted'],
    ['a session in a cookie', file((text) => text.replace('express-session', 'cookie-session')), 'cookie-session keeps the session in the browser'],
    ['a name that is in use', file((text) => text.replace('const app', 'const nevis = 1;\nconst app')), 'the app already uses the name nevis, which init would declare'],
    ['no Passport', { 'app.js': "require('express')()\n" }, 'no passport.use(new LocalStrategy(…)) of passport-local was found'],
  ])('because of %s › says so with file and line, and changes nothing', (_name, files, why) => {
    const folder = folderWith(files)
    const texts = textsIn(folder)
    const { exitCode, out } = init(folder, '--write')
    expect([exitCode, out]).toEqual([1, expect.stringContaining('Nothing is changed, because\n')])
    expect(out.replace(/\n +/g, ' ')).toContain(why)
    expect(textsIn(folder)).toEqual(texts)
  })

  it('names a file that it cannot read', () => {
    const { out } = init(folderWith({ 'app.js': 'const a = (1\n' }))
    expect(out).toContain('app.js is not JavaScript or TypeScript that this command can read')
  })
})

describe('in doubt', () => {
  const git = (folder: string, ...args: string[]) => execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], { cwd: folder, stdio: 'ignore' })
  const repository = () => {
    const folder = before()
    git(folder, 'init')
    git(folder, 'add', '.')
    git(folder, 'commit', '-m', 'all')
    return folder
  }

  it('about uncommitted changes › writes nothing, unless it is told to', () => {
    const folder = repository()
    writeFileSync(join(folder, 'users.js'), '// changed\n')
    const texts = textsIn(folder)
    const { exitCode, err } = init(folder, '--write')
    expect([exitCode, err.replace(/\s+/g, ' ')]).toEqual([2, expect.stringContaining('nothing was written: git has uncommitted changes in this folder. Commit them first, or use --allow-uncommitted-changes')])
    expect(textsIn(folder)).toEqual(texts)
    expect(init(folder, '--write', '--allow-uncommitted-changes').exitCode).toBe(0)
    expect(textsIn(folder)).not.toEqual(texts)
  })

  it('about nothing › writes into a repository where all is committed', () => {
    const folder = repository()
    expect(init(folder, '--write').out).toContain('Written: ')
  })

  /** The attack: the repository's git configuration names a program that `git status` would run, and the app's files run code when they are loaded. */
  notOnWindows(it, 'a program in the language of sh that chmod makes executable')('runs nothing: no module of the app, no script, no program that the repository names', () => {
    const folder = repository()
    const mark = join(folder, 'ran')
    const program = join(folder, '.git/monitor')
    writeFileSync(program, `#!/bin/sh\ntouch '${mark}'\n`)
    chmodSync(program, 0o755)
    git(folder, 'config', 'core.fsmonitor', program)
    const code = `require('fs').writeFileSync(${JSON.stringify(mark)}, '')\n`
    for (const file of ['app.js', 'auth.js', 'routes/auth.js']) writeFileSync(join(folder, file), code + readFileSync(join(folder, file), 'utf8'))
    expect(init(folder, '--write', '--allow-uncommitted-changes').out).toContain('Written: ')
    expect(existsSync(mark)).toBe(false)
    git(folder, 'status')
    expect(existsSync(mark)).toBe(true)
  })

  /** The attack: the folder contains links to files outside of it. */
  notOnWindows(it, 'symbolic links without administrator rights')('follows no link out of the folder', () => {
    const outside = before()
    const folder = folderWith({})
    for (const name of ['app.js', 'auth.js', 'routes', 'package.json']) symlinkSync(join(outside, name), join(folder, name))
    const texts = textsIn(outside)
    expect(init(folder, '--write')).toMatchObject({ exitCode: 1, out: expect.stringMatching(/^No place was found/) as string })
    expect(textsIn(outside)).toEqual(texts)
  })

  it('writes no secret, and names the variables', () => {
    const folder = before()
    process.env['NEVIS_ACCESS_KEY'] = KEY
    const { out } = init(folder, '--write')
    delete process.env['NEVIS_ACCESS_KEY']
    expect(out).toContain('accessKey: process.env.NEVIS_ACCESS_KEY')
    expect(JSON.stringify([out, textsIn(folder)])).not.toContain('c4n4ry')
  })

  /** The attack: a file contains escape sequences for the terminal. */
  it('prints nothing that a terminal obeys', () => {
    const folder = folderWith({ 'app.js': ONE_FILE.replace('// Sessions', '// \u001b[2J\u009b1A\u202e Sessions'), 'db.js': DB, 'x\u001b[2J.js': "require('passport').authenticate('local')\n" })
    expect(init(folder).out).not.toMatch(/(?![\n\t])[\p{C}\u2028\u2029]/u)
  })
})

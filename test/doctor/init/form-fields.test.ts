/**
 * Tests that the command `init` moves no handler that reads the login form to the callback route, even if the handler is a function with a name or in another
 * file.
 */
import { DB, folderWith, init, ONE_FILE, removeFolders, textsIn, type Files } from './support'

afterEach(removeFolders)

const READS = "(req, res, next) => {\n  if (req.body.remember) res.cookie('remember', 'a')\n  next()\n}"
const HARMLESS = "(req, res, next) => {\n  res.cookie('seen', '1')\n  next()\n}"
const FIELD = 'which the callback does not get: move them behind the callback yourself, and keep the field in the session (docs/guides/existing-app.md, "A form field that you need after the second factor")'

/** An app whose password route also runs `handler`, an expression. @param code defines the handler; it is inserted at the beginning of the file */
const app = (handler: string, code: string, others: Files = {}): Files => ({
  'app.js': ONE_FILE.replace("{ failureRedirect: '/login' }), function", `{ failureRedirect: '/login' }), ${handler}, function`).replace('const db', `${code}\nconst db`), 'db.js': DB, ...others,
})

const cases = (body: string): [string, Files][] => [
  ['a function', app('remember', `function remember${body.replace(' =>', '')}`)],
  ['a function in a variable', app('remember', `const remember = ${body};`)],
  ['a variable with another name of it', app('remember', `const remember = keep;\nconst keep = ${body};`)],
  ['a function that makes it', app("remember('day')", `const remember = (time) => ${body};`)],
  ['a function that calls it', app('outer', `const keep = ${body};\nfunction outer(req, res, next) {\n  keep(req, res, next);\n}`)],
  ['a function of another file', app('remember', "const { remember } = require('./remember');", { 'remember.js': `exports.remember = ${body}\n` })],
  ['the whole of another file', app('remember', "const remember = require('./remember');", { 'remember.js': `module.exports = ${body}\n` })],
  ['a function that another file exports under another name', app('remember', "const { remember } = require('./remember');", { 'remember.js': `const keep = ${body}\nconst remember = null\nmodule.exports = { remember: keep }\n` })],
  ['a member of another file', app('cookies.remember', "const cookies = require('./remember');", { 'remember.js': `exports.remember = ${body}\n` })],
]

const printed = (files: Files) => {
  const folder = folderWith(files)
  const { exitCode, out } = init(folder, '--write')
  return { exitCode, out: out.replace(/\n +/g, ' '), isChanged: textsIn(folder)['app.js'] !== files['app.js'] }
}

it.each(cases(READS))('a handler that reads the form, as %s › is not moved', (_name, files) => {
  expect(printed(files)).toEqual({ exitCode: 1, isChanged: false, out: expect.stringContaining(`the password route is not changed: the handlers behind it read the form, or other data of its request, ${FIELD}`) as string })
})

it.each(cases(HARMLESS))('a handler that does not read the form, as %s › is moved', (_name, files) => {
  expect(printed(files)).toMatchObject({ exitCode: 0, isChanged: true })
})

it.each([
  ['a function of a package', 'remember', app('remember', "const { remember } = require('cookies');")],
  ['a member of an object', 'remember', app('cookies.remember', 'const cookies = makeCookies();')],
  ['an export that is not clear', 'remember', app('remember', "const { remember } = require('./remember');", { 'remember.js': `const remember = ${HARMLESS}\nmodule.exports = make(remember)\n` })],
  ['a function that is not there', 'remember', app('remember', '')],
  ['a function that passes the request to one', 'keep', app('remember', 'const remember = (req, res) => keep(req);')],
  ['a function that another function returns', 'a handler', app('remember', 'const remember = (req, res) => make(1)(req, res);')],
  ['anything else', 'a handler', app('[one, two]', 'const one = 1;')],
])('a handler whose code is not found, as %s › is not moved', (_name, named, files) => {
  expect(printed(files)).toEqual({ exitCode: 1, isChanged: false, out: expect.stringContaining(`init did not find the code of ${named}, which runs behind it and may read the form, ${FIELD}`) as string })
})

const withLast = (handler: string): Files => ({ 'app.js': ONE_FILE.replace("function(req, res) {\n  res.redirect('/');\n}", handler), 'db.js': DB })

it.each([
  "(req, res) => res.redirect(req.query.to || '/')",
  "(req, res) => { if (req.param('remember')) res.cookie('a', '1'); res.redirect('/') }",
  "(req, res) => { log(req.headers['x-device']); res.redirect('/') }",
  "(req, res) => { log(req['headers'].referer); res.redirect('/') }",
  "(req, res) => res.redirect(req.get('Referer'))",
  '(req, res) => res.redirect(req.authInfo.home)',
  "({ query }, res) => res.redirect(query.to)",
  "(req, res) => { const { originalUrl } = req; res.redirect(originalUrl) }",
  "(r, res) => res.redirect(r.query.next)",
])('a last handler that reads other data of the request of the login form, %s › is not moved', (handler) => {
  expect(printed(withLast(handler))).toEqual({ exitCode: 1, isChanged: false, out: expect.stringContaining('read the form, or other data of its request') as string })
})

it.each([
  "(req, res) => db.query('SELECT 1', () => res.redirect('/'))",
  "(req, res) => fetch('https://audit.example', { headers: { a: req.user.id } }).then(() => res.redirect('/'))",
  "(req, res) => res.redirect('/next')",
  '(req, res) => res.redirect(req.session.next)',
  "function(req, res, next) { res.redirect('/') }",
])('a last handler that reads only what the callback also has, %s › is moved', (handler) => {
  expect(printed(withLast(handler))).toMatchObject({ exitCode: 0, isChanged: true })
})

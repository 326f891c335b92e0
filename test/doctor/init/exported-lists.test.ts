/**
 * A controller file exports a list of handlers, a handler or a function that returns handlers, and the routes are in another file. Tests that the command `init`
 * sees the second factor there, and that it reports the password check if one of the routes, or a route that it does not find, may lack the second factor.
 */
import { DB, folderWith, init, ONE_FILE, removeFolders, textsIn, type Files } from './support'

afterEach(removeFolders)

const CHECK = "passport.authenticate('local', { session: false })"
const HEAD = "const { nevis } = require('passport-nevis')\nconst passport = require('passport')\nconst secondFactor = passport.authenticate('nevis')\n"
const LIST = `[${CHECK}, secondFactor]`

/** What `init` reports for the sign-ins of an app with a controller and a file with its routes. */
function reportOf(controller: string, routes: string, files: Files = {}) {
  const { exitCode, out } = init(folderWith({ 'auth.js': HEAD + controller, 'routes.js': HEAD + routes, ...files }))
  const places = out.replace(/\n {4}/g, ' ').split('\n').flatMap((line) => /^ {2}(ok|LEFT) +\S+ {2}(.*)/.exec(line)?.slice(1).join(' ') ?? [])
  return { exitCode, places, out: out.replace(/\s+/g, ' ') }
}

const WHOLE = "const auth = require('./auth')\n"
const SPACE = "import * as auth from './auth.js'\n"
const HANDLER = `(req, res, next) => { ${CHECK}(req, res, next) }`

describe('a password check in a controller', () => {
  it.each<[string, string, string]>([
    ['in an exported list', `export const login = ${LIST}`, `${SPACE}app.post('/login', auth.login)`],
    ['in an exported list that is spread', `export const login = ${LIST}`, `${SPACE}app.post('/login', limiter, ...auth.login)`],
    ['in an exported list with an import by name', `export const login = ${LIST}`, "import { login as signIn } from './auth.js'\napp.post('/login', signIn)"],
    ['in a list that is exported below', `const login = ${LIST}\nexport { login }`, `${SPACE}app.post('/login', auth.login)`],
    ['in a default export', `export default ${LIST}`, "import login from './auth.js'\napp.post('/login', login)"],
    ['in an object that is the default export', `export default { page, login: ${LIST} }`, "import auth from './auth.js'\napp.post('/login', auth.login)"],
    ['in an object that is exported by name', `export const auth = { page, login: ${LIST} }`, "import { auth } from './auth.js'\napp.post('/login', auth.login)"],
    ['in exports.login', `exports.login = ${LIST}`, `${WHOLE}app.post('/login', auth.login)`],
    ['in exports.login, with a use in its own file', `exports.login = ${LIST}\napp.post('/enter', exports.login)`, `${WHOLE}app.post('/login', auth.login)`],
    ['in module.exports', `module.exports = { login: ${LIST} }`, "const { login } = require('./auth')\napp.route('/login').post(login)"],
    ['in a shorthand of module.exports', `const login = ${LIST}\nmodule.exports = { page, login }`, `${WHOLE}app.post('/login', auth.login)`],
    ['in an object that is exported below', `const controller = { login: ${LIST}, page }\nmodule.exports = controller`, `${WHOLE}app.post('/login', auth.login)`],
    ['in an object with a shorthand that is exported below', `const login = ${LIST}\nconst controller = { login }\nmodule.exports = controller`, "const { login } = require('./auth')\napp.post('/login', login)"],
    ['required in the route', `exports.login = ${LIST}`, "app.post('/login', require('./auth').login)"],
    ['in a function that returns the list', `exports.login = () => ${LIST}`, `${WHOLE}app.post('/login', auth.login())`],
    ['in a function with a body', `export function login(options) { return ${LIST} }`, `${SPACE}app.post('/login', ...auth.login({}))`],
    ['alone, in front of the second factor of the route', `exports.check = ${CHECK}`, `${WHOLE}app.post('/login', auth.check, secondFactor)`],
    ['in a list without the second factor, which follows in the route', `exports.check = [limiter, ${CHECK}]`, `${WHOLE}app.post('/login', auth.check, secondFactor)`],
    ['in an exported handler', `export const check = ${HANDLER}`, `${SPACE}app.post('/login', auth.check, secondFactor)`],
    ['in a method of an exported object', `module.exports = { check(req, res, next) { ${CHECK}(req, res, next) } }`, `${WHOLE}app.post('/login', auth.check, secondFactor)`],
    ['in an async method of an object that is exported below', `const controller = { async check(req, res, next) { ${CHECK}(req, res, next) } }\nexport default controller`, "import auth from './auth.js'\napp.post('/login', auth.check, secondFactor)"],
    ['in an exported handler in asyncHandler', `exports.check = asyncHandler(async ${HANDLER})`, `${WHOLE}app.post('/login', auth.check, secondFactor)`],
    ['in a handler that the route gives to asyncHandler', `exports.check = async ${HANDLER}`, `${WHOLE}app.post('/login', asyncHandler(auth.check), asyncHandler(secondFactor))`],
    ['in a handler in asyncHandler in its own file', `const check = asyncHandler(async ${HANDLER})\napp.post('/login', check, secondFactor)`, ''],
    ['in a method that the route binds', `class Auth { check(req, res, next) { ${CHECK}(req, res, next) } }\nmodule.exports = new Auth()`, `${WHOLE}app.post('/login', auth.check.bind(auth), secondFactor)`],
    ['in a method that the constructor binds', `class Auth { constructor() { this.check = this.check.bind(this) } check(req, res, next) { ${CHECK}(req, res, next) } }\nmodule.exports = new Auth()`, `${WHOLE}app.post('/login', auth.check, secondFactor)`],
    ['in a list of a class', `class Auth {\n  login = ${LIST}\n}\nmodule.exports = new Auth()`, `${WHOLE}app.post('/login', auth.login)`],
    ['in a static list of a class', `class Auth {\n  static login = ${LIST}\n}\nmodule.exports = Auth`, `${WHOLE}app.post('/login', Auth.login)`],
    ['in a function whose result is exported', `const checks = (options) => ${LIST}\nexports.login = checks({})`, `${WHOLE}app.post('/login', auth.login)`],
    ['in a method of a class with its own routes', `class Auth {\n  secondFactor = passport.authenticate('nevis')\n  constructor() { this.router.post('/login', this.check.bind(this), this.secondFactor) }\n  check(req, res, next) { ${CHECK}(req, res, next) }\n}`, ''],
    ['in front of an exported list with the second factor', 'exports.second = [limiter, secondFactor]\nfunction limiter(req, res, next) { next() }', `${WHOLE}app.post('/login', ${CHECK}, ...auth.second)`],
    ['in front of a function that returns the second factor', 'exports.second = () => [secondFactor]', `${WHOLE}app.post('/login', ${CHECK}, auth.second())`],
    ['in front of a bound method with the second factor', 'class Auth { second(req, res, next) { secondFactor(req, res, next) } }\nmodule.exports = new Auth()', `${WHOLE}app.post('/login', ${CHECK}, auth.second.bind(auth))`],
  ])('%s › is right', (_name, controller, routes) => {
    expect(reportOf(controller, routes)).toMatchObject({ exitCode: 0, places: ["ok sign-in: passport.authenticate('local')"] })
  })

  it.each<[string, string]>([
    ['export * as auth from', "export * as auth from './auth.js'"],
    ['an import and an export', "import * as auth from './auth.js'\nexport { auth }"],
    ['exports and require', "exports.auth = require('./auth')"],
    ['an object with require', "module.exports = { auth: require('./auth') }"],
    ['an object with a name', "const auth = require('./auth')\nmodule.exports = { auth }"],
  ])('whose file another file exports once more by %s › is right, and is reported if one route lacks the second factor', (_name, index) => {
    const files = { 'controllers.js': `${index}\n` }
    for (const load of ["const { auth } = require('./controllers')", "import { auth } from './controllers.js'", "const controllers = require('./controllers')", "import * as controllers from './controllers.js'"]) {
      const owner = load.includes('{ auth }') ? 'auth' : 'controllers.auth'
      const routes = `${load}\napp.post('/login', ${owner}.login)\napp.post('/enter', ${owner}.check, secondFactor)\n`
      const controller = `const login = ${LIST}\nconst check = ${CHECK}\nmodule.exports = { login, check }`
      expect(reportOf(controller, routes, files).places).toEqual(Array(2).fill("ok sign-in: passport.authenticate('local')"))
      expect(reportOf(controller, `${routes}app.post('/token', ${owner}.check, give)`, files).places).toEqual(["ok sign-in: passport.authenticate('local')", expect.stringContaining('LEFT')])
    }
  })

  it.each(["export * from './auth.js'", "export { login } from './auth.js'", "module.exports = require('./auth')", "module.exports = { ...require('./auth') }"])('whose exports another file exports, as in %s › is right', (index) => {
    const { places } = reportOf(`exports.login = ${LIST}`, "const { login } = require('./index')\napp.post('/login', login)", { 'index.js': `${index}\n` })
    expect(places).toEqual([index.includes('...') ? expect.stringContaining('LEFT') : "ok sign-in: passport.authenticate('local')"])
  })

  it('in TypeScript, with types around the list and its use › is right', () => {
    const files = { 'enter.ts': `${HEAD}export const login: RequestHandler[] = ${LIST} as RequestHandler[]\n`, 'server.ts': `import { login } from './enter.js'\napp.post('/login', login as RequestHandler[])\n` }
    expect(reportOf('', '', files)).toMatchObject({ exitCode: 0, places: ["ok sign-in: passport.authenticate('local')"] })
  })

  /** In doubt, a place is reported: a missed sign-in is worse than a false alarm. */
  it.each<[string, string, string]>([
    ['in an exported list without the second factor', `export const login = [${CHECK}, done]`, `${SPACE}app.post('/login', auth.login)`],
    ['in an exported list that no route uses', `export const login = ${LIST}`, ''],
    ['in a list of which the route uses one item', `exports.login = ${LIST}`, `${WHOLE}app.post('/login', auth.login[0])`],
    ['in a list that is chosen by a condition', `exports.login = isSafe ? ${LIST} : [${CHECK}]`, `${WHOLE}app.post('/login', auth.login)`],
    ['in a list that is changed at once', `exports.login = ${LIST}.slice(0, 1)`, `${WHOLE}app.post('/login', auth.login)`],
    ['in a list that a function gets', `exports.login = ${LIST}`, `${WHOLE}app.post('/login', firstOf(auth.login))`],
    ['in a function whose result is not called in a route', `exports.login = () => ${LIST}`, `${WHOLE}app.post('/login', auth.login()[0])`],
    ['alone, and used once without the second factor', `exports.check = ${CHECK}`, `${WHOLE}app.post('/login', auth.check, secondFactor)\napp.post('/token', auth.check, give)`],
    ['alone, and used in its own file without the second factor', `exports.check = ${CHECK}\napp.post('/token', exports.check, give)`, `${WHOLE}app.post('/login', auth.check, secondFactor)`],
    ['alone, and required in a route without the second factor', `exports.check = ${CHECK}`, `${WHOLE}app.post('/login', auth.check, secondFactor)\napp.post('/token', require('./auth').check, give)`],
    ['alone, in another exported list without the second factor', `const check = ${CHECK}\nexports.check = check\nexports.token = [check, give]`, `${WHOLE}app.post('/login', auth.check, secondFactor)\napp.post('/token', auth.token)`],
    ['alone, and taken out of the controller', `module.exports = { check: ${CHECK} }`, `${WHOLE}const { check } = auth\napp.post('/login', auth.check, secondFactor)\napp.post('/token', check, give)`],
    ['alone, and used by a computed name', `module.exports = { check: ${CHECK} }`, `${WHOLE}app.post('/login', auth.check, secondFactor)\napp.post('/token', auth[name], give)`],
    ['alone, in an object that its own file uses by a computed name', `const controller = { check: ${CHECK} }\napp.post('/login', controller.check, secondFactor)\napp.post('/token', controller[name], give)`, ''],
    ['alone, in an object that has another name in its own file', `const own = module.exports = { check: ${CHECK} }\napp.post('/token', own.check, give)`, `${WHOLE}app.post('/login', auth.check, secondFactor)`],
    ['alone, and exported once more together with others', `exports.check = ${CHECK}`, `${WHOLE}app.post('/login', auth.check, secondFactor)\nexports.all = { ...require('./auth') }`],
    ['alone, and perhaps imported by an alias', `exports.check = ${CHECK}`, `${WHOLE}const { check } = require('@/lib/auth')\napp.post('/login', auth.check, secondFactor)\napp.post('/token', check, give)`],
    ['alone, and imported later', `exports.check = ${CHECK}`, `${WHOLE}app.post('/login', auth.check, secondFactor)\nconst later = async () => app.post('/token', (await import('./auth.js')).check, give)`],
    ['in a handler in asyncHandler that its own file also uses without the second factor', `const check = asyncHandler(async ${HANDLER})\nmodule.exports = { check }\napp.post('/token', check, give)`, `${WHOLE}app.post('/login', auth.check, secondFactor)`],
    ['in an exported function that its own file also uses without the second factor', `export function check(req, res, next) { ${CHECK}(req, res, next) }\napp.post('/token', check, give)`, `${SPACE}app.post('/login', auth.check, secondFactor)`],
    ['in a method of a class with another handler behind it', `class Auth {\n  secondFactor = done\n  constructor() { this.router.post('/login', this.check.bind(this), this.secondFactor) }\n  check(req, res, next) { ${CHECK}(req, res, next) }\n}`, ''],
    ['in a function whose result is exported, and that a route calls without the second factor', `const checks = () => [${CHECK}]\nexports.login = checks()\napp.post('/token', checks(), give)`, `${WHOLE}app.post('/login', auth.login, secondFactor)`],
    ['in front of a list that another file empties', 'exports.second = [secondFactor]', `${WHOLE}auth.second.shift()\napp.post('/login', ${CHECK}, ...auth.second, give)`],
    ['in front of a list of an object whose list is replaced', 'const controller = { second: [secondFactor] }\nexports.controller = controller\ncontroller.second = []', `${WHOLE}const { controller } = require('./auth')\napp.post('/login', ${CHECK}, ...controller.second, give)`],
    ['in front of a function that may return no second factor', 'exports.second = () => { if (off) return []; return [secondFactor] }', `${WHOLE}app.post('/login', ${CHECK}, auth.second(), give)`],
  ])('%s › is reported', (_name, controller, routes) => {
    expect(reportOf(controller, routes)).toMatchObject({ exitCode: 1, places: expect.arrayContaining([expect.stringMatching(/^LEFT sign-in: passport\.authenticate\('local'\)/)]) as string[] })
  })

  it('whose routes are not found › is reported as a line to look at', () => {
    expect(reportOf(`exports.login = ${LIST}`, '').out).toContain('auth.js:4 init does not see which handlers run behind it. Look at each route that uses this line')
  })
})

describe('a controller that stores the user in the session', () => {
  const STORE = "(req, res) => { req.session.userId = req.user.id; res.redirect('/') }"
  it.each([
    ['in an exported list behind the second factor', `exports.callback = [secondFactor, ${STORE}]`, `${WHOLE}app.all('/callback', auth.callback)`, 'ok'],
    ['in an exported list that no route uses', `exports.callback = [secondFactor, ${STORE}]`, '', 'LEFT'],
    ['in an exported list in front of the second factor', `exports.callback = [${STORE}, secondFactor]`, `${WHOLE}app.all('/callback', auth.callback)`, 'LEFT'],
  ])('%s › is %4$s', (_name, controller, routes, state) => {
    expect(reportOf(controller, routes).places).toEqual([`${state} sign-in: session.userId = …, a sign-in without Passport`])
  })
})

describe('an app without the second factor', () => {
  const CALL = "passport.authenticate('local', { failureRedirect: '/login' })"
  const inController = (code: string, use: string): Files => ({ 'app.js': ONE_FILE.replace(CALL, use).replace('const db', "const auth = require('./controllers/auth');\nconst db"), 'controllers/auth.js': `const passport = require('passport')\n${code}\n`, 'db.js': DB })
  it.each<[string, Files, string]>([
    ['a path with a parameter', { 'app.js': ONE_FILE.replace("'/login', p", "'/:language/login', p"), 'db.js': DB }, 'the path of the password route is not a plain string'],
    ['a path in a variable', { 'app.js': ONE_FILE.replace("'/login', p", 'LOGIN, p'), 'db.js': DB }, 'init found no route with a plain string as its path around passport.authenticate'],
    ['its options in a variable', { 'app.js': ONE_FILE.replace("{ failureRedirect: '/login' }", 'options'), 'db.js': DB }, "init does not change this password check: passport.authenticate('local') with options written elsewhere"],
    ['its middleware in a variable', { 'app.js': ONE_FILE.replace(CALL, 'check').replace('const app =', `const check = ${CALL};\nconst app =`), 'db.js': DB }, 'passport.authenticate is in the variable check, and not in the password route itself'],
    ['its middleware in a controller', inController(`exports.login = ${CALL}`, 'auth.login'), 'passport.authenticate is in the variable login, and not in the password route itself'],
    ['its middleware in a list of a controller', inController(`exports.login = [${CALL}]`, '...auth.login'), 'init found no route with a plain string as its path around passport.authenticate'],
  ])('whose password route has %s › is not changed, and the reason is named', (_name, files, why) => {
    const folder = folderWith(files)
    const { exitCode, out } = init(folder, '--write')
    expect([exitCode, out.replace(/\s+/g, ' ')]).toEqual([1, expect.stringContaining(why)])
    expect(textsIn(folder)).toEqual(files)
  })
})

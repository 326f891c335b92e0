/**
 * Tests that the command `init` writes the right paths if a router is mounted at a path that is not a string literal, and changes nothing if the path is not
 * clear.
 */
import { folderWith, init, MODULES, removeFolders, type Files } from './support'

afterEach(removeFolders)

/** The app `MODULES` with other mounts of its router. */
function withMounts(mounts: string, files: Files = {}) {
  const server = (MODULES['server.js'] as string).replace("app.use('/auth', signIn)", mounts)
  const { exitCode, out } = init(folderWith({ ...MODULES, ...files, 'server.js': server }))
  return { exitCode, out: out.replace(/\s+/g, ' ') }
}

/** The path of the waiting page that `init` writes; undefined if `init` changes nothing. */
const waitingPageIn = (out: string) => /the waiting page is at (\S+),/.exec(out)?.[1]

const GUARD = 'const mustBeUser = (req, res, next) => next()'
const CONFIG = { 'config.js': "export const PREFIX = '/shop'\nexport default { PREFIX: '/shop' }\n" }

describe('a router that is mounted at a constant', () => {
  it.each<[string, string, Files?]>([
    ['of the same file', "const PREFIX = '/shop'\napp.use(PREFIX, signIn)"],
    ['of another file', "import { PREFIX } from './config.js'\napp.use(PREFIX, signIn)", CONFIG],
    ['of another file, as a property', "import config from './config.js'\napp.use(config.PREFIX, signIn)", CONFIG],
    ['of a whole module', "import * as config from './config.js'\napp.use(config.PREFIX, signIn)", CONFIG],
    ['of an object', "const config = { PREFIX: '/shop' }\napp.use(config.PREFIX, signIn)"],
    ['behind a middleware', `${GUARD}\nconst PREFIX = '/shop'\napp.use(PREFIX, mustBeUser, signIn)`],
    ['that stands for another constant', "const SHOP = '/shop'\nconst PREFIX = SHOP\napp.use(PREFIX, signIn)"],
    ['on another router', "const PREFIX = '/shop'\nconst router = express.Router()\nrouter.use('/', signIn)\napp.use(PREFIX, router)"],
    ['on another router, which is mounted at the root', "const PREFIX = '/shop'\nconst router = express.Router()\nrouter.use(PREFIX, signIn)\napp.use(router)"],
    ['on an app that is mounted in another app', "const PREFIX = '/shop'\nconst shop = express()\nshop.use(signIn)\napp.use(PREFIX, shop)"],
    ['of an app that is mounted at a string', "const shop = express()\nshop.use('/', signIn)\napp.use('/shop', shop)"],
  ])('%s › gets its paths with the prefix', (...[, mounts, files]) => {
    const { exitCode, out } = withMounts(mounts, files)
    expect([waitingPageIn(out), exitCode]).toEqual(['/shop/login/2fa', 0])
    expect(out).toContain("+app.get('/shop/login/2fa/status', statusEndpoint(nevis))")
  })
})

describe('a router that is mounted behind middleware without a path', () => {
  it.each<[string, string]>([
    ['a function of the file', `${GUARD}\napp.use(mustBeUser, signIn)`],
    ['a router of express-promise-router', "import PromiseRouter from 'express-promise-router'\nconst outer = new PromiseRouter()\nouter.use(signIn)\napp.use(outer)"],
    ['a router of Express under another name', "import { Router as createRouter } from 'express'\nconst outer = createRouter()\nouter.use(signIn)\napp.use(outer)"],
    ['a function in place', 'app.use((req, res, next) => next(), signIn)'],
    ['a function of an installed package', "import helmet from 'helmet'\napp.use(helmet(), signIn)"],
    ['a variable with such middleware', "import { rateLimit } from 'express-rate-limit'\nconst limiter = rateLimit({ limit: 5 })\napp.use(limiter, signIn)"],
    ['a function that returns middleware', 'const limit = (n) => (req, res, next) => next()\napp.use(limit(5), signIn)'],
    ['a list of functions', `${GUARD}\napp.use([mustBeUser, express.json()], signIn)`],
    ['another router', 'const other = express.Router()\napp.use(other, signIn)'],
  ])('%s › gets its paths without a prefix', (_name, mounts) => {
    expect(waitingPageIn(withMounts(mounts).out)).toBe('/login/2fa')
  })
})

describe('a router whose path is not clear', () => {
  it.each<[string, string, Files?]>([
    ['the environment may replace it', "const PREFIX = process.env.BASE_PATH || '/shop'\napp.use(PREFIX, signIn)"],
    ['it is a parameter', "const mount = (prefix) => app.use(prefix, signIn)\nmount('/shop')"],
    ['it is destructured', "const { prefix } = JSON.parse('{}')\napp.use(prefix, signIn)"],
    ['it is a sum', "const PREFIX = '/shop'\napp.use(PREFIX + '/auth', signIn)"],
    ['it is extended', "let prefix = '/shop'\nprefix += '/auth'\napp.use(prefix, signIn)"],
    ['it has two values', "let prefix = '/shop'\nif (process.env.DEV) prefix = '/dev'\napp.use(prefix, signIn)"],
    ['it is a call', "import { join } from 'node:path'\napp.use(join('/shop', 'auth'), signIn)"],
    ['it is a call of a package', "import config from 'config'\napp.use(config.get('prefix'), signIn)"],
    ['it is a property of an object that is replaced', "const config = { prefix: '/shop' }\nconfig.prefix = process.env.PREFIX\napp.use(config.prefix, signIn)"],
    ['it is imported from a package', "import { PREFIX } from 'config'\napp.use(PREFIX, signIn)"],
    ['it is a list of paths', "app.use(['/shop', '/auth'], signIn)"],
    ['the router above has such a path', "const router = express.Router()\nrouter.use('/', signIn)\napp.use(process.env.BASE_PATH, router)"],
    ['the app above has such a path', "const shop = express()\nshop.use('/', signIn)\napp.use(process.env.BASE_PATH, shop)"],
  ])('because %s › is not changed, and the reason is named', (...[, mounts, files]) => {
    const { exitCode, out } = withMounts(mounts, files)
    expect([out, exitCode]).toEqual([expect.stringMatching(/Nothing is changed, because routes\/sign-in\.js:\d+ it is not clear under which path router is mounted/), 1])
  })
})

describe('a login guard in the `use` that mounts a router at a path that is not clear', () => {
  const routes = (name: string) => `import { Router } from 'express'\nconst router = Router()\nrouter.post('/${name}', (req, res) => res.send('changed'))\nexport default router\n`
  const FILES = { 'account.js': routes('password'), 'other.js': routes('email') }
  const MOUNTS = "import account from './account.js'\nimport other from './other.js'\napp.use('/auth', signIn)\napp.use(process.env.BASE_PATH, ensureLoggedIn, account)\napp.use('/other', other)"

  it('› guards this router, and no router behind it', () => {
    const { exitCode, out } = withMounts(MOUNTS, FILES)
    expect(out).toContain('/password in account.js asks for a second factor of the last five minutes')
    expect(out).toContain('POST /other/email in other.js: init found no login guard in front of it')
    expect(exitCode).toBe(1)
  })
})

describe('a password route that init does not change', () => {
  const SIGN_IN = MODULES['routes/sign-in.js'] as string
  const CALL = "passport.authenticate('local', { successRedirect: '/', failureRedirect: '/auth/login' })"
  const refusal = (signIn: string) => /Nothing is changed, because (.*?) By hand/.exec(withMounts("app.use('/auth', signIn)", { 'routes/sign-in.js': signIn }).out)?.[1]

  it('because it is in a table of routes › says so', () => {
    expect(refusal(`import passport from 'passport'\nexport default [{ method: 'post', path: '/login', handlers: [${CALL}] }]\n`)).toContain('the password route is in a table of routes, which init does not change')
  })

  it('because the password check is in a variable › says so', () => {
    expect(refusal(SIGN_IN.replace('const router', `const authenticate = ${CALL}\nconst router`).replace(`.post(${CALL})`, '.post(authenticate)'))).toContain('passport.authenticate is in the variable authenticate, and not in the password route itself')
  })
})

describe('a table of routes in an app with the second factor', () => {
  const table = (handlers: string) => `import { requireSecondFactor } from 'passport-nevis'\nconst recent = requireSecondFactor({ redirectTo: '/login/2fa' })\nexport default [{ method: 'post', path: '/account/password', handlers: [${handlers}] }]\n`

  it('with a sensitive route without requireSecondFactor › is named', () => {
    const { exitCode, out } = init(folderWith({ 'routes.js': table('requireLogin, change') }))
    expect([exitCode, out.replace(/\s+/g, ' ')]).toEqual([1, expect.stringContaining('POST /account/password in routes.js: init found no requireSecondFactor in front of it')])
  })

  it('with requireSecondFactor › is right', () => {
    expect(init(folderWith({ 'routes.js': table('requireLogin, recent, change') })).exitCode).toBe(0)
  })
})

/**
 * Tests that an app still starts after `init --write` if the file with the password strategy loads the file with the password route. If this second file loaded
 * the first one for the Nevis strategy, the app would not start. The changed apps run as processes of their own.
 */
import { execFileSync } from 'node:child_process'
import fs, { realpathSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { writeChanges } from '../../../src/doctor/init/app-folder'
import { NevisSimulator } from '../../../src/simulator'
import { Browser } from '../../support/browser'
import { handleIn } from '../../support/app'
import { start } from '../../stranger/support'
import { folderWith, init, removeFolders, textsIn, type Files } from './support'

jest.setTimeout(60_000)
afterEach(() => {
  jest.restoreAllMocks()
  removeFolders()
})

const USERS = "const users = [{ id: 1, username: 'anna', password: 'secret' }]\nexports.findByUsername = async (name) => users.find((user) => user.username === name)\nexports.findById = async (id) => users.find((user) => user.id === id)\n"
const STRATEGY = `passport.use(new LocalStrategy(async (username, password, done) => {
  const user = await users.findByUsername(username)
  done(null, user && user.password === password ? user : false)
}))
passport.serializeUser((user, done) => done(null, user.id))
passport.deserializeUser((id, done) => users.findById(id).then((user) => done(null, user || false), done))
`
const HEAD = "const express = require('express')\nconst session = require('express-session')\nconst passport = require('passport')\nconst { Strategy: LocalStrategy } = require('passport-local')\nconst users = require('./users')\n"
const APP = "const app = express()\napp.use(express.urlencoded({ extended: false }))\napp.use(session({ secret: 'x'.repeat(40), resave: false, saveUninitialized: false }))\napp.use(passport.session())\n"
const LISTEN = "app.get('/', (req, res) => res.send(req.user ? req.user.username : 'nobody'))\nconst server = app.listen(0, '127.0.0.1', () => console.log('http://localhost:' + server.address().port))\n"
const ROUTES = "router.get('/login', (req, res) => res.send('form'))\nrouter.post('/login', passport.authenticate('local', { successRedirect: '/', failureRedirect: '/login' }))\n"
const ROUTER = `const passport = require('passport')\nconst { Router } = require('express')\nconst router = Router()\n${ROUTES}module.exports = router\n`

const asModule = (text: string) => text.replace(/const (.*) = require\('(.*)'\)/g, (_all, names: string, from: string) => `import ${names.replace(':', ' as')} from '${from.replace(/^\.\/.*/, '$&.js')}'`)
  .replace('import users', 'import * as users').replace('module.exports =', 'export default').replace(/exports\.(\w+) =/g, 'export const $1 =')

const INLINE: Files = { 'users.js': USERS, 'server.js': `${HEAD}${STRATEGY}${APP}app.use(require('./auth'))\n${LISTEN}`, 'auth.js': ROUTER }
const AT_TOP: Files = { ...INLINE, 'server.js': `${HEAD}const auth = require('./auth')\n${STRATEGY}${APP}app.use(auth)\n${LISTEN}` }
const MODULES = Object.fromEntries(Object.entries(AT_TOP).map(([path, text]) => [path, asModule(text)]))

describe('if the file with the password strategy loads the password route', () => {
  it.each<[string, Files]>([
    ['in a call of use', INLINE],
    ['at its top', AT_TOP],
    ['as an ES module', { ...MODULES, 'package.json': '{ "type": "module" }' }],
    ['as a function', { 'users.js': USERS, 'server.js': `${HEAD}${STRATEGY}${APP}require('./routes')(app, passport)\n${LISTEN}`, 'routes.js': `module.exports = (app, passport) => {\n${ROUTES.replaceAll(/^router/gm, '  app')}}\n` }],
    ['for another export', {
      'users.js': USERS,
      'server.js': `${HEAD}require('./auth')\n${APP}app.use(require('./login'))\n${LISTEN}`,
      'auth.js': `${HEAD.split('\n').slice(2).join('\n')}const { mail } = require('./login')\n${STRATEGY}`,
      'login.js': `${ROUTER}module.exports.mail = () => {}\n`,
    }],
    ['through another file', { ...INLINE, 'server.js': `${HEAD}${STRATEGY}${APP}app.use(require('./routes'))\n${LISTEN}`, 'routes/index.js': "const { Router } = require('express')\nconst router = Router()\nrouter.use(require('./auth'))\nmodule.exports = router\n", 'routes/auth.js': ROUTER, 'auth.js': '' }],
    ['by a computed path', { ...INLINE, 'server.js': `${HEAD}${STRATEGY}${APP}for (const name of ['auth']) app.use(require('./' + name))\nconst auth = () => app.use(require('./auth'))\n${LISTEN}` }],
  ])('%s › the changed app starts, and asks for the second factor', async (_name, files) => {
    const folder = folderWith(files)
    const { exitCode, out } = init(folder, '--write')
    expect([exitCode, out]).toEqual([expect.any(Number), expect.stringContaining('--- /dev/null\n+++ b/nevis.js\n@@ -0,0 +1,')])
    symlinkSync(join(__dirname, '../../../node_modules'), join(folder, 'node_modules'), 'junction')
    const simulator = await NevisSimulator.start()
    simulator.addUser({ username: 'anna', phone: '+41790000001' })
    const app = await start({ path: folder, remove: () => undefined }, { NEVIS_BASE_URL: simulator.baseURL, NEVIS_ACCESS_KEY: simulator.accessKey })
    try {
      const browser = new Browser(app.origin)
      const { location } = await browser.post('/login', { username: 'anna', password: 'secret' })
      expect(location).toMatch(/^\/login\/2fa\?transaction=/)
      expect((await browser.get('/')).text).toBe('nobody')
      await simulator.phone('anna').approve()
      expect((await browser.get(`/login/2fa/callback?transaction=${handleIn(location)}`)).location).toBe('/')
      expect((await browser.get('/')).text).toBe('anna')
    } finally {
      await app.stop()
      await simulator.close()
    }
  })

  it.each<[string, Files, string]>([
    ['the call that finds the user uses a variable', { ...INLINE, 'server.js': (INLINE['server.js'] as string).replace("const users = require('./users')", "const db = require('./users')\nconst users = db") }, 'users, which finds the user, is no import that init can copy'],
    ['the file exists', { ...INLINE, 'nevis.js': '' }, 'nevis.js already exists'],
    ['the file with the users loads the app', { ...INLINE, 'users.js': `require('./server')\n${USERS}` }, 'the imports that find the user load this file again'],
    ['dotenv sets the environment later', { ...INLINE, 'server.js': `${INLINE['server.js'] as string}require('dotenv').config({ path: 'a' })\n` }, 'this file would read the environment before dotenv has set it'],
  ])('and %s › nothing is changed', (_name, files, why) => {
    const folder = folderWith(files)
    const { exitCode, out } = init(folder, '--write')
    expect([exitCode, out.replace(/\n +/g, ' ')]).toEqual([1, expect.stringContaining(`server.js may load auth.js, so the Nevis strategy needs a file of its own, but ${why}: follow docs/guides/existing-app.md`)])
    expect(textsIn(folder)).toEqual(files)
  })

  it('and the app uses dotenv › the new file sets the environment first', () => {
    const folder = folderWith({ ...INLINE, 'server.js': `${INLINE['server.js'] as string}require('dotenv').config()\n` })
    init(folder, '--write')
    expect(textsIn(folder)['nevis.js']).toMatch(/^require\('dotenv\/config'\)\nconst users = require\('\.\/users'\)\n/)
  })

  it('the diff that git applies is just what is written', () => {
    const [one, other] = [folderWith(INLINE), folderWith(INLINE)]
    const { out } = init(one)
    execFileSync('git', ['apply', '-'], { cwd: one, input: out.slice(out.indexOf('--- a/'), out.indexOf('\nWhat changes')) })
    expect(init(other, '--write').out).toContain('Written: auth.js, nevis.js, server.js')
    expect(textsIn(one)).toEqual(textsIn(other))
  })

  it('and a file cannot be written › the new file is removed again', () => {
    const folder = folderWith(INLINE)
    const { renameSync } = fs
    jest.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
      if (String(to).endsWith('server.js') && String(from).endsWith('.new.tmp')) throw new Error('EBUSY: resource busy or locked')
      renameSync(from, to)
    })
    expect(init(folder, '--write')).toMatchObject({ exitCode: 2, err: expect.stringContaining('EBUSY') as string })
    expect(textsIn(folder)).toEqual(INLINE)
  })

  it('and another program has made the new file meanwhile › nothing is changed', () => {
    const folder = folderWith({ ...INLINE, 'nevis.js': 'other' })
    const change = { path: 'nevis.js', before: undefined, after: 'new' }
    expect(() => writeChanges(realpathSync(folder), [change])).toThrow('nevis.js has changed meanwhile: run the command again')
    expect(textsIn(folder)).toEqual({ ...INLINE, 'nevis.js': 'other' })
  })
})

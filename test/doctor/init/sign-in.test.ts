/** Signs in to apps to which the command `init` has added the second factor. Each app runs in its own process. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { NevisSimulator } from '../../../src/simulator'
import { handleIn } from '../../support/app'
import { Browser } from '../../support/browser'
import { start } from '../../stranger/support'
import { DB, folderWith, init, MODULES, ONE_FILE, removeFolders, type Files } from './support'

const ROOT = join(__dirname, '../../..')
/** Adds a page and a form behind a login guard, to which `init` adds a step-up. */
const withStepUp = (text: string) => text.replace("app.get('/',", "const ensureLoggedIn = (req, res, next) => (req.user ? next() : res.redirect('/'))\napp.get('/password', ensureLoggedIn, (req, res) => res.send('form'))\napp.post('/password', ensureLoggedIn, (req, res) => res.send('changed'))\napp.get('/',")

/** A long time limit, because each test starts a process. */
jest.setTimeout(60_000)
afterEach(removeFolders)

it.each<[string, Files, string]>([
  ['in one file, with callbacks', { 'server.js': withStepUp(ONE_FILE), 'db.js': DB }, ''],
  ['of ES modules, with promises and a router', { ...MODULES, 'server.js': withStepUp(MODULES['server.js'] as string) }, '/auth'],
])('an app %s › signs in by password and approval, and not by the password alone, and a step-up returns to its page', async (_name, files, prefix) => {
  const simulator = await NevisSimulator.start()
  simulator.addUser({ username: 'anna' })
  const path = folderWith(files)
  expect(init(path, '--write').exitCode).toBe(0)
  // Let a second factor be too old after 1 ms, so that the step-up follows at once.
  const server = join(path, 'server.js')
  writeFileSync(server, readFileSync(server, 'utf8').replace('maxAgeSeconds: 300', 'maxAgeSeconds: 0.001'))
  mkdirSync(join(path, 'node_modules'))
  symlinkSync(ROOT, join(path, 'node_modules/passport-nevis'), 'junction')
  for (const name of ['express', 'express-session', 'passport', 'passport-local']) symlinkSync(join(ROOT, 'node_modules', name), join(path, 'node_modules', name), 'junction')
  const app = await start({ path, remove() {} }, { NEVIS_BASE_URL: simulator.baseURL, NEVIS_ACCESS_KEY: simulator.accessKey, SESSION_SECRET: 'a session secret of more than 32 characters' })
  try {
    const browser = new Browser(app.origin)
    const page = { accept: 'text/html' }
    const started = await browser.post(`${prefix}/login`, { username: 'anna', password: 'correct' }, page)
    expect(started.location).toMatch(new RegExp(`^${prefix}/login/2fa\\?transaction=`))
    const handle = handleIn(started.location)
    expect((await browser.get('/')).text).toBe('nobody')
    expect((await browser.get(`${prefix}/login/2fa/status?transaction=${handle}`)).json()).toMatchObject({ status: 'pending' })
    await simulator.phone('anna').approve()
    expect((await browser.get(`${prefix}/login/2fa/callback?transaction=${handle}`, page)).location).toBe('/')
    expect((await browser.get('/')).text).toBe('anna')
    expect((await browser.get('/password?tab=1', page)).location).toBe(`${prefix}/login/2fa`)
    const stepUp = handleIn((await browser.post(`${prefix}/login/2fa`, {}, page)).location)
    await simulator.phone('anna').approve()
    expect((await browser.get(`${prefix}/login/2fa/callback?transaction=${stepUp}`, page)).location).toBe('/password?tab=1')
    expect((await new Browser(app.origin).post(`${prefix}/login`, { username: 'anna', password: 'wrong' }, page)).location).toBe(`${prefix}/login`)
  } finally {
    await app.stop()
    await simulator.close()
  }
})

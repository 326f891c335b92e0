/**
 * Tests that the doctor finds nothing wrong with the routes of an app that `init --write` has changed. The doctor runs as a process, on the changed app. What the
 * doctor finds in the source of each app that the other tests change is checked in `support.ts`.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Finding } from '../../../src/doctor/findings'
import { NevisSimulator } from '../../../src/simulator'
import { troublesIn } from '../support'
import { DB, folderWith, init, MODULES, ONE_FILE, removeFolders, type Files } from './support'

jest.setTimeout(60_000)
afterEach(removeFolders)

async function troublesOf(folder: string, file: string) {
  symlinkSync(join(__dirname, '../../../node_modules'), join(folder, 'node_modules'), 'junction')
  const simulator = await NevisSimulator.start()
  try {
    const env = { PATH: process.env['PATH'], PORT: '0', SESSION_SECRET: 'x'.repeat(40), NEVIS_BASE_URL: simulator.baseURL, NEVIS_ACCESS_KEY: simulator.accessKey }
    const doctor = spawn(process.execPath, [join(__dirname, '../../../dist/doctor/command.js'), 'doctor', file, '--json'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] })
    let json = ''
    doctor.stdout.setEncoding('utf8').on('data', (text: string) => (json += text))
    await once(doctor, 'close')
    return troublesIn((JSON.parse(json) as { findings: Finding[] }).findings)
  } finally {
    await simulator.close()
  }
}

const STEP_UP = "const ensureLoggedIn = (req, res, next) => (req.user ? next() : res.redirect('/login'));\napp.post('/password', ensureLoggedIn, (req, res) => res.redirect('/'));\n"
const SIGN_UP = "app.post('/signup', function(req, res, next) { db.get('SELECT 1', [req.body.username], function(err, user) { req.logIn(user, function(err) {\n  if (err) { return next(err); }\n  res.redirect('/');\n}); }); });\n"
const HOME = ONE_FILE.replace("{ failureRedirect: '/login' }), function(req, res) {\n  res.redirect('/');\n}", "{ successRedirect: '/', failureRedirect: '/login', failureMessage: true })")

it.each<[string, Files, string]>([
  ['that redirects after a failure', { 'app.js': ONE_FILE, 'db.js': DB }, 'app.js'],
  ['with a step-up from which users return', { 'app.js': HOME.replace("app.get('/'", `${STEP_UP}$&`), 'db.js': DB }, 'app.js'],
  ['with a sign-up and a step-up from which users return', { 'app.js': HOME.replace("app.get('/'", `${STEP_UP}${SIGN_UP}$&`), 'db.js': DB }, 'app.js'],
  ['as ES modules with a router', MODULES, 'server.js'],
])('an app %s › is changed by init so that the doctor finds nothing wrong with it', async (_name, files, file) => {
  const folder = folderWith(files)
  expect(init(folder, '--write').exitCode).toBe(0)
  // `init` does not change the options of the session.
  expect(await troublesOf(folder, file)).toEqual({ 'session.same-site': expect.stringContaining('sameSite is not set') as string })
})

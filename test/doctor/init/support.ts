/** Apps, each in a folder of its own, that the command `init` reads or changes in the tests. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { initCommand } from '../../../src/doctor/init/init-command'
import { sourceReport } from '../../../src/doctor/source-check'

export const BEFORE = join(__dirname, '../../stranger/before')

const folders: string[] = []

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
}

export type Files = Readonly<Record<string, string>>

/** Creates a folder with a copy of the app `copied`, if any. @param files path → text of files that are added to the folder */
export function folderWith(files: Files, copied?: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'init-'))
  folders.push(folder)
  if (copied !== undefined) cpSync(copied, folder, { recursive: true })
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}

/** Runs the command. If it changes the app, checks that `init` and the doctor understand the changed app. */
export function init(folder: string, ...argv: string[]) {
  const result = run(folder, ...argv)
  if (result.out.includes('Written: ')) expectUnderstood(folder, result.out)
  return result
}

function run(folder: string, ...argv: string[]) {
  const [out, err]: [string[], string[]] = [[], []]
  const exitCode = initCommand([folder, ...argv], '0.1.0', { log: (text) => out.push(text), error: (text) => err.push(text) })
  return { exitCode, out: out.join('\n'), err: err.join('\n') }
}

/** The changed app has no other sign-ins without a second factor than those that `init` has left to the developer, and it records the second factor. */
function expectUnderstood(folder: string, out: string): void {
  const leftIn = (text: string) => [...text.matchAll(/^ {2}LEFT +(\S+) {2}/gm)].map(([, place]) => place as string)
  const left = leftIn(run(folder).out)
  expect(left).toHaveLength(leftIn(out).length)
  const files = Object.keys(textsIn(folder)).filter((path) => /\.[cm]?[jt]s$/.test(path)).map((path) => join(folder, path))
  const { open, recordedAt } = sourceReport(files[0] as string, files)
  const places = open.flatMap((what) => / at (\S+:\d+)$/.exec(what)?.[1] ?? []).map((place) => relative(folder, place).split('\\').join('/'))
  expect([places.filter((place) => !left.includes(place)), recordedAt]).toEqual([[], expect.any(String)])
}

export function textsIn(folder: string): Files {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && !entry.parentPath.includes('.git'))
  return Object.fromEntries(entries.map((entry) => join(entry.parentPath, entry.name)).map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]))
}

/** An app in one file, like Passport's own examples. */
export const ONE_FILE = `'use strict'
const express = require('express');
const session = require('express-session');
const passport = require('passport');
const { Strategy: LocalStrategy } = require('passport-local');
const db = require('./db');

passport.use(new LocalStrategy(function verify(username, password, cb) {
  db.get('SELECT * FROM users WHERE username = ?', [ username ], function(err, user) {
    if (err) { return cb(err); }
    if (!user || user.password !== password) { return cb(null, false, { message: 'Wrong.' }); }
    return cb(null, user);
  });
}));
passport.serializeUser((user, done) => done(null, user.username));
passport.deserializeUser((username, done) => db.get('', [username], done));

const app = express();
app.use(express.urlencoded({ extended: false }));
// Sessions in memory.
app.use(session({ secret: process.env.SESSION_SECRET, resave: false, saveUninitialized: false }));
app.use(passport.session());

app.get('/', (req, res) => res.send(req.user ? req.user.username : 'nobody'));
app.post('/login', passport.authenticate('local', { failureRedirect: '/login' }), function(req, res) {
  res.redirect('/');
});
const server = app.listen(process.env.PORT, () => console.log('http://localhost:' + server.address().port));
`

export const DB = `exports.get = (sql, [username], cb) => cb(null, { username, password: 'correct' });
`

/** An app like `ONE_FILE` above, but in several files: ES modules with promises and a router. */
export const MODULES: Files = {
  'package.json': '{ "type": "module" }',
  'auth.js': `import passport from 'passport'
import LocalStrategy from 'passport-local'
import { User } from './models/user.js'

passport.use(
  new LocalStrategy(async (username, password, done) => {
    try {
      const user = await User.findOne({ username })
      return done(null, user?.password === password ? user : false)
    } catch (err) {
      return done(err)
    }
  }),
)
passport.serializeUser((user, done) => done(null, user.username))
passport.deserializeUser((username, done) => User.findOne({ username }).then((user) => done(null, user), done))
`,
  'models/user.js': "export const User = { findOne: async ({ username }) => ({ username, password: 'correct' }) }\n",
  'routes/sign-in.js': `import { Router } from 'express'
import passport from 'passport'

const router = Router()
router
  .route('/login')
  .get((req, res) => res.send('login'))
  .post(passport.authenticate('local', { successRedirect: '/', failureRedirect: '/auth/login' }))
export default router
`,
  'server.js': `import express from 'express'
import session from 'express-session'
import passport from 'passport'
import './auth.js'
import signIn from './routes/sign-in.js'

const app = express()
app.use(express.urlencoded({ extended: false }))
app.use(
  session({ secret: process.env.SESSION_SECRET, resave: false, saveUninitialized: false }),
  passport.session(),
)
app.use('/auth', signIn)
app.get('/', (req, res) => res.send(req.user?.username ?? 'nobody'))
const server = app.listen(process.env.PORT, () => console.log('http://localhost:' + server.address().port))
`,
}

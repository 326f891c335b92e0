/**
 * Tests which sign-ins the doctor finds in the source of an app, beginning with the file that starts the app. A sign-in that the doctor cannot try prevents the
 * result `ok`.
 */
import { Passport } from 'passport'
import express from 'express'
import { join, relative } from 'node:path'
import { NevisStrategy, push } from '../../src'
import { appFindings } from '../../src/doctor/app-checks'
import { AppObserver } from '../../src/doctor/app-observer'
import { sourceReport } from '../../src/doctor/source-check'
import { NevisSimulator } from '../../src/simulator'
import { closing } from '../support/closing'
import { folderWith, removeFolders, type Files } from './init/support'
import { closeServers, originOf, troublesIn } from './support'

afterEach(removeFolders)
afterEach(closeServers)

const LOGIN = "const passport = require('passport')\nmodule.exports = (app) => app.post('/login', passport.authenticate('local', { session: false }), passport.authenticate('nevis'))\n"
const KIOSK = "module.exports = (app) => app.post('/kiosk', (req, res) => {\n  req.session.passport = { user: 'anna' }\n  res.end()\n})\n"
const SERVER = "require('./routes/login')(app)\nrequire('./routes/kiosk')(app)\n"

const reportOf = (files: Files) => {
  const folder = folderWith({ 'unused.js': KIOSK, ...files })
  const { closed, open } = sourceReport(join(folder, 'server.js'))
  const short = (text: string) => text.replaceAll(`${relative(process.cwd(), folder)}/`, '')
  return { closed: [...closed].map(short), open: open.map(short) }
}

describe('the source', () => {
  it('with a handler that writes the session › names its line, in a file that the app loads', () => {
    expect(reportOf({ 'server.js': SERVER, 'routes/login.js': LOGIN, 'routes/kiosk.js': KIOSK })).toEqual({
      closed: ['routes/login.js:2'],
      open: ['sign-in: session.passport = …, a sign-in without Passport at routes/kiosk.js:2'],
    })
  })

  it('of ES modules › is followed in the same way', () => {
    expect(reportOf({ 'server.js': "import './kiosk.mjs'\nconst later = await import('./later.mjs')\n", 'kiosk.mjs': 'export default (req) => { req.session.userId = 1 }\n', 'later.mjs': 'export default (req, user, next) => req.logIn(user, next)\n' }).open).toHaveLength(2)
  })

  it.each([['a bundle', `// ${'a'.repeat(200_000)}\n`], ['a file with JSX', 'const a = (<p>\n']])('in %s › is named as not read', (_name, text) => {
    expect(reportOf({ 'server.js': text })).toEqual({ closed: [], open: ['server.js, which the doctor cannot read'] })
  })

  it('in more than 500 files › says that some are not read, even if all others are well', () => {
    const files = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i}.js`, i + 1 < count ? `require('./${i + 1}')\n` : KIOSK]))
    expect(reportOf({ ...files(499), 'server.js': "require('./0')\nrequire('./0')\n" }).open).toEqual(['sign-in: session.passport = …, a sign-in without Passport at 498.js:2'])
    expect(reportOf({ ...files(500), 'server.js': "require('./0')\n" }).open).toEqual(['more than 500 files, which the doctor cannot read'])
  })

  it('with such a handler › is not called ok, beside a right login', async () => {
    const simulator = closing(await NevisSimulator.start())
    const observer = new AppObserver()
    class Watched extends Passport {}
    observer.watchPassport({ name: 'passport', version: '0.7.0' }, Watched.prototype)
    const passport = new Watched()
    const { baseURL, accessKey } = simulator
    passport.use(new NevisStrategy({ baseURL, accessKey, factors: [push()], waitingURL: '/2fa' }, async () => false))
    const app = express().post('/login', passport.authenticate('local', { session: false }), passport.authenticate('nevis'))
    const source = { closed: new Set<string>(), open: ['sign-in: session.passport = … at routes/kiosk.js:2'] }
    const found = troublesIn(await appFindings({ origin: await originOf(app), observer, source }, false))
    expect(found['routes.password']).toMatch(/the source contains sign-in: session\.passport = … at routes\/kiosk\.js:2, which the doctor cannot try$/)
  })
})

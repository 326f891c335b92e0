/**
 * The app of docs/guides/hosts/nestjs.md. Also tests variants of the app whose callback route uses a guard of @nestjs/passport. One variant has the usual
 * mistake: a `PassportModule` without sessions. Other variants have a guard that signs a user in for one request, before or after the guard of the guide.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { NevisSimulator } from '../../src/simulator'
import { PASSWORD, callbackOf, handleIn } from '../support/app'
import { closing } from '../support/closing'
import { hostContract } from './contract'
import { run } from './program'

const FOLDER = join(__dirname, 'nestjs')

describe('NestJS', () => hostContract({ app: 'nestjs/app', failure: 'redirect' }))

describe('the guide for NestJS', () => {
  it('adds the second factor with 39 lines of code at most, with those that the app itself gets', () => {
    const isCode = (line: string) => line.trim() !== '' && !/^ *(\/\/|\/\*\*)/.test(line)
    const own = readFileSync(join(FOLDER, 'second-factor.mts'), 'utf8').split('\n').filter(isCode)
    const marked = readFileSync(join(FOLDER, 'app.mts'), 'utf8').split('\n').filter((line) => isCode(line) && line.includes('// second factor'))
    expect(marked).toHaveLength(3)
    const lines = own.length + marked.length
    expect(lines).toBeLessThanOrEqual(39)
    expect(readFileSync(join(__dirname, '../../docs/guides/hosts/nestjs.md'), 'utf8')).toContain(`: ${lines} lines of code in all.`)
    expect(readdirSync(FOLDER).sort()).toEqual(['app.mts', 'auth-guard.mts', 'outage.mts', 'second-factor.mts', 'users.mts'])
  })
})

describe('NestJS, with a callback guard of @nestjs/passport, where PassportModule', () => {
  /** Signs in by push. Returns the HTTP status of the callback, the home page, the HTTP status of `/transfer`, and what the app has printed. */
  async function callbackWith(passportModule?: string) {
    const simulator = closing(await NevisSimulator.start())
    const change = (text: string) => text
      .replace(/ *consumer\.apply\(secondFactor, recordSecondFactor\(\).*\n/, '')
      .replace("import { CloseStreams", "import { CallbackModule } from './auth-guard.mjs'\nimport { CloseStreams")
      .replace('imports: [SecondFactorModule]', 'imports: [SecondFactorModule, CallbackModule]')
      .replace(/PassportModule\.register\(\{[^)]*\}\)/, (found) => passportModule ?? found)
    const program = closing(await run('nestjs/app', simulator, [simulator.addUser({ username: 'anna' })], { change }))
    const browser = program.browser()
    const handle = handleIn((await browser.post('/login', { username: 'anna', password: PASSWORD })).location)
    await simulator.phone('anna').approve()
    const { status } = await browser.get(callbackOf(handle))
    const paid = (await browser.post('/transfer/to/%3Cb%3E', {})).text // NestJS sends it as HTML
    return { status, home: (await browser.get('/')).text, transfer: (await browser.get('/transfer')).status, paid, printed: program.output() }
  }

  it('is as in the guide › signs in and records the second factor', async () => {
    expect(await callbackWith()).toMatchObject({ status: 303, home: 'Hello anna', transfer: 200, paid: 'Paid to &#60;b&#62;' })
  }, 30_000)

  it('is imported without options › signs in and records the second factor all the same', async () => {
    expect(await callbackWith('PassportModule')).toMatchObject({ status: 303, home: 'Hello anna', transfer: 200 })
  }, 30_000)

  it('has session: false › signs no user in, and the error names the line to write', async () => {
    const { printed, ...answer } = await callbackWith('PassportModule.register({ session: false })')
    expect(answer).toEqual({ status: 500, home: 'Hello stranger', transfer: 401, paid: expect.not.stringContaining('Paid') as unknown })
    expect(printed).toContain('In NestJS, write PassportModule.register({ session: true })')
  }, 30_000)
})

/** The attack: a signed-in user with a fresh second factor sends the password of another account with the request, by HTTP Basic. */
describe('NestJS, with a guard that signs a user in for one request', () => {
  const BASIC = `class Basic extends passport.Strategy {
  name = 'basic'
  authenticate(request) {
    const [username] = Buffer.from((request.headers.authorization ?? '').slice('Basic '.length), 'base64').toString().split(':')
    this.success(findByUsername(username))
  }
}
passport.use(new Basic())
`

  /** Returns the answers of `/transfer` to anna with a second factor, once with her own password in the request, and once with ben's. */
  async function transferWith(ofController: string, ofMethod = '') {
    const simulator = closing(await NevisSimulator.start())
    const change = (text: string) => text
      .replace('passport.use(new LocalStrategy', `${BASIC}passport.use(new LocalStrategy`)
      .replace("import { CloseStreams", "import { AuthGuard } from '@nestjs/passport'\nimport { CloseStreams")
      .replace('@UseGuards(secondFactorGuard)', `@UseGuards(${ofController})`)
      .replace("  form() {\n    return 'Whom do you want to pay?'", `  ${ofMethod}\n  form(@Req() request: Request) {\n    return 'Hello ' + request.user.username`)
    const program = closing(await run('nestjs/app', simulator, ['anna', 'ben'].map((username) => simulator.addUser({ username })), { change }))
    const browser = program.browser()
    const handle = handleIn((await browser.post('/login', { username: 'anna', password: PASSWORD })).location)
    await simulator.phone('anna').approve()
    expect((await browser.get(callbackOf(handle))).location).toBe('/')
    const answers = ['anna', 'ben'].map(async (username) => {
      const { status, text } = await browser.get('/transfer', { accept: 'application/json', authorization: `Basic ${Buffer.from(`${username}:${PASSWORD}`).toString('base64')}` })
      return status === 200 ? text : status
    })
    return Promise.all(answers)
  }

  it('listed before the guard of the guide › a request as another user needs a second factor of that user', async () => {
    expect(await transferWith("AuthGuard('basic'), secondFactorGuard")).toEqual(['Hello anna', 401])
  }, 30_000)

  it.each([
    ['listed after the guard of the guide', "secondFactorGuard, AuthGuard('basic')", ''],
    ['on the method, because Nest runs the guards of the controller first', 'secondFactorGuard', "@UseGuards(AuthGuard('basic'))"],
  ])('%s › a request as another user passes with the second factor of the signed-in user, as the guide warns', async (_place, ofController, ofMethod) => {
    expect(await transferWith(ofController, ofMethod)).toEqual(['Hello anna', 'Hello ben'])
  }, 30_000)
})

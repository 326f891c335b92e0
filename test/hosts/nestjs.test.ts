/**
 * The app of docs/guides/hosts/nestjs.md. Also tests variants of the app whose callback route uses a guard of @nestjs/passport. One variant has the usual
 * mistake: a `PassportModule` without sessions.
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

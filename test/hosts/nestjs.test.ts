/** The app of docs/guides/hosts/nestjs.md, also with the usual mistake: a `PassportModule` without sessions. */
import { NevisSimulator } from '../../src/simulator'
import { PASSWORD, callbackOf, handleIn } from '../support/app'
import { closing } from '../support/closing'
import { hostContract } from './contract'
import { run } from './program'

describe('NestJS', () => hostContract({ app: 'nestjs/app', failure: 'json' }))

describe('NestJS, where PassportModule', () => {
  /** What the callback of an approval answers, and what the app has printed by then. */
  async function callbackWith(passportModule: string) {
    const simulator = closing(await NevisSimulator.start())
    const change = (text: string) => text.replace(/PassportModule\.register\(\{[^)]*\}\)/, passportModule)
    const program = closing(await run('nestjs/app', simulator, [simulator.addUser({ username: 'anna' })], { change }))
    const browser = program.browser()
    const handle = handleIn((await browser.post('/login', { username: 'anna', password: PASSWORD })).location)
    await simulator.phone('anna').approve()
    const { status } = await browser.get(callbackOf(handle))
    return { status, home: (await browser.get('/')).text, transfer: (await browser.get('/transfer')).status, printed: program.output() }
  }

  it('is imported without options › signs in and records the second factor all the same', async () => {
    expect(await callbackWith('PassportModule')).toMatchObject({ status: 303, home: 'Hello anna', transfer: 200 })
  }, 30_000)

  it('has session: false › signs nobody in, and the error names the line to write', async () => {
    const { printed, ...answer } = await callbackWith('PassportModule.register({ session: false })')
    expect(answer).toEqual({ status: 500, home: 'Hello stranger', transfer: 401 })
    expect(printed).toContain('In NestJS, write PassportModule.register({ session: true })')
  }, 30_000)
})

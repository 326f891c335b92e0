/**
 * Tests that no browser sees the errors of the session store. Such an error may contain the address and the password of the store. Tests also that the log does
 * not contain the failed command, which some clients, such as ioredis, add to the error, with the whole session.
 *
 * Out of scope: the errors of Nevis (`contract.ts`).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NevisSimulator } from '../../src/simulator'
import { PASSWORD } from '../support/app'
import type { Page } from '../support/browser'
import { run, type Program } from './program'

jest.setTimeout(60_000)

const SECRET = 'connect ECONNREFUSED redis://:hunter2@10.0.0.7:6379'
/** Code that fails like a store that is down, as long as the file exists whose path is in the environment variable `DOWN`. */
const FAIL = `if (process.getBuiltinModule('node:fs').existsSync(process.env.DOWN)) throw Object.assign(new Error('${SECRET}'), { command: { name: 'set', args: ['sess:c4n4ry'] } })`
/** A store in the form of express-session, which @fastify/session takes too. */
const STORE = `{
  kept: new Map(), on() {}, generate: undefined,
  run(callback, work) { let value; try { ${FAIL}; value = work() } catch (error) { return void callback(error) } callback(null, value) },
  get(id, callback) { this.run(callback, () => JSON.parse(this.kept.get(id) ?? 'null')) },
  set(id, session, callback) { this.run(callback, () => void this.kept.set(id, JSON.stringify(session))) },
  destroy(id, callback) { this.run(callback, () => void this.kept.delete(id)) },
}`

const hosts: Record<string, { readonly app: string; readonly change: (text: string) => string }> = {
  Koa: { app: 'koa/app', change: (text) => text.replace(/(get|set|destroy): async \(([^)]*)\) => (.*),\n/g, (_all, name: string, given: string, work: string) => `${name}: async (${given}) => { ${FAIL}; return ${work} },\n`) },
  Fastify: { app: 'fastify/app', change: (text) => text.replace('saveUninitialized: false,', `saveUninitialized: false, store: ${STORE} as never,`) },
  NestJS: { app: 'nestjs/app', change: (text) => text.replace('saveUninitialized: false,', `saveUninitialized: false, store: Object.assign(new session.MemoryStore(), ${STORE.replace('on() {}, generate: undefined,', '')}) as never,`) },
}

describe.each(Object.entries(hosts))('%s', (_name, { app, change }) => {
  let folder: string
  let simulator: NevisSimulator
  let program: Program
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'store-'))
    simulator = await NevisSimulator.start()
    const { userId } = simulator.addUser({ username: 'anna' })
    program = await run(app, simulator, [{ username: 'anna', userId }], { env: { DOWN: join(folder, 'down') }, change })
  })
  afterAll(async () => {
    await program?.close()
    await simulator.close()
    rmSync(folder, { recursive: true })
  })

  it('whose session store is down › sends the browser an error without details, whatever the request', async () => {
    const browser = program.browser()
    await browser.post('/login', { username: 'anna', password: PASSWORD })
    const cookies = browser.cookies.size
    writeFileSync(join(folder, 'down'), '')
    const answers: Page[] = []
    for (const who of [browser, program.browser()]) {
      answers.push(await who.get('/login'), await who.get('/transfer?x', { accept: 'text/html' }), await who.post('/login', { username: 'anna', password: 'wrong' }), await who.post('/login', { username: 'anna', password: PASSWORD }))
    }
    expect(cookies).toBeGreaterThan(0)
    for (const { text, headers } of answers) expect(text + JSON.stringify([...headers])).not.toMatch(/hunter2|10\.0\.0\.7|ECONNREFUSED|redis/)
    // The session of the first browser cannot be loaded (answers 0 and 3), and the sign-in of the second browser cannot be stored (answer 7).
    expect([answers[0]?.status, answers[3]?.status, answers[7]?.status].map((status) => (status as number) >= 500)).toEqual([true, true, true])
    await program.printed('hunter2')
    expect(program.output()).not.toContain('c4n4ry')
  })
})

/**
 * The attack: mixed-up answers to two starts.
 *
 * The attacker has the victim's password, and an account and a phone of their own. At the same moment, the attacker starts a sign-in for the victim in one
 * browser, and a sign-in for their own account in another browser. The attacker repeats this until a gateway in front of Nevis mixes up Nevis's answers to the
 * two starts, or sends one answer to both. The browser that has started a sign-in for the victim then has the attacker's approval. The app names its users by
 * username, but the answer to a start contains only a userId. No later answer names the victim: some Nevis instances send no username in a status, and others
 * have no status for SMS. In an earlier version, the attacker approved on their own phone, and was signed in as the victim.
 */
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { PhoneRequest } from '../../src/simulator'
import { callbackOf, handleIn, PASSWORD, type AppOptions, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'
import { lab, outcomeOf } from './support/lab'

const world = lab()
jest.setTimeout(30_000)

let gateway: Server | undefined
let isMixing: boolean
afterEach(() => new Promise((resolve) => (gateway?.listening ? gateway.close(resolve) : resolve(undefined))))

/** Starts an app with a gateway in front of Nevis. While `isMixing` is true, the gateway swaps the answers to two starts. */
async function start(options: Omit<AppOptions, 'simulator'> = {}): Promise<TestApp> {
  isMixing = false
  const held: [ServerResponse, string][] = []
  const send = (res: ServerResponse, text: string) => res.writeHead(res.statusCode, { 'content-type': 'application/json' }).end(text)
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk as Buffer)
    const headers = Object.fromEntries(['authorization', 'content-type'].flatMap((name) => (req.headers[name] ? [[name, req.headers[name] as string]] : [])))
    const answer = await fetch(world.simulator.baseURL + req.url, { method: req.method as string, headers, ...(chunks.length > 0 && { body: Buffer.concat(chunks) }) })
    res.statusCode = answer.status
    const text = await answer.text()
    if (req.url !== '/api/v1/approval' || !isMixing) return void send(res, text)
    held.push([res, text])
    const [one, two] = held
    if (one === undefined || two === undefined) return
    isMixing = false
    send(one[0], two[1])
    send(two[0], one[1])
  })
  gateway = server
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return world.start({ ...options, strategy: { issuer: world.simulator.baseURL, ...options.strategy, baseURL } })
}

/** Starts sign-ins of anna (the victim) and of ben (the attacker) at once. The gateway swaps Nevis's answers to these two starts. */
async function mixed(app: TestApp, factor: string): Promise<{ browser: Browser; start: Awaited<ReturnType<Browser['post']>> }> {
  const browser = app.browser()
  isMixing = true
  const post = (who: Browser, username: string) => who.post('/login', { username, password: PASSWORD, factor })
  const [, answer] = await Promise.all([post(app.browser(), 'ben'), post(browser, 'anna')])
  return { browser, start: answer }
}

const codeOf = (username: string) => /\d{6}/.exec(world.simulator.sms(username).at(-1) as string)?.[0] as string

describe('the attacker\'s approval in the browser that asked for the victim', () => {
  describe('where the status names no username', () => {
    // Shows: T-answer-9
    it.each<[string, object]>([['push', { on: 'getStatus', patch: { username: undefined } }], ['sms', { on: 'getStatus', status: 404, body: { status: 'unknown' } }]])(
      'fails with binding_mismatch, and signs no user in: %s',
      async (factor, fault) => {
        world.simulator.faults.add(fault)
        const app = await start()
        const { browser, start: page } = await mixed(app, factor)
        const transaction = handleIn(page.location)
        if (factor === 'push') await world.simulator.phone('ben').approve()
        const finished = await browser.post('/login/2fa/callback', { transaction, ...(factor === 'sms' && { code: codeOf('ben') }) })
        expect(outcomeOf(finished)).toBe('binding_mismatch')
        expect(app.verified).toEqual([])
        expect(world.events.of('suspicious')).toMatchObject([{ reason: 'binding_mismatch', field: 'userId' }])
      },
    )
  })

  describe('where Nevis was asked before the start who the user is', () => {
    it.each(['push', 'sms'])('fails at the start, and shows nothing: %s', async (factor) => {
      const { start: page } = await mixed(await start({ strategy: { operation: 'approve-or-enroll' } }), factor)
      expect(outcomeOf(page)).toBe('binding_mismatch')
    })
  })

  describe('where the app names the user by userId', () => {
    it('fails at the start', async () => {
      const idOf = (username: string) => world.simulator.users.find((user) => user.username === username)?.userId as string
      const app = await start({ strategy: { subject: ({ user }) => ({ userId: idOf((user as unknown as { username: string }).username) }) } })
      expect(outcomeOf((await mixed(app, 'push')).start)).toBe('binding_mismatch')
    })
  })
})

describe('an answer to a start that a gateway repeats for an equal start', () => {
  // Shows: T-answer-9
  it.each(['the attacker\'s session', 'the user\'s own session'])('is refused, in %s; the user signs in with the own approval', async (whose) => {
    const app = await world.start()
    const user = app.browser()
    const start = (browser: Browser) => browser.post('/login', { username: 'anna', password: PASSWORD })
    const handle = handleIn((await start(user)).location)
    const [{ transactionId }] = world.simulator.phone('anna').requests() as [PhoneRequest]
    world.simulator.faults.add({ on: 'approve', times: 1, patch: { transactionId } })
    const other = whose === 'the attacker\'s session' ? app.browser() : user
    const page = other === user ? await user.post('/login', { username: 'anna', password: PASSWORD, factor: 'app' }) : await start(other)
    expect(outcomeOf(page)).toBe('binding_mismatch')
    expect(world.events.of('suspicious')).toMatchObject([{ reason: 'binding_mismatch', field: 'transactionId' }])
    await world.simulator.phone('anna').approve(transactionId)
    expect(outcomeOf(await user.get(callbackOf(handle)))).toBe('success')
  })
})

describe('the user\'s own approval', () => {
  const finish = async (app: TestApp, factor = 'push') => {
    const browser = app.browser()
    const handle = handleIn((await browser.post('/login', { username: 'anna', password: PASSWORD, factor })).location)
    if (factor === 'sms') return outcomeOf(await browser.post('/login/2fa/callback', { transaction: handle, code: codeOf('anna') }))
    await world.simulator.phone('anna').approve()
    return outcomeOf(await browser.get(callbackOf(handle)))
  }

  it('signs in, and costs one more call where the status names no username', async () => {
    world.simulator.faults.add({ on: 'getStatus', patch: { username: undefined } })
    const app = await start()
    expect(await finish(app)).toBe('success')
    expect(world.operations()).toEqual(['approve', 'getStatus', 'introspect', 'findUserByUsername'])
    expect(app.verified).toMatchObject([{ username: 'anna' }])
  })

  it('costs no more where the status names it', async () => {
    expect(await finish(await start())).toBe('success')
    expect(world.operations()).toEqual(['approve', 'getStatus', 'introspect'])
  })

  it('costs no more where the start has asked already', async () => {
    world.simulator.faults.add({ on: 'getStatus', patch: { username: undefined } })
    expect(await finish(await start({ strategy: { operation: 'approve-or-enroll' } }))).toBe('success')
    expect(world.operations()).toEqual(['findUserByUsername', 'approve', 'getStatus', 'introspect'])
  })

  it('by SMS signs in where no status is told', async () => {
    world.simulator.faults.add({ on: 'getStatus', status: 404, body: { status: 'unknown' } })
    expect(await finish(await start(), 'sms')).toBe('success')
  })

  it('is not lost while Nevis cannot say who it is: the callback is an error, and counts when it comes again', async () => {
    world.simulator.faults.add({ on: 'getStatus', patch: { username: undefined } })
    const app = await start()
    const browser = app.browser()
    const handle = handleIn((await browser.post('/login', { username: 'anna', password: PASSWORD })).location)
    await world.simulator.phone('anna').approve()
    const fault = world.simulator.faults.add({ on: 'findUserByUsername', status: 500 })
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('NEVIS_UNEXPECTED_RESPONSE')
    fault.remove()
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
  })
})

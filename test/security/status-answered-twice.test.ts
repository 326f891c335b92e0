/**
 * The attack: one answer of Nevis for two sign-ins.
 *
 * The attacker has the victim's password and starts a sign-in at the same moment as the victim. The victim approves their own sign-in. A gateway in front of
 * Nevis caches answers by their URL alone, so the attacker's status call gets the victim's answer. On an instance whose status answers name
 * no transaction, nothing in this answer is wrong: the user is the victim, and the token is genuine.
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { callbackOf, signIn } from '../support/app'
import { lab, outcomeOf } from './support/lab'

const world = lab()
let gateway: Server
/** The first status answer with `succeeded`, which the gateway then returns to every status call. Undefined until such an answer has come. */
let kept: string | undefined

beforeEach(async () => {
  kept = undefined
  gateway = createServer(async (req, res) => {
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk as Buffer)
    const headers = Object.fromEntries(['authorization', 'content-type'].flatMap((name) => (req.headers[name] ? [[name, req.headers[name] as string]] : [])))
    const answer = await fetch(world.simulator.baseURL + req.url, { method: req.method as string, headers, ...(chunks.length > 0 && { body: Buffer.concat(chunks) }) })
    let text = await answer.text()
    if (req.url === '/api/v1/status') {
      if (text.includes('"succeeded"')) kept ??= text
      text = kept ?? text
    }
    res.writeHead(answer.status, { 'content-type': 'application/json' }).end(text)
  })
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve))
})
afterEach(() => new Promise((resolve) => gateway.close(resolve)))

const start = () => world.start({ strategy: { issuer: world.simulator.baseURL, baseURL: `http://127.0.0.1:${(gateway.address() as AddressInfo).port}` } })

describe('the victim\'s approval in the attacker\'s sign-in', () => {
  // Shows: T-answer-10
  it.each([
    ['does not fit where the status names the transaction', {}],
    ['counts once where the status names none: the second is refused', { transactionId: undefined }],
  ])('%s', async (_name, patch) => {
    world.simulator.faults.add({ on: 'getStatus', patch })
    const app = await start()
    const [victim, attacker] = [app.browser(), app.browser()]
    const attackers = await signIn(attacker, 'anna')
    const victims = await signIn(victim, 'anna')
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await victim.get(callbackOf(victims)))).toBe('success')
    expect(outcomeOf(await attacker.get(callbackOf(attackers)))).toBe('binding_mismatch')
    expect(app.verified).toHaveLength(1)
    expect(world.events.of('suspicious')).toMatchObject([{ reason: 'binding_mismatch', field: 'transactionId' in patch ? 'token' : 'transactionId' }])
  })

  it('signs in each user, where the status names no transaction and every request gets its own answer', async () => {
    world.simulator.faults.add({ on: 'getStatus', patch: { transactionId: undefined } })
    const app = await world.start()
    for (const username of ['anna', 'ben']) {
      const browser = app.browser()
      const handle = await signIn(browser, username)
      await world.simulator.phone(username).approve()
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
    }
  })
})

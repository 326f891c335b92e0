/**
 * The events for an audit.
 *
 * This package publishes events on `node:diagnostics_channel`, so that an audit log shows attacks, such as many denials, guessed codes, an approval that is
 * used twice, or an answer about another user. There is one scenario for each event. Each test compares all events of its scenario, with all their fields. A
 * missing event would hide an attack. A secret in a field (a token, a code, a phone number, a message, the application's data) would leak into the audit log.
 */
import { execFileSync } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { NevisClient, type NevisEvents } from '../../src'
import { callbackOf, handleIn, PASSWORD, signIn, statusOf, type TestApp } from '../support/app'
import { lab, outcomeOf } from './support/lab'
import { EVENT_NAMES, recordEvents } from './support/recorded'
import { CANARY, printed } from './support/secrets'
import { SlowStore } from './support/slow-store'

const world = lab()
const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

/** All events so far, as text, with `<anna>`, `<transaction 1>` and so on in place of ids. */
function published(): string {
  const words = new Map<string, string>()
  world.simulator.users.forEach(({ userId, username }) => words.set(userId, `<${username}>`))
  let transactions = 0
  return world.events.all
    .map(({ event, ...fields }) => `${event} ${JSON.stringify(fields)}`)
    .join('\n')
    .replace(/"ageMs":\d+/g, '"ageMs":"<age>"')
    .replace(UUID, (id) => {
      if (!words.has(id)) words.set(id, `<transaction ${++transactions}>`)
      return words.get(id) as string
    })
}

const smsCode = () => /\d{6}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string
const MANY_STARTS = { startBudget: { starts: 1000, perSeconds: 60 } }

async function denied(app: TestApp): Promise<void> {
  const browser = app.browser()
  const handle = await signIn(browser, 'anna')
  await world.simulator.phone('anna').deny()
  await browser.get(callbackOf(handle))
}

describe('the events of', () => {
  describe('a sign-in that is approved', () => {
    it('are started and decided', async () => {
      const app = await world.start()
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await browser.get(callbackOf(handle))
      await world.simulator.phone('anna').approve()
      await browser.get(callbackOf(handle))
      expect(published()).toMatchInlineSnapshot(`
"started {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"push","operation":"approve"}
decided {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"push","operation":"approve","outcome":"succeeded","ageMs":"<age>"}"
`)
    })

    it('are the same for a code, and failed for each wrong one', async () => {
      const app = await world.start()
      const browser = app.browser()
      const transaction = await signIn(browser, 'anna', { factor: 'sms' })
      await browser.post('/login/2fa/callback', { transaction, code: '000000' })
      await browser.post('/login/2fa/callback', { transaction, code: smsCode() })
      expect(published()).toMatchInlineSnapshot(`
"started {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"sms","operation":"approve"}
failed {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"sms","operation":"approve","code":"wrong_code","ageMs":"<age>"}
decided {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"sms","operation":"approve","outcome":"succeeded","ageMs":"<age>"}"
`)
    })

    it('end with failed where verify says no: decided tells of the approval, not of the account', async () => {
      const app = await world.start({ verify: (_profile, done) => done(null, false) })
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      await browser.get(callbackOf(handle))
      expect(published()).toMatchInlineSnapshot(`
"started {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"push","operation":"approve"}
decided {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"push","operation":"approve","outcome":"succeeded","ageMs":"<age>"}
failed {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"push","operation":"approve","code":"rejected","ageMs":"<age>"}"
`)
    })
  })

  describe('a start while the same is pending', () => {
    it('are started and reused', async () => {
      const app = await world.start()
      const browser = app.browser()
      await signIn(browser, 'anna')
      await signIn(browser, 'anna')
      expect(published()).toMatchInlineSnapshot(`
"started {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"push","operation":"approve"}
reused {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"push","operation":"approve"}"
`)
    })
  })

  describe('a sign-in that is denied', () => {
    it('are started, decided and failed', async () => {
      const app = await world.start()
      await denied(app)
      expect(published()).toMatchInlineSnapshot(`
"started {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"push","operation":"approve"}
decided {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"push","operation":"approve","outcome":"failed","reason":"denied","ageMs":"<age>"}
failed {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"push","operation":"approve","code":"not_approved","ageMs":"<age>"}"
`)
    })
  })

  describe('a sign-in that is cancelled, and a stranger who tries', () => {
    it('are failed, with what is known', async () => {
      const app = await world.start()
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await app.browser().get(callbackOf(handle))
      await app.browser().get(callbackOf('AAAA'))
      await browser.post('/login/2fa', { transaction: handle, cancel: '1' })
      expect(published()).toMatchInlineSnapshot(`
"started {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"push","operation":"approve"}
failed {"strategy":"nevis","transactionId":"<transaction 1>","factor":"push","code":"unknown_transaction"}
failed {"strategy":"nevis","code":"unknown_transaction"}
failed {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"push","operation":"approve","code":"cancelled","ageMs":"<age>"}"
`)
    })
  })

  describe('a change to another factor', () => {
    it('are started twice', async () => {
      const app = await world.start()
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await browser.post('/login/2fa', { transaction: handle, factor: 'sms' })
      expect(published()).toMatchInlineSnapshot(`
"started {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"push","operation":"approve"}
started {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 2>","factor":"sms","operation":"approve"}"
`)
    })
  })

  describe('too many starts', () => {
    it('are budget "starts" and failed', async () => {
      const app = await world.start({ strategy: { startBudget: { starts: 1, perSeconds: 60 } } })
      await signIn(app.browser(), 'anna')
      await app.browser().post('/login', { username: 'anna', password: PASSWORD })
      expect(published()).toMatchInlineSnapshot(`
"started {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"push","operation":"approve"}
budget {"strategy":"nevis","subject":{"username":"anna"},"factor":"push","operation":"approve","budget":"starts","limit":1}
failed {"strategy":"nevis","subject":{"username":"anna"},"factor":"push","operation":"approve","code":"too_many_starts"}"
`)
    })
  })

  describe('a start in the pause after two denials', () => {
    it('end with budget "pause" and failed', async () => {
      const app = await world.start({ strategy: MANY_STARTS })
      await denied(app)
      await denied(app)
      await app.browser().post('/login', { username: 'anna', password: PASSWORD })
      expect(published().split('\n').slice(-2).join('\n')).toMatchInlineSnapshot(`
"budget {"strategy":"nevis","subject":{"username":"anna"},"factor":"push","operation":"approve","budget":"pause","limit":1000}
failed {"strategy":"nevis","subject":{"username":"anna"},"factor":"push","operation":"approve","code":"too_many_starts"}"
`)
    })
  })

  describe('too many codes', () => {
    it('are budget "attempts" for the transaction', async () => {
      // With a slow session store, the second wrong code comes before the first one has closed the transaction.
      const app = await world.start({ strategy: { maxAttempts: 1 }, session: { store: new SlowStore() } })
      const browser = app.browser()
      const transaction = await signIn(browser, 'anna', { factor: 'sms' })
      const both = [browser.clone(), browser.clone()].map((one) => one.post('/login/2fa/callback', { transaction, code: '000000' }))
      await Promise.all(both)
      // Remove duplicates: whether one or both of these simultaneous requests publish an event depends on which of them is faster.
      expect([...new Set(published().split('\n'))].sort().join('\n')).toMatchInlineSnapshot(`
"budget {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"sms","operation":"approve","budget":"attempts","limit":1}
failed {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"sms","operation":"approve","code":"too_many_attempts","ageMs":"<age>"}
failed {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"sms","operation":"approve","code":"wrong_code","ageMs":"<age>"}
started {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"sms","operation":"approve"}"
`)
    })

    it('are budget "subjectAttempts" for the user', async () => {
      const app = await world.start({ strategy: { attemptBudget: { attempts: 1, perSeconds: 60 } } })
      const browser = app.browser()
      const transaction = await signIn(browser, 'anna', { factor: 'recovery' })
      for (let i = 0; i < 2; i++) await browser.post('/login/2fa/callback', { transaction, code: 'wrong' })
      expect(published()).toMatchInlineSnapshot(`
"started {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"recovery","operation":"approve"}
failed {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"recovery","operation":"approve","code":"wrong_code","ageMs":"<age>"}
budget {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"recovery","operation":"approve","budget":"subjectAttempts","limit":1}
failed {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"recovery","operation":"approve","code":"too_many_attempts","ageMs":"<age>"}"
`)
    })
  })

  describe('an answer that is another user\'s', () => {
    // Shows: ASVS V16.3.3
    it('are suspicious "binding_mismatch" with the field, and failed', async () => {
      const app = await world.start()
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      world.simulator.faults.add({ on: 'introspect', patch: { sub: 'somebody else' } })
      await browser.get(callbackOf(handle))
      expect(published()).toMatchInlineSnapshot(`
"started {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"push","operation":"approve"}
suspicious {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"push","operation":"approve","reason":"binding_mismatch","field":"sub"}
failed {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"push","operation":"approve","code":"binding_mismatch","ageMs":"<age>"}"
`)
    })
  })

  describe('an approval that is used twice', () => {
    // Shows: ASVS V16.3.3
    it('are suspicious "used_transaction" and failed', async () => {
      const claimed = new Set<string>()
      // The ledger (the store that all processes share) marks an approval as used: the method `claim`. This ledger answers as if another process had claimed
      // the approval first.
      const ledger = { count: async () => 1, look: async () => 0, forget: async () => undefined, claim: async (key: string) => !key.startsWith('transaction:') && !claimed.has(key) }
      const app = await world.start({ strategy: { ledger } })
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('used_transaction')
      expect(published()).toMatchInlineSnapshot(`
"started {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"push","operation":"approve"}
suspicious {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"push","operation":"approve","reason":"used_transaction"}
failed {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"push","operation":"approve","code":"used_transaction","ageMs":"<age>"}"
`)
    })
  })

  describe('a success after a wave of denials', () => {
    it('end with suspicious "success_after_denials" beside decided', async () => {
      const app = await world.start({ strategy: MANY_STARTS })
      await denied(app)
      await denied(app)
      world.later(16)
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      await browser.get(callbackOf(handle))
      expect(published().split('\n').slice(-2).join('\n')).toMatchInlineSnapshot(`
"suspicious {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 3>","factor":"push","operation":"approve","reason":"success_after_denials","denials":2}
decided {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 3>","factor":"push","operation":"approve","outcome":"succeeded","ageMs":"<age>"}"
`)
    })
  })

  describe('a step-up', () => {
    it('are those of a sign-in', async () => {
      const app = await world.start({
        routes: (web, { passport }) => {
          web.post('/password-only', passport.authenticate('local'), (_req, res) => void res.end())
          web.all('/up', passport.authorize('nevis'), (_req, res) => void res.end())
        },
      })
      const browser = app.browser()
      await browser.post('/password-only', { username: 'anna', password: PASSWORD })
      const handle = handleIn((await browser.post('/up')).location)
      await world.simulator.phone('anna').approve()
      await browser.get(`/up?transaction=${handle}`)
      expect(published()).toMatchInlineSnapshot(`
"started {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"push","operation":"approve"}
decided {"strategy":"nevis","subject":{"username":"anna"},"userId":"<anna>","transactionId":"<transaction 1>","factor":"push","operation":"approve","outcome":"succeeded","ageMs":"<age>"}"
`)
    })
  })
})

describe('a fault of Nevis', () => {
  it('is a fault, and no failure: no user was asked, and no user refused', async () => {
    const app = await world.start()
    world.simulator.faults.add({ on: 'approve', status: 500, times: 1 })
    expect(outcomeOf(await app.browser().post('/login', { username: 'anna', password: PASSWORD }))).toBe('NEVIS_UNEXPECTED_RESPONSE')
    expect(world.events.all).toEqual([
      { event: 'fault', strategy: 'nevis', subject: { username: 'anna' }, factor: 'push', operation: 'approve', at: 'request', code: 'NEVIS_UNEXPECTED_RESPONSE', call: 'approve', nevisStatus: 500 },
    ])
  })
})

describe('an event', () => {
  describe('of any name', () => {
    // Shows: ASVS V16.2.5, T-reader-2
    it('holds no message, no data of the application, no code and no phone number', async () => {
      const app = await world.start({ strategy: { ...MANY_STARTS, message: () => 'c4n4ry', data: () => ({ iban: 'c4n4ry' }), maxAttempts: 1 } })
      const browser = app.browser()
      for (const factor of ['push', 'app', 'recovery']) {
        const transaction = await signIn(browser, 'anna', { factor, phone: '+41790000000' })
        await signIn(browser, 'anna', { factor, phone: '+41790000000' })
        for (let i = 0; i < 3; i++) await browser.post('/login/2fa/callback', { transaction, code: 'c4n4ry', token: 'c4n4ry', returnTo: 'c4n4ry' })
        await browser.post('/login/2fa', { transaction, cancel: 'c4n4ry' })
      }
      expect(world.events.all.length).toBeGreaterThan(10)
      expect(printed(world.events.all)).not.toMatch(CANARY)
    })

    // Shows: ASVS V16.2.5
    it('of a call or a fault holds codes and times, and nothing that was sent or received', async () => {
      const all = recordEvents(EVENT_NAMES)
      world.defer(() => all.stop())
      const app = await world.start({ strategy: { ...MANY_STARTS, message: () => 'c4n4ry' } })
      const browser = app.browser()
      const secrets: unknown[] = [world.simulator.accessKey]
      for (const factor of ['push', 'app', 'sms', 'recovery']) {
        const transaction = await signIn(browser, 'anna', { factor })
        secrets.push(transaction)
        await browser.get(statusOf(transaction))
        world.simulator.faults.add({ on: ['getStatus', 'verifyCode'], status: 500, body: { message: 'c4n4ry' } })
        await browser.get(statusOf(transaction))
        await browser.post('/login/2fa/callback', { transaction, code: 'c4n4ry-1' })
        world.simulator.faults.clear()
        await browser.post('/login/2fa/callback', { transaction, code: 'c4n4ry-1' })
      }
      secrets.push(...world.simulator.requests.flatMap(({ body }) => Object.entries(Object(body) as Record<string, unknown>)).filter(([name]) => /token|code|phone/i.test(name)).map(([, value]) => value))
      expect(all.of('call').length).toBeGreaterThan(10)
      expect(all.of('fault').length).toBeGreaterThan(2)
      const shown = printed(all.all)
      expect(shown).not.toMatch(CANARY)
      for (const secret of secrets) expect(shown).not.toContain(String(secret))
      for (const event of all.of('call')) expect(Object.keys(event).sort()).toEqual(['attempt', 'baseURL', 'durationMs', 'nevisStatus', 'operation'])
    })

    it('of a call tells attempts, statuses, and why there was no answer', async () => {
      const all = recordEvents(EVENT_NAMES)
      world.defer(() => all.stop())
      const client = new NevisClient({ baseURL: world.simulator.baseURL, accessKey: world.simulator.accessKey, timeoutMs: 400 })
      const calls = () => all.of('call').splice(0).map(({ operation, attempt, nevisStatus, code }) => [operation, attempt, nevisStatus ?? code])
      world.simulator.faults.add({ on: 'ping', status: 503, times: 1 })
      await client.ping()
      world.simulator.faults.add({ on: 'ping', reset: true, times: 1 })
      await client.ping()
      world.simulator.faults.add({ on: 'ping', delayMs: 5000, times: 1 })
      await expect(client.ping()).rejects.toMatchObject({ code: 'NEVIS_TIMEOUT' })
      // Wait for the event of the last call: it is published only after Node has closed the connection.
      for (let turn = 0; turn < 100 && all.of('call').length < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
      expect(calls()).toEqual([['ping', 1, 503], ['ping', 2, 200], ['ping', 1, 'NEVIS_UNREACHABLE'], ['ping', 2, 200], ['ping', 1, 'NEVIS_TIMEOUT']])
    })

    // A faulty subscriber, such as an audit log that throws, must not let an attacker send pushes, or keep a user out. This test runs the sign-ins in a process
    // of their own, because Node reports an error of a subscriber as an uncaught exception.
    it('changes nothing where its subscriber throws: the same answers, the same budgets', () => {
      if (!existsSync(join(__dirname, '../../dist/index.js'))) throw new Error('run "npm run build" first')
      const run = (how: string) => JSON.parse(execFileSync(process.execPath, [join(__dirname, 'support/throwing-subscriber.mjs'), how], { encoding: 'utf8' })) as { outcomes: string[]; keys: string[]; thrown: number }
      const [calm, throwing] = [run('calm'), run('throwing')]
      expect(calm.thrown).toBe(0)
      expect(throwing.thrown).toBeGreaterThan(10)
      expect([throwing.outcomes, throwing.keys]).toEqual([calm.outcomes, calm.keys])
      expect(calm.outcomes).toEqual(['401 not_approved', '200', '401 not_approved', '429 too_many_starts', '429 too_many_starts'])
      expect(calm.keys.length).toBeGreaterThan(2)
    })

    it('is frozen: one listener cannot change what the next one gets', async () => {
      const frozen: boolean[] = []
      const listener = (event: unknown) => void frozen.push(Object.isFrozen(event))
      EVENT_NAMES.forEach((name) => subscribe(`passport-nevis:${name}`, listener))
      world.defer(() => EVENT_NAMES.forEach((name) => unsubscribe(`passport-nevis:${name}`, listener)))
      const app = await world.start()
      await denied(app)
      expect(frozen).toEqual(Array(5).fill(true)) // three events of the sign-in, and one for each of the two calls to Nevis
    })

    it('has no field for what is not known', async () => {
      const app = await world.start({ strategy: MANY_STARTS })
      await app.browser().get('/start')
      await denied(app)
      expect(world.events.all[0]).toStrictEqual({ event: 'failed', strategy: 'nevis', code: 'start_requires_post' })
      const unknown = world.events.all.flatMap((event) => Object.entries(event).filter(([, value]) => value === undefined))
      expect([world.events.all.length, unknown]).toEqual([4, []])
    })

    it('is typed by its name', () => {
      // `npm run typecheck` fails here if the union of event names has a name that this list does not have.
      const names: Record<keyof NevisEvents, true> = { started: true, reused: true, decided: true, failed: true, budget: true, browser: true, suspicious: true, call: true, fault: true }
      expect(Object.keys(names).sort()).toEqual([...EVENT_NAMES].sort())
    })
  })
})

/**
 * A real Redis refuses the commands of the ledger while a user signs in, with every supported client. Nobody is signed in, and operators learn the command and
 * the code word of Redis. When Redis accepts commands again, the user is signed in once.
 *
 * Out of scope: `MOVED`, the refusal of a cluster (`redis-cluster.test.ts`).
 */
import IoRedis from 'ioredis'
import IoRedis5 from 'ioredis5'
import { createClient } from 'redis'
import { createClient as createClient4 } from 'redis4'
import { createClient as createClient5 } from 'redis5'
import { RedisLedger, type RedisConnection } from '../../src'
import { callbackOf, signIn } from '../support/app'
import { describeWithRedis, RedisServer } from '../support/redis'
import { lab, outcomeOf } from '../security/support/lab'

/** ioredis 4 contains no types. */
const IoRedis4 = jest.requireActual<typeof IoRedis5>('ioredis4')

describeWithRedis('a sign-in while Redis refuses commands', () => {
  const world = lab()
  let server: RedisServer
  let admin: IoRedis
  beforeEach(async () => {
    server = await RedisServer.start()
    admin = new IoRedis(server.path)
    await admin.call('ACL', 'SETUSER', USER.username, 'on', `>${USER.password}`, '~*', '+@all')
  })
  afterEach(async () => {
    admin.disconnect()
    await server.close()
  })

  const USER = { username: 'app', password: 'secret' }
  const CLIENTS: Readonly<Record<string, () => RedisConnection & { disconnect(): unknown }>> = {
    'node-redis 4': () => createClient4({ ...USER, socket: { path: server.path, tls: false } }),
    'node-redis 5': () => createClient5({ ...USER, socket: { path: server.path, tls: false } }),
    'node-redis 6': () => createClient({ ...USER, socket: { path: server.path, tls: false } }),
    'ioredis 4': () => new IoRedis4(server.path, { ...USER, lazyConnect: true }),
    'ioredis 5': () => new IoRedis5(server.path, { ...USER, lazyConnect: true }),
    'ioredis 6': () => new IoRedis(server.path, { ...USER, lazyConnect: true }),
  }
  /**
   * For each code word: the command that makes Redis refuse with this word, and the command that makes Redis accept again. `REPLICAOF` makes Redis a replica of
   * port 1, on which no server listens.
   */
  const REFUSALS: Readonly<Record<string, readonly [refuse: string[], accept: string[]]>> = {
    NOPERM: [['ACL', 'SETUSER', USER.username, '-set'], ['ACL', 'SETUSER', USER.username, '+set']],
    READONLY: [['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE']],
    OOM: [['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0']],
  }
  async function connected(client: RedisConnection & { disconnect(): unknown }): Promise<RedisConnection> {
    await (client as typeof client & { connect(): Promise<unknown> }).connect()
    world.defer(() => client.disconnect())
    return client
  }
  const appWith = async (name: string) => world.start({ strategy: { ledger: new RedisLedger(await connected((CLIENTS[name] as (typeof CLIENTS)[string])())) } })
  const code = () => /\d{6}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string
  const cases = Object.keys(REFUSALS).flatMap((word) => Object.keys(CLIENTS).map((name) => [word, name] as const))

  it.each(cases)('with %s › fails with LEDGER_UNAVAILABLE and this word, and succeeds once afterwards: %s', async (word, name) => {
    const [refuse, accept] = REFUSALS[word] as (typeof REFUSALS)[string]
    const tell = ([command, ...args]: string[]) => admin.call(command as string, ...args)
    const app = await appWith(name)
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    await world.simulator.phone('anna').approve()
    await tell(refuse)
    const refused = (await browser.get(callbackOf(handle))).json()
    expect(refused).toMatchObject({ action: 'error', code: 'LEDGER_UNAVAILABLE', message: `NevisStrategy: the ledger failed or gave no valid answer (SET: ${word})` })
    expect(app.verified).toHaveLength(0)
    expect(world.events.of('fault')).toEqual([expect.objectContaining({ at: 'request', code: 'LEDGER_UNAVAILABLE', cause: word })])
    await tell(accept)
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('used_transaction')
    expect(app.verified).toHaveLength(1)
  })

  describe('that forbids only EVAL, with which the ledger counts', () => {
    const allow = (...rules: string[]) => admin.call('ACL', 'SETUSER', USER.username, ...rules)

    it.each(Object.keys(CLIENTS))('refuses a code with an error that names EVAL, asks Nevis nothing, and takes the same code when EVAL is allowed: %s', async (name) => {
      await allow('-eval')
      const app = await appWith(name)
      const browser = app.browser()
      const handle = await signIn(browser, 'anna', { factor: 'sms' })
      const before = world.operations()
      const submit = () => browser.post('/login/2fa/callback', { transaction: handle, code: code() })
      expect((await submit()).json()).toMatchObject({ action: 'error', code: 'LEDGER_UNAVAILABLE', message: 'NevisStrategy: the ledger failed or gave no valid answer (EVAL: NOPERM)' })
      expect(world.events.of('fault')).toEqual([expect.objectContaining({ at: 'request', code: 'LEDGER_UNAVAILABLE', cause: 'NOPERM' })])
      expect([world.operations(), app.verified]).toEqual([before, []])
      await allow('+eval')
      expect(outcomeOf(await submit())).toBe('success')
      expect(outcomeOf(await submit())).toBe('used_transaction')
    })

    it('signs a user in who approves, and no user by a code, after a denial or at an enrolment, as the guide says', async () => {
      await allow('-eval')
      const app = await appWith('node-redis 6')
      const factor = async (name: string, username = 'anna') => {
        const browser = app.browser()
        return { browser, handle: await signIn(browser, username, { factor: name }) }
      }
      const push = await factor('push')
      await world.simulator.phone('anna').approve()
      expect(outcomeOf(await push.browser.get(callbackOf(push.handle)))).toBe('success')
      const recovery = await factor('recovery')
      expect(outcomeOf(await recovery.browser.post('/login/2fa/callback', { transaction: recovery.handle, code: 'AAAA-1111' }))).toBe('LEDGER_UNAVAILABLE')
      const denied = await factor('push', 'ben')
      await world.simulator.phone('ben').deny()
      expect(outcomeOf(await denied.browser.get(callbackOf(denied.handle)))).toBe('LEDGER_UNAVAILABLE')
      const enrols = app.browser()
      await enrols.post('/prove', { username: 'anna', userId: world.simulator.users[0]?.userId as string })
      expect(outcomeOf(await enrols.post('/factors', { factor: 'app' }))).toBe('LEDGER_UNAVAILABLE')
      expect(app.verified).toHaveLength(1)
    })
  })

  it.each<[string, (path: string) => RedisConnection & { disconnect(): unknown }, string]>([
    ['node-redis 4', (path) => createClient4({ socket: { path, tls: false } }), 'EVAL'],
    ['node-redis 6', (path) => createClient({ socket: { path, tls: false } }), 'EVAL: SimpleError'],
    ['ioredis 6', (path) => new IoRedis(path, { lazyConnect: true }), 'EVAL: ReplyError'],
  ])('that has no command EVAL › refuses a code with an error that names EVAL: %s', async (_name, make, words) => {
    const renamed = await RedisServer.start('--rename-command', 'EVAL', '')
    world.defer(() => renamed.close())
    const app = await world.start({ strategy: { ledger: new RedisLedger(await connected(make(renamed.path))) } })
    const browser = app.browser()
    const handle = await signIn(browser, 'anna', { factor: 'sms' })
    const page = await browser.post('/login/2fa/callback', { transaction: handle, code: code() })
    expect(page.json()).toMatchObject({ action: 'error', code: 'LEDGER_UNAVAILABLE', message: `NevisStrategy: the ledger failed or gave no valid answer (${words})` })
    expect(app.verified).toHaveLength(0)
  })
})

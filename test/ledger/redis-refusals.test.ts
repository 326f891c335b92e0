/**
 * A real Redis refuses the commands of the ledger while a user signs in, with every supported client. Nobody is signed in, and operators learn the code word of
 * Redis. When Redis accepts commands again, the user is signed in once.
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
  const cases = Object.keys(REFUSALS).flatMap((word) => Object.keys(CLIENTS).map((name) => [word, name] as const))

  it.each(cases)('with %s › fails with LEDGER_UNAVAILABLE and this word, and succeeds once afterwards: %s', async (word, name) => {
    const [refuse, accept] = REFUSALS[word] as (typeof REFUSALS)[string]
    const tell = ([command, ...args]: string[]) => admin.call(command as string, ...args)
    const client = (CLIENTS[name] as (typeof CLIENTS)[string])() as ReturnType<(typeof CLIENTS)[string]> & { connect(): Promise<unknown> }
    await client.connect()
    world.defer(() => client.disconnect())
    const app = await world.start({ strategy: { ledger: new RedisLedger(client) } })
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    await world.simulator.phone('anna').approve()
    await tell(refuse)
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('LEDGER_UNAVAILABLE')
    expect(app.verified).toHaveLength(0)
    expect(world.events.of('fault')).toEqual([expect.objectContaining({ at: 'request', code: 'LEDGER_UNAVAILABLE', cause: word })])
    await tell(accept)
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('used_transaction')
    expect(app.verified).toHaveLength(1)
  })
})

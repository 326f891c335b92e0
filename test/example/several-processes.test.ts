/**
 * The example app as three processes: a load balancer sends each request to the next process, sessions and ledger are in Redis, accounts in
 * PostgreSQL. Any process can answer any request, and a user stays signed in when a process dies.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { NevisSimulator } from '../../src/simulator'
import { Browser } from '../support/browser'
import { describeWithPostgres, PostgresServer } from '../support/postgres'
import { RedisServer } from '../support/redis'
import { RoundRobin } from '../support/round-robin'
import { callbackOf, enterPassword, exampleApp, launch, statusOf } from './support'

interface Database {
  connect(): Promise<void>
  query(sql: string, parameters: readonly unknown[]): Promise<unknown>
  end(): Promise<void>
}
const { Client } = jest.requireActual<{ Client: new (options: { connectionString: string }) => Database }>('pg')

const PEOPLE = Array.from({ length: 9 }, (_, i) => `person${i}`)

interface Process {
  readonly origin: string
  end(signal: NodeJS.Signals): Promise<void>
}

describeWithPostgres('the example app as three processes', () => {
  let postgres: PostgresServer
  let redis: RedisServer
  let simulator: NevisSimulator
  let settings: Record<string, string>
  let processes: Process[]
  let balancer: RoundRobin
  let password: string

  const startProcess = async (): Promise<Process> => {
    const { child, texts, ended } = launch(settings)
    const said = () => /^Example app on (\S+)$/m.exec(texts.stdout)?.[1]
    while (said() === undefined) {
      const end = await Promise.race([new Promise((resolve) => child.stdout.once('data', () => resolve(undefined))), ended])
      if (end !== undefined) throw new Error(`The example app has ended: ${texts.stderr}`)
    }
    return {
      origin: said() as string,
      async end(signal) {
        child.kill(signal)
        await ended
      },
    }
  }
  const browser = () => new Browser(balancer.origin)
  const start = (person: Browser, username: string) => enterPassword(person, { username, password, recoveryCodes: [] })

  /** Adds one account with the app's own command, and copies this account for the other users, who therefore have the same password. */
  async function addPeople(): Promise<void> {
    const known = PEOPLE.map((username) => simulator.addUser({ username }))
    const { stdout } = await launch(settings, exampleApp, ['dist/add-user.js', PEOPLE[0] as string]).ended
    password = /password (\S+)$/m.exec(stdout)?.[1] as string
    const database = new Client({ connectionString: postgres.url })
    await database.connect()
    await database.query('update users set nevis_user_id = $1', [known[0]?.userId])
    for (const { username, userId } of known.slice(1)) {
      await database.query('insert into users (username, password_hash, nevis_user_id) select $1, password_hash, $2 from users where username = $3', [
        username,
        userId,
        PEOPLE[0],
      ])
    }
    await database.end()
  }

  beforeAll(async () => {
    ;[postgres, redis, simulator] = await Promise.all([PostgresServer.start(), RedisServer.start(), NevisSimulator.start()])
    settings = {
      NEVIS_BASE_URL: simulator.baseURL,
      NEVIS_ACCESS_KEY: simulator.accessKey,
      SESSION_SECRET: 'a secret of thirty-two characters',
      REDIS_URL: `unix://${redis.path}`,
      DATABASE_URL: postgres.url,
      TRUST_PROXY: '1',
    }
    processes = await Promise.all([startProcess(), startProcess(), startProcess()])
    await addPeople()
    balancer = await RoundRobin.start(processes.map(({ origin }) => origin))
  })

  afterAll(async () => {
    await balancer?.close()
    await Promise.all((processes ?? []).map((each) => each.end('SIGKILL')))
    await simulator?.close()
    await redis?.close()
    await postgres?.close()
  })

  it('signs in by requests that each go to the next process', async () => {
    const person = browser()
    const waiting = await start(person, 'person0')
    expect((await person.get(waiting)).text).toContain('Sign in to Alpine Mutual?')
    expect((await person.get(statusOf(waiting))).json()).toMatchObject({ status: 'pending' })
    await simulator.phone('person0').approve()
    expect((await person.get(callbackOf(waiting))).location).toBe('/account')
    expect((await person.get('/account')).text).toContain('Hello person0')
    expect([...balancer.sent.keys()].sort()).toEqual(processes.map(({ origin }) => origin).sort())
  })

  it('lets one approval in once, whichever processes its callbacks reach', async () => {
    const person = browser()
    const waiting = await start(person, 'person1')
    await simulator.phone('person1').approve()
    const answers = await Promise.all(Array.from({ length: 12 }, () => person.clone().get(callbackOf(waiting))))
    expect(answers.map(({ location }) => location).filter((location) => location === '/account')).toHaveLength(1)
  })

  it('loses no user when a process is killed while nine people wait', async () => {
    const waiting = await Promise.all(
      PEOPLE.map(async (username) => {
        const person = browser()
        return { username, person, page: await start(person, username) }
      }),
    )
    const streams = await Promise.all(
      waiting.map(({ page }) => fetch(new URL(statusOf(page), balancer.origin), { headers: { accept: 'text/event-stream' } })),
    )
    const ends = streams.map((stream) => stream.text().then(() => 'ended', () => 'cut off'))
    const [first] = processes as [Process]
    await first.end('SIGKILL')
    for (const { username } of waiting) await simulator.phone(username).approve()
    expect((await Promise.all(ends)).filter((end) => end === 'cut off')).toHaveLength(3)

    // After its stream was cut off, a waiting page asks for the status again, and continues to the callback.
    for (const { person, page, username } of waiting) {
      expect((await person.get(statusOf(page))).json()).toMatchObject({ status: 'succeeded' })
      expect((await person.get(callbackOf(page))).location).toBe('/account')
      expect((await person.get('/account')).text).toContain(`Hello ${username}`)
    }

    processes[0] = await startProcess()
    balancer.replace(first.origin, processes[0].origin)
    balancer.sent.clear()
    for (const { person, username } of waiting) expect((await person.get('/account')).text).toContain(`Hello ${username}`)
    expect(balancer.sent.get(processes[0].origin)).toBeGreaterThan(0)
  })

  it('lets no user in while Redis is down, and everyone again when it is back', async () => {
    const person = browser()
    const waiting = await start(person, 'person2')
    await simulator.phone('person2').approve()
    await redis.kill()
    expect((await person.get(callbackOf(waiting), { accept: 'text/html' })).status).toBeGreaterThanOrEqual(500)
    expect((await person.get('/account', { accept: 'text/html' })).text).not.toContain('Hello')
    await redis.restart()

    const again = browser()
    // Each process connects to Redis again by itself, within a second.
    for (let tries = 0, back = 0; tries < 500 && back < processes.length; tries++) {
      back = (await again.get('/login')).status === 200 ? back + 1 : 0
      if (back === 0) await pause(10)
    }
    const next = await start(again, 'person3')
    await simulator.phone('person3').approve()
    expect((await again.get(callbackOf(next))).location).toBe('/account')
  })
})

/**
 * Tests the command `probe`, which finds out how a Nevis instance answers, on the simulator in each dialect (a possible behaviour of Nevis): what the probe
 * recognises, which test users the probe leaves behind at Nevis, and what the probe's report may contain.
 *
 * The tests try every eighth dialect. If `EVERY_DIALECT` is set, they try all of them, which takes minutes.
 */
import { DIALECT_NAMES, recognise, runOnSimulator, simulate, type Recognised, type Simulated } from '../../../src/doctor/probe/recognise'
import { Connections } from '../../../src/doctor/probe/raw-request'
import { reportOf, textOf } from '../../../src/doctor/probe/report'
import { STAGES, type StageResults } from '../../../src/doctor/probe/stages'
import { NevisSimulator } from '../../../src/simulator'
import { pooled } from '../../dialects/run'

/** A long time limit, because the probe sends each simulator some two hundred requests. */
jest.setTimeout(1_800_000)

/** Headers that may contain a secret value. The report shows some values of other headers on purpose, such as the media type. */
const TELLING_HEADERS = ['location', 'set-cookie', 'www-authenticate'] as const

/** Records every secret value in the requests of the probe and in the responses. */
function overhear(secretsOf: (baseURL: string) => Set<string>) {
  const { send } = Connections.prototype
  return jest.spyOn(Connections.prototype, 'send').mockImplementation(async function (this: Connections, path, request) {
    const response = await send.call(this, path, request)
    const secrets = secretsOf((this as unknown as { baseURL: string }).baseURL)
    const headers = TELLING_HEADERS.flatMap((name) => response.headers[name] ?? [])
    for (const text of [path, request.body ?? '', response.text, ...headers]) collect(text, secrets)
    return response
  })
}

/**
 * Adds to `secrets` every text in a body that may be secret: texts of at least six characters with a digit. Names of fields are included, because a name may be
 * an id.
 */
function collect(text: string, secrets: Set<string>): void {
  const isSecret = (value: string) => /\d/.test(value) && value.length >= 6 && !['image/png', 'base64'].includes(value)
  const visit = (value: unknown): void => {
    if (typeof value === 'number') visit(String(value))
    else if (typeof value === 'string') [value, ...value.split(/[/?=&\s,;]+/), ...partsOfToken(value)].filter(isSecret).forEach((one) => secrets.add(one))
    else if (typeof value === 'object' && value !== null) [...Object.keys(value), ...Object.values(value)].forEach(visit)
  }
  try {
    visit(JSON.parse(text))
  } catch {
    visit(text)
    visit(Object.fromEntries(new URLSearchParams(text)))
  }
}

/** The parts of a JWT that the report must not show. Short parts are left out, such as the header, which is the same in all tokens. */
const partsOfToken = (value: string) => value.split('.').filter((part) => part.length >= 20)

/**
 * Returns the value itself, and the value in encodings that would hide it. Leaves out the end of the Base64 text, because the end depends on the text after the
 * value.
 */
function formsOf(secret: string): string[] {
  const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '')
  const forms = [secret, base64, base64.replaceAll('+', '-').replaceAll('/', '_'), Buffer.from(secret).toString('hex'), encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]
  return [...new Set(forms.map((form) => form.toLowerCase()))]
}

function secretsShownIn(printed: string, secrets: Iterable<string>): string[] {
  const text = printed.toLowerCase()
  return [...secrets].filter((secret) => formsOf(secret).some((form) => text.includes(form)))
}

/** Dialects of a gateway that answers every request in Nevis's place. In these, the probe creates no test users, because it could not delete them. */
const ANSWERED_BY_GATEWAY = ['redirect-301', 'redirect-302', 'redirect-307', 'gateway-page-502', 'gateway-page-200', 'firewall-page-403']
const isWhole = process.env['EVERY_DIALECT'] !== undefined
const PLAYED = DIALECT_NAMES.filter((name, i) => isWhole || i % 8 === 0 || name === 'gateway-page-502' || name === 'gateway-page-200')
const WIDTH = 4
let simulated: Simulated
/** The secret values that each simulated instance got or sent, by the name of its dialect; the simulator without a dialect has the name ''. */
const secretsIn = new Map<string, Set<string>>()
/** The users whom each simulated instance still had when the probe had ended. */
const usersOf = new Map<string, readonly unknown[]>()
/**
 * The results of a second probe, by dialect. The second probe gets other ids and tokens than the first, so the tests show that a dialect is recognised whatever
 * their values are. By default, every third dialect is probed twice.
 */
const again = new Map<string, StageResults>()
beforeAll(async () => {
  const nameOf = new Map<string, string>()
  const start = NevisSimulator.start.bind(NevisSimulator)
  const starts = jest.spyOn(NevisSimulator, 'start').mockImplementation(async (given) => {
    const made = await start(given)
    const name = typeof given?.dialect === 'string' ? given.dialect : ''
    nameOf.set(made.baseURL, name)
    secretsIn.set(name, new Set([made.accessKey, made.baseURL]))
    const close = made.close.bind(made)
    made.close = () => {
      usersOf.set(name, made.users)
      collect(JSON.stringify(made.users), secretsIn.get(name) as Set<string>)
      return close()
    }
    return made
  })
  const heard = overhear((baseURL) => secretsIn.get(nameOf.get(baseURL) as string) as Set<string>)
  simulated = await simulate(STAGES, undefined, PLAYED)
  starts.mockRestore()
  heard.mockRestore()
  const played = await pooled(isWhole ? PLAYED : PLAYED.filter((_name, i) => i % 3 === 0), WIDTH, async (name) => [name, await runOnSimulator(name, STAGES)] as const)
  for (const [name, results] of played) again.set(name, results)
  if (isWhole) process.stdout.write(figures())
})

const resultsOf = (name: string) => (again.get(name) ?? simulated.results.get(name)) as StageResults

/** What the command `probe` says about an instance with this dialect. */
function recognisedIn(name: string): Recognised {
  const { facts, failed, ofFailed } = resultsOf(name)
  return recognise(facts, simulated, failed.length > 0, ofFailed)
}

/** True if the probe names the dialect, alone or among others that are alike. */
const isNamed = ({ name, dialects, alike }: Recognised & { readonly name: string }) => [...dialects, ...alike.flat()].includes(name)

/** A summary of the whole run as text: how many dialects the probe has recognised, and how many calls it has made. */
function figures(): string {
  const calls = [...again.values(), ...simulated.results.values()].map((results) => results.calls).sort((one, other) => one - other)
  const recognised = PLAYED.map((name) => ({ name, ...recognisedIn(name) }))
  const alone = recognised.filter(({ name, dialects, alike }) => dialects.includes(name) && !alike.flat().includes(name))
  const among = recognised.filter(({ name, alike }) => alike.flat().includes(name)).map(({ name, alike }) => `${name}: ${alike.map((names) => names.join(', ')).join(' | ')}`)
  const unseen = recognised.filter((one) => !isNamed(one)).map(({ name, dialects }) => `${name}: ${dialects.join(', ') || 'none'}`)
  return `${PLAYED.length} dialects: ${alone.length} recognised alone, ${among.length} with others that are alike, ${unseen.length} not
calls: ${calls[0]} at least, ${calls[calls.length >> 1]} in the middle, ${calls.at(-1)} at most
secrets searched for: ${[...secretsIn.values()].reduce((sum, { size }) => sum + size, 0)}
users left: ${[...usersOf.values()].flat().length}
alike:\n  ${among.join('\n  ')}\nnot recognised:\n  ${unseen.join('\n  ')}\n`
}

describe('the probe in every dialect', () => {
  it('leaves no user behind, runs to its end and makes at most 400 calls', () => {
    const ended = [...simulated.results].filter(([, { endedBy }]) => endedBy !== undefined)
    // The runs may end in any order, so sort their names.
    expect(ended.map(([name]) => name).sort()).toEqual(PLAYED.filter((name) => ANSWERED_BY_GATEWAY.includes(name)).sort())
    const reasonIn = (name: string) => (/-5\d\d$/.test(name) ? /^Nevis, or a gateway in front of it, does not answer at the moment .*; no test user was created$/ : /^no response was JSON, .*; no test user was created$/)
    for (const [name, { endedBy, finished }] of ended) expect([endedBy, finished]).toEqual([expect.stringMatching(reasonIn(name)), ['quiet']])
    const results = [...simulated.results.values()]
    expect(results.map(({ usersLeft, calls }) => usersLeft === 0 && calls <= 400)).toEqual(PLAYED.map(() => true))
    expect([usersOf.size, [...usersOf].filter(([, users]) => users.length > 0)]).toEqual([PLAYED.length + 1, []])
  })

  it('reports no value of any request or response', () => {
    const without = ['', { facts: simulated.facts, finished: STAGES, failed: [], ofFailed: new Map(), obstacle: undefined, calls: 0, usersLeft: 0, namesLeft: [], endedBy: undefined }] as const
    for (const [name, results] of [without, ...simulated.results]) {
      const secrets = [...(secretsIn.get(name) as Set<string>)]
      if (!/^(redirect|gateway|firewall)-/.test(name)) expect([name, secrets.length > 100]).toEqual([name, true])
      const report = reportOf(results, recognise(results.facts, simulated))
      const printed = JSON.stringify(report) + textOf(report)
      expect([name, secretsShownIn(printed, secrets)]).toEqual([name, []])
    }
    expect(secretsIn.size).toBe(PLAYED.length + 1)
  })

  it('is searched for values in any encoding', () => {
    const secret = 'C7xk-9/+?ü-42'
    const bytes = Buffer.from(secret)
    for (const form of [secret, secret.toUpperCase(), bytes.toString('base64'), bytes.toString('base64url'), bytes.toString('hex'), encodeURIComponent(secret)]) {
      expect([form, secretsShownIn(`{"a":"${form}"}`, [secret])]).toEqual([form, [secret]])
    }
  })
})

describe('recognition', () => {
  /** Dialects that the probe cannot recognise, because they answer the probe's requests in the same way as the simulator without a dialect. */
  const same = ['wrong-code-400', 'authenticator-limit-409', 'nothing-to-ask-404']

  it('sees every dialect that differs from the simulator\'s own answers', () => {
    const unseen = [...simulated.dialects].filter(([, changes]) => changes.size === 0).map(([name]) => name)
    expect(unseen.sort()).toEqual(PLAYED.filter((name) => same.includes(name)).sort())
  })

  const withEvery = isWhole ? it : it.skip
  withEvery('of all dialects, names at least 97 in 100', () => {
    const named = PLAYED.filter((name) => isNamed({ name, ...recognisedIn(name) }))
    expect(named.length / DIALECT_NAMES.length).toBeGreaterThanOrEqual(0.97)
  })

  it.each(PLAYED.filter((name) => !same.includes(name)))('names %s, or says with which it can be confused', (name) => {
    const { dialects, alike, unexplained } = recognisedIn(name)
    expect([...dialects, ...alike.flat()]).toContain(name)
    expect(dialects).toHaveLength(1)
    expect(unexplained).toEqual([])
  })

  it('names two dialects of one instance', async () => {
    const names = ['sms-not-pollable', 'token-consumable']
    const both = await simulate(STAGES, undefined, names)
    const { facts } = await runOnSimulator(names, STAGES)
    expect(recognise(facts, both)).toMatchObject({ dialects: names, unexplained: [] })
  })

  it('lists what no dialect explains', () => {
    expect(recognise({ ...simulated.facts, 'ping.http': '203' }, simulated)).toEqual({ dialects: [], alike: [], unexplained: ['ping.http is 203'] })
    // Lifetimes are settings of the instance. The report lists them as answers, not as differences.
    expect(recognise({ ...simulated.facts, 'status.ignored.seconds': '10', 'status.ignored-approval.seconds': '600' }, simulated).unexplained).toEqual([])
    // HTTP 418 is an error, and does not show how the instance answers a ping without an error. So the probe leaves this answer open (`unsettled`).
    expect(recognise({ ...simulated.facts, 'ping.http': '418' }, simulated)).toEqual({ dialects: [], alike: [], unexplained: [], unsettled: ['ping: HTTP 418'] })
  })
})

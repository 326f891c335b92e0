/**
 * What the command `probe` does with a 429 of Nevis, and which requests it never repeats. A momentary refusal must not be reported as the usual behaviour of
 * the Nevis instance.
 */
import { request, type IncomingMessage, type RequestListener } from 'node:http'
import { recognise, simulate } from '../../../src/doctor/probe/recognise'
import { SimulatedPerson } from '../../../src/doctor/probe/simulated-person'
import { runStages, type Stage } from '../../../src/doctor/probe/stages'
import { NevisSimulator } from '../../../src/simulator'
import { closeServers, originOf } from '../support'

jest.setTimeout(60_000)

let simulator: NevisSimulator
beforeEach(async () => void (simulator = await NevisSimulator.start()))
afterEach(async () => {
  await simulator.close()
  await closeServers()
})

/** Runs the probe on the simulator. Where `statusOf` returns a status, the request gets this status instead of reaching the simulator. */
async function probe(stages: readonly Stage[], statusOf: (req: IncomingMessage, body: string) => number | undefined, headers = {}, bodyOf = (status: number) => JSON.stringify({ status })) {
  const pauses: number[] = []
  const bodies: string[] = []
  const listener: RequestListener = async (req, res) => {
    let body = ''
    for await (const chunk of req) body += String(chunk)
    bodies.push(body)
    const status = statusOf(req, body)
    if (status !== undefined) return void res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(bodyOf(status))
    request(simulator.baseURL + String(req.url), { method: req.method, headers: req.headers }, (answer) => answer.pipe(res.writeHead(answer.statusCode as number, answer.headers))).end(body)
  }
  const person = new SimulatedPerson(simulator)
  const pause = async (ms: number) => {
    pauses.push(ms)
    simulator.advance(ms)
  }
  const results = await runStages({ baseURL: await originOf(listener), accessKey: simulator.accessKey, stages, phone: person.number, person, pause, say: () => undefined, signal: new AbortController().signal })
  return { ...results, pauses, bodies }
}

const isIntent = ({ url }: IncomingMessage) => url === '/api/v1/intent'

it.each([[{}, 2000], [{ 'retry-after': '7' }, 7000], [{ 'retry-after': '3600' }, 10_000], [{ 'retry-after': 'later' }, 2000]])('a single 429 with the headers %j › is repeated after %i ms, and the second answer counts', async (headers, ms) => {
  let count = 0
  const { facts, failed, pauses } = await probe(['quiet', 'users'], (req) => (isIntent(req) && ++count === 1 ? 429 : undefined), headers)
  const { facts: usual } = await probe(['quiet', 'users'], () => undefined)
  expect([facts, failed, pauses]).toEqual([usual, [], [ms]])
})

it.each([['an empty body', ''], ['a page', '<h1>Too many requests</h1>']])('a single 429 with %s, as from a gateway › is repeated after a pause, too', async (_name, body) => {
  let count = 0
  const { facts, failed, pauses } = await probe(['quiet', 'users'], (req) => (isIntent(req) && ++count === 1 ? 429 : undefined), {}, () => body)
  const { facts: usual } = await probe(['quiet', 'users'], () => undefined)
  expect([facts, failed, pauses]).toEqual([usual, [], [2000]])
})

it.each([429, 502, 503, 504])('a %i that lasts › is no lasting answer, no difference, and hides no dialect', async (status) => {
  const stages = ['quiet', 'users'] as const
  const simulated = await simulate(stages, undefined, ['nothing-to-ask-409', 'intent-201'])
  // The probe calls the server of this test, but the tokens name the host of the simulator behind this server. So compare with a usual run through the same
  // server.
  const { facts: usual } = await probe(stages, () => undefined)
  await simulator.close()
  simulator = await NevisSimulator.start({ dialect: 'nothing-to-ask-409' })
  const { facts, failed } = await probe(stages, ({ url = '' }, body) => (url === '/api/v1/approval' && body.includes('"channel":"app"') ? status : undefined))
  const { dialects, unexplained } = recognise(facts, { ...simulated, facts: usual }, failed.length > 0)
  expect([facts['approval.app.no-device.http'], dialects, unexplained]).toEqual([String(status), ['nothing-to-ask-409'], []])
  expect(failed).toEqual([{ stage: 'users', reason: `1 request got no lasting answer: HTTP ${status}` }])
})

it.each<[string, status: number, codes: number, isEvery: boolean, after: string | undefined]>([
  ['the third code and every further code', 429, 3, false, '2'],
  ['the third code and every further code', 403, 3, false, '2'],
  ['the third code and every further request', 429, 3, true, undefined],
  // The simulator answers each wrong code alike, so only the right code, the last one, is refused.
  ['the right code and every further code', 429, 21, false, 'more than 20'],
  ['the right code and every further request', 429, 21, true, undefined],
])('%s gets %i in the stage limits (code %i) › every request: %s › the limit of codes is recorded as %s', async (_name, status, codes, isEvery, after) => {
  let count = 0
  const isRefused = ({ url = '', method }: IncomingMessage) => {
    const isCode = url.endsWith('/verification')
    if (isCode) count++
    // The first code is that of the stage `quiet`. The test user can be deleted.
    return count > codes && method !== 'DELETE' && (isCode || isEvery)
  }
  const { facts, failed } = await probe(['quiet', 'limits'], (req) => (isRefused(req) ? status : undefined))
  expect(facts['limit.codes.after']).toBe(after)
  expect(Object.keys(facts).filter((name) => name.startsWith('limit.')).length > 0).toBe(after !== undefined)
  expect(failed).toEqual(after === undefined ? [{ stage: 'limits', reason: `a look-up of a user was refused, too (HTTP ${status}), so the limit is not known` }] : [])
})

it('a 429 to every request › is not waited for again and again', async () => {
  let count = 0
  const { pauses } = await probe(['quiet'], () => (++count > 8 ? 429 : undefined))
  expect(pauses).toEqual([2000])
})

it.each([429, 500, 503])('a request by SMS or push, or with a phone number, that gets %i › is not repeated', async (status) => {
  const isCostly = (body: string) => /"channel":"(sms|push)"|"phone":/.test(body)
  const { bodies } = await probe(['quiet', 'users', 'sms'], (_req, body) => (isCostly(body) ? status : undefined))
  const costly = bodies.filter(isCostly)
  expect(costly.length).toBeGreaterThan(3)
  expect(costly).toEqual([...new Set(costly)])
})

/**
 * What the command `probe` does if the person who runs it presses the wrong button on the phone: accepts a request instead of denying it, or denies one instead
 * of accepting it.
 */
import { Connections } from '../../../src/doctor/probe/raw-request'
import { differencesOf, runOnSimulator } from '../../../src/doctor/probe/recognise'
import { SimulatedPerson } from '../../../src/doctor/probe/simulated-person'
import { runStages } from '../../../src/doctor/probe/stages'
import { NevisSimulator } from '../../../src/simulator'

jest.setTimeout(60_000)

const STAGES = ['quiet', 'app'] as const
type Decision = 'accept' | 'deny'

/**
 * Probes with a person who presses the wrong button for each question for which `isWrong` is true. `asked`: the number of the question, from 0. `presses`:
 * called in place of each press of a button.
 */
async function probe(isWrong: (asked: number, what: Decision) => boolean, dialect: string | readonly string[] = [], presses?: () => Promise<void>) {
  // With `presses`, perhaps nobody presses a button. Then the probe waits 180 s for an answer. So let the requests live longer (600 s): otherwise, they would
  // expire before the probe stops waiting.
  const simulator = await NevisSimulator.start({ dialect, pushRateLimit: 20, ...(presses !== undefined && { lifetimeSeconds: 600 }) })
  try {
    const said: string[] = []
    const asked: Decision[] = []
    const person = new SimulatedPerson(simulator)
    const press = person.answer.bind(person)
    person.answer = (what) => {
      asked.push(what)
      return presses?.() ?? press(isWrong(asked.length - 1, what) ? (what === 'accept' ? 'deny' : 'accept') : what)
    }
    const { baseURL, accessKey } = simulator
    const results = await runStages({ baseURL, accessKey, stages: STAGES, person, pause: async (ms) => simulator.advance(ms), say: (line) => void said.push(line), signal: new AbortController().signal })
    return { ...results, said, asked }
  } finally {
    await simulator.close()
  }
}

describe('the wrong button', () => {
  it.each<[string, number, Decision[], string]>([
    ['at the first request to accept', 0, ['accept', 'accept', 'deny', 'accept'], 'Nevis says "failed" about the request that you were asked to accept. '],
    ['at the request to deny', 1, ['accept', 'deny', 'deny', 'accept'], 'Nevis says "succeeded" about the request that you were asked to deny. '],
    ['at the request to scan and accept', 2, ['accept', 'deny', 'accept', 'accept'], 'Nevis says "failed" about the request that you were asked to accept. '],
  ])('%s › the person is told and asked again; the report is as without it', async (_name, when, questions, line) => {
    const { facts, failed, said, asked, usersLeft } = await probe((count) => count === when)
    expect([failed, asked, usersLeft]).toEqual([[], questions, 0])
    expect(said).toContain(`${line}The wrong button was pressed, or the request expired. Sending a new request …`)
    expect([...differencesOf(facts, (await runOnSimulator([], STAGES)).facts)]).toEqual([])
  })

  it('each time › fails the stage, and the report has no answer to such a request', async () => {
    const { facts, failed, asked } = await probe((_count, what) => what === 'accept')
    expect(asked).toEqual(['accept', 'accept', 'accept', 'deny', 'accept', 'accept', 'accept'])
    expect(failed).toEqual(['push', 'app'].map((channel) => ({ stage: 'app', reason: `the answer to a request by ${channel} that the person accepts is not known: 3 times, the status was the opposite` })))
    expect(Object.keys(facts).filter((name) => /\.accepted|\.accept\./.test(name))).toEqual([])
    expect(facts['status.push.denied.http']).toBe('412')
  })
})

it('no button at all › is not taken for the wrong one: the stage fails, and the person is not asked again', async () => {
  const { failed, asked } = await probe(() => false, [], () => Promise.resolve())
  expect(asked).toEqual(['accept', 'deny', 'accept'])
  expect(failed.map(({ reason }) => reason)).toEqual(['push', 'push', 'app'].map((channel) => expect.stringMatching(new RegExp(`^the request by ${channel} was not answered within 180 s$`)) as string))
})

it('a request by app without a code to scan › is not asked of the person, and fails the stage', async () => {
  const { send } = Connections.prototype
  const sends = jest.spyOn(Connections.prototype, 'send').mockImplementation(async function (this: Connections, path, request) {
    const response = await send.call(this, path, request)
    if (request.body?.includes('"channel":"app"') !== true || response.status !== 201) return response
    const { qrCode: _code, appLinkUri: _link, ...rest } = JSON.parse(response.text) as Record<string, unknown>
    return { ...response, text: JSON.stringify(rest) }
  })
  const { failed, asked } = await probe(() => false)
  sends.mockRestore()
  expect([failed, asked]).toEqual([[{ stage: 'app', reason: 'the request by app got no code to scan (HTTP 201), so it was not answered' }], ['accept', 'deny']])
})

it.each(['status-failed-error-body', 'status-expired', 'status-rejected', 'status-success', 'status-in-capitals', 'status-succeeded-once', 'status-nested'])('the right button, of an instance with %s › is not asked for again', async (dialect) => {
  const { failed, asked } = await probe(() => false, dialect)
  expect([failed, asked]).toEqual([[], ['accept', 'deny', 'accept']])
})

it.each([['approved', 'denied'], ['accepted', 'declined'], ['success', 'cancelled'], ['succeeded', 'failure']])('the right button, of an instance that says "%s" or "%s" with HTTP 200 › is seen at once, and the status is in the report', async (accepted, denied) => {
  const { send } = Connections.prototype
  const sends = jest.spyOn(Connections.prototype, 'send').mockImplementation(async function (this: Connections, path, request) {
    const { status, text, ...rest } = await send.call(this, path, request)
    return { ...rest, status: path === '/api/v1/status' && status === 412 ? 200 : status, text: text.replace('"status":"succeeded"', `"status":"${accepted}"`).replace('"status":"failed"', `"status":"${denied}"`) }
  })
  const { failed, asked, facts } = await probe(() => false)
  sends.mockRestore()
  expect([failed, asked]).toEqual([[], ['accept', 'deny', 'accept']])
  const fields = ['enroll.app.succeeded', 'push.accepted', 'push.denied', 'app.accepted'].map((step) => (facts[`status.${step}.fields`] as string[]).find((field) => field.startsWith('status')))
  expect(fields).toEqual([accepted, accepted, denied, accepted].map((word) => `status: "${word}"`))
})

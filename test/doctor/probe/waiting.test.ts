/**
 * Tests what the command `probe` prints while it waits for the phone, when it stops waiting, and how it asks the person who runs it to scan QR codes in the
 * stage `limits`.
 */
import { answersIn } from '../../../src/doctor/probe/questions'
import { differencesOf, runOnSimulator } from '../../../src/doctor/probe/recognise'
import { SimulatedPerson } from '../../../src/doctor/probe/simulated-person'
import { runStages, type Stage } from '../../../src/doctor/probe/stages'
import { NevisSimulator } from '../../../src/simulator'

jest.setTimeout(60_000)

let simulator: NevisSimulator
beforeEach(async () => void (simulator = await NevisSimulator.start({ pushRateLimit: 3 })))
afterEach(() => simulator.close())

async function probe(stages: readonly Stage[], change: (person: SimulatedPerson) => void) {
  const said: string[] = []
  const person = new SimulatedPerson(simulator)
  change(person)
  const { baseURL, accessKey } = simulator
  const results = await runStages({ baseURL, accessKey, stages, person, pause: async (ms) => simulator.advance(ms), say: (line) => void said.push(line), signal: new AbortController().signal })
  return { ...results, said }
}

it('the probe says once that it waits for the phone, and for how long', async () => {
  const { said } = await probe(['quiet', 'app'], (person) => (person.scan = () => Promise.resolve()))
  expect(said.slice(0, 3)).toEqual(['Stage "quiet" …', 'Stage "app" …', 'Waiting up to 3 minutes for the phone …'])
  // The stage `app` waits for the phone at most four times: for the enrolment, and for three approvals.
  expect(said.filter((line) => line.startsWith('Waiting ')).length).toBeLessThanOrEqual(4)
  const { said: atOnce } = await probe(['quiet', 'app'], () => undefined)
  expect(atOnce).toEqual(['Stage "quiet" …', 'Stage "app" …', 'Deleting the test users …', 'No test user is left at Nevis.'])
})

it('after five requests in a row without an answer, the probe no longer waits, and tries no approvals', async () => {
  const { failed, said, calls } = await probe(['quiet', 'app'], (person) => {
    person.scan = async () => void simulator.faults.add({ on: 'getStatus', reset: true })
  })
  expect(failed[0]).toEqual({ stage: 'app', reason: 'the phone was not enrolled, because 5 requests in a row got no answer' })
  expect(calls).toBeLessThan(30)
  expect(said).toContain('The phone was not enrolled, so approvals are not tried.')
})

describe('what the person does not decide within three minutes', () => {
  // With its default lifetime, the simulator would end the requests after two minutes.
  beforeEach(async () => {
    await simulator.close()
    simulator = await NevisSimulator.start({ lifetimeSeconds: 600 })
  })

  it('a request › fails the stage, and "pending" is not reported as the status after the decision', async () => {
    const { facts, failed } = await probe(['quiet', 'app'], (person) => (person.answer = () => Promise.resolve()))
    const reason = (channel: string) => ({ stage: 'app', reason: `the request by ${channel} was not answered within 180 s` })
    expect(failed).toEqual([reason('push'), reason('push'), reason('app')])
    expect(Object.keys(facts).filter((name) => /^(status|introspect)\.(push|app)\.(accept|den)/.test(name))).toEqual([])
    const questions = answersIn(facts).map(({ question }) => question)
    expect(questions).not.toContain('What does the status say after a request was accepted?')
    expect(questions).not.toContain('What does the status say after a request was denied?')
  })

  it('the enrolment of a phone › fails the stage, and no approval is tried', async () => {
    const { facts, failed, said } = await probe(['quiet', 'app'], (person) => (person.scan = () => Promise.resolve()))
    expect(failed).toEqual([{ stage: 'app', reason: 'the phone was not enrolled within 180 s' }])
    expect(said).toContain('The phone was not enrolled, so approvals are not tried.')
    expect(Object.keys(facts).filter((name) => /^status\.enroll|^approval\.push|^user\.with-phone/.test(name))).toEqual([])
  })
})

describe('an enrolment that ends without a scan', () => {
  it('in the stage `app` › fails the stage: the phone does not count as enrolled', async () => {
    const { facts, failed, said } = await probe(['quiet', 'app'], (person) => (person.scan = () => Promise.resolve()))
    expect(failed).toEqual([{ stage: 'app', reason: 'the phone was not enrolled: it was cancelled, or the code expired (HTTP 412)' }])
    expect(said).toContain('The phone was not enrolled, so approvals are not tried.')
    expect(Object.keys(facts).filter((name) => /^status\.enroll|^approval\.push|^user\.with-phone/.test(name))).toEqual([])
  })

  it.each([[2, 0], [5, 3]])('at scan %i, which is one of the stage `limits` › fails that stage, and what the stage `app` has recorded stays', async (missed, further) => {
    let scans = 0
    const { facts, failed } = await probe(['quiet', 'app', 'limits'], (person) => {
      const { scan } = SimulatedPerson.prototype
      person.scan = (link, ...more: unknown[]) => (more[1] !== undefined && ++scans === missed - 1 ? Promise.resolve() : scan.call(person, link))
    })
    expect(failed).toEqual([{ stage: 'limits', reason: 'the phone was not enrolled: it was cancelled, or the code expired (HTTP 412)' }])
    expect([scans, facts['status.enroll.app.succeeded.http'], facts['limit.phones.after'], facts['limit.phones.http']]).toEqual([further + 1, '200', undefined, undefined])
  })
})

describe('a constant refusal in the stage `limits`', () => {
  it('of a further phone › is a limit of no further phones', async () => {
    const { facts, failed } = await probe(['quiet', 'app', 'limits'], (person) => {
      const { scan } = SimulatedPerson.prototype
      person.scan = async (link, ...more: unknown[]) => {
        await scan.call(person, link)
        if (more[1] !== undefined) simulator.faults.add({ on: 'enroll', status: 409, times: 1 })
      }
    })
    expect([failed, facts['limit.phones.after'], facts['limit.phones.http']]).toEqual([[], '0', '409'])
    expect(answersIn(facts)).toContainEqual(expect.objectContaining({ question: 'How many phones may a user have?', answer: '0 more: HTTP 409' }))
  })

  it('of the first push › fails the stage, and no limit is in the report', async () => {
    const { facts, failed } = await probe(['quiet', 'app', 'limits'], (person) => {
      const { scan } = SimulatedPerson.prototype
      person.scan = async (link, ...more: unknown[]) => {
        await scan.call(person, link)
        if (more[1] !== undefined) simulator.faults.add({ on: 'approve', status: 403 })
      }
    })
    expect(failed).toEqual([{ stage: 'limits', reason: 'the first push got HTTP 403, so the limit is not known' }])
    expect(Object.keys(facts).filter((name) => name.startsWith('limit.pushes'))).toEqual([])
  })

  it('of a right code after the wrong ones › shows that codes are blocked, though the number is not known', async () => {
    simulator.faults.add({ on: 'verifyCode', status: 400, skip: 1 })
    const { facts, failed } = await probe(['quiet', 'limits'], () => undefined)
    expect(failed).toEqual([])
    expect(answersIn(facts)).toContainEqual(expect.objectContaining({ question: 'When does Nevis block codes?', answer: 'after at most 20 wrong codes: a right code then gets HTTP 400' }))
  })
})

it.each([429, 502, 503, 504])('HTTP %i to two status requests while the probe waits for the phone › is no decision', async (status) => {
  const { facts, failed } = await probe(['quiet', 'app'], (person) => {
    const { answer } = SimulatedPerson.prototype
    person.answer = async (what) => {
      simulator.faults.add({ on: 'getStatus', status, times: 2 })
      await answer.call(person, what)
    }
  })
  expect([failed, ...differencesOf(facts, (await runOnSimulator([], ['quiet', 'app'])).facts)]).toEqual([[]])
})

it.each<[number, 'verifyCode' | 'approve', Stage[], string]>([
  ...[500, 502, 503, 504].map((status): [number, 'verifyCode', Stage[], string] => [status, 'verifyCode', ['quiet', 'limits'], 'no answer']),
  // After a 5xx to the verification of a code, the probe repeats the request, gets another status, and records "no answer". But it never repeats a request that
  // sends a push. So for `approve`, the reason names the status.
  ...[500, 503].map((status): [number, 'approve', Stage[], string] => [status, 'approve', ['quiet', 'app', 'limits'], `HTTP ${status}`]),
])('HTTP %i to one of the repeated requests (%s) of the stage `limits` › is no limit', async (status, on, stages, what) => {
  // The stage `app` sends seven requests for approvals.
  simulator.faults.add({ on, status, skip: on === 'approve' ? 8 : 5, times: 1 })
  const { facts, failed } = await probe(stages, () => undefined)
  expect(failed).toEqual([{ stage: 'limits', reason: `a request got ${what}, so the limit is not known` }])
  expect(Object.keys(facts).filter((name) => (on === 'approve' ? /^limit\.pushes\.(http|after)/ : /^limit\.codes\.(http|after)/).test(name))).toEqual([])
})

it('the stage `limits` numbers its scans', async () => {
  const scans: (string | undefined)[] = []
  await probe(['quiet', 'app', 'limits'], (person) => {
    const { scan } = SimulatedPerson.prototype
    person.scan = (link, ...more: unknown[]) => {
      scans.push(more[1] as string | undefined)
      return scan.call(person, link)
    }
  })
  const numbered = scans.filter((which) => which !== undefined)
  expect(numbered.length).toBeGreaterThan(5)
  expect(numbered).toEqual(numbered.map((_which, at) => `scan ${at + 1} of at most 12`))
})

it('the stage `limits`, after the stage `app` was declined › asks nothing of the person, and is compared as a stage without a phone', async () => {
  const questions: string[] = []
  const { facts, finished } = await probe(['quiet', 'app', 'limits'], (person) => {
    person.confirm = (question?: string) => Promise.resolve(questions.push(String(question)) > 1)
  })
  expect([questions.length, finished]).toEqual([1, ['quiet', 'limits']])
  expect([...differencesOf(facts, (await runOnSimulator([], finished)).facts)]).toEqual([])
})

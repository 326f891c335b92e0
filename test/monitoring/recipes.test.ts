/**
 * Tests the recipes of the guide "Monitoring" with the real packages of Prometheus and OpenTelemetry. The tests run several hundred sign-ins, some with faults
 * of Nevis. Then they compare each counter with what the simulator and the app have seen.
 *
 * Out of scope: what the dashboard and the alert rules compute from the metrics (`alerts.test.ts`).
 */
import { metrics as api } from '@opentelemetry/api'
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import * as prometheus from 'prom-client'
import { parse } from 'yaml'
import type { NevisFault } from '../../src'
import { PASSWORD, handleIn, waitingOf, type TestApp } from '../support/app'
import type { Page } from '../support/browser'
import { read } from '../support/markdown'
import { lab } from '../security/support/lab'
import { CANARY } from '../security/support/secrets'
import { GUIDE, recipe } from './recipe'

const world = lab()
/** `SIGN_INS=1000 npx jest test/monitoring` runs more sign-ins. */
const PEOPLE = Number(process.env['SIGN_INS'] ?? 300)

type Labels = Readonly<Record<string, string | number | undefined>>

/** The values of a metric by some of its labels, for example `{ 'factor=push,operation=approve': 3 }`. Values with the same labels are added up. */
type Counts = Record<string, number>

function counted(points: readonly { labels: Labels; value: number }[], names: readonly string[]): Counts {
  const counts: Counts = {}
  for (const { labels, value } of points) {
    const key = names.map((name) => `${name}=${labels[name] ?? ''}`).join(',')
    if (value > 0) counts[key] = (counts[key] ?? 0) + value
  }
  return counts
}

const count = (counts: Counts, key: string) => void (counts[key] = (counts[key] ?? 0) + 1)

/** What really happened, as the browsers saw it. */
class Truth {
  readonly failures: Counts = {}
  readonly faults: Counts = {}
  /** The status calls that failed without an error for a browser: those of a waiting page, and of a callback after the user's time is over. */
  readonly watched: Counts = {}
  readonly starts: Counts = {}
  readonly decisions: Counts = {}
  readonly budgets: Counts = {}
  /** What the users who do not answer do when their time is over: their waiting pages go to the callback. */
  readonly late: (() => Promise<void>)[] = []

  /** Call this after the only such status call for this user. */
  noteWatched(username: string): void {
    const [last] = statusCallsOf(username).slice(-1)
    if (last !== undefined && (last.status ?? 500) >= 500) count(this.watched, `at=watch,code=${last.status === undefined ? 'NEVIS_UNREACHABLE' : 'NEVIS_UNEXPECTED_RESPONSE'}`)
  }

  note(page: Page): Page {
    if (page.location === undefined) {
      const { action, code } = page.json() as { action: string; code: string }
      if (action === 'fail') count(this.failures, `code=${code}`)
      if (action === 'error') count(this.faults, `at=request,code=${code}`)
    }
    return page
  }
}

const KINDS = ['approves', 'approves', 'approves', 'types', 'types', 'denies', 'mistypes', 'guesses', 'recovers', 'cancels', 'silent', 'hurries', 'insists'] as const

/** Signs one user in, from the password to the callback. If Nevis fails at the start, the user gives up. If Nevis fails at the callback, the user retries. */
async function person(app: TestApp, i: number, truth: Truth): Promise<void> {
  const kind = KINDS[i % KINDS.length] as (typeof KINDS)[number]
  const username = `u${i}`
  const factor = ({ types: 'sms', mistypes: 'sms', guesses: 'sms', recovers: 'recovery', hurries: 'recovery', approves: i % 4 === 0 ? 'app' : 'push' } as Record<string, string>)[kind] ?? 'push'
  const browser = app.browser()
  const start = async (refusal?: string, from = browser) => {
    const page = truth.note(await from.post('/login', { username, password: PASSWORD, factor }))
    if (page.location !== undefined) count(truth.starts, `factor=${factor}`)
    else if (page.json().code === 'too_many_starts') count(truth.budgets, `budget=${refusal}`)
    return page.location
  }
  const location = await start()
  if (location === undefined) return
  let transaction = handleIn(location)
  const finish = async (fields: Record<string, string> = {}) => {
    for (let tries = 0; tries < 20; tries++) {
      const page = truth.note(await browser.post('/login/2fa/callback', { transaction, ...fields }))
      if (page.location === undefined && page.json().action === 'success') return count(truth.decisions, `factor=${factor},outcome=succeeded,reason=`)
      if (page.location === undefined && page.json().action === 'fail') return
    }
    throw new Error(`${username} did not come to an end`)
  }
  const phone = world.simulator.phone(username)
  const code = () => /\d{6}/.exec(world.simulator.sms(username).at(-1) as string)?.[0] as string
  if (kind === 'approves') {
    const { appLinkUri } = (await browser.get(waitingOf(transaction), { accept: 'application/json' })).json()
    truth.noteWatched(username)
    if (factor === 'app') await phone.scan(appLinkUri as string)
    await phone.approve()
    return finish()
  }
  const deny = async () => {
    await phone.deny()
    await finish()
    count(truth.decisions, `factor=${factor},outcome=failed,reason=denied`)
  }
  if (kind === 'denies') return deny()
  if (kind === 'insists') {
    await deny()
    const again = await start()
    if (again === undefined) return
    transaction = handleIn(again)
    await deny()
    return void (await start('pause'))
  }
  if (kind === 'hurries') {
    for (let more = 5; more > 0; more--) await start('starts', app.browser())
    return
  }
  if (kind === 'cancels') return void truth.note(await browser.post('/login/2fa', { transaction, cancel: '1' }))
  if (kind === 'silent') return void truth.late.push(() => finish().then(() => {
    count(truth.decisions, `factor=${factor},outcome=failed,reason=timed_out`)
    truth.noteWatched(username)
  }))
  if (kind === 'recovers') return finish({ code: `c4n4ry-${i}` })
  for (let wrong = kind === 'mistypes' ? 1 : kind === 'guesses' ? 5 : 0; wrong > 0; wrong--) await finish({ code: '000000' })
  if (kind === 'guesses') count(truth.budgets, 'budget=attempts')
  return finish({ code: code() })
}

/** The status calls for a user that the simulator has seen: the status token names the user. */
function statusCallsOf(username: string) {
  const { userId } = world.simulator.users.find((user) => user.username === username) as { userId: string }
  const isOfUser = (body: unknown) => Buffer.from((body as { statusToken: string }).statusToken.split('.')[1] as string, 'base64url').toString().includes(userId)
  return world.simulator.requests.filter(({ operation, body }) => operation === 'getStatus' && isOfUser(body))
}

function callsSeen(): Counts {
  const counts: Counts = {}
  for (const { operation, status } of world.simulator.requests) count(counts, `operation=${operation},result=${status ?? 'NEVIS_UNREACHABLE'}`)
  return counts
}

/** The values of a metric by these labels, as Prometheus would read them. For a histogram, the count. */
async function fromPrometheus(name: string, labels: readonly string[]): Promise<Counts> {
  const all = await prometheus.register.getMetricsAsJSON()
  const found = all.find((metric) => name === metric.name || name === `${metric.name}_count`)
  const values = (found?.values ?? []) as { labels: Labels; value: number; metricName?: string }[]
  return counted(values.filter(({ metricName }) => metricName === undefined || metricName === name), labels)
}

const reader = new PeriodicExportingMetricReader({ exporter: new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE), exportIntervalMillis: 3_600_000 })

interface Collected {
  readonly name: string
  readonly unit: string
  readonly points: readonly { labels: Labels; value: number }[]
}

async function collected(): Promise<Collected[]> {
  const { resourceMetrics } = await reader.collect()
  return resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
    metrics.map(({ descriptor, dataPoints }) => ({
      name: descriptor.name,
      unit: descriptor.unit,
      points: dataPoints.map(({ attributes, value }) => ({ labels: attributes as Labels, value: typeof value === 'number' ? value : value.count })),
    })),
  )
}

const fromOpenTelemetry = async (name: string, labels: readonly string[]) => counted((await collected()).find((metric) => metric.name === name)?.points ?? [], labels)

afterAll(() => reader.shutdown())

describe('the recipes', () => {
  it('count what the simulator and the app have seen, in several hundred sign-ins with faults, and hold no secret', async () => {
    const { simulator } = world
    for (let i = 0; i < PEOPLE; i++) simulator.addUser({ username: `u${i}`, phone: `+4179${String(1_000_000 + i)}`, recoveryCodes: [`c4n4ry-${i}`] })
    const app = await world.start({ strategy: { message: () => 'c4n4ry', data: () => ({ iban: 'c4n4ry' }) } })
    api.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
    for (const file of ['monitoring.js', 'telemetry.js']) recipe(file).monitor([app.nevis])
    simulator.faults.add({ on: 'approve', status: 503, share: 0.06 })
    simulator.faults.add({ on: 'approve', reset: true, share: 0.03 })
    simulator.faults.add({ on: 'approve', body: '<h1>c4n4ry</h1>', status: 200, share: 0.03 })
    simulator.faults.add({ on: 'getStatus', status: 500, share: 0.15 })
    simulator.faults.add({ on: 'getStatus', reset: true, share: 0.05 })
    simulator.faults.add({ on: 'introspect', status: 403, share: 0.1 })
    const truth = new Truth()
    const queue = Array.from({ length: PEOPLE }, (_, i) => i)
    const worker = async () => {
      for (let i = queue.shift(); i !== undefined; i = queue.shift()) await person(app, i, truth)
    }
    await Promise.all(Array.from({ length: 8 }, worker))
    world.later(125)
    for (const end of truth.late) await end()
    expect(truth.late.length).toBeGreaterThan(10)
    expect(simulator.requests.length).toBeLessThan(10_000)
    // Check that the sign-ins have caused each kind of fault and decision. Otherwise the comparison of the metrics below would not cover some kinds.
    expect(Object.keys(truth.faults).sort()).toEqual(['NEVIS_UNAUTHORIZED', 'NEVIS_UNEXPECTED_RESPONSE', 'NEVIS_UNREACHABLE'].map((code) => `at=request,code=${code}`))
    expect(Object.keys(truth.decisions)).toHaveLength(6)
    expect(truth.watched['at=watch,code=NEVIS_UNEXPECTED_RESPONSE']).toBeGreaterThan(0)
    expect(Object.keys(truth.budgets).sort()).toEqual(['attempts', 'pause', 'starts'].map((budget) => `budget=${budget}`))

    for (const [from, name] of [[fromPrometheus, (text: string) => `nevis_${text}_total`], [fromOpenTelemetry, (text: string) => `nevis.${text}`]] as const) {
      expect(await from(name('starts'), ['factor'])).toEqual(truth.starts)
      expect(await from(name('decisions'), ['factor', 'outcome', 'reason'])).toEqual(truth.decisions)
      expect(await from(name('failures'), ['code'])).toEqual(truth.failures)
      expect(await from(name('faults'), ['at', 'code'])).toEqual({ ...truth.faults, ...truth.watched })
      expect(await from(name('budgets'), ['budget'])).toEqual(truth.budgets)
      expect(await from(name('suspicious'), ['reason'])).toEqual({})
    }
    // Compare the starts and the calls with the requests that the simulator has recorded.
    const approvals = simulator.requests.filter(({ operation, status, body }) => operation === 'approve' && status === 201 && body !== undefined)
    const { 'factor=recovery': _recovery, ...asked } = truth.starts
    expect(counted(approvals.map(({ body }) => ({ labels: { factor: (body as { channel: string }).channel }, value: 1 })), ['factor'])).toEqual(asked)
    expect(await fromPrometheus('nevis_call_duration_seconds_count', ['operation', 'result'])).toEqual(callsSeen())
    expect(await fromOpenTelemetry('nevis.call.duration', ['operation', 'result'])).toEqual(callsSeen())
    const approved = counted(Object.entries(truth.decisions).filter(([key]) => key.includes('succeeded')).map(([key, value]) => ({ labels: { factor: /factor=(\w+)/.exec(key)?.[1] }, value })), ['factor'])
    expect(await fromPrometheus('nevis_time_to_approve_seconds_count', ['factor'])).toEqual(approved)
    expect(await fromOpenTelemetry('nevis.time_to_approve', ['factor'])).toEqual(approved)

    const shown = `${await prometheus.register.metrics()}\n${JSON.stringify(await collected())}`
    expect(shown).not.toMatch(CANARY)
    for (const secret of [simulator.accessKey, 'u17', ...simulator.requests.flatMap(({ body }) => Object.values(Object(body) as object))].filter((one) => String(one).length > 8)) expect(shown).not.toContain(secret)
    expect(shown).not.toMatch(/"u\d+"|eyJ/)
  }, PEOPLE * 400)

  it('read the gauges', async () => {
    // This test starts no app: the gauges still belong to the strategy `nevis`, which the test before has passed to the recipe.
    const gauges = ['open_streams', 'waiting', 'queued_status_calls', 'status_calls_allowed_per_second', 'up']
    for (const name of gauges) expect([name, Object.keys(await fromPrometheusGauge(`nevis_${name}`))]).toEqual([name, ['nevis']])
    const names = (await collected()).map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining([...gauges, 'ledger_latency'].map((name) => `nevis.${name}`)))
    expect((await fromPrometheusGauge('nevis_ledger_latency_seconds'))['nevis']).toBeGreaterThan(0)
  })
})

async function fromPrometheusGauge(name: string): Promise<Counts> {
  const metric = (await prometheus.register.getMetricsAsJSON()).find((one) => one.name === name)
  return Object.fromEntries(((metric?.values ?? []) as { labels: { strategy: string }; value: number }[]).map(({ labels, value }) => [labels.strategy, value]))
}

describe('the dashboard and the alert rules', () => {
  interface Panel {
    readonly title: string
    readonly targets: readonly { readonly expr: string }[]
  }
  const dashboard = JSON.parse(read('docs/monitoring/dashboard.json')) as { panels: readonly Panel[] }
  const { groups } = parse(read('docs/monitoring/alerts.yml')) as { groups: { rules: { alert: string; expr: string; annotations: { summary: string } }[] }[] }
  const rules = groups.flatMap((group) => group.rules)

  /** The metrics that a PromQL expression selects. */
  const selected = (expr: string) => [...expr.matchAll(/\bnevis_\w+/g)].map(([name]) => name)

  it('draw the five panels that the guide names', () => {
    const rows = read(GUIDE).split('## The five panels')[1]?.split('|---|---|')[1] ?? ''
    const named = [...rows.matchAll(/^\| ([^|`]+) \|/gm)].map(([, title]) => title)
    expect(dashboard.panels.map(({ title }) => title)).toEqual(named.slice(0, 5))
    expect(dashboard.panels).toHaveLength(5)
  })

  it('have a line in the guide for each rule', () => {
    const named = [...read(GUIDE).matchAll(/^\| `(Nevis\w+)` \|/gm)].map(([, name]) => name)
    expect(rules.map(({ alert }) => alert)).toEqual(named)
    for (const { annotations } of rules) expect(annotations.summary).toMatch(/\w/)
  })

  /** Every code that an event `fault` can have. If a code is missing here, this file does not compile, because of `satisfies`. */
  const codes = Object.keys({
    NEVIS_UNREACHABLE: 1, NEVIS_TIMEOUT: 1, NEVIS_RATE_LIMITED: 1, NEVIS_UNAUTHORIZED: 1, NEVIS_NOT_FOUND: 1, NEVIS_REJECTED: 1, NEVIS_UNEXPECTED_RESPONSE: 1,
    SESSION_REQUIRED: 1, SESSION_IN_COOKIE: 1, SESSION_TOO_LARGE: 1, SESSION_UNAVAILABLE: 1, LEDGER_UNAVAILABLE: 1, APP_TIMEOUT: 1,
  } satisfies Record<NevisFault['code'], 1>)

  it.each(codes)('raise one alert for faults with the code %s, whose first increase Prometheus sees', async (code) => {
    const alerts = rules.filter(({ expr }) => new RegExp(`^(?:${/nevis_faults_total\{[^}]*code=~?"([^"]*)"/.exec(expr)?.[1]})$`).test(code))
    expect(alerts).toHaveLength(1)
    const ofPrometheus = (await prometheus.register.getMetricsAsJSON()).find(({ name }) => name === 'nevis_faults_total')?.values
    const ofOpenTelemetry = (await collected()).find(({ name }) => name === 'nevis.faults')?.points
    for (const points of [ofPrometheus, ofOpenTelemetry]) expect(points?.map(({ labels }) => labels)).toContainEqual({ at: 'request', code })
  })

  it('have the same names from OpenTelemetry', async () => {
    const translated = (await collected()).map(({ name, unit }) => name.replaceAll('.', '_') + (unit === 's' ? '_seconds' : '')).map((name) => [name, `${name}_total`, `${name}_bucket`])
    const names = new Set(translated.flat())
    for (const { expr } of [...rules, ...dashboard.panels.flatMap(({ targets }) => targets)]) {
      for (const name of selected(expr)) expect([name, names.has(name.replace(/_count$/, ''))]).toEqual([name, true])
    }
  })
})

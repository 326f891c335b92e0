/**
 * Evaluates the alert rules and the dashboard of the guide "Monitoring" with Prometheus itself. Each scenario signs in once at a real app with the guide's code,
 * and takes what the app exports before and after. Then Prometheus computes which alerts fire if the same happens so many times a minute.
 */
import * as prometheus from 'prom-client'
import { join } from 'node:path'
import { parse } from 'yaml'
import { PASSWORD, callbackOf, signIn, type AppOptions, type TestApp } from '../support/app'
import { ledgerWith } from '../support/ledger-contract'
import { ROOT, read } from '../support/markdown'
import { lab } from '../security/support/lab'
import { SlowStore } from '../security/support/slow-store'
import { QUIET, describeWithPromtool, promtool, seriesOf, testRules } from './promtool'
import { recipe } from './recipe'

const world = lab()
const RULES = join(ROOT, 'docs/monitoring/alerts.yml')
const REST = 40
const credentials = { username: 'anna', password: PASSWORD }

interface Rule {
  readonly alert: string
  readonly labels: Record<string, string>
  readonly annotations: { readonly summary: string }
}
const { groups } = parse(read('docs/monitoring/alerts.yml')) as { groups: { rules: Rule[] }[] }
const rules = groups.flatMap((group) => group.rules)

interface Scenario {
  readonly strategy?: AppOptions['strategy']
  readonly session?: AppOptions['session']
  readonly act: (app: TestApp) => Promise<unknown>
  /** What happens before Prometheus reads the app for the first time. */
  readonly before?: (app: TestApp) => Promise<unknown>
}

/** Runs the scenario. Returns what the app exports before and after it. */
async function exported({ strategy, session, before, act }: Scenario): Promise<[before: string, after: string]> {
  prometheus.register.clear()
  const app = await world.start({ ...(strategy && { strategy }), ...(session && { session }) })
  recipe('monitoring.js').monitor([app.nevis])
  await before?.(app)
  const first = await prometheus.register.metrics()
  await act(app)
  return [first, await prometheus.register.metrics()]
}

const enterPassword = (app: TestApp, fields = {}) => app.browser().post('/login', { ...credentials, ...fields })
const failing = (fault: { status?: number; reset?: true; rateLimit?: true }): Scenario['act'] => (app) => (world.simulator.faults.add({ on: 'approve', ...fault }), enterPassword(app))
const answered = (decision: 'approve' | 'deny'): Scenario['act'] => async (app) => {
  const browser = app.browser()
  const handle = await signIn(browser, 'anna')
  await world.simulator.phone('anna')[decision]()
  await browser.get(callbackOf(handle))
}
const inTurn = (...acts: Scenario['act'][]): Scenario['act'] => async (app) => {
  for (const act of acts) await act(app)
}
/** A start to which Nevis answers after this many seconds. Moves the clock instead of waiting. */
const slowly = (seconds: number): Scenario['act'] => async (app) => {
  world.simulator.faults.add({ on: 'approve', delayMs: 100, times: 1 })
  const page = enterPassword(app)
  await world.untilAsked('approve')
  world.later(seconds)
  await page
}
/** Uses one approval many times at once, with copies of the session's cookie. */
const approvedAtOnce: Scenario['act'] = async (app) => {
  const browser = app.browser()
  const handle = await signIn(browser, 'anna')
  await world.simulator.phone('anna').approve()
  await Promise.all(Array.from({ length: 20 }, () => browser.clone().get(callbackOf(handle))))
  expect(world.events.of('suspicious')).toContainEqual(expect.objectContaining({ reason: 'used_transaction' }))
}
const withAnotherUsersToken: Scenario['act'] = async (app) => {
  world.simulator.faults.add({ swapToken: 'otherUser' })
  await signIn(app.browser(), 'ben').then(() => world.simulator.phone('ben').approve())
  await answered('approve')(app)
}
const wrongCodes = (codes: number): Scenario['act'] => async (app) => {
  for (let left = codes, browser = app.browser(), handle = ''; left > 0; left--) {
    if (left % 19 === 0 || handle === '') handle = await signIn((browser = app.browser()), 'anna', { factor: 'sms' })
    await browser.post('/login/2fa/callback', { transaction: handle, code: '000000' })
  }
}
const OFTEN = { startBudget: { starts: 1000, perSeconds: 3600 }, attemptBudget: { attempts: 1000, perSeconds: 3600 } }
const brokenLedger = ledgerWith({ claim: () => Promise.reject(new Error('down')), count: () => Promise.reject(new Error('down')) })

type Fires = readonly (string | readonly [alert: string, labels: Record<string, string>])[]
const suspicious = (reason: string): Fires => [['NevisSuspicious', { reason }]]
const other = (code: string): Fires => [['NevisOtherFault', { code }]]

const SCENARIOS: readonly (readonly [what: string, perMinute: number, minutes: number, fires: Fires, scenario: Scenario])[] = [
  ['Nevis refuses the access key once', 1, 1, ['NevisAccessKeyRefused'], { act: failing({ status: 401 }) }],
  ['Nevis answers with a server error for five minutes', 3, 5, ['NevisUnavailable'], { act: failing({ status: 503 }) }],
  ['Nevis answers with a server error for two minutes', 3, 2, [], { act: failing({ status: 503 }) }],
  ['Nevis answers with a server error three times', 1, 3, [], { act: failing({ status: 503 }) }],
  ['Nevis cannot be reached for five minutes', 3, 5, ['NevisUnavailable'], { act: failing({ reset: true }) }],
  ['Nevis refuses further requests for five minutes', 3, 5, ['NevisUnavailable'], { act: failing({ status: 429 }) }],
  ['the ledger fails once', 1, 1, ['NevisStoreUnavailable'], { strategy: { ledger: brokenLedger }, act: enterPassword }],
  ['Nevis rejects the requests', 3, 3, other('NEVIS_REJECTED'), { act: failing({ status: 405 }) }],
  ['Nevis rejects three requests', 1, 3, [], { act: failing({ status: 405 }) }],
  ['each answer of Nevis takes three seconds, for twenty minutes', 1, 20, ['NevisSlow'], { act: slowly(3) }],
  ['each answer of Nevis takes three seconds, for five minutes', 1, 5, [], { act: slowly(3) }],
  ['each answer of Nevis takes one and a half seconds, for twenty minutes', 1, 20, [], { act: slowly(1.5) }],
  ['users approve at once, for forty minutes', 3, 40, [], { act: answered('approve') }],
  ['nobody has ever approved', 3, 40, ['NevisFewApprovals'], { act: answered('deny') }],
  ['nobody has ever approved, for ten minutes', 3, 10, [], { act: answered('deny') }],
  ['nobody approves, but there are few requests', 1, 40, [], { act: answered('deny') }],
  ['two of three users deny', 2, 40, ['NevisFewApprovals'], { act: inTurn(answered('approve'), answered('deny'), answered('deny')), strategy: OFTEN }],
  ['one of two users denies', 2, 40, [], { act: inTurn(answered('approve'), answered('deny')) }],
  ['users start too often, thirty times', 3, 10, ['NevisManyLimits'], { strategy: { startBudget: { starts: 1, perSeconds: 3600 } }, before: enterPassword, act: enterPassword }],
  ['users start too often, ten times', 1, 10, [], { strategy: { startBudget: { starts: 1, perSeconds: 3600 } }, before: enterPassword, act: enterPassword }],
  ['codes are locked once', 1, 1, ['NevisCodesLocked'], { strategy: { ...OFTEN, maxAttempts: 20 }, before: wrongCodes(35), act: wrongCodes(1) }],
  ['35 wrong codes are typed', 1, 1, [], { strategy: { ...OFTEN, maxAttempts: 20 }, before: wrongCodes(34), act: wrongCodes(1) }],
  ['an approval has the token of another user', 1, 1, suspicious('binding_mismatch'), { act: withAnotherUsersToken }],
  ['one approval is used many times at once', 1, 1, [], { session: { store: new SlowStore() }, act: approvedAtOnce }],
]

describeWithPromtool('the alert rules, evaluated by Prometheus', () => {
  it('are rules that Prometheus can load', async () => {
    expect(await promtool('check', 'rules', RULES)).toContain(`SUCCESS: ${rules.length} rules found`)
  })

  it('have a scenario in which each alert fires', () => {
    const fired = SCENARIOS.flatMap(([, , , fires]) => fires.map((one) => (typeof one === 'string' ? one : one[0])))
    expect([...new Set(fired)].sort()).toEqual(rules.map(({ alert }) => alert).sort())
  })

  it.each(SCENARIOS)('%s (%i a minute, %i minutes): exactly the right alerts fire, and they end', async (_what, perMinute, minutes, fires, scenario) => {
    const [before, after] = await exported(scenario)
    expect(after).not.toBe(before)
    const at = (minute: number, expected: Fires) => rules.map(({ alert, labels, annotations }) => ({
      eval_time: `${minute}m`,
      alertname: alert,
      exp_alerts: expected.map((one) => (typeof one === 'string' ? [one, {}] as const : one)).filter(([name]) => name === alert).map(([, own]) => ({
        exp_labels: { ...labels, ...own },
        exp_annotations: { summary: annotations.summary.replace(/\{\{ \$labels\.(\w+) \}\}/, (_all, label: string) => String(own[label])) },
      })),
    }))
    const input_series = seriesOf(before, after, { perMinute, minutes, restMinutes: REST })
    await testRules(RULES, [{ input_series, alert_rule_test: [...at(QUIET, []), ...at(QUIET + minutes, fires), ...at(QUIET + minutes + REST, [])] }])
  })
})

describeWithPromtool('the dashboard, evaluated by Prometheus', () => {
  const { panels } = JSON.parse(read('docs/monitoring/dashboard.json')) as { panels: { title: string; targets: { refId: string; expr: string }[] }[] }
  /** What each query shows if one user a second approves after 12 s, one denies, one gets a server error and one starts too often. */
  const SHOWN: Record<string, Record<string, number>> = {
    'Starts A': { '{factor="push"}': 2, '{factor="sms"}': 1 },
    'Success rate by factor A': { '{factor="push"}': 0.5, '{factor="sms"}': 0 },
    'Time to approve A': { '{factor="push"}': 12.5 },
    'Time to approve B': { '{factor="push"}': 14.75 },
    'Nevis: latency and errors A': { '{operation="approve"}': 1, '{operation="getStatus"}': 1, '{operation="introspect"}': 1 },
    'Nevis: latency and errors B': { '{result="503"}': 1 },
    'Nevis: latency and errors C': { '{code="NEVIS_UNEXPECTED_RESPONSE"}': 1 },
    'Limits hit A': { '{budget="starts"}': 300 },
  }
  const act = inTurn(
    async (app) => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      world.later(12)
      await browser.get(callbackOf(handle))
    },
    answered('deny'),
    (app) => enterPassword(app, { factor: 'sms' }),
    (app) => enterPassword(app),
    async (app) => {
      world.simulator.faults.add({ on: 'approve', status: 503 })
      await app.browser().post('/login', { ...credentials, username: 'ben' })
    },
  )

  it('shows in each panel what has happened, and nothing of another strategy', async () => {
    const [before, after] = await exported({ strategy: { startBudget: { starts: 2, perSeconds: 3600 } }, act })
    const own = seriesOf(before, after, { perMinute: 60, minutes: 20, restMinutes: 0 })
    // A second strategy of the same app, for which more happens.
    const second = seriesOf(before, after, { perMinute: 120, minutes: 20, restMinutes: 0 }).filter(({ series }) => series.includes('strategy="nevis"'))
    const input_series = [...own, ...second.map(({ series, values }) => ({ series: series.replace('strategy="nevis"', 'strategy="second"'), values }))]
    const queries = panels.flatMap(({ title, targets }) => targets.map(({ refId, expr }) => ({ name: `${title} ${refId}`, expr: expr.replaceAll('$__rate_interval', '5m') })))
    expect(queries.map(({ name }) => name)).toEqual(Object.keys(SHOWN))
    // How long Nevis takes depends on the machine, so check only that there is a number. Counters of limits and faults that nobody has met are zero: leave them out.
    const value = (name: string, expr: string) => (name === 'Nevis: latency and errors A' ? `(${expr}) < bool 60` : `round(${expr}, 0.001)${name === 'Success rate by factor A' ? '' : ' > 0'}`)
    const promql_expr_test = queries.flatMap(({ name, expr }) => [
      { expr: value(name, expr.replaceAll('$strategy', 'nevis')), eval_time: `${QUIET + 20}m`, exp_samples: Object.entries(SHOWN[name] as Record<string, number>).map(([labels, shown]) => ({ labels, value: shown })) },
      ...(expr.includes('$strategy') ? [{ expr: expr.replaceAll('$strategy', 'another'), eval_time: `${QUIET + 20}m`, exp_samples: [] }] : []),
    ])
    await testRules(RULES, [{ input_series, promql_expr_test }])
  })
})

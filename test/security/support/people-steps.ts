/**
 * Generates random sequences of steps that users take at browsers and phones. Each kind of attack has steps of its own.
 *
 * Out of scope: running the steps (`people-run.ts`), and the rules (`people-oracle.ts`).
 */
import fc from 'fast-check'
import type { Call, Gateway, Kind, Owner } from './people-cloud'
import type { RouteName } from './people-routes'

export type FactorName = 'push' | 'app' | 'sms' | 'recovery' | 'widget'

/** Steps that run while the fake cloud delays its answer to the next call `call`. `isBefore`: the delay is before the call has its effect, not after it. */
export interface Meanwhile {
  readonly call: Call
  readonly isBefore: boolean
  readonly steps: readonly Step[]
}

interface Request {
  readonly by: Owner
  readonly route: RouteName
  readonly process: 0 | 1
  readonly times?: number
  readonly meanwhile?: Meanwhile | undefined
}

/**
 * A start. `as`: the user whose password or Bearer token the request contains; `new` is another account of the attacker; undefined: the user of the session.
 * `replaces`: the request names the user's newest transaction, as with "Send again". `leaves`: the browser closes the connection before the response.
 */
export type Start = Request & { readonly do: 'start'; readonly as?: 'anna' | 'ben' | 'new' | undefined; readonly factor?: FactorName | undefined; readonly replaces?: boolean; readonly leaves?: boolean }
/**
 * A callback. `code`: the code that the browser sends. `token`: the kind of token that the browser sends. `handle`: the transaction that the callback names:
 * the newest of this user (`own`), the one before it (`older`), or the newest of the other user (`theirs`).
 */
export type Callback = Request & {
  readonly do: 'callback'
  readonly handle: 'own' | 'older' | 'theirs'
  readonly as?: 'anna' | 'ben' | undefined
  readonly code?: string | undefined
  readonly token?: 'result' | 'used' | 'pending' | 'intent' | 'status' | undefined
}

export type Step =
  | Start
  | Callback
  | { readonly do: 'cancel'; readonly by: Owner }
  | { readonly do: 'look'; readonly by: Owner; readonly handle: 'own' | 'theirs' }
  /** With `handle`, the user answers their newest transaction (`own`) or the one before it (`older`), without opening its waiting page. */
  | { readonly do: 'phone'; readonly by: Owner; readonly does: 'approves' | 'denies'; readonly handle?: 'own' | 'older' }
  | { readonly do: 'widget'; readonly by: Owner }
  | { readonly do: 'logout' | 'copy' | 'putBack' | 'write'; readonly by: Owner }
  | { readonly do: 'plant' }
  /** Anna enrols a phone in another app of the same instance. */
  | { readonly do: 'elsewhere' }
  | { readonly do: 'later'; readonly seconds: number }

export interface Sequence {
  readonly annaHas: readonly Kind[]
  /** True if the app names its users by Nevis's userId. */
  readonly isLinked: boolean
  /** True if the thief, who always knows the password, also has one of anna's recovery codes. */
  readonly isCodeStolen: boolean
  readonly gateways: Partial<Record<Call, readonly Gateway[]>>
  readonly steps: readonly Step[]
}

const often = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary })
const one = <T extends string | number | boolean | undefined>(...values: T[]) => fc.constantFrom(...values)
const always = <T>(value: T) => fc.constant(value)
const process = fc.oneof(often(3, always(0 as const)), often(1, always(1 as const)))
const by = one<Owner>('anna', 'thief')

function start(given: { by?: fc.Arbitrary<Owner>; as?: fc.Arbitrary<Start['as']>; route: fc.Arbitrary<RouteName>; factor: fc.Arbitrary<FactorName | undefined>; replaces?: fc.Arbitrary<boolean>; times?: fc.Arbitrary<number>; leaves?: fc.Arbitrary<boolean>; meanwhile?: fc.Arbitrary<Meanwhile | undefined> }): fc.Arbitrary<Start> {
  return fc.record({ do: always('start' as const), by: given.by ?? by, route: given.route, process, as: given.as ?? always('anna' as const), factor: given.factor, replaces: given.replaces ?? always(false), times: given.times ?? always(1), leaves: given.leaves ?? always(false), meanwhile: given.meanwhile ?? always(undefined) })
    // Anna does not know the password of `ben`, the thief's own account. So a start of anna for `ben` becomes one for `anna`.
    .map((one) => (one.by === 'anna' && one.as === 'ben' ? { ...one, as: 'anna' as const } : one))
}

function callback(given: { by?: fc.Arbitrary<Owner>; route?: fc.Arbitrary<RouteName>; handle?: fc.Arbitrary<Callback['handle']>; code?: fc.Arbitrary<string | undefined>; token?: fc.Arbitrary<Callback['token']>; times?: fc.Arbitrary<number>; meanwhile?: fc.Arbitrary<Meanwhile | undefined> }): fc.Arbitrary<Callback> {
  return fc.record({ do: always('callback' as const), by: given.by ?? by, route: given.route ?? one<RouteName>('callback'), process, handle: given.handle ?? always('own' as const), code: given.code ?? one<string | undefined>('right', 'right', 'right', 'wrong', undefined), token: given.token ?? always(undefined), times: given.times ?? one(1, 1, 1, 2), meanwhile: given.meanwhile ?? always(undefined) })
}

const phone = (who = by, does = one<'approves' | 'denies'>('approves')): fc.Arbitrary<Step> => fc.record({ do: always('phone' as const), by: who, does })
const blindly = (does: fc.Arbitrary<'approves' | 'denies'>): fc.Arbitrary<Step> => fc.record({ do: always('phone' as const), by: one<Owner>('anna'), does, handle: one<'own' | 'older'>('own', 'older') })
const act = (...names: ('logout' | 'copy' | 'putBack' | 'write')[]) => (who = one<Owner>('anna')): fc.Arbitrary<Step> => fc.record({ do: one(...names), by: who })
const look: fc.Arbitrary<Step> = fc.record({ do: always('look' as const), by, handle: one<'own' | 'theirs'>('own', 'own', 'theirs') })
const cancel = (who = by): fc.Arbitrary<Step> => fc.record({ do: always('cancel' as const), by: who })
const later = (...seconds: number[]): fc.Arbitrary<Step> => fc.record({ do: always('later' as const), seconds: one(...seconds) })
const maybe = <T>(weight: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.oneof(often(weight, always(undefined)), often(1, arbitrary))
const meanwhile = (calls: Call[], steps: fc.Arbitrary<Step>): fc.Arbitrary<Meanwhile> => fc.record({ call: fc.constantFrom(...calls), isBefore: fc.boolean(), steps: fc.array(steps, { minLength: 1, maxLength: 3 }) })
const steps = (...of: fc.WeightedArbitrary<Step | readonly Step[]>[]) => (minLength: number, maxLength: number) =>
  fc.array(fc.oneof(...of), { minLength, maxLength, size: 'max' }).map((all): readonly Step[] => all.flat())
/** Another enrolment begins while an enrolment by SMS is being finished. */
const overtaken = fc.record({ call: fc.constantFrom<Call>('user', 'verify', 'status'), isBefore: fc.boolean(), other: fc.constantFrom<Owner[]>(['anna', 'thief'], ['thief', 'anna']) }).map(({ call, isBefore, other: [first, second] }): readonly Step[] => {
  const enrol = (who: Owner | undefined, factor: FactorName): Step => ({ do: 'start', by: who as Owner, route: 'enrol', process: 0, as: 'anna', factor })
  const meanwhile = { call, isBefore, steps: [enrol(second, 'app')] }
  return [enrol(first, 'sms'), { do: 'callback', by: first as Owner, route: 'callback', process: 0, handle: 'own', code: 'right', meanwhile }]
})
/** Anna approves, and then the browsers of anna and of the thief open the callback. */
const race = (route: RouteName): fc.Arbitrary<readonly Step[]> =>
  fc.constantFrom<Owner[]>(['anna', 'thief'], ['thief', 'anna']).map((order): readonly Step[] => [{ do: 'phone', by: 'anna', does: 'approves' }, ...order.map((one): Step => ({ do: 'callback', by: one, route, process: 0, handle: 'own' }))])
/** Anna or the thief approves on the phone, and then opens the callback in the same person's browser. */
const finish = (route: RouteName, who = by): fc.Arbitrary<readonly Step[]> =>
  who.map((one): readonly Step[] => [{ do: 'phone', by: one, does: 'approves' }, { do: 'callback', by: one, route, process: 0, handle: 'own', code: 'right' }])

const PLANT: Step = { do: 'plant' }
/** Steps of one sign-in: start, answer on the phone, callback. */
const begin = (who: Owner, route: RouteName, factor: FactorName | undefined, as: Start['as'] = 'anna'): Step => ({ do: 'start', by: who, route, process: 0, as, factor })
const back = (who: Owner, route: RouteName, more: Partial<Callback> = {}): Step => ({ do: 'callback', by: who, route, process: 0, handle: 'own', ...more })
const decides = (who: Owner, does: 'approves' | 'denies' = 'approves'): Step => ({ do: 'phone', by: who, does })

/** The attacker (`thief`) and the victim (`anna`) start the same sign-in in one session, and both open the callback. */
const shared = fc.record({ route: one<RouteName>('login', 'first', 'enrol'), factor: one<FactorName | undefined>('push', 'app', undefined), order: fc.constantFrom<Owner[]>(['anna', 'thief'], ['thief', 'anna']), starts: fc.boolean() })
  .map(({ route, factor, order, starts }): readonly Step[] => [...(starts ? [begin('thief', route, factor)] : []), PLANT, begin('anna', route, factor), ...(starts ? [] : [begin('thief', route, factor)]), decides('anna'), ...order.map((who) => back(who, 'callback'))])
/** A step-up whose callback waits while anna logs out. */
const leaving = fc.record({ route: one<RouteName>('stepUp', 'payLittle'), factor: one<FactorName>('push', 'sms', 'recovery'), does: one<'approves' | 'denies'>('approves', 'denies'), code: one('right', 'wrong'), call: fc.constantFrom<Call>('status', 'verify', 'introspect'), isBefore: fc.boolean() })
  .map(({ route, factor, does, code, call, isBefore }): readonly Step[] => [begin('anna', route, factor, undefined), decides('anna', does), back('anna', route, { code, meanwhile: { call, isBefore, steps: [{ do: 'logout', by: 'anna' }] } })])
/** The app writes into the session while a start waits for Nevis. */
const keeping = one<RouteName>('stepUp', 'payLittle').map((route): readonly Step[] => [{ do: 'write', by: 'anna' }, { do: 'start', by: 'anna', route, process: 0, factor: 'push', meanwhile: { call: 'approve', isBefore: true, steps: [{ do: 'write', by: 'anna' }] } }])
/**
 * Anna, or the thief with anna's password, begins to enrol a second factor for anna. Before this enrolment ends, anna enrols a phone in another app of the same
 * Nevis instance.
 */
const late = fc.record({ who: by, factor: one<FactorName>('app', 'sms') })
  .map(({ who, factor }): readonly Step[] => [begin(who, 'enrol', factor), { do: 'elsewhere' }, decides(who), back(who, 'callback', { code: 'right' })])
/**
 * A sign-in with anna's password in the widget. The browser sends the token of an approval (`result`), a token that was already used, or a token that Nevis
 * issues without an approval (`pending`, `intent`, `status`). Only anna has the phone that can approve.
 */
const inWidget = fc.record({ who: by, token: one<Callback['token']>('result', 'used', 'used', 'pending', 'intent', 'status') })
  .map(({ who, token }): readonly Step[] => [begin(who, 'login', 'widget'), ...(token === 'result' && who === 'anna' ? [{ do: 'widget' as const, by: who }] : []), back(who, 'callback', { token })])
/** The thief approves a request of the thief's own account, and sends this approval to a callback together with anna's stolen Bearer token. */
const lending = fc.record({ route: one<RouteName>('stepUp', 'payLittle', 'strict'), as: one<'anna' | 'ben'>('anna', 'anna', 'ben') })
  .map(({ route, as }): readonly Step[] => [begin('thief', route, 'push', 'ben'), decides('thief'), back('thief', route, { as })])
/**
 * The thief sends as many pushes as possible for more than an hour. The first few come every 30 s, with "Send again", because a repeated start without it would
 * only continue the pending push. Then the thief enters the password about every five minutes, which is the first pause after too many starts.
 */
const steady = fc.record({ first: one(3, 4, 5), pause: one(300, 301, 310) }).map(({ first, pause }): readonly Step[] => {
  const starts = (count: number, seconds: number, replaces: boolean): Step[] =>
    Array.from({ length: count }, (): Step[] => [{ do: 'later', seconds }, { do: 'start', by: 'thief', route: 'login', process: 0, as: 'anna', factor: 'push', replaces }]).flat()
  return [begin('thief', 'login', 'push'), ...starts(first - 1, 30, true), ...starts(14, pause, false)]
})

/** An honest sign-in: password, approval on the phone and callback, in this order. */
const signIn = (who: Owner, factor: FactorName, code: string | undefined = undefined): readonly Step[] => [
  { do: 'start', by: who, route: 'login', process: 0, as: 'anna', factor },
  { do: 'phone', by: who, does: 'approves' },
  { do: 'callback', by: who, route: 'callback', process: 0, handle: 'own', code },
]

function scene(given: { annaHas: readonly (readonly Kind[])[]; isCodeStolen?: boolean; gateways?: fc.Arbitrary<Sequence['gateways']>; steps: fc.Arbitrary<readonly Step[]> }): fc.Arbitrary<Sequence> {
  return fc.record({ annaHas: fc.constantFrom(...given.annaHas), isLinked: fc.boolean(), isCodeStolen: given.isCodeStolen === true ? fc.boolean() : always(false), gateways: given.gateways ?? always({}), steps: given.steps })
}

/** A sequence that begins with the steps of `first` and continues with those of `rest`. */
const after = (first: fc.Arbitrary<readonly Step[]>, rest: fc.Arbitrary<readonly Step[]>) => fc.tuple(first, rest).map(([one, two]): readonly Step[] => [...one, ...two])

const NEVIS_SAYS: Gateway = { status: 200, body: '', passes: true }
const nevisSays = always(NEVIS_SAYS)
const foreign = fc.constantFrom('default backend - 404', '<h1>Not found</h1>', '', '{}', '{"message":"no Route matched"}', '{"statusCode":404,"error":"Not Found"}', '[404]', '{"status":"404"}').map((body): Gateway => ({ status: 404, body, passes: false }))
const pages = fc.record({
  status: one(200, 200, 200, 400, 404, 422),
  body: fc.oneof(fc.constantFrom('<h1>Sorry</h1>', 'Service unavailable', '{"error":"x"}', '{"status":"failed"}', '{"valid":false}', '{"message":"Blocked"}', '[]', 'null', '"ok"', 'true', '{"result":{"ok":false}}', '{"errorCode":7}', '{'), fc.string({ minLength: 1, maxLength: 20 }).map((text) => `x${text}`)),
  passes: one(true, false, false),
})

/** Nevis checks the code, but its answer gets lost on the way back. */
const lost = fc.constantFrom<Gateway>({ status: 503, body: '<h1>Sorry</h1>', passes: true }, { status: 0, body: '', passes: true, silent: 'closes' }, { status: 0, body: '', passes: true, silent: 'hangs' })

const stepUp: fc.Arbitrary<RouteName> = one<RouteName>('stepUp', 'payLittle', 'strict')
const annas = { by: one<Owner>('anna') }
const nobody = always(undefined)

/** The thief prepares a session, in which a sign-in may already be started, and plants the cookie of this session in anna's browser. */
function inOneSession(annaHas: readonly (readonly Kind[])[], route: fc.Arbitrary<RouteName>): fc.Arbitrary<Sequence> {
  const factor = one<FactorName | undefined>('push', 'app', undefined, undefined)
  const any = start({ as: one<'anna' | 'ben'>('anna', 'anna', 'anna', 'ben'), route, factor, times: one(1, 1, 2), leaves: one(false, false, false, true), meanwhile: maybe(4, meanwhile(['approve', 'enroll', 'user'], fc.oneof(start({ route, factor }), look))) })
  const thiefs = start({ by: one<Owner>('thief'), as: one<'anna' | 'ben'>('anna', 'ben'), route, factor })
  const handle = one<Callback['handle']>('own', 'own', 'older', 'theirs')
  /** The thief approves as ben, and lures anna's browser to the callback with that approval. */
  const lure: readonly Step[] = [{ do: 'phone', by: 'thief', does: 'approves' }, { do: 'callback', by: 'anna', route: 'callback', process: 0, handle: 'theirs' }]
  return scene({
    annaHas,
    steps: after(
      fc.oneof(always<readonly Step[]>([PLANT]), thiefs.map((first): readonly Step[] => [first, PLANT])),
      steps(often(5, any), often(3, shared), often(3, race('callback')), often(2, finish('callback')), often(1, always(lure)), often(1, phone()), often(3, callback({ handle })), often(2, look), often(1, always<Step>(PLANT)), often(1, cancel()))(2, 8),
    ),
  })
}

export const scenes = {
  'a 404 that is not of Nevis': fc.oneof({ weight: 1, arbitrary: scene({
    annaHas: [['app'], ['app', 'sms']],
    gateways: always({ user: [{ status: 404, body: '{"status":404,"error":"Not Found"}', passes: false }] }),
    steps: after(start({ route: one<RouteName>('enrol', 'first'), factor: one<FactorName>('app') }).map((step) => [step]), steps(often(1, callback({})), often(1, phone()))(1, 3)),
  }) }, { weight: 3, arbitrary: scene({
    annaHas: [['app'], ['sms'], ['app', 'recovery']],
    gateways: fc.record({ user: fc.array(fc.oneof(often(3, foreign), often(1, nevisSays)), { maxLength: 5 }) }),
    steps: steps(
      often(3, start({ route: one<RouteName>('first', 'enrol'), factor: one<FactorName | undefined>('sms', 'app', 'recovery', 'widget', undefined) })),
      often(2, always([begin('anna', 'first', undefined), decides('anna'), back('anna', 'callback')])), often(3, callback({})), often(1, phone()), often(1, look),
    )(2, 6),
  }) }),
  'a page in place of the answer to a code': scene({
    annaHas: [['app', 'sms', 'recovery']],
    isCodeStolen: true,
    gateways: fc.record({ verify: fc.array(fc.oneof(often(4, pages), often(1, nevisSays)), { minLength: 1, maxLength: 4 }) }),
    steps: after(
      start({ route: one<RouteName>('login'), factor: one<FactorName>('sms', 'recovery') }).map((step) => [step]),
      steps(often(4, callback({ code: one<string | undefined>('right', 'wrong', '12', '\' or 1=1 -- <script>', '１２３', undefined) })), often(1, start({ route: one<RouteName>('login'), factor: one<FactorName>('sms', 'recovery') })))(2, 6),
    ),
  }),
  'two browsers in one session': fc.oneof(inOneSession([['app'], ['app', 'sms']], one<RouteName>('login', 'login', 'first')), inOneSession([[]], one<RouteName>('first', 'first', 'enrol'))),
  'a log-out meanwhile': scene({
    annaHas: [['app', 'sms', 'recovery']],
    steps: after(
      always(signIn('anna', 'push')),
      steps(
        often(3, leaving), often(1, keeping),
        often(3, start({ ...annas, as: nobody, route: stepUp, factor: one<FactorName | undefined>('push', 'sms', 'recovery', undefined), replaces: one(false, false, true), meanwhile: maybe(1, meanwhile(['approve', 'user'], fc.oneof(often(2, act('logout')()), often(1, act('write')()), often(1, cancel(one<Owner>('anna')))))) })),
        often(3, callback({ ...annas, route: one<RouteName>('stepUp', 'payLittle', 'strict', 'callback'), code: one<string | undefined>('right', 'wrong', undefined), meanwhile: maybe(1, meanwhile(['status', 'verify', 'introspect'], fc.oneof(often(2, act('logout')()), often(1, act('write')()), often(1, cancel(one<Owner>('anna')))))) })),
        often(2, phone(one<Owner>('anna'), one<'approves' | 'denies'>('approves', 'approves', 'denies'))), often(1, act('logout')()),
      )(2, 6),
    ),
  }),
  'two people who enrol': scene({
    annaHas: [[], [], ['recovery'], ['sms', 'recovery'], ['app', 'recovery']],
    isCodeStolen: true,
    steps: after(
      fc.constantFrom<readonly Step[]>([], [], signIn('thief', 'recovery', 'right'), signIn('anna', 'push'), signIn('anna', 'sms', 'right')),
      steps(
        often(3, start({ route: one<RouteName>('enrol', 'first'), factor: one<FactorName | undefined>('app', 'sms', 'recovery', 'widget', undefined), meanwhile: maybe(6, meanwhile(['user', 'enroll'], fc.oneof(start({ route: one<RouteName>('enrol'), factor: one<FactorName>('app', 'sms') }), phone(), callback({})))) })),
        often(2, start({ as: nobody, route: one<RouteName>('factors'), factor: one<FactorName>('app', 'sms', 'recovery') })),
        often(3, finish('callback')), often(2, phone()), often(1, overtaken), often(2, late), often(3, callback({ handle: one<Callback['handle']>('own', 'own', 'older'), meanwhile: maybe(2, meanwhile(['user', 'verify', 'status', 'introspect'], fc.oneof(start({ route: one<RouteName>('enrol'), factor: one<FactorName>('app', 'sms') }), phone(), callback({})))) })), often(1, later(60, 700)), often(1, look),
      )(2, 8),
    ),
  }),
  'the widget': scene({
    annaHas: [['app']],
    steps: after(
      fc.constantFrom<readonly Step[]>([], signIn('anna', 'push')),
      steps(
        often(6, inWidget),
        often(1, start({ route: one<RouteName>('login'), factor: one<FactorName>('widget', 'widget', 'push') })),
        often(2, finish('callback', one<Owner>('anna'))), often(1, fc.record({ do: always('widget' as const), by: one<Owner>('anna') })), often(1, later(70, 200)), often(1, look),
        often(2, callback({ token: one<Callback['token']>('result', 'used', 'used', 'pending', 'intent', 'status') })),
      )(2, 7),
    ),
  }),
  'what was ended': scene({
    annaHas: [['app', 'sms', 'recovery']],
    steps: after(
      fc.tuple(start({ ...annas, route: one<RouteName>('login'), factor: one<FactorName>('push', 'app', 'sms') }), always<Step>({ do: 'copy', by: 'anna' })),
      steps(
        often(3, cancel(one<Owner>('anna'))), often(2, blindly(one<'approves' | 'denies'>('approves', 'approves', 'denies'))), often(3, finish('callback', one<Owner>('anna'))),
        often(3, callback({ ...annas, handle: one<Callback['handle']>('own', 'own', 'older') })), often(3, act('putBack', 'putBack', 'copy')()), often(1, later(10, 130)),
        often(2, start({ ...annas, route: one<RouteName>('login'), factor: one<FactorName | undefined>('push', 'sms'), replaces: one(true, true, false) })),
        often(2, one<'own' | 'older'>('own', 'older').map((handle): readonly Step[] => [{ do: 'putBack', by: 'anna' }, { do: 'phone', by: 'anna', does: 'approves', handle }, { do: 'callback', by: 'anna', route: 'callback', process: 0, handle, code: 'right' }])),
      )(2, 7),
    ),
  }),
  'routes that ask for something': scene({
    annaHas: [['app', 'sms', 'recovery']],
    steps: after(
      always(signIn('anna', 'push')),
      steps(
        often(3, start({ ...annas, as: nobody, route: one<RouteName>('stepUp', 'payLittle', 'payMuch', 'strict', 'elsewhere', 'factors'), factor: one<FactorName | undefined>('push', 'app', 'sms', 'recovery', undefined), replaces: one(false, false, true) })),
        often(3, phone(one<Owner>('anna'))), often(1, lending), often(5, callback({ ...annas, handle: one<Callback['handle']>('own', 'own', 'older'), route: one<RouteName>('stepUp', 'payLittle', 'payMuch', 'strict', 'elsewhere', 'factors', 'callback') })),
      )(2, 7),
    ),
  }),
} as const

/** Hours in which an attacker with the password sends requests, and no user approves any of them. */
export const floods = {
  'pushes': scene({
    annaHas: [['app', 'sms']],
    steps: fc.oneof(steady, steps(
      often(6, start({ by: one<Owner>('thief'), route: one<RouteName>('login', 'stepUp'), factor: one<FactorName | undefined>('push', 'push', 'sms'), times: one(1, 1, 3, 8), replaces: one(false, false, true) })),
      often(2, phone(one<Owner>('anna'), one<'denies'>('denies'))), often(2, callback({ by: one<Owner>('thief') })), often(1, look), often(1, cancel(one<Owner>('thief'))),
      often(3, later(1, 30, 120, 310, 610)),
    )(30, 60)),
  }),
  /** The attacker enrols SMS for many accounts, with one phone number, so that this phone gets many text messages. */
  'texts': scene({
    annaHas: [[]],
    steps: fc.array(fc.tuple(start({ by: one<Owner>('thief'), as: one<Start['as']>('new', 'new', 'anna'), route: one<RouteName>('enrol', 'first'), factor: one<FactorName>('sms') }), later(1, 120, 600)), { minLength: 14, maxLength: 24, size: 'max' }).map((rounds) => rounds.flat()),
  }),
  'codes': scene({
    annaHas: [['app', 'sms', 'recovery']],
    gateways: fc.tuple(lost, fc.constantFrom(0, 1, 2)).map(([one, every]) => ({ verify: Array.from({ length: 500 }, (_, i) => (every > 0 && i % every === 0 ? one : NEVIS_SAYS)) })),
    steps: fc.array(
      fc.tuple(start({ by: one<Owner>('thief'), route: one<RouteName>('login'), factor: one<FactorName>('sms', 'recovery') }), callback({ by: one<Owner>('thief'), code: always('wrong'), times: one(4, 5, 8) }), later(60, 600, 1200, 1800)).map((steps): readonly Step[] => steps),
      { minLength: 40, maxLength: 60, size: 'max' },
    ).map((rounds) => rounds.flat()),
  }),
} as const

/**
 * The flows: what users do with a browser and a phone, while the simulator answers in a dialect (one of the ways in which Nevis may answer). The outcome of
 * each flow is a text. It begins with `UNSAFE` if something happened that must never happen.
 *
 * Out of scope: which outcome is right.
 */
import type { NevisSimulator, RecordedRequest } from '../../src/simulator'
import { callbackOf, handleIn, statusOf, waitingOf } from '../support/app'
import type { Browser, Page } from '../support/browser'
import type { DialectApp } from './app'

export interface Factors {
  readonly authenticators?: number
  readonly phone?: string | undefined
  readonly recoveryCodes?: readonly string[]
}

export interface World {
  readonly simulator: NevisSimulator
  readonly apps: readonly [DialectApp, DialectApp]
  /** True if users wait before they answer on the phone, so that the app has asked Nevis for the status twice by then. */
  readonly isSlow: boolean
  /** True if users answer on the phone only after the app has asked Nevis for the status five times. */
  readonly isLate?: boolean
  /** The factors that the user has before the flow begins. */
  readonly factors?: Factors
  /** Called before the flow begins, with the user's name. */
  readonly prepare?: (world: World, username: string) => Promise<void> | void
  readonly phone?: string
}

export type Flow = (world: World, username: string) => Promise<string>

const PHONE = '+41791234567'
const CODES = ['AAAA-1111-bbbb-2222', 'CCCC-3333-dddd-4444']
/** The longest time that a flow waits for a status. A status arrives much sooner, unless the machine is slow. */
const PATIENCE_MS = 30_000
/** The longest time that a slow user waits until the app has asked for the status twice, because with some mixes of dialects the app asks only once. */
const SLOW_MS = 3000
/** The same for a late user. */
const LATE_MS = 15_000

/** Summarizes an answer: status and path of a redirect, `success`, or the failure code. */
const outcomeIn = (page: Page): string => {
  if (page.location !== undefined) return `${page.status} ${page.location.split('?')[0]}`
  const { action, code } = page.json() as { action: string; code?: string }
  return action === 'success' ? 'success' : (code ?? action)
}

class Person {
  constructor(
    readonly world: World,
    readonly username: string,
  ) {
    this.browser = world.apps[0].browser()
  }

  readonly browser: Browser
  handle = ''

  get user() {
    return this.world.simulator.users.find(({ username }) => username === this.username)
  }

  add(): void {
    const { authenticators = 1, phone = PHONE, recoveryCodes = CODES } = this.world.factors ?? {}
    const has = this.world.factors !== undefined && 'phone' in this.world.factors && this.world.factors.phone === undefined ? {} : { phone }
    this.world.simulator.addUser({ username: this.username, authenticators, recoveryCodes, ...has })
  }

  /** @returns the outcome of the request as text, if no transaction was started; otherwise undefined */
  async start(path: string, fields: Record<string, string>): Promise<string | undefined> {
    await this.world.prepare?.(this.world, this.username)
    const page = await this.browser.post(path, fields)
    if (page.status !== 303) return `start: ${outcomeIn(page)}`
    this.handle = handleIn(page.location)
    return undefined
  }

  login = (factor: string, more = {}) => this.start('/login', { username: this.username, password: 'x', factor, ...more })

  async prove(): Promise<void> {
    await this.browser.post('/prove', { username: this.username, userId: this.user?.userId as string })
  }

  async view(): Promise<Record<string, unknown>> {
    return (await this.browser.get(waitingOf(this.handle), { accept: 'application/json' })).json() as Record<string, unknown>
  }

  private get transaction() {
    const { cloud } = this.world.simulator as unknown as { cloud: { transactions: { all(): { user?: { username?: string }; dispatchToken?: string; code?: string; statusToken: string }[] } } }
    return cloud.transactions.all().filter(({ user }) => user?.username === this.username).at(-1)
  }

  /** Scans the QR code, or opens the link, that the page shows. */
  async scan(phone = this.username): Promise<void> {
    const { qrCode, appLinkUri } = await this.view()
    const { dispatchToken } = this.transaction ?? {}
    if (appLinkUri === undefined && qrCode === undefined) return
    const link = typeof appLinkUri === 'string' ? `http://x/?${appLinkUri.split('?')[1]?.split('#')[0]}` : `http://x/?dispatchTokenResponse=${dispatchToken}`
    await this.world.simulator.phone(phone).scan(link)
  }

  get code(): string {
    return /\d{6}/.exec(this.world.simulator.sms(this.username).at(-1) ?? '')?.[0] ?? ''
  }

  async callback(app = this.world.apps[0]): Promise<string> {
    return outcomeIn(await app.browser(this.browser).get(callbackOf(this.handle)))
  }

  async bring(fields: Record<string, string>, app = this.world.apps[0]): Promise<string> {
    return outcomeIn(await app.browser(this.browser).post('/login/2fa/callback', { transaction: this.handle, ...fields }))
  }

  /** Lets the phone answer, waits for the status as the waiting page does (by server-sent events or by polling), and then requests the callback. */
  async wait(answer: () => Promise<unknown>, how: 'events' | 'json' = 'events', callbackAt = this.world.apps[0]): Promise<string> {
    const learnt = how === 'events' ? this.listen(answer) : this.ask(answer)
    const status = await learnt
    if (status === undefined) return `waits: ${await this.callback(callbackAt)}`
    return this.callback(callbackAt)
  }

  private async listen(answer: () => Promise<unknown>): Promise<string | undefined> {
    const stop = new AbortController()
    const timer = setTimeout(() => stop.abort(), PATIENCE_MS)
    try {
      const response = await fetch(new URL(statusOf(this.handle), this.browser.origin), { headers: { accept: 'text/event-stream' }, signal: stop.signal })
      const decoder = new TextDecoder()
      let text = ''
      let hasAnswered = false
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        text += decoder.decode(chunk, { stream: true })
        const last = [...text.matchAll(/"status":"(\w+)"/g)].at(-1)?.[1]
        if (last !== undefined && last !== 'pending') return last
        if (hasAnswered) continue
        hasAnswered = true
        for (const until = Date.now() + (this.world.isLate === true ? LATE_MS : SLOW_MS); this.isTooSoon && Date.now() < until; ) await new Promise((resolve) => setTimeout(resolve, 20))
        await answer()
      }
      return undefined
    } catch (error) {
      if (stop.signal.aborted) return undefined
      throw error
    } finally {
      clearTimeout(timer)
      stop.abort()
    }
  }

  private async ask(answer: () => Promise<unknown>): Promise<string | undefined> {
    const until = Date.now() + PATIENCE_MS
    let hasAnswered = false
    while (Date.now() < until) {
      const { status } = (await this.browser.get(statusOf(this.handle), { accept: 'application/json' })).json() as { status: string }
      if (status !== 'pending') return status
      if (!hasAnswered && !this.isTooSoon) {
        hasAnswered = true
        await answer()
      }
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    return undefined
  }

  /** True if the user is slow or late, and the app has not yet asked Nevis for the status often enough. */
  private get isTooSoon(): boolean {
    const statusToken = this.transaction?.statusToken
    const isStatusCall = ({ operation, body }: RecordedRequest) => operation === 'getStatus' && (body as { statusToken?: string }).statusToken === statusToken
    const least = this.world.isLate === true ? 5 : this.world.isSlow ? 2 : 0
    return this.world.simulator.requests.filter(isStatusCall).length < least
  }

  approve = () => this.world.simulator.phone(this.username).approve()
}

/** Does what Nevis's widget does. Nevis maintains both the widget and the cloud, so the widget works in every dialect. */
async function widgetToken(person: Person, operation: 'approve' | 'enroll'): Promise<string> {
  const { simulator } = person.world
  const { intentToken } = await person.view()
  const call = async (path: string, body: object, authorization: string) =>
    (await fetch(simulator.baseURL + path, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${authorization}` }, body: JSON.stringify(body) })).text()
  const begun = await (operation === 'approve' ? call('/api/v1/approval', {}, String(intentToken)) : call('/api/v1/users/enroll', { channel: 'app' }, String(intentToken)))
  if (operation === 'approve') await person.approve()
  else await simulator.phone(person.username).scan(`http://x/?dispatchTokenResponse=${/dispatchTokenResponse=([\w-]+)/.exec(begun)?.[1]}`)
  const statusToken = /"statusToken":"([^"]+)"/.exec(begun)?.[1]
  return /"token":"([^"]+)"/.exec(await call('/api/v1/status', { statusToken }, simulator.accessKey))?.[1] ?? ''
}

const inOr = (outcome: string): string => (outcome === 'success' ? 'in' : `callback: ${outcome}`)

/** Returns a flow that signs in, or confirms a step-up, with this factor. */
function sign(factor: string, begin: (person: Person) => Promise<string | undefined>, how: 'events' | 'json' = 'events', at: 0 | 1 = 0): Flow {
  return async (world, username) => {
    const person = new Person(world, username)
    person.add()
    const refused = await begin(person)
    if (refused !== undefined) return refused
    switch (factor) {
      case 'push':
        return inOr(await person.wait(person.approve, how, world.apps[at]))
      case 'app':
        return inOr(await person.wait(() => person.scan(), how, world.apps[at]))
      case 'sms':
        return inOr(await person.bring({ code: person.code }, world.apps[at]))
      case 'recovery':
        return inOr(await person.bring({ code: world.factors?.recoveryCodes?.[0] ?? (CODES[0] as string) }, world.apps[at]))
      default:
        return inOr(await person.bring({ token: await widgetToken(person, 'approve') }))
    }
  }
}

const byPassword = (factor: string) => (person: Person) => person.login(factor)
const stepUp = (factor: string) => async (person: Person) => {
  await person.prove()
  return person.start('/pay', { factor })
}

/** Returns a flow that enters a wrong code, and then the right one. */
function wrongFirst(factor: 'sms' | 'recovery', wrong: string): Flow {
  return async (world, username) => {
    const person = new Person(world, username)
    person.add()
    const refused = await person.login(factor)
    if (refused !== undefined) return refused
    const first = await person.bring({ code: wrong })
    if (first === 'success') return 'UNSAFE: a wrong code lets in'
    const right = factor === 'sms' ? person.code : (CODES[1] as string)
    return `${first}, then ${inOr(await person.bring({ code: right }))}`
  }
}

async function finishEnrolment(person: Person, factor: string): Promise<string> {
  switch (factor) {
    case 'app':
      return person.wait(() => person.scan())
    case 'sms':
      return person.bring({ code: person.code })
    case 'widget':
      return person.bring({ token: await widgetToken(person, 'enroll') })
    default: {
      const { recoveryCodes } = await person.view()
      if (JSON.stringify(recoveryCodes) !== JSON.stringify(person.user?.recoveryCodes)) return 'UNSAFE: other strings are shown as codes'
      return person.callback()
    }
  }
}

/** Returns a flow that enrols the first factor, right after the password. */
const first = (factor: string): Flow => async (world, username) => {
  const person = new Person(world, username)
  const refused = await person.login(factor, { phone: world.phone ?? PHONE })
  return refused ?? inOr(await finishEnrolment(person, factor))
}

/** Returns a flow in which a signed-in user enrols a further factor. */
const further = (factor: string): Flow => async (world, username) => {
  const person = new Person(world, username)
  person.add()
  await person.prove()
  const refused = await person.start('/factors', { factor, phone: world.phone ?? '+41790000009' })
  return refused ?? inOr(await finishEnrolment(person, factor))
}

/** Returns a flow in which the user denies on the phone. With the factor `app`, the phone can deny only a request with a message: it approves others by scanning. */
const denial = (factor: 'push' | 'app'): Flow => async (world, username) => {
  const person = new Person(world, username)
  person.add()
  const refused = await person.login(factor, factor === 'app' ? { message: 'Sign in?' } : {})
  if (refused !== undefined) return refused
  const outcome = await person.wait(async () => {
    if (factor === 'app') await person.scan()
    await world.simulator.phone(username).deny()
  })
  return outcome === 'success' ? 'UNSAFE: a denial lets in' : outcome
}

/** Calls the callback before the user has answered. */
const unanswered: Flow = async (world, username) => {
  const person = new Person(world, username)
  person.add()
  const refused = await person.login('push')
  if (refused !== undefined) return refused
  const outcome = await person.callback()
  return outcome === 'success' ? 'UNSAFE: in without an answer' : 'not in'
}

/** An attacker with the password of a user who has a phone tries to enrol the attacker's phone for this user. */
const thief: Flow = async (world, username) => {
  const person = new Person(world, username)
  person.add()
  const before = person.user?.authenticators.length
  const refused = await person.login('app')
  if (refused !== undefined) return 'not in'
  await person.scan(`${username}-thief`).catch(() => undefined)
  const outcome = await person.callback()
  if (outcome === 'success') return 'UNSAFE: a thief is in'
  return person.user?.authenticators.length === before ? 'not in' : 'UNSAFE: a thief has enrolled a phone'
}

export const FLOWS: Readonly<Record<string, Flow>> = {
  'L push': sign('push', byPassword('push')),
  'L push, JSON': sign('push', byPassword('push'), 'json'),
  'L push, two processes': sign('push', byPassword('push'), 'events', 1),
  'L app': sign('app', byPassword('app')),
  'L app, JSON': sign('app', byPassword('app'), 'json'),
  'L app, two processes': sign('app', byPassword('app'), 'events', 1),
  'L sms': sign('sms', byPassword('sms')),
  'L sms, two processes': sign('sms', byPassword('sms'), 'events', 1),
  'L rec': sign('recovery', byPassword('recovery')),
  'L rec, two processes': sign('recovery', byPassword('recovery'), 'events', 1),
  'L wid': sign('widget', byPassword('widget')),
  'W sms': wrongFirst('sms', '000'),
  'W rec': wrongFirst('recovery', 'ZZZZ-9999-zzzz-9999'),
  'D push': denial('push'),
  'D app': denial('app'),
  'S push': sign('push', stepUp('push')),
  'S app': sign('app', stepUp('app')),
  'S sms': sign('sms', stepUp('sms')),
  'S rec': sign('recovery', stepUp('recovery')),
  'S wid': sign('widget', stepUp('widget')),
  'E app': first('app'),
  'E sms': first('sms'),
  'E rec': first('recovery'),
  'E wid': first('widget'),
  'A app': further('app'),
  'A sms': further('sms'),
  'A rec': further('recovery'),
  'A wid': further('widget'),
  'N push': unanswered,
  'V app': thief,
}

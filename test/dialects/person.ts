/**
 * A person who uses a browser and a phone, while the simulator answers in a dialect (one of the ways in which Nevis may answer). Each method returns its
 * outcome as a text. The text begins with `UNSAFE` if the app has signed in somebody else.
 *
 * Out of scope: what the person does in which order (`flows.ts`, `attacks.ts`).
 */
import type { NevisSimulator, RecordedRequest } from '../../src/simulator'
import { callbackOf, handleIn, statusOf, waitingOf } from '../support/app'
import type { Browser, Page } from '../support/browser'
import type { DialectApp, SignedIn } from './app'

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

/** Which of the two processes of the app does what. The first one always starts the sign-in. */
export interface Setup {
  /** The process that shows the waiting page and answers its questions for the status. */
  readonly page: 0 | 1
  readonly callback: 0 | 1
  /** How the waiting page learns the status: by server-sent events, or by polling JSON. */
  readonly asks: 'events' | 'json'
  /** True if the user types the code of a text message only after Nevis has ended the transaction. */
  readonly isCodeLate?: boolean
  /** The text that the Express app sends with the approval, and that the phone shows. */
  readonly message?: string
}

export const HERE: Setup = { page: 0, callback: 0, asks: 'events' }

export const PHONE = '+41791234567'
export const CODES = ['AAAA-1111-bbbb-2222', 'CCCC-3333-dddd-4444']
/** The longest time that a flow waits for a status. A status arrives much sooner, unless the machine is slow. */
const PATIENCE_MS = 60_000
/** The longest time that a slow user waits until the app has asked for the status twice, because with some mixes of dialects the app asks only once. */
const SLOW_MS = 3000
/** The longest time that a late user waits until the app has asked for the status five times. */
const LATE_MS = 15_000

export class Person {
  constructor(
    readonly world: World,
    readonly username: string,
    readonly setup: Setup = HERE,
  ) {
    this.browser = world.apps[0].browser()
  }

  readonly browser: Browser
  handle = ''

  get user() {
    return this.world.simulator.users.find(({ username }) => username === this.username)
  }

  /** @param least the user has at least this number of phones with the Access App, even if the dialect needs a user with fewer */
  add(least = 0): void {
    const { authenticators = 1, phone = PHONE, recoveryCodes = CODES } = this.world.factors ?? {}
    const has = this.world.factors !== undefined && 'phone' in this.world.factors && this.world.factors.phone === undefined ? {} : { phone }
    this.world.simulator.addUser({ username: this.username, authenticators: Math.max(authenticators, least), recoveryCodes, ...has })
  }

  /**
   * Summarizes an answer: status and path of a redirect, `success`, or the failure code. After a success, `verify` must have got the userId that the simulator
   * gave to this user. If a dialect's answer does not name the user, the strategy takes the userId from an earlier answer.
   */
  outcomeIn(page: Page): string {
    if (page.location !== undefined) return `${page.status} ${page.location.split('?')[0]}`
    const { action, code, user } = page.json() as { action: string; code?: string; user?: SignedIn }
    if (action !== 'success') return code ?? action
    const isSame = user !== undefined && user.id.toLowerCase() === this.user?.userId.toLowerCase() && (user.startedBy ?? this.username) === this.username
    return isSame ? 'success' : `UNSAFE: ${this.username} is signed in as ${JSON.stringify(user)}`
  }

  /** @returns the outcome of the request as text, if no transaction was started; otherwise undefined */
  async start(path: string, fields: Record<string, string>): Promise<string | undefined> {
    await this.world.prepare?.(this.world, this.username)
    const { message } = this.setup
    const page = await this.browser.post(path, message === undefined ? fields : { message, ...fields })
    if (page.status !== 303) return `start: ${this.outcomeIn(page)}`
    this.handle = handleIn(page.location)
    return undefined
  }

  login = (factor: string, more = {}) => this.start('/login', { username: this.username, password: 'x', factor, ...more })

  async prove(): Promise<void> {
    await this.browser.post('/prove', { username: this.username, userId: this.user?.userId as string })
  }

  /** The same browser, at the process that shows the waiting page. */
  private get pageBrowser(): Browser {
    return this.world.apps[this.setup.page].browser(this.browser)
  }

  private get callbackBrowser(): Browser {
    return this.world.apps[this.setup.callback].browser(this.browser)
  }

  async view(): Promise<Record<string, unknown>> {
    return (await this.pageBrowser.get(waitingOf(this.handle), { accept: 'application/json' })).json() as Record<string, unknown>
  }

  /** The newest transaction of this user in the simulator. */
  get transaction() {
    const { cloud } = this.world.simulator as unknown as { cloud: { transactions: { all(): { user?: { username?: string }; dispatchToken?: string; phone?: string; code?: string; statusToken: string; token: string; expiresAt: number }[] } } }
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

  /** Scans the code of a sign-in. The scan approves a request without a message; one with a message must be approved as well. */
  async scanAndApprove(): Promise<void> {
    await this.scan()
    if (this.setup.message !== undefined) await this.approve()
  }

  get code(): string {
    return /\d{6}/.exec(this.world.simulator.sms(this.username).at(-1) ?? '')?.[0] ?? ''
  }

  async callback(): Promise<string> {
    return this.outcomeIn(await this.callbackBrowser.get(callbackOf(this.handle)))
  }

  async bring(fields: Record<string, string>): Promise<string> {
    return this.outcomeIn(await this.callbackBrowser.post('/login/2fa/callback', { transaction: this.handle, ...fields }))
  }

  /** Types the code of the newest text message: in time, or after the code's life (`isCodeLate`). */
  async bringCode(): Promise<string> {
    const { code, transaction } = this
    // Move only the end of this transaction, not the simulator's clock: other flows use the same simulator at the same time.
    if (this.setup.isCodeLate === true && transaction !== undefined) transaction.expiresAt = this.world.simulator.now()
    return this.bring({ code })
  }

  /** Lets the phone answer, waits for the status as the waiting page does, and then requests the callback. */
  async wait(answer: () => Promise<unknown>): Promise<string> {
    const status = await (this.setup.asks === 'events' ? this.listen(answer) : this.ask(answer))
    return status === undefined ? `waits: ${await this.callback()}` : this.callback()
  }

  private async listen(answer: () => Promise<unknown>): Promise<string | undefined> {
    const stop = new AbortController()
    const timer = setTimeout(() => stop.abort(), PATIENCE_MS)
    try {
      const response = await fetch(new URL(statusOf(this.handle), this.pageBrowser.origin), { headers: { accept: 'text/event-stream' }, signal: stop.signal })
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
      const { status } = (await this.pageBrowser.get(statusOf(this.handle), { accept: 'application/json' })).json() as { status: string }
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

/**
 * Does what Nevis's widget does. Nevis maintains both the widget and the cloud, so the widget works in every dialect.
 * @param intentToken default: the one in the page
 * @param phone the phone that scans the QR code of an enrolment
 * @returns the token that the widget gives to the page; empty if Nevis gives none
 */
export async function widgetToken(person: Person, operation: 'approve' | 'enroll', intentToken?: string, phone = person.username): Promise<string> {
  const { simulator } = person.world
  const intent = intentToken ?? String((await person.view())['intentToken'])
  const begun = await (operation === 'approve' ? callNevis(simulator, '/api/v1/approval', {}, intent) : callNevis(simulator, '/api/v1/users/enroll', { channel: 'app' }, intent))
  if (operation === 'approve') await person.approve()
  else await simulator.phone(phone).scan(`http://x/?dispatchTokenResponse=${/dispatchTokenResponse=([\w-]+)/.exec(begun)?.[1]}`)
  const statusToken = /"statusToken":"([^"]+)"/.exec(begun)?.[1]
  return /"token":"([^"]+)"/.exec(await callNevis(simulator, '/api/v1/status', { statusToken }, simulator.accessKey))?.[1] ?? ''
}

export async function callNevis({ baseURL }: NevisSimulator, path: string, body: object, authorization: string): Promise<string> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${authorization}` }
  return (await fetch(baseURL + path, { method: 'POST', headers, body: JSON.stringify(body) })).text()
}

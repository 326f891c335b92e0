/**
 * Rules that must hold whatever users do, in any order. The rules use only what really happened at the cloud, never what the tested code reports.
 *
 * Each rule uses the facts from when the request began, so that a later event does not make an earlier request wrong. Out of scope: whether honest
 * users get in.
 */
import type { NevisProfile, SecondFactorRecord } from '../../../src'
import { LINK, type CloudTransaction, type Owner, type PeopleCloud, type Person } from './people-cloud'
import { CALLBACK_URL, routes, type Route, type RouteName } from './people-routes'
import type { FactorName, Sequence } from './people-steps'

const RANKS: Readonly<Record<FactorName, number>> = { recovery: 1, sms: 2, widget: 2, push: 3, app: 3 }
const FRESH_MS = 600_000
const HOUR_MS = 3_600_000
const MAX_RINGS_PER_HOUR = 15
const MAX_WRONG_CODES_PER_DAY = 100
const MAX_TEXTS_PER_DAY = 10

/** The facts at the moment when a request began. */
export interface Before {
  readonly record: SecondFactorRecord | undefined
  readonly factors: ReadonlySet<Person['factors'][number]>
  readonly accepted: number
  readonly ended: ReadonlySet<string>
  readonly usedTokens: ReadonlySet<string>
}

/** A start that has sent a browser to the waiting page, with the handle (the reference to the transaction) in the URL of this page. */
export interface Shown {
  readonly handle: string
  readonly id: string
  readonly by: Owner
  readonly route: RouteName
  readonly factor: string
  readonly operation: string
  readonly at: number
}

export class Oracle {
  violation: string | undefined
  /** True if the thief had the password before anna had a factor, and has enrolled a factor: the account then belongs to the thief. */
  isLost = false
  readonly shown: Shown[] = []
  /** True if anna has entered her password in her browser's current session. Before that, the session may be one that the thief has planted in her browser. */
  private hasStarted = false
  private readonly successes = new Set<string>()
  private readonly ended = new Set<string>()
  private readonly usedTokens = new Set<string>()
  /** The ids of anna's enrolments, oldest first. */
  private readonly enrolments: string[] = []
  private readonly loggedOut = new Set<string>()
  /** Who has logged out, and has not signed in since then. */
  private readonly strangers = new Set<Owner>()
  /** For each session id, the counter that the app has last written into the session. A lower counter in the store means that what the app wrote is lost. */
  private readonly visits = new Map<string, number>()

  constructor(
    private readonly cloud: PeopleCloud,
    private readonly anna: Person,
    private readonly sequence: Sequence,
    private readonly store: ReadonlyMap<string, string>,
  ) {}

  before(record: SecondFactorRecord | undefined): Before {
    return { record, factors: new Set(this.anna.factors), accepted: this.cloud.accepted.length, ended: new Set(this.ended), usedTokens: new Set(this.usedTokens) }
  }

  refuse(violation: string): void {
    this.violation ??= violation
  }

  /** Records a start that has sent the browser to the waiting page. If it is an enrolment, checks that the user was allowed to enrol the factor. */
  started(shown: Shown, { record, factors }: Before, replaced: Shown | undefined): void {
    const first = this.shown.find(({ id }) => id === shown.id)
    if (shown.by === 'anna') this.hasStarted = true
    // A transaction belongs to the route at which it was first started. A transaction that replaces another one belongs to the route of the replaced
    // transaction.
    this.shown.push({ ...shown, route: first?.route ?? replaced?.route ?? shown.route, by: shown.by })
    if (replaced !== undefined && replaced.id !== shown.id) this.ended.add(replaced.id)
    if (shown.operation !== 'enroll' || !this.isAnnas(shown.id)) return
    if (first === undefined) this.enrolments.push(shown.id)
    const isStrong = this.isStrong(record, shown.factor as FactorName, Date.now())
    if (!isStrong && [...factors].some((one) => one.transaction !== shown.id)) this.refuse(`an enrolment (${shown.factor}) is begun for somebody who has a factor`)
    if (!isStrong && shown.factor === 'recovery') this.refuse('recovery codes are made as the first factor')
  }

  /**
   * Checks equal starts that were sent at the same time. If all were sent in one session, they may cause only one request to the user's phone. `codes` are the
   * failure codes of the answers. `isAlone` is false if another request was waiting for Nevis: its calls to Nevis were then counted, too.
   */
  asked(route: RouteName, codes: readonly (string | undefined)[], before: { readonly rings: number; readonly starts: number }, { isOneSession, isAlone }: { readonly isOneSession: boolean; readonly isAlone: boolean }): void {
    if (isOneSession && this.cloud.rings.length > before.rings + 1) this.refuse('parallel starts in one session ask twice')
    const isRefused = codes.every((code) => code === 'too_many_starts')
    // A refused start must make no call to Nevis. `approve-or-enroll` is exempt: the limit of SMS refuses only enrolments, and only Nevis can say whether this
    // start is one.
    const { options }: Route = routes[route]
    if (isRefused && isAlone && options.operation !== 'approve-or-enroll' && this.cloud.starts > before.starts) this.refuse('a start that is refused asks the cloud')
  }

  /** Called when a browser has seen a QR code or link. */
  saw(by: Owner, id: string): void {
    const first = this.shown.find((one) => one.id === id)
    if (by === 'thief' && first?.by === 'anna') this.refuse('the thief sees the link that anna\'s browser asked for')
  }

  planted(): void {
    this.hasStarted = false
  }

  over(id: string): void {
    this.ended.add(id)
  }

  loggedOutOf(sessionId: string, by: Owner): void {
    this.loggedOut.add(sessionId)
    this.strangers.add(by)
  }

  loggedIn(by: Owner): void {
    this.strangers.delete(by)
  }

  wrote(sessionId: string, visits: number): void {
    this.visits.set(sessionId, visits)
  }

  isLoggedOut(sessionId: string): boolean {
    return this.loggedOut.has(sessionId)
  }

  /** Checks the rules for a request for which the strategy reports success. `user`: the signed-in user who sent it, if the route does not sign users in. */
  succeeded(by: Owner, routeName: RouteName, profile: NevisProfile, before: Before, brought: { code?: string | undefined; token?: string | undefined }, user: Person | undefined): void {
    const { transactionId: id, factor, operation } = profile
    const transaction = this.cloud.transactions.find((one) => one.id === id)
    if (this.successes.has(id)) this.refuse('two successes of one transaction')
    this.successes.add(id)
    if (before.ended.has(id)) this.refuse('a success of what was ended')
    if (!this.isProven(profile, transaction, before, brought)) this.refuse(`a success by ${factor} (${operation}) without a proof`)
    if (operation === 'enroll' && profile.id === this.anna.userId) this.enrolled(by, profile, transaction, before)
    this.isWhose(by, profile)
    this.fits(routeName, profile, user)
  }

  /**
   * Checks the sessions in the store after every step: no logged-out user may be signed in again, no value of the app may be lost, and no secret may be
   * readable.
   */
  look(jars: Readonly<Record<Owner, { readonly cookie: string | undefined }>>): void {
    const ofStrangers = [...this.strangers].flatMap((by) => jars[by].cookie ?? [])
    for (const id of [...this.loggedOut, ...ofStrangers]) {
      const kept = JSON.parse(this.store.get(id) ?? '{}') as { passport?: { user?: unknown }; nevis?: { secondFactor?: unknown } }
      if (kept.passport?.user !== undefined) this.refuse('a login lives again after the log-out')
      if (kept.nevis?.secondFactor !== undefined) this.refuse('a second factor record lives again after the log-out')
    }
    if (this.cloud.noCodes.length > 0) this.refuse('a text that is no code reaches the cloud')
    for (const [id, text] of this.store) {
      const { visits = 0 } = JSON.parse(text) as { visits?: number }
      if (visits < (this.visits.get(id) ?? 0)) this.refuse('what the app wrote is lost')
      const secrets = [LINK, ...this.cloud.textsOf('intent')]
      if (secrets.some((secret) => text.includes(secret))) this.refuse('whoever reads the store can enrol')
    }
  }

  /** Checks the limits of requests, SMS and wrong codes. Called after a sequence in which a user gets many requests and approves none. */
  flooded(): void {
    for (const { at } of this.cloud.rings) {
      const inHour = this.cloud.rings.filter((one) => one.at > at - HOUR_MS && one.at <= at).length
      if (inHour > MAX_RINGS_PER_HOUR) return this.refuse(`${inHour} requests in an hour`)
    }
    for (const { phone, at } of this.cloud.texts) {
      const inDay = this.cloud.texts.filter((one) => one.phone === phone && one.at > at - 24 * HOUR_MS && one.at <= at).length
      if (inDay > MAX_TEXTS_PER_DAY) return this.refuse('more than ten texts to one number in a day')
    }
    for (const at of this.cloud.wrongCodes) {
      const inDay = this.cloud.wrongCodes.filter((one) => one > at - 24 * HOUR_MS && one <= at).length
      if (inDay > MAX_WRONG_CODES_PER_DAY) return this.refuse('more than a hundred wrong codes in a day')
    }
  }

  private isProven({ factor, operation, id: userId }: NevisProfile, transaction: CloudTransaction | undefined, before: Before, { code, token = '' }: { code?: string | undefined; token?: string | undefined }): boolean {
    if (factor === 'widget') {
      const made = this.cloud.tokens.get(token)
      const isGood = made?.userId === userId && (made.kind === 'result' || made.kind === 'transaction') && !before.usedTokens.has(token)
      this.usedTokens.add(token)
      return isGood
    }
    if (factor === 'recovery') return operation === 'enroll' || this.cloud.accepted.slice(before.accepted).includes(code ?? '')
    for (const [text, one] of this.cloud.tokens) if (one.kind === 'transaction' && one.transaction === transaction) this.usedTokens.add(text)
    const isRight = factor === 'sms' ? this.cloud.accepted.includes(transaction?.id ?? '') : transaction?.state === 'approved'
    return isRight && transaction?.person.userId === userId && transaction.operation === operation
  }

  private enrolled(by: Owner, { transactionId: id, factor }: NevisProfile, transaction: CloudTransaction | undefined, { record, factors }: Before): void {
    const startedAt = this.shown.find((one) => one.id === id)?.at ?? 0
    const isStrong = this.isStrong(record, factor as FactorName, startedAt)
    const hasOthers = [...factors].some((one) => one.transaction !== id)
    if (!isStrong && hasOthers) this.refuse(`an enrolment (${factor}) is finished for somebody who has another factor`)
    if (!isStrong && factor === 'recovery') this.refuse('recovery codes are the first factor')
    if (this.enrolments.at(-1) !== id) this.refuse('an enrolment succeeds after a newer one was begun')
    const waits = this.shown.some((one) => one.id === id && one.by === 'anna')
    if (by === 'anna' && waits && factor === 'app' && transaction?.by !== 'anna') this.refuse('anna\'s browser is told that somebody else\'s phone is enrolled')
    if (by === 'thief' && !hasOthers) this.isLost = true
  }

  /**
   * Checks who is now signed in: anna only as herself, and the thief not as anna. Anna never helps the thief: she approves only requests of her own browser,
   * and types her codes only into her own browser.
   */
  private isWhose(by: Owner, { id, factor, operation }: NevisProfile): void {
    if (by === 'anna' && id !== this.anna.userId && this.hasStarted) this.refuse('anna is signed in as somebody else')
    if (by === 'anna' || id !== this.anna.userId || this.isLost) return
    if (this.sequence.isCodeStolen && factor === 'recovery' && operation === 'approve') return
    // A thief who has one of anna's factors may add a factor of the same strength. `enrolled` has already checked the rules for enrolments.
    if (operation === 'enroll') return
    if (this.anna.factors.some(({ owner }) => owner === 'thief')) return
    this.refuse(`the thief is signed in as anna by ${factor} (${operation})`)
  }

  private fits(routeName: RouteName, { id, transactionId, factor, operation }: NevisProfile, user: Person | undefined): void {
    const { path, options }: Route = routes[routeName]
    if (options.factors !== undefined && !options.factors.includes(factor)) this.refuse(`a success by ${factor} at a route that wants other factors`)
    if (options.operation === 'enroll' && operation !== 'enroll') this.refuse('an approval at a route that enrols')
    if (options.assignProperty !== undefined && user !== undefined && user.userId !== id) this.refuse('an approval of one person counts for another')
    const isPayment = options.factors !== undefined || options.message !== undefined
    if (isPayment && operation !== 'approve') this.refuse('an enrolment at a route that wants an approval')
    const isForOne = Object.keys(options).some((name) => name !== 'assignProperty')
    const startedAt = this.shown.find(({ id }) => id === transactionId)?.route
    if (isForOne && path !== CALLBACK_URL && startedAt !== routeName) this.refuse(`what was started at ${startedAt} succeeds at ${routeName}`)
  }

  private isStrong(record: SecondFactorRecord | undefined, factor: FactorName, startedAt: number): boolean {
    if (record === undefined || record.userId !== this.anna.userId || startedAt - record.at > FRESH_MS) return false
    return RANKS[record.factor as FactorName] >= RANKS[factor]
  }

  private isAnnas(id: string): boolean {
    const transaction = this.cloud.transactions.find((one) => one.id === id)
    return transaction === undefined || transaction.person === this.anna
  }
}

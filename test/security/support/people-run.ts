/**
 * Runs a sequence of steps: requests of two browsers to one app, answers on phones, and time that passes.
 *
 * Anna is careful: her phone approves and scans only what her own browser waits for. The attacker knows her password, sends anything that a browser
 * can send, and has another account (ben). Out of scope: the rules (`people-oracle.ts`).
 */
import { recordSecondFactor, secondFactorOf, waitingPage, type NevisProfile, type NevisStrategy } from '../../../src'
import { act, codeOf, type Act } from './act'
import { Oracle, type Before, type Shown } from './people-oracle'
import { NUMBERS, RECOVERY_CODES, SMS_CODE, uuid, type Owner, type PeopleCloud, type Person } from './people-cloud'
import { routes, type Route } from './people-routes'
import type { Callback, Meanwhile, Sequence, Start, Step } from './people-steps'
import { SessionHost, type CookieJar, type HostRequest } from './session-host'

type Body = Record<string, string | undefined>
type Request = Start | Callback

/**
 * While the cloud delays an answer, the runner runs other steps. If such a step has not ended after this many turns of the event loop, it probably waits for
 * the delayed answer, too. So the runner goes on with the next step.
 */
const PATIENCE = 300
const OVER: readonly string[] = ['cancelled', 'not_approved', 'expired_transaction', 'too_many_attempts']

export type Counts = Record<Act['action'] | 'requests', number>

let sequences = 0

export class People {
  readonly oracle: Oracle
  private readonly host = new SessionHost()
  private readonly jars: Record<Owner, CookieJar> = { anna: { cookie: undefined }, thief: { cookie: undefined } }
  private readonly persons: Record<'anna' | 'ben', Person>
  private readonly links: Partial<Record<Owner, string>> = {}
  private readonly results: Partial<Record<Owner, string | undefined>> = {}
  private readonly copies: [string, string][] = []
  /** The steps that are taken while another request waits for Nevis. */
  private readonly meanwhile = new WeakSet<Step>()
  private readonly tails: Promise<unknown>[] = []
  private recoveryCodes = 0
  private wrongCodes = 0
  private readonly number = ++sequences

  constructor(
    private readonly cloud: PeopleCloud,
    private readonly processes: readonly [NevisStrategy, NevisStrategy],
    private readonly sequence: Sequence,
    private readonly counts: Counts,
    /** Moves the clock ahead. */
    private readonly later: (seconds: number) => void,
  ) {
    const { number } = this
    const factors = sequence.annaHas.map((kind) => ({ kind, owner: 'anna' as const, at: 0 }))
    const anna: Person = { username: `anna-${number}`, userId: uuid(number, 0xa), isKnown: factors.length > 0 || sequence.isLinked, factors }
    const ben: Person = { username: `ben-${number}`, userId: uuid(number, 0xb), isKnown: true, factors: [{ kind: 'app', owner: 'thief', at: 0 }] }
    this.persons = { anna, ben }
    cloud.reset([anna, ben], sequence.gateways)
    this.oracle = new Oracle(cloud, anna, sequence, this.host.store)
  }

  /** @returns a description of the first violation of a rule; undefined if there was none */
  async run(): Promise<string | undefined> {
    const before = this.counts.success
    for (const step of this.sequence.steps) {
      await this.step(step)
      await Promise.all(this.tails.splice(0))
      this.oracle.look(this.jars)
      if (this.oracle.violation !== undefined) break
    }
    if (this.counts.success === before) this.oracle.flooded()
    return this.oracle.violation
  }

  private async step(step: Step): Promise<void> {
    switch (step.do) {
      case 'start':
      case 'callback':
        return this.requests(step)
      case 'cancel': {
        const shown = this.shownTo(step.by, 'own')
        if (shown === undefined) return
        const done = await this.request(step.by, 'callback', 0, { transaction: shown.handle, cancel: '1' })
        if (codeOf(done) === 'cancelled') this.oracle.over(shown.id)
        return
      }
      case 'look':
        return void (await this.look(step.by, this.shownTo(step.by, step.handle)))
      case 'phone':
        return this.phone(step)
      case 'widget': {
        const token = (await this.look(step.by, this.shownTo(step.by, 'own')))?.intentToken
        if (token !== undefined) this.results[step.by] = this.cloud.finishWidget(token)
        return
      }
      case 'plant': {
        const cookie = this.jars.thief.cookie ?? (await this.write(this.jars.thief))
        this.jars.thief.cookie = cookie
        this.jars.anna.cookie = cookie
        return this.oracle.planted()
      }
      case 'write':
        return void (await this.write(this.jars[step.by]))
      case 'later':
        return this.later(step.seconds)
      case 'elsewhere':
        this.persons.anna.isKnown = true
        return void this.persons.anna.factors.push({ kind: 'app', owner: 'anna', at: Date.now() })
      case 'logout':
        return this.logout(step.by)
      case 'copy': {
        const id = this.jars[step.by].cookie ?? ''
        const text = this.host.store.get(id)
        if (text !== undefined) this.copies.push([id, text])
        return
      }
      case 'putBack':
        // Puts old copies of sessions back into the store, as express-session does after a slow request with `resave: true`. Leaves out the sessions that a
        // logout has ended.
        for (const [id, text] of this.copies) if (!this.oracle.isLoggedOut(id)) this.host.store.set(id, text)
    }
  }

  private async requests(step: Request): Promise<void> {
    this.arm(step.meanwhile)
    const hasSession = this.host.store.has(this.jars[step.by].cookie ?? '')
    const before = { rings: this.cloud.rings.length, starts: this.cloud.starts }
    const once = (): Promise<Act | undefined> => (step.do === 'start' ? this.start(step) : this.callback(step))
    const answers = await Promise.all(Array.from({ length: step.times ?? 1 }, once))
    if (step.do === 'start' && step.meanwhile === undefined) this.oracle.asked(step.route, answers.map((done) => done && codeOf(done)), before, { isOneSession: hasSession, isAlone: !this.meanwhile.has(step) })
    if (this.cloud.hold !== undefined) {
      const { run } = this.cloud.hold
      this.cloud.hold = undefined
      await run()
    }
  }

  private arm(meanwhile: Meanwhile | undefined): void {
    if (meanwhile === undefined || this.cloud.hold !== undefined) return
    const run = async () => {
      for (const step of meanwhile.steps) {
        this.meanwhile.add(step)
        const done = this.step(step)
        this.tails.push(done)
        await Promise.race([done, patience()])
      }
    }
    this.cloud.hold = { call: meanwhile.call, isBefore: meanwhile.isBefore, run }
  }

  private async start({ by, route, process, as, factor, replaces = false, leaves = false }: Start): Promise<Act> {
    const replaced = replaces ? this.shownTo(by, 'own') : undefined
    const body = { factor: factor ?? (replaced === undefined ? undefined : 'push'), transaction: replaced?.handle, phone: NUMBERS[by] + String(this.number).padStart(6, '0') }
    return this.request(by, route, process, body, { as, leaves, replaced })
  }

  private async callback({ by, route, process, handle, as, code, token }: Callback): Promise<Act | undefined> {
    const shown = this.shownTo(by, handle)
    if (shown === undefined) return undefined
    return this.request(by, route, process, { transaction: shown.handle, code: this.codeOf(by, shown, code), token: token && this.tokenOf(by, token) }, { as })
  }

  private async request(by: Owner, routeName: Start['route'], process: 0 | 1, fields: Body, { as, leaves = false, replaced }: { as?: Start['as']; leaves?: boolean; replaced?: Shown | undefined } = {}): Promise<Act> {
    const { path, options }: Route = routes[routeName]
    const body = Object.fromEntries(Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined))
    const req = await this.host.open(this.jars[by], path, 'POST', body)
    const user = as === undefined ? this.signedIn(req) : as === 'new' ? this.cloud.newPerson(this.persons.ben, this.number) : this.persons[as]
    if (user !== undefined) req.user = { username: user.username, ...(this.sequence.isLinked && { nevisUserId: user.userId }) }
    // The first factor has already run, and has set `req.authInfo`, as Passport's local strategy does.
    if (as !== undefined) req.authInfo = {}
    if (leaves) req.socket.destroyed = true
    const before = this.oracle.before(secondFactorOf(req))
    const done = await act(this.processes[process], req, options)
    this.counts.requests++
    this.counts[done.action]++
    const shown = done.action === 'redirect' ? await this.sentToWait(done, by, routeName) : undefined
    const isStart = body['transaction'] === undefined || body['factor'] !== undefined
    if (shown !== undefined && isStart && !leaves) this.oracle.started(shown, before, replaced)
    if (done.action === 'success') await this.succeeded(by, routeName, req, done, before, body, user)
    else if (done.action === 'fail' && !isStart && OVER.includes(codeOf(done))) this.endedFor(body['transaction'])
    if (done.actions.length !== 1) this.oracle.refuse('two actions for one request')
    await this.host.close(this.jars[by], req)
    // A browser would load the waiting page next. For the factor `app`, load that page here: the oracle must know which app link this browser has seen.
    if (shown?.factor === 'app' && isStart && !leaves) await this.look(by, shown)
    return done
  }

  /** Does what an app does after a success: logs the user in, unless the route only authorizes, and calls `recordSecondFactor`. */
  private async succeeded(by: Owner, routeName: Start['route'], req: HostRequest, done: Act, before: Before, { code, token }: Record<string, string>, user: Person | undefined): Promise<void> {
    const info = done.args[1] as { nevis: NevisProfile }
    this.oracle.succeeded(by, routeName, info.nevis, before, { code, token }, user)
    if ((routes[routeName] as Route).options.assignProperty === undefined) {
      this.oracle.loggedIn(by)
      await new Promise((resolve) => req.session.regenerate(resolve))
      req.session['passport'] = { user: { username: (done.args[0] as Person).username, tenant: 'a' } }
      await new Promise((resolve) => req.session.save(resolve))
      req.authInfo = info
    }
    const { sessionID } = req
    // If another request has logged the user out meanwhile, this call rejects. An app would pass the error to its error handler; this simulated app ignores it.
    await recordSecondFactor().answer(req as never).catch(() => undefined)
    if ((routes[routeName] as Route).options.assignProperty !== undefined) return
    if (req.sessionID !== sessionID) this.oracle.refuse('the session is renewed twice in one request')
    const next = await this.host.open({ cookie: sessionID }, '/', 'GET', {})
    if (info.nevis.operation === 'approve' && secondFactorOf(next) === undefined) this.oracle.refuse('a second factor that was just given does not count')
  }

  private async sentToWait(done: Act, by: Owner, route: Start['route']): Promise<Shown | undefined> {
    const [, path, handle = ''] = /^([\w/-]+)\?transaction=([\w-]+)$/.exec(done.args[0] as string) ?? []
    // A callback whose session has got a new id meanwhile, or was logged out, sends the browser to the same callback again. The browser need not follow.
    if (path !== '/2fa' && path !== (routes[route] as Route).path) return void this.oracle.refuse('a redirect elsewhere')
    const sealed = (await this.processes[0].settings.keys()).handles.open(handle)
    if (sealed === undefined) return void this.oracle.refuse('a redirect elsewhere')
    return { handle, id: sealed.id, by, route, factor: sealed.factor, operation: this.operationOf(sealed.id) ?? sealed.operation ?? 'approve', at: Date.now() }
  }

  private operationOf(id: string): string | undefined {
    return this.cloud.transactions.find((one) => one.id === id)?.operation
  }

  private endedFor(handle: string | undefined): void {
    const shown = this.oracle.shown.find((one) => one.handle === handle)
    if (shown !== undefined) this.oracle.over(shown.id)
  }

  private shownTo(by: Owner, whose: Callback['handle']): Shown | undefined {
    const own = this.oracle.shown.filter((one) => (one.by === by) === (whose !== 'theirs'))
    return own.at(whose === 'older' ? -2 : -1)
  }

  private async look(by: Owner, shown: Shown | undefined): Promise<{ status: string; id: string; appLinkUri?: string; intentToken?: string } | undefined> {
    if (shown === undefined) return undefined
    const jar = this.jars[by]
    const req = await this.host.open(jar, `/2fa?transaction=${shown.handle}`, 'GET', {})
    const answer = await waitingPage(this.processes[0], { widgetScript: '/widget.js' }).answer(req)
    await this.host.close(jar, req)
    if (answer?.status !== 200) return undefined
    const view = JSON.parse(answer.body as string) as { status: string; appLinkUri?: string; intentToken?: string }
    if (view.appLinkUri !== undefined) {
      this.links[by] = shown.id
      this.oracle.saw(by, shown.id)
    }
    return { ...view, id: shown.id }
  }

  private async phone({ by, does, handle }: Step & { do: 'phone' }): Promise<void> {
    if (handle !== undefined) return this.cloud.decide(this.shownTo(by, handle)?.id ?? '', does === 'denies' ? 'denied' : 'approved', by)
    if (by === 'anna') {
      if (does === 'denies') return this.cloud.decide(this.cloud.transactions.filter(({ person }) => person === this.persons.anna).at(-1)?.id ?? '', 'denied', by)
      const view = await this.look(by, this.shownTo(by, 'own'))
      return view?.status === 'pending' ? this.cloud.decide(view.id, 'approved', by) : undefined
    }
    // The thief opens the app link on the waiting page in the thief's browser, and approves push requests to a phone that belongs to the thief.
    await this.look(by, this.shownTo(by, 'own'))
    const owns = ({ factors }: Person) => factors.some(({ kind, owner }) => kind === 'app' && owner === 'thief')
    const link = this.cloud.transactions.find((one) => one.id === this.links.thief && (one.operation === 'enroll' || owns(one.person)))
    const asked = this.cloud.transactions.filter((one) => one.channel === 'push' && owns(one.person)).at(-1)
    const decided = link ?? asked
    if (decided !== undefined) this.cloud.decide(decided.id, does === 'denies' ? 'denied' : 'approved', by)
  }

  /**
   * What this person types for `code`. `right`: the code in an SMS to this person, or a recovery code that this person knows; `000000` if there is none.
   * `wrong`: a new wrong code.
   */
  private codeOf(by: Owner, { id, factor }: Shown, code: string | undefined): string | undefined {
    if (code !== 'right') return code === 'wrong' ? String(++this.wrongCodes).padStart(6, '0') : code
    if (factor === 'sms') {
      const transaction = this.cloud.transactions.find((one) => one.id === id)
      const owner = transaction?.operation === 'enroll' ? transaction.by : transaction?.person.factors.find(({ kind }) => kind === 'sms')?.owner
      return owner === by ? SMS_CODE : '000000'
    }
    if (by === 'thief') return this.sequence.isCodeStolen ? RECOVERY_CODES[0] : '000000'
    return RECOVERY_CODES[1 + this.recoveryCodes++]
  }

  private tokenOf(by: Owner, kind: NonNullable<Callback['token']>): string | undefined {
    if (kind === 'result') return this.results[by]
    return this.cloud.tokenOf(kind === 'used' ? 'transaction' : kind, this.persons.anna.username) ?? (kind === 'used' ? this.results.anna : undefined)
  }

  private signedIn({ session }: HostRequest): Person | undefined {
    const name = (session['passport'] as { user?: Person } | undefined)?.user?.username
    return Object.values(this.persons).find(({ username }) => username === name)
  }

  private async logout(by: Owner): Promise<void> {
    const jar = this.jars[by]
    const req = await this.host.open(jar, '/logout', 'POST', {})
    if (this.signedIn(req) === undefined) return
    const { sessionID } = req
    // Log out as Passport does.
    delete req.session['passport']
    await new Promise((resolve) => req.session.save(resolve))
    await new Promise((resolve) => req.session.regenerate(resolve))
    await this.host.close(jar, req)
    this.oracle.loggedOutOf(sessionID, by)
  }

  /** Writes a value of the app into the session. */
  private async write(jar: CookieJar): Promise<string> {
    const req = await this.host.open(jar, '/', 'GET', {})
    req.session['visits'] = Number(req.session['visits'] ?? 0) + 1
    await this.host.close(jar, req)
    this.oracle.wrote(req.sessionID, req.session['visits'] as number)
    return req.sessionID
  }
}

async function patience(): Promise<void> {
  for (let turn = 0; turn < PATIENCE; turn++) await new Promise((resolve) => setImmediate(resolve))
}

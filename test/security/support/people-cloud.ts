/**
 * A small simulated Nevis with a few users and their factors, for tests in which users attack each other, but Nevis itself makes no error.
 *
 * A gateway in front of this cloud may send wrong answers in the cloud's place. The cloud can delay an answer while other requests run. Tests can read which
 * approvals and codes the cloud has accepted. Out of scope: use by more than one test at the same time, and rate limits.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Call = 'approve' | 'enroll' | 'status' | 'introspect' | 'verify' | 'user' | 'intent'
export type Owner = 'anna' | 'thief'
export type Kind = 'app' | 'sms' | 'recovery'

/** An answer of a gateway in the cloud's place. */
export interface Gateway {
  readonly status: number
  readonly body: string
  /** True if the gateway passes the request on to the cloud. The caller then gets the cloud's answer if `body` is empty, otherwise the gateway's. */
  readonly passes: boolean
  /** The caller gets no answer: the gateway closes the connection, or never answers. */
  readonly silent?: 'closes' | 'hangs' | undefined
}

export interface Person {
  readonly username: string
  readonly userId: string
  isKnown: boolean
  /**
   * Each factor of the user. `owner` is the person who holds its phone or codes: the user, or the thief. `at` is the time when the factor was confirmed, and
   * `transaction` is the transaction that confirmed it.
   */
  readonly factors: { kind: Kind; owner: Owner; at: number; transaction?: string }[]
}

export interface CloudTransaction {
  readonly id: string
  readonly operation: 'approve' | 'enroll'
  readonly channel: string
  readonly person: Person
  readonly at: number
  state: 'pending' | 'approved' | 'denied'
  /** Who approved the request or scanned the link. */
  by?: Owner
}

/** A token that the cloud has made, with its kind, its user and the time. */
export interface Token {
  readonly kind: 'transaction' | 'pending' | 'status' | 'intent' | 'result'
  readonly userId: string
  readonly at: number
  readonly transaction?: CloudTransaction
}

export const SMS_CODE = '417900'
/** The first digits of each user's phone number. Each generated sequence of requests appends six other digits, because SMS to one phone number are limited. */
export const NUMBERS: Readonly<Record<Owner, string>> = { anna: '+41791', thief: '+41796' }
export const RECOVERY_CODES: readonly string[] = Array.from({ length: 12 }, (_, i) => `AAAA-BBBB-CCCC-00${10 + i}`)
export const LINK = 'https://link.example/'
const LIFETIME_MS = 300_000
const PNG = 'data:image/png;base64,iVBORw0KGgo='

export class PeopleCloud {
  readonly baseURL: string
  readonly accessKey = 'access-key'
  people: Person[] = []
  transactions: CloudTransaction[] = []
  readonly tokens = new Map<string, Token>()
  /** The codes that this cloud has accepted as right, oldest first: recovery codes as text, SMS codes as the id of their transaction. */
  accepted: string[] = []
  /** `rings`: the times of the calls that make a phone ring. `wrongCodes`: the times of the wrong codes. */
  rings: { at: number }[] = []
  wrongCodes: number[] = []
  /**
   * Texts that the strategy has sent as codes, although no code can look like them. The strategy must refuse such texts itself, so this list must stay empty.
   */
  noCodes: string[] = []
  /** The number of calls that look for a user or start a transaction. */
  starts = 0
  /** Phone numbers to which a code was sent for an enrolment, with the time. */
  texts: { phone: string; at: number }[] = []
  gateways: Partial<Record<Call, Gateway[]>> = {}
  /** Delays the next answer to the call `call`, and runs `run` during the delay. `isBefore`: the delay comes before the call has its effect, not after it. */
  hold: { call: Call; isBefore: boolean; run: () => Promise<void> } | undefined
  requests = 0
  private count = 0

  static async start(): Promise<PeopleCloud> {
    const server = createServer({ keepAliveTimeout: 60_000 })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new PeopleCloud(server)
  }

  private constructor(private readonly server: Server) {
    this.baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('request', (req: IncomingMessage, res: ServerResponse) => {
      let text = ''
      req.setEncoding('utf8')
      req.on('data', (chunk: string) => (text += chunk))
      req.on('end', () => void this.answer(req, res, text))
    })
  }

  /** Creates one more account for the owner of this account. */
  newPerson({ username }: Person, sequence: number): Person {
    const number = this.people.length
    const person: Person = { username: `${username}-${number}`, userId: uuid(sequence, 0xc00 + number), isKnown: true, factors: [] }
    this.people.push(person)
    return person
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve())
      this.server.closeAllConnections()
    })
  }

  /** Prepares the next sequence of requests: removes everything that the previous sequence has left, and sets people and gateways. */
  reset(people: Person[], gateways: Partial<Record<Call, readonly Gateway[]>>): void {
    Object.assign(this, { people, transactions: [], accepted: [], rings: [], wrongCodes: [], noCodes: [], texts: [], hold: undefined })
    this.gateways = Object.fromEntries(Object.entries(gateways).map(([call, list]) => [call, [...list]]))
    this.tokens.clear()
  }

  /** The user or the attacker accepts or denies a pending transaction on a phone, or scans the link of an enrolment. */
  decide(id: string, state: 'approved' | 'denied', by: Owner): void {
    const transaction = this.transactions.find((one) => one.id === id)
    if (transaction === undefined || transaction.state !== 'pending' || Date.now() >= transaction.at + LIFETIME_MS) return
    if (transaction.channel === 'sms' || transaction.channel === 'recovery') return
    transaction.state = state
    transaction.by = by
    if (state === 'approved' && transaction.operation === 'enroll') this.confirm(transaction, 'app', by)
  }

  /** A user approves in the widget of the page that has this intent token. */
  finishWidget(intentToken: string): string | undefined {
    const intent = this.tokens.get(intentToken)
    return intent?.kind === 'intent' ? this.token({ kind: 'result', userId: intent.userId, at: Date.now() }) : undefined
  }

  /** @returns the newest token of this kind that the cloud has made for this user */
  tokenOf(kind: Token['kind'], username: string): string | undefined {
    const person = this.people.find((one) => one.username === username)
    return [...this.tokens].filter(([, one]) => one.kind === kind && one.userId === person?.userId).at(-1)?.[0]
  }

  textsOf(kind: Token['kind']): string[] {
    return [...this.tokens].filter(([, one]) => one.kind === kind).map(([text]) => text)
  }

  private token(token: Token): string {
    const payload = { n: `${token.kind}-${token.userId}-${++this.count}`, ...(token.kind === 'pending' && { status: 'pending' }) }
    const text = `e30.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.c2ln`
    this.tokens.set(text, token)
    return text
  }

  private confirm({ person, id }: CloudTransaction, kind: Kind, owner: Owner): void {
    person.factors.push({ kind, owner, at: Date.now(), transaction: id })
  }

  private async answer(req: IncomingMessage, res: ServerResponse, text: string): Promise<void> {
    this.requests++
    const { url = '' } = req
    const call = callOf(url)
    const isJson = req.headers['content-type']?.startsWith('application/json') === true
    const body = isJson ? (JSON.parse(text) as Record<string, string>) : Object.fromEntries(new URLSearchParams(text))
    const hold = this.hold?.call === call ? this.hold : undefined
    if (hold !== undefined) this.hold = undefined
    if (hold?.isBefore === true) await hold.run()
    if (call === 'user' || call === 'approve' || call === 'enroll' || call === 'intent') this.starts++
    if (call === 'verify' && !/^[A-Za-z0-9-]+$/.test(body['code'] ?? '')) this.noCodes.push(body['code'] ?? '')
    const gateway = this.gateways[call]?.shift()
    const real = gateway?.passes === false ? undefined : this.truth(call, body, url)
    if (hold?.isBefore === false) await hold.run()
    if (gateway?.silent !== undefined) return gateway.silent === 'closes' ? void req.socket.destroy() : undefined
    if (gateway !== undefined && !(gateway.passes && gateway.body === '')) {
      res.writeHead(gateway.status, { 'content-type': gateway.body.startsWith('<') ? 'text/html' : 'application/json' }).end(gateway.body)
      return
    }
    const [status, json] = real as [number, object | undefined]
    res.writeHead(status, { 'content-type': 'application/json' }).end(json === undefined ? '' : JSON.stringify(json))
  }

  private truth(call: Call, body: Record<string, string>, url: string): [number, object?] {
    const person = this.people.find((one) => one.userId === body['userId'] || one.username === body['username'] || url.includes(one.userId) || url.endsWith(`=${one.username}`))
    switch (call) {
      case 'user':
        return person?.isKnown === true ? [200, userJson(person)] : problem(404, url)
      case 'approve':
        return this.approve(person, body['channel'] ?? 'app', url)
      case 'enroll':
        if (body['channel'] === 'sms') this.texts.push({ phone: body['phone'] ?? '', at: Date.now() })
        return this.enroll(person, body['channel'] ?? 'app', body['phone']?.startsWith(NUMBERS.thief) === true ? 'thief' : 'anna', url)
      case 'intent':
        return person?.isKnown === true ? [200, { token: this.token({ kind: 'intent', userId: person.userId, at: Date.now() }) }] : problem(404, url)
      case 'status':
        return this.status(body['statusToken'] as string)
      case 'introspect':
        return this.introspect(body['token'] as string)
      case 'verify':
        return this.verify(person as Person, body, url)
    }
  }

  private approve(person: Person | undefined, channel: string, url: string): [number, object?] {
    const needed = channel === 'sms' ? 'sms' : 'app'
    if (person?.factors.some(({ kind }) => kind === needed) !== true) return problem(404, url)
    if (channel !== 'app') this.rings.push({ at: Date.now() })
    const { transaction, statusToken } = this.begin('approve', channel, person)
    return [201, { transactionId: transaction.id, userId: person.userId, statusToken, ...(channel === 'app' && linkOf(transaction)) }]
  }

  /** Starts an enrolment. The answer to an enrolment by SMS has neither the user's status nor the user's authenticators, as in Nevis's documents. */
  private enroll(person: Person | undefined, channel: string, owner: Owner, url: string): [number, object?] {
    if (person === undefined) return problem(404, url)
    const before = userJson(person)
    person.isKnown = true
    const { transaction, statusToken } = this.begin('enroll', channel, person)
    const { userId, username } = person
    if (channel === 'recovery') {
      this.confirm(transaction, 'recovery', 'anna')
      return [201, { userId, username, enrollment: { codes: RECOVERY_CODES } }]
    }
    if (channel === 'sms') transaction.by = owner
    if (channel === 'sms') return [201, { userId, username, enrollment: { transactionId: transaction.id, statusToken } }]
    return [201, { ...before, enrollment: { transactionId: transaction.id, statusToken, ...linkOf(transaction) } }]
  }

  private begin(operation: 'approve' | 'enroll', channel: string, person: Person) {
    const transaction: CloudTransaction = { id: uuid(++this.count, 0xaa), operation, channel, person, at: Date.now(), state: 'pending' }
    this.transactions.push(transaction)
    return { transaction, statusToken: this.token({ kind: 'status', userId: person.userId, at: Date.now(), transaction }) }
  }

  private status(statusToken: string): [number, object?] {
    const known = this.tokens.get(statusToken)
    const transaction = known?.kind === 'status' ? known.transaction : undefined
    if (transaction === undefined) return [404, { status: 'unknown' }]
    if (transaction.state === 'pending' && Date.now() >= transaction.at + LIFETIME_MS) transaction.state = 'denied'
    const { id: transactionId, state, person: { userId, username } } = transaction
    if (state === 'denied') return [412, { status: 'failed', transactionId, userId }]
    const kind = state === 'approved' ? 'transaction' : 'pending'
    const made = [...this.tokens].find(([, one]) => one.transaction === transaction && one.kind === kind)?.[0]
    const token = made ?? this.token({ kind, userId, at: Date.now(), transaction })
    return [200, { status: state === 'approved' ? 'succeeded' : 'pending', transactionId, userId, username, token }]
  }

  private introspect(text: string): [number, object?] {
    const token = this.tokens.get(text)
    if (token === undefined) return [200, { active: false }]
    const iat = Math.floor(token.at / 1000)
    return [200, { active: Date.now() < token.at + 600_000, sub: token.userId, iss: `${this.baseURL}/`, iat, exp: iat + 600 }]
  }

  private verify(person: Person, { channel, code = '', statusToken = '' }: Record<string, string>, url: string): [number, object?] {
    const { transaction } = this.tokens.get(statusToken) ?? {}
    const isRight = channel === 'recovery' ? this.takesRecoveryCode(person, code) : transaction?.state === 'pending' && transaction.channel === 'sms' && transaction.person === person && code === SMS_CODE
    if (!isRight) {
      this.wrongCodes.push(Date.now())
      return problem(400, url)
    }
    this.accepted.push(channel === 'recovery' ? code : (transaction as CloudTransaction).id)
    if (transaction !== undefined) {
      transaction.state = 'approved'
      if (transaction.operation === 'enroll') this.confirm(transaction, 'sms', transaction.by ?? 'anna')
    }
    return [200]
  }

  private takesRecoveryCode({ factors }: Person, code: string): boolean {
    return factors.some(({ kind }) => kind === 'recovery') && RECOVERY_CODES.includes(code) && !this.accepted.includes(code)
  }
}

export function uuid(number: number, person: number): string {
  return `${number.toString(16).padStart(8, '0')}-0000-4000-8000-${person.toString(16).padStart(12, '0')}`
}

function userJson({ userId, username, factors }: Person): object {
  const authenticators = factors.map(({ kind }, i) => ({ authenticatorId: uuid(i + 1, 0xf), type: kind, state: 'active' }))
  return { userId, username, status: factors.length > 0 ? 'active' : 'new', authenticators }
}

const linkOf = ({ id }: CloudTransaction) => ({ qrCode: { type: 'image/png', size: 300, dataUri: PNG }, appLinkUri: `${LINK}?dispatchTokenResponse=${id}` })

const problem = (status: number, url: string): [number, object] => [status, { error: 'x', message: 'x', path: url.split('?', 1)[0], status, timestamp: 1 }]

function callOf(url: string): Call {
  if (url === '/api/v1/approval') return 'approve'
  if (url === '/api/v1/users/enroll') return 'enroll'
  if (url === '/api/v1/status') return 'status'
  if (url === '/api/v1/introspect') return 'introspect'
  if (url === '/api/v1/intent') return 'intent'
  return url.endsWith('/verification') ? 'verify' : 'user'
}

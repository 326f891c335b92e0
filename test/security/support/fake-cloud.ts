/**
 * A cloud that answers what its script says. It also records which approvals users really gave and which codes were correct, whatever it has answered. So a
 * test can compare the package's decisions with these facts.
 *
 * Out of scope: behaving like Nevis beyond the calls of a login; the simulator does that. One server serves many test sequences at once and tells them apart by
 * the usernames and tokens in the requests.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

export type Call = 'approve' | 'enroll' | 'status' | 'introspect' | 'verify' | 'user' | 'intent'

/** How the cloud treats one answer: `truth`, a fault, or a `lie`, which is false but well-formed. */
export type Behaviour =
  | { readonly do: 'truth' }
  /** Sends this HTTP status with the true body. */
  | { readonly do: 'status'; readonly status: number }
  /** Sends this text as the body. */
  | { readonly do: 'body'; readonly body: string; readonly status: number }
  /** Sends the body of the truthful answer with these fields replaced; `null` removes a field. */
  | { readonly do: 'patch'; readonly patch: Readonly<Record<string, unknown>> }
  | { readonly do: 'hang' | 'reset' | 'truncate' | 'drip' | 'redirect' | 'notHttp' | 'large' | 'early' }
  /** Sends a well-formed but false answer. The `lie` says which status, user, ids and token the answer contains. */
  | { readonly do: 'lie'; readonly lie: Lie }

export interface Lie {
  readonly status: 'succeeded' | 'pending' | 'failed' | 'unknown'
  readonly httpStatus: number
  readonly transaction: 'own' | 'other' | 'none'
  readonly user: 'own' | 'other' | 'none'
  readonly username: 'own' | 'other' | 'none'
  readonly token: Kind | 'none'
  readonly active: boolean
}

/** The kinds of tokens. Only `transaction` may ever sign a user in. */
export type Kind = 'transaction' | 'ownStatus' | 'accessKey' | 'otherUser' | 'otherInstance' | 'expired' | 'withdrawn' | 'garbage'

export type Script = Partial<Record<Call, readonly Behaviour[]>>

interface Approval {
  readonly id: string
  readonly channel: string
  readonly userId: string
  readonly username: string
  state: 'pending' | 'approved' | 'denied'
  endsAt: number
}

/** The facts of one login: approvals, the users' answers, correct codes. The test's steps and the requests change these facts; a false answer does not. */
export class World {
  readonly anna: { readonly userId: string; readonly username: string }
  readonly ben: { readonly userId: string; readonly username: string }
  readonly approvals: Approval[] = []
  /** The codes that the strategy has sent for verification and that were correct, each with the userId of its user. */
  readonly verified: { userId: string; code: string }[] = []
  readonly secretCodes: Record<'sms' | 'recovery' | 'other', string>
  private readonly scripts: Record<Call, Behaviour[]>
  calls = 0

  constructor(
    readonly number: number,
    script: Script,
    readonly skewSeconds: number,
  ) {
    this.anna = { userId: uuid(number, 0xa), username: `anna-${number}` }
    this.ben = { userId: uuid(number, 0xb), username: `ben-${number}` }
    this.secretCodes = { sms: `41790000000${number}`, recovery: `c4n4ry-recovery-${number}`, other: `c4n4ry-other-${number}` }
    this.scripts = { approve: [...(script.approve ?? [])], enroll: [...(script.enroll ?? [])], status: [...(script.status ?? [])], introspect: [...(script.introspect ?? [])], verify: [...(script.verify ?? [])], user: [...(script.user ?? [])], intent: [...(script.intent ?? [])] }
  }

  next(call: Call): Behaviour {
    this.calls++
    return this.scripts[call].shift() ?? { do: 'truth' }
  }

  /** The user answers on the phone. */
  decide(state: 'approved' | 'denied', index = -1): void {
    const approval = this.approvals.filter(({ channel }) => channel !== 'sms').at(index)
    if (approval !== undefined && approval.state === 'pending' && Date.now() < approval.endsAt) approval.state = state
  }

  /** True if this user has approved this transaction with this factor, on the phone or by a correct code, whatever the fake cloud has answered about it. */
  holds(transactionId: string, userId: string, factor: string): boolean {
    if (userId !== this.anna.userId) return false
    if (factor === 'recovery') return this.verified.some(({ userId: by, code }) => by === userId && code === this.secretCodes.recovery)
    const approval = this.approvals.find(({ id }) => id === transactionId)
    return approval !== undefined && approval.userId === userId && approval.state === 'approved'
  }
}

const APPROVE_SECONDS = 120

function uuid(number: number, person: number): string {
  return `${number.toString(16).padStart(8, '0')}-0000-4000-8000-${person.toString(16).padStart(12, '0')}`
}

interface Reply {
  status: number
  body: unknown
}

export class FakeCloud {
  readonly worlds = new Map<number, World>()
  readonly accessKey = 'c4n4ry-access-key'
  readonly baseURL: string
  /** The number of requests so far. */
  requests = 0
  /** If a test sets this function, it answers the requests for which the test has chosen the behaviour `hang`. Without it, these requests get no answer. */
  onHang: ((res: ServerResponse) => void) | undefined
  private readonly timers = new Set<NodeJS.Timeout>()
  private approvals = 0

  static async start(): Promise<FakeCloud> {
    const server = createServer({ keepAliveTimeout: 60_000 })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new FakeCloud(server)
  }

  private constructor(private readonly server: Server) {
    this.baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('request', (req: IncomingMessage, res: ServerResponse) => {
      this.requests++
      let text = ''
      req.setEncoding('utf8')
      req.on('data', (chunk: string) => (text += chunk))
      req.on('end', () => this.answer(req, res, text))
      res.on('error', () => undefined)
    })
    server.on('clientError', (_error, socket) => socket.destroy())
  }

  close(): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer)
    return new Promise((resolve) => {
      this.server.close(() => resolve())
      this.server.closeAllConnections()
    })
  }

  private answer(req: IncomingMessage, res: ServerResponse, text: string): void {
    const { url = '' } = req
    const isJson = req.headers['content-type']?.startsWith('application/json') === true
    const body = isJson ? (JSON.parse(text) as Record<string, string>) : Object.fromEntries(new URLSearchParams(text))
    const call = callOf(url)
    // Find the login to which this request belongs. Each login has a number, with which its usernames and tokens end, and with which its userIds begin.
    const name = url.startsWith('/api/v1/users?') ? url : (body['username'] ?? body['userId'] ?? body['statusToken'] ?? body['token'] ?? '')
    const number = /^\/api\/v1\/users\/[0-9a-f]{8}-/.test(url) ? Number.parseInt(url.split('/')[4] as string, 16) : numberIn(name)
    const world = this.worlds.get(number)
    if (world === undefined) return write(res, { status: 404, body: problem(404, url) })
    const behaviour = world.next(call)
    // A call has its effect even if its answer is replaced or lost. There is one exception: the behaviour `early` closes the connection before the call has an
    // effect.
    const real = behaviour.do === 'early' ? undefined : this.truth(world, call, body, url)
    this.send(req, res, world, call, behaviour, real, body)
  }

  private truth(world: World, call: Call, body: Record<string, string>, url: string): Reply {
    const { anna, ben } = world
    if (call === 'approve' || call === 'enroll') {
      const person = [anna, ben].find(({ userId, username }) => userId === body['userId'] || username === body['username'])
      if (person === undefined) return { status: 404, body: problem(404, url) }
      const approval: Approval = { id: uuid(world.number, 0x1000 + this.approvals++), channel: body['channel'] ?? 'app', ...person, state: 'pending', endsAt: Date.now() + APPROVE_SECONDS * 1000 }
      world.approvals.push(approval)
      const qr = { qrCode: { type: 'image/png', size: 300, dataUri: 'data:image/png;base64,c4n4ryQR' }, appLinkUri: `https://link.example/?dispatchTokenResponse=c4n4ry-link-${world.number}` }
      if (call === 'enroll') {
        const ids = { transactionId: approval.id, statusToken: statusToken(approval, world) }
        const enrollment = approval.channel === 'recovery' ? { codes: ['c4n4ry-written-1', 'c4n4ry-written-2'] } : { ...ids, ...(approval.channel === 'app' && qr) }
        return { status: 201, body: { ...person, status: 'new', authenticators: [], enrollment } }
      }
      return { status: 201, body: { transactionId: approval.id, userId: person.userId, statusToken: statusToken(approval, world), ...(approval.channel === 'app' && qr) } }
    }
    if (call === 'status') {
      const approval = world.approvals.find((one) => statusToken(one, world) === body['statusToken'])
      if (approval === undefined) return { status: 404, body: { status: 'unknown' } }
      if (approval.state === 'pending' && Date.now() >= approval.endsAt) approval.state = 'denied'
      const status = { pending: 'pending', approved: 'succeeded', denied: 'failed' }[approval.state]
      const { id: transactionId, userId, username } = approval
      return { status: status === 'failed' ? 412 : 200, body: { status, transactionId, userId, username, token: tokenOf('transaction', world, approval), createdAt: 'x', lastUpdatedAt: 'x' } }
    }
    if (call === 'introspect') return { status: 200, body: this.introspection(world, body['token'] as string) }
    if (call === 'user') return { status: 200, body: { ...anna, status: 'new', authenticators: [] } }
    if (call === 'intent') return { status: 200, body: { token: widgetToken('intent', world) } }
    const userId = url.split('/')[4] as string
    const code = body['code'] as string
    if (body['channel'] === 'recovery') {
      const right = userId === anna.userId ? world.secretCodes.recovery : world.secretCodes.other
      const isNew = !world.verified.some((one) => one.code === code)
      if (code !== right || !isNew) return { status: 400, body: problem(400) }
      world.verified.push({ userId, code })
      return { status: 200, body: undefined }
    }
    const approval = world.approvals.find((one) => statusToken(one, world) === body['statusToken'])
    const isRight = approval?.channel === 'sms' && approval.userId === userId && approval.state === 'pending' && code === world.secretCodes.sms
    if (!isRight) return { status: 400, body: problem(400) }
    approval.state = 'approved'
    return { status: 200, body: undefined }
  }

  private introspection(world: World, token: string): object {
    const { anna, ben, skewSeconds } = world
    const issued = Math.floor(Date.now() / 1000) + skewSeconds
    const good = { active: true, sub: anna.userId, iss: `${this.baseURL}/`, iat: issued, exp: issued + 600 }
    if (token === this.accessKey) return { ...good, aud: 'api' }
    if (token === widgetToken('intent', world) || token === widgetToken('result', world)) return good
    const kind = (/^c4n4ry-token-(\w+)-/.exec(token)?.[1] ?? (token.startsWith('c4n4ry-status-') ? 'ownStatus' : 'garbage')) as Kind
    // The token in a `pending` answer becomes active only when the user has approved.
    const isApproved = world.approvals.some(({ id, state }) => state === 'approved' && token.includes(id))
    if (kind === 'garbage' || kind === 'withdrawn' || (kind === 'transaction' && !isApproved)) return { active: false }
    if (kind === 'otherUser') return { ...good, sub: ben.userId }
    if (kind === 'otherInstance') return { ...good, iss: 'https://other.mauth.nevis.cloud/' }
    if (kind === 'expired') return { ...good, iat: issued - 700, exp: Math.floor(Date.now() / 1000) - 10 }
    return good
  }

  private send(req: IncomingMessage, res: ServerResponse, world: World, call: Call, behaviour: Behaviour, real: Reply | undefined, asked: Record<string, string>): void {
    const reply: Reply = real ?? { status: 500, body: problem(500) }
    const socket: Socket = req.socket
    // Nevis answers a correct code with 200. If a fault answered a wrong code with 200, no strategy could notice the fault. So the fault sends 202 instead.
    const other = (status: number) => (call === 'verify' && status === 200 ? 202 : status)
    switch (behaviour.do) {
      case 'truth':
        return write(res, reply)
      case 'status':
        return write(res, { ...reply, status: other(behaviour.status) })
      case 'body':
        return write(res, { status: other(behaviour.status), body: behaviour.body })
      case 'patch':
        return write(res, { ...reply, body: patched(reply.body, behaviour.patch) })
      case 'lie':
        return write(res, this.lie(world, call, behaviour.lie, reply, asked))
      case 'hang':
        return this.onHang?.(res)
      case 'early':
      case 'reset':
        socket.resetAndDestroy()
        return
      case 'truncate':
        res.writeHead(reply.status, { 'content-type': 'application/json', 'content-length': '5000' }).write('{"status":')
        setImmediate(() => socket.destroy())
        return
      case 'drip':
        return this.drip(res, reply.status, JSON.stringify(reply.body ?? {}))
      case 'redirect':
        return void res.writeHead(302, { location: `${this.baseURL}/api/v1/introspect?c4n4ry` }).end()
      case 'notHttp':
        socket.end('c4n4ry is not HTTP\r\n\r\n')
        return
      case 'large':
        return void res.writeHead(reply.status, { 'content-type': 'application/json' }).end(Buffer.alloc(1_100_000, 'x'))
    }
  }

  /** Sends a byte now and then, so that the answer is complete only long after every deadline. */
  private drip(res: ServerResponse, status: number, text: string): void {
    res.writeHead(status, { 'content-type': 'application/json', 'content-length': String(text.length) })
    let at = 0
    const timer = setInterval(() => {
      if (!res.destroyed && at < text.length) return void res.write(text[at++])
      clearInterval(timer)
      this.timers.delete(timer)
    }, 20)
    this.timers.add(timer)
    res.on('close', () => {
      clearInterval(timer)
      this.timers.delete(timer)
    })
  }

  private lie(world: World, call: Call, lie: Lie, reply: Reply, asked: Record<string, string>): Reply {
    const { anna, ben } = world
    const approval = world.approvals.find((one) => statusToken(one, world) === asked['statusToken']) ?? world.approvals.at(-1)
    const stranger = uuid(world.number, 0xfff)
    const user = { own: anna.userId, other: ben.userId, none: undefined }[lie.user]
    const username = { own: anna.username, other: ben.username, none: undefined }[lie.username]
    const transactionId = { own: approval?.id, other: stranger, none: undefined }[lie.transaction]
    if (call === 'introspect') {
      return { status: 200, body: { active: lie.active, sub: user, iss: lie.transaction === 'own' ? this.baseURL : 'https://other.mauth.nevis.cloud', exp: Math.floor(Date.now() / 1000) + 60 } }
    }
    if (call === 'status') {
      const token = lie.token === 'none' ? undefined : lie.token === 'accessKey' ? this.accessKey : lie.token === 'ownStatus' ? asked['statusToken'] : tokenOf(lie.token, world, approval)
      return { status: lie.httpStatus, body: { status: lie.status, transactionId, userId: user, username, token } }
    }
    // Replace the whole answer about anna by an answer about ben. With fields of both users, the answer could look correct, and no strategy could notice
    // the lie.
    if (call === 'approve') return { status: 201, body: { ...(reply.body as object), userId: ben.userId, username: ben.username } }
    if (call === 'user') return { status: 200, body: { ...ben, status: 'active', authenticators: [] } }
    return { status: reply.status === 200 ? lie.httpStatus : 204, body: undefined }
  }
}

const statusToken = (approval: Approval, world: World) => `c4n4ry-status-${approval.id}-${world.number}`

function tokenOf(kind: Kind, world: World, approval: Approval | undefined): string {
  return `c4n4ry-token-${kind}-${approval?.id ?? 'none'}-${world.number}`
}

/** Tokens in the form of a JSON Web Token: the intent token that the page gives to the widget, and the result that the widget returns. */
export function widgetToken(kind: 'intent' | 'result', { number }: World): string {
  return `e30.e30.c4n4ry-${kind}---${String(number).padStart(8, '0')}`
}

function numberIn(text: string): number {
  if (/^[0-9a-f]{8}-0000-4000/.test(text)) return Number.parseInt(text.slice(0, 8), 16)
  return Number(/(\d+)$/.exec(text)?.[1] ?? NaN)
}

function callOf(url: string): Call {
  if (url === '/api/v1/approval') return 'approve'
  if (url === '/api/v1/users/enroll') return 'enroll'
  if (url === '/api/v1/status') return 'status'
  if (url === '/api/v1/introspect') return 'introspect'
  if (url === '/api/v1/intent') return 'intent'
  return url.endsWith('/verification') ? 'verify' : 'user'
}

const problem = (status: number, path = '/c4n4ry') => ({ error: 'c4n4ry', message: 'c4n4ry', path, status, timestamp: 1 })

function patched(body: unknown, patch: Readonly<Record<string, unknown>>): unknown {
  return Object.fromEntries(Object.entries({ ...(body as object), ...patch }).filter(([, value]) => value !== null))
}

function write(res: ServerResponse, { status, body }: Reply): void {
  res.writeHead(status, { 'content-type': 'application/json' })
  res.end(status === 204 || status === 304 ? undefined : typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body))
}

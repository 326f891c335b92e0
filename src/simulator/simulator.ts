/**
 * The simulator: a Nevis Authentication Cloud on loopback with simulated phones, for tests and demonstrations. It was written from Nevis's public
 * documentation and shares no code with the client, so that tests fail if the client misreads the documentation. Where the documentation leaves
 * something open, a comment says what the simulator does.
 *
 * The folder `simulator/` contains the API operations of Nevis (`routes.ts` lists them), the state of the simulated cloud (`cloud.ts`), the page with the phones
 * (`pages.ts`) and the command `passport-nevis-simulator` (`command.ts`). The folder `dialects/` contains other ways in which Nevis may answer.
 * Out of scope: security. The simulator listens on loopback only, and shows codes to anyone who asks.
 *
 * Sources: https://docs.nevis.net/apidoc/authcloud/ and https://docs.nevis.net/authcloud/api-doc/
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Clock } from './clock'
import { Cloud } from './cloud'
import { Dialects } from './dialects/apply'
import { Faults } from './faults'
import { phoneNumber, username } from './inputs'
import { resolve, type NevisSimulatorOptions } from './options'
import { Pages } from './pages'
import { Phone } from './phone'
import { RequestLog } from './request-log'
import type { RecordedRequest } from './requests'
import { CloudServer } from './server'
import { snapshots, type UserSnapshot } from './snapshot'

/**
 * The server closes a connection that is idle for this long. NevisClient closes an idle connection after 30 s already, so NevisClient never uses a connection
 * that the server is closing.
 */
const KEEP_ALIVE_MS = 65_000

/** A user to add to the simulator, with factors that are already enrolled. */
export interface NewUser {
  /** The username: 1 to 300 of the characters `A-Z a-z 0-9 _ . @ -`. */
  readonly username: string
  /** The number of phones with the Access App, or a list of their names. A name such as `Pixel` or `iPhone` also sets the phone's system. Default 1. */
  readonly authenticators?: number | readonly string[] | undefined
  /** A phone number for SMS, for example `+41790000001`. Default: none. */
  readonly phone?: string | undefined
  /** The number of recovery codes, or the codes themselves. Default: none. */
  readonly recoveryCodes?: number | readonly string[] | undefined
}

/** A user that `addUser` has created. */
export interface AddedUser {
  /** The userId, a UUID as Nevis's are. */
  readonly userId: string
  /** The username that was passed to `addUser`. */
  readonly username: string
  /** The user's recovery codes, all unused. */
  readonly recoveryCodes: readonly string[]
  /** Ids of the user's authenticators, in order of registration. A push goes to the last one. */
  readonly authenticatorIds: readonly string[]
}

/**
 * A simulated Nevis Authentication Cloud on loopback, with phones that a test controls. Where Nevis's documentation leaves something open, the real Nevis may
 * behave differently. The simulator is not secure: it shows codes to anyone who asks. The simulator keeps the newest 10,000 users, transactions (each with its
 * SMS) and intent tokens, and deletes older ones.
 *
 * Sources: https://docs.nevis.net/apidoc/authcloud/ and https://docs.nevis.net/authcloud/api-doc/
 */
export class NevisSimulator {
  /** The URL of the simulator, for example `http://127.0.0.1:4001`, without a trailing slash. Open it in a browser to see the phones. */
  readonly baseURL: string
  /** The instance id of the simulated Nevis. Do not pass it to the strategy: pass `baseURL`. */
  readonly instance: string
  /** The faults of the simulated API: `simulator.faults.add({ status: 503 })`. */
  readonly faults: Faults
  /** The newest API requests, oldest first: at most 10,000, and at most 10 MB. `requests.length = 0` empties the list. */
  readonly requests: RecordedRequest[]
  private readonly cloud: Cloud
  private readonly api: CloudServer
  private readonly pages: Pages
  private closed: Promise<void> | undefined

  /**
   * Starts a simulator on the loopback interface.
   *
   * @param options port, clock and limits
   * @returns the running simulator; call `close()` to stop it
   * @throws TypeError (rejects) for an invalid option; Error with a system code, for example `EADDRINUSE`
   */
  static async start(options: NevisSimulatorOptions = {}): Promise<NevisSimulator> {
    const resolved = resolve(options)
    const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS })
    server.listen(resolved.port, resolved.host)
    await once(server, 'listening')
    return new NevisSimulator(server, resolved)
  }

  private constructor(
    private readonly server: Server,
    options: ReturnType<typeof resolve>,
  ) {
    const host = options.host.includes(':') ? `[${options.host}]` : options.host
    this.baseURL = `http://${host}:${String((server.address() as AddressInfo).port)}`
    this.instance = options.instance
    this.faults = new Faults(options.seed)
    const dialects = new Dialects(options.dialects)
    this.cloud = new Cloud(new Clock(dialects.clockMs), { ...options, baseURL: this.baseURL })
    const log = new RequestLog()
    this.requests = log.entries
    this.api = new CloudServer(this.cloud, this.faults, log, options.latencyMs, dialects)
    this.pages = new Pages(this.cloud, this.faults)
    server.on('request', (request, response) => {
      void this.handle(request, response)
    })
  }

  /** The access key to pass to the strategy or client. `rotateAccessKey` changes it. */
  get accessKey(): string {
    return this.cloud.accessKey
  }

  /** Copies of all users, in the order in which they were created. */
  get users(): readonly UserSnapshot[] {
    return snapshots(this.cloud)
  }

  /**
   * Returns a phone with which a test approves, denies and scans.
   * @param nameOrUserId the username or userId of the phone's owner; or, for a new phone that will scan the QR code of an enrolment, any name
   */
  phone(nameOrUserId: string): Phone {
    return new Phone(this.cloud, nameOrUserId)
  }

  /**
   * Returns the texts of the SMS sent to a user, newest last.
   * @param nameOrUserId username or userId
   */
  sms(nameOrUserId: string): string[] {
    const user = this.cloud.userByName(nameOrUserId) ?? this.cloud.userById(nameOrUserId)
    return [...(user?.inbox ?? [])]
  }

  /**
   * Adds a user with factors that are already enrolled.
   *
   * @param user username and factors
   * @returns the ids and recovery codes of the user
   * @throws TypeError if the username is taken; Error if the username or phone number is invalid
   */
  addUser(user: NewUser): AddedUser {
    const { authenticators = 1, phone, recoveryCodes = 0 } = user
    const name = username(user.username)
    if (this.cloud.userByName(name) !== undefined) throw new TypeError(`NevisSimulator: the user ${name} exists already`)
    const confirmed = phone === undefined ? undefined : phoneNumber({ phone })
    const names = typeof authenticators === 'number' ? Array<undefined>(authenticators).fill(undefined) : authenticators
    const added = this.cloud.createUser(name)
    added.phone = confirmed
    added.recoveryCodes =
      typeof recoveryCodes === 'number' ? this.cloud.newRecoveryCodes(recoveryCodes) : [...recoveryCodes]
    const authenticatorIds = names.map((each) => this.cloud.addAuthenticator(added, name, each).authenticatorId)
    return { userId: added.userId, username: name, recoveryCodes: [...added.recoveryCodes], authenticatorIds }
  }

  /** The simulator's time, in milliseconds since 1970. */
  now(): number {
    return this.cloud.clock.now()
  }

  /**
   * Moves the simulator's clock forward. Transactions and tokens expire accordingly.
   * @param ms milliseconds
   */
  advance(ms: number): void {
    this.cloud.clock.advance(ms)
  }

  /**
   * Replaces the access key. Requests with the old key then get a 403.
   * @returns the new access key
   */
  rotateAccessKey(): string {
    return this.cloud.rotateAccessKey()
  }

  /** Stops the simulator and closes all connections. You can call it more than once. */
  close(): Promise<void> {
    this.closed ??= new Promise((done) => {
      this.api.close()
      this.server.close(() => {
        done()
      })
      this.server.closeAllConnections()
    })
    return this.closed
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = request.url ?? '/'
    // Prepend the base URL. A request for the path `//host` would otherwise be parsed as a URL of another host.
    const url = new URL(this.baseURL + (target.startsWith('/') ? target : '/'))
    if (this.pages.has(url.pathname)) await this.pages.handle(request, response, url)
    else await this.api.handle(request, response, url)
  }
}

/**
 * The folder `simulator/` is an offline Nevis Authentication Cloud with simulated phones, for tests and demonstrations. It is written from Nevis's
 * public documents and imports no code of the client, so that a misreading in the client shows up in tests. Where the documents leave something open,
 * a comment in that file says what the simulator does.
 *
 * Out of scope: security. It serves loopback only, and shows codes to anyone who asks.
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
 * How long the server keeps an idle connection open. Clients close their idle connections earlier, so that no client sends a request on a connection
 * that the server is just closing.
 */
const KEEP_ALIVE_MS = 65_000

/** A user to add, already enrolled. */
export interface NewUser {
  /** The username: 1 to 300 of the characters `A-Z a-z 0-9 _ . @ -`. */
  readonly username: string
  /** Number of app authenticators, or their names; one by default. */
  readonly authenticators?: number | readonly string[]
  /** A confirmed phone number, in the international form; none by default. */
  readonly phone?: string
  /** The recovery codes, or their number; none by default. */
  readonly recoveryCodes?: number | readonly string[]
}

/** An added user. */
export interface AddedUser {
  /** The user's permanent identifier, in the form of Nevis's. */
  readonly userId: string
  /** The username that was passed to `addUser`. */
  readonly username: string
  /** The user's recovery codes, all unused. */
  readonly recoveryCodes: readonly string[]
  /** Ids of the user's authenticators, in order of registration: a push goes to the last. */
  readonly authenticatorIds: readonly string[]
}

/**
 * An offline Nevis Authentication Cloud on loopback, whose phones a test controls. Where Nevis's documents leave something open, Nevis may
 * behave differently. The simulator is not secure: it shows codes to anyone who asks. It keeps the newest 10,000 users, transactions (each with
 * its SMS) and intent tokens, and deletes older ones.
 *
 * Sources: https://docs.nevis.net/apidoc/authcloud/ and https://docs.nevis.net/authcloud/api-doc/
 */
export class NevisSimulator {
  /** Address of the simulator, for example `http://127.0.0.1:4001`, without a trailing slash. In a browser it shows the phones. */
  readonly baseURL: string
  /** The instance id. A strategy that uses the simulator takes `baseURL` instead. */
  readonly instance: string
  /** The scripted faults of the cloud. */
  readonly faults: Faults
  /** The newest 10,000 requests to the API, and at most 10 MB of them, oldest first. `requests.length = 0` empties it. */
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
   * @throws TypeError (rejects) for a wrong option; Error with a system code such as `EADDRINUSE`
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

  /** The access key for the strategy or client under test; `rotateAccessKey` changes it. */
  get accessKey(): string {
    return this.cloud.accessKey
  }

  /** Copies of all users, in order of creation. */
  get users(): readonly UserSnapshot[] {
    return snapshots(this.cloud)
  }

  /**
   * A phone with which a test approves, denies and scans.
   * @param nameOrUserId username or userId of its owner, or any name for a phone that has not scanned an enrolment yet
   * @returns the phone
   */
  phone(nameOrUserId: string): Phone {
    return new Phone(this.cloud, nameOrUserId)
  }

  /**
   * The SMS sent to a user.
   * @param nameOrUserId username or userId
   * @returns the texts, newest last
   */
  sms(nameOrUserId: string): string[] {
    const user = this.cloud.userByName(nameOrUserId) ?? this.cloud.userById(nameOrUserId)
    return [...(user?.inbox ?? [])]
  }

  /**
   * Adds a user who is already enrolled.
   *
   * @param user the user and the factors
   * @returns the ids and recovery codes of the added user
   * @throws TypeError if the name is taken; Error if the name or phone number breaks the rules of the API
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
   * Moves the clock forward; transactions and tokens expire accordingly.
   * @param ms milliseconds
   */
  advance(ms: number): void {
    this.cloud.clock.advance(ms)
  }

  /**
   * Replaces the access key. Requests with the old one then get 403.
   * @returns the new access key
   */
  rotateAccessKey(): string {
    return this.cloud.rotateAccessKey()
  }

  /** Stops the simulator, and ends all open connections and calls. You can call it more than once. */
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
    // Add the base URL, because a path such as `//host` would otherwise be parsed as another host.
    const url = new URL(this.baseURL + (target.startsWith('/') ? target : '/'))
    if (this.pages.has(url.pathname)) await this.pages.handle(request, response, url)
    else await this.api.handle(request, response, url)
  }
}

/**
 * `StorageError`: the error if a store of the app fails (its session store or its ledger).
 *
 * The store's own error may contain the failed command, and with it the whole session. So a StorageError keeps only the name of the store's error and its code,
 * such as `ECONNREFUSED`, or the name of its class, such as `ClientOfflineError`. Out of scope: storing.
 */

import { withDeadline } from '../client/deadline'
import { isInstance } from '../client/same-class'

/**
 * Which store failed, and why (with the HTTP status):
 * - `SESSION_REQUIRED`: no session middleware ran before the strategy (500)
 * - `SESSION_IN_COOKIE`: the browser holds the session itself and can read it, as with cookie-session (500)
 * - `SESSION_TOO_LARGE`: the session is in an encrypted cookie and larger than browsers accept (500)
 * - `SESSION_UNAVAILABLE`: the session store failed or did not answer: the session could not be read, saved or given a new id (503)
 * - `LEDGER_UNAVAILABLE`: the ledger failed or did not answer, so no user is signed in (503)
 */
export type StorageErrorCode = 'SESSION_REQUIRED' | 'SESSION_IN_COOKIE' | 'SESSION_TOO_LARGE' | 'SESSION_UNAVAILABLE' | 'LEDGER_UNAVAILABLE'

const messages: Record<StorageErrorCode, { status: number; message: string }> = {
  SESSION_REQUIRED: {
    status: 500,
    message: 'NevisStrategy needs a session: mount session middleware (for example express-session) before passport.authenticate("nevis")',
  },
  SESSION_IN_COOKIE: {
    status: 500,
    message: 'NevisStrategy needs a session that stays on the server: this session is in a cookie (cookie-session, koa-session without a store), which the browser can read and restore. Use express-session with a store, or the option store of koa-session',
  },
  SESSION_UNAVAILABLE: { status: 503, message: 'NevisStrategy: the session could not be read or saved' },
  SESSION_TOO_LARGE: {
    status: 500,
    message: 'NevisStrategy: the session is in a cookie and larger than browsers accept (a QR code needs much space): use a session store on the server',
  },
  LEDGER_UNAVAILABLE: { status: 503, message: 'NevisStrategy: the ledger failed or gave no valid answer' },
}

const MARK = Symbol.for('passport-nevis.StorageError')

/**
 * The app's session store or ledger failed, and no user was signed in. To distinguish errors, compare `code`. `cause` and the message contain only the name
 * and the code word of the store's own error, such as `ECONNREFUSED`, `NOPERM` or `READONLY`. If the store's error has no code, the name of its class is the
 * code word, such as `ClientOfflineError`. If Redis has refused a command of the ledger, they also contain the name of this command, such as `EVAL`.
 */
export class StorageError extends Error {
  /**
   * Makes `instanceof StorageError` true also for an error that another installed copy of this package has thrown.
   * @internal
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(StorageError, this, MARK, value)
  }

  /** What failed; see {@link StorageErrorCode}. The codes are stable. */
  readonly code: StorageErrorCode
  /** HTTP status with which your app should answer. */
  readonly status: number

  /** @internal */
  get [MARK](): true {
    return true
  }

  /** @internal */
  constructor(code: StorageErrorCode, cause?: unknown) {
    const kept = cause === undefined ? undefined : withoutSecrets(cause)
    const words = [kept?.command, kept?.code].filter((word) => word !== undefined).join(': ')
    super(`${messages[code].message}${words && ` (${words})`}`, kept && { cause: kept })
    this.name = 'StorageError'
    this.code = code
    this.status = messages[code].status
  }
}

/**
 * The first words of the error messages of Redis and Valkey. Redis clients do not set the error's `code`, so this file takes the first word of the message as
 * the code. The rest of the message can contain names of users and keys, so a StorageError does not contain it.
 */
const REDIS_WORDS = new Set([
  'ASK', 'BUSY', 'CLUSTERDOWN', 'CROSSSLOT', 'EXECABORT', 'LOADING', 'MASTERDOWN', 'MISCONF', 'MOVED', 'NOAUTH', 'NOPERM', 'NOREPLICAS', 'NOSCRIPT', 'OOM',
  'READONLY', 'TRYAGAIN', 'WRONGPASS', 'WRONGTYPE',
])

function withoutSecrets(cause: unknown): { name: string; code?: string; command?: string } {
  const { name, code, message, command } = Object(cause) as { name?: unknown; code?: unknown; message?: unknown; command?: unknown }
  const [first = ''] = typeof message === 'string' ? message.split(' ') : []
  const kind = classOf(cause)
  const word = isCode(code) ? code : REDIS_WORDS.has(first) ? first : kind
  return { name: name !== 'Error' && isName(name) ? name : (kind ?? 'Error'), ...(word !== undefined && { code: word }), ...(isCommand(command) && { command }) }
}

/**
 * The name of the class of an error, such as `ReplyError`. The errors of node-redis keep the name `Error`, so only their class says what happened.
 * @returns undefined if the name does not end in `Error`, or is only `Error`
 */
function classOf(error: unknown): string | undefined {
  const { name: own, constructor } = Object(error) as { name?: unknown; constructor?: { name?: unknown } }
  const names = [own, constructor?.name]
  return names.find((name): name is string => typeof name === 'string' && name.length <= 64 && /^[A-Z][A-Za-z]+Error$/.test(name))
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && /^\w{1,64}$/.test(value)
}

/** True for a code word of Node or of a driver, such as `ETIMEDOUT`, or of SQL, such as `57P03`. */
function isCode(value: unknown): value is string {
  return typeof value === 'string' && /^([A-Z][A-Z0-9_]{1,63}|[0-9A-Z]{5})$/.test(value)
}

/** True for the name of a command of Redis, which `RedisLedger` adds to an error. ioredis itself adds an object with the command's arguments: not true for it. */
function isCommand(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Z]{1,16}$/.test(value)
}

/** No call to a store takes longer than this, so that the browser always gets an answer. */
const DEADLINE_MS = 5000

/**
 * Calls a store. Throws a StorageError with this code if the call fails or takes longer than five seconds.
 * @internal
 */
export function storageCall<T>(code: StorageErrorCode, ask: () => Promise<T>): Promise<T> {
  return withDeadline(DEADLINE_MS, () => new StorageError(code, { name: 'TimeoutError', code: 'ETIMEDOUT' }), ask).catch((error: unknown) => {
    throw error instanceof StorageError ? error : new StorageError(code, error)
  })
}

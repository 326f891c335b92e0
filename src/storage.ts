/**
 * The fault of a store that the application brought: its session or its ledger.
 *
 * Not its job: to store anything. A store's own error may carry the command that failed, and with it the whole
 * session; only its name and code are kept.
 */

/**
 * `SESSION_REQUIRED`: no session middleware ran before the strategy (status 500) · `SESSION_UNAVAILABLE`: the
 * session could not be saved (503) · `LEDGER_UNAVAILABLE`: the ledger did not answer, so nobody is let in (503).
 */
export type StorageErrorCode = 'SESSION_REQUIRED' | 'SESSION_UNAVAILABLE' | 'LEDGER_UNAVAILABLE'

const sentences: Record<StorageErrorCode, { status: number; message: string }> = {
  SESSION_REQUIRED: {
    status: 500,
    message: 'NevisStrategy needs a session: mount session middleware (for example express-session) before passport.authenticate("nevis")',
  },
  SESSION_UNAVAILABLE: { status: 503, message: 'NevisStrategy: the session could not be saved' },
  LEDGER_UNAVAILABLE: { status: 503, message: 'NevisStrategy: the ledger did not answer' },
}

export class StorageError extends Error {
  readonly code: StorageErrorCode
  /** HTTP status with which the application should answer. */
  readonly status: number

  constructor(code: StorageErrorCode, cause?: unknown) {
    super(sentences[code].message, cause === undefined ? undefined : { cause: withoutSecrets(cause) })
    this.name = 'StorageError'
    this.code = code
    this.status = sentences[code].status
  }
}

function withoutSecrets(cause: unknown): { name: string; code?: string } {
  if (!(cause instanceof Error)) return { name: typeof cause }
  const code = (cause as { code?: unknown }).code
  return { name: cause.name, ...(typeof code === 'string' && /^[A-Z][A-Z0-9_]*$/.test(code) ? { code } : {}) }
}

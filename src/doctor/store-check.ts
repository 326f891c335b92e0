/**
 * Tries the session store of express-session: stores a session, reads it and deletes it. If a store has a client of the wrong kind, creating the store
 * succeeds, and only using it fails. For example, connect-redis 9 cannot store a session with a client of ioredis.
 *
 * Out of scope: stores of other session packages.
 */
import { randomUUID } from 'node:crypto'
import { withDeadline } from '../client/deadline'
import { error, type Finding } from './findings'
import type { AppObserver } from './app-observer'

type Done = (error?: unknown, session?: unknown) => void
interface Store {
  set(id: string, session: object, done: Done): void
  get(id: string, done: Done): void
  destroy(id: string, done: Done): void
}

const LIFETIME_MS = 60_000
const DEADLINE_MS = 5000

/** Replaces the finding `session.store` by an error if the store of the app's sessions does not keep a session. */
export async function withTriedStore(findings: readonly Finding[], { sessions }: AppObserver): Promise<Finding[]> {
  const store = (sessions.find(({ uses }) => uses.length > 0) ?? sessions[0])?.options['store']
  if (!isStore(store)) return [...findings]
  const fault = await faultOf(store)
  if (fault === undefined) return [...findings]
  const remedy = 'check that the store is running, that its table exists, and that its client fits: connect-redis 9 needs node-redis, not ioredis'
  return findings.map((finding) => (finding.check === 'session.store' ? error('session.store', `the session store ${fault}`, remedy) : finding))
}

function isStore(store: unknown): store is Store {
  return ['set', 'get', 'destroy'].every((name) => typeof (Object(store) as Record<string, unknown>)[name] === 'function')
}

async function faultOf(store: Store): Promise<string | undefined> {
  const id = `passport-nevis-doctor-${randomUUID()}`
  const cookie = { originalMaxAge: LIFETIME_MS, maxAge: LIFETIME_MS, expires: new Date(Date.now() + LIFETIME_MS), path: '/', httpOnly: true }
  const expired = () => Object.assign(new Error(`no answer within ${DEADLINE_MS} ms`), { code: 'ETIMEDOUT' })
  const called = (act: (done: Done) => void) =>
    withDeadline(DEADLINE_MS, expired, () => new Promise<unknown>((resolve, reject) => act((failed, session) => (failed ? reject(failed) : resolve(session)))))
  try {
    await called((done) => store.set(id, { cookie, doctor: id }, done))
    const kept = (await called((done) => store.get(id, done))) as { doctor?: unknown } | null | undefined
    await called((done) => store.destroy(id, done))
    return kept?.doctor === id ? undefined : 'does not keep a session'
  } catch (thrown) {
    return `fails (${wordOf(thrown)})`
  }
}

/** The code or the class of the store's error. The message is not printed, because it may contain the session. */
function wordOf(thrown: unknown): string {
  const { code, name, constructor } = Object(thrown) as { code?: unknown; name?: unknown; constructor?: { name?: unknown } }
  const words = [code, name === 'Error' ? undefined : name, constructor?.name]
  return words.find((word): word is string => typeof word === 'string' && /^([A-Z][A-Z0-9_]{1,63}|[0-9A-Z]{5}|[A-Z][A-Za-z]{1,63})$/.test(word)) ?? 'Error'
}

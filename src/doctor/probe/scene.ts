/**
 * The objects that every stage of the probe gets, and the calls that several stages make.
 *
 * Out of scope: the order of the stages (`stages.ts`).
 */
import { statusIn, textAt } from './answers'
import type { Caller, Reply } from './caller'
import type { TestUsers } from './test-users'

/** The person at the terminal, with a phone. */
export interface Person {
  /** Asks the person before a stage notifies somebody or costs money. */
  confirm(question: string): Promise<boolean>
  /** Shows the link and the QR code; resolves when the person has scanned it with the Access App. */
  scan(link: string | undefined, image: string | undefined): Promise<void>
  /** Asks the person to accept or deny the request on the phone; resolves when that is done. */
  answer(what: 'accept' | 'deny'): Promise<void>
  /** Asks the person for the code in the newest text message. */
  typeCode(): Promise<string>
}

export interface Scene {
  readonly caller: Caller
  readonly users: TestUsers
  readonly person: Person
  /** Waits this many milliseconds. Tests pass a function that moves the simulator's clock instead. */
  readonly pause: (ms: number) => Promise<void>
  /** Prints a line that says what the probe does next. */
  readonly say: (line: string) => void
  /** The phone number for text messages. */
  readonly phone: string | undefined
}

const POLL_MS = 2000

/** Sends the status call of a transaction. */
export function status({ caller }: Scene, step: string, statusToken: string, withKey = false): Promise<Reply> {
  return caller.call(step, { path: '/api/v1/status', json: { statusToken }, withKey })
}

export function introspect({ caller }: Scene, step: string, token: string): Promise<Reply> {
  return caller.call(step, { path: '/api/v1/introspect', form: { token } })
}

/**
 * Repeats the status call until the status is no longer `pending`, and records the last response.
 * @returns the last response, and the seconds it took
 */
export async function decided(scene: Scene, step: string, statusToken: string, mostSeconds: number): Promise<Reply & { readonly seconds: number }> {
  for (let ms = 0; ; ms += POLL_MS) {
    const reply = await status(scene, step, statusToken)
    const word = statusIn(reply.json)
    const isOpen = reply.status === 0 || (reply.status < 400 && !['succeeded', 'success', 'failed', 'expired', 'rejected', 'unknown'].includes(word))
    if (!isOpen || ms >= mostSeconds * 1000) return { ...reply, seconds: ms / 1000 }
    await scene.pause(POLL_MS)
  }
}

/** Introspects the token of a status response twice, to see whether Nevis accepts it more than once. */
export async function introspectTwice(scene: Scene, step: string, statusReply: Reply, startedAt: number): Promise<void> {
  const token = textAt(statusReply.json, 'token')
  if (token === undefined) return
  const first = await introspect(scene, step, token)
  noteTimes(scene, step, first, startedAt)
  await introspect(scene, `${step}.again`, token)
  await status(scene, `${step}.as-status-token`, token)
}

/** Records roughly how long the token is valid and when it was issued. Exact times are not recorded, because they would identify the token. */
export function noteTimes({ caller }: Scene, step: string, { json }: Reply, startedAt: number): void {
  const { iat, exp } = Object(json) as { iat?: unknown; exp?: unknown }
  const [issued, end] = [iat, exp].map((time) => (typeof time === 'number' && time >= 0 ? (time >= 1e11 ? time / 1000 : time) : undefined))
  if (issued !== undefined && end !== undefined) caller.facts[`${step}.life`] = roughly(end - issued)
  if (issued !== undefined) caller.facts[`${step}.issued`] = issuedIn(issued, startedAt / 1000, Date.now() / 1000)
}

/** Describes when the token was issued. "Before the start" or "in the future" means that the clocks differ, or that `iat` has another meaning. */
function issuedIn(issued: number, start: number, now: number): string {
  const halfMinutes = (seconds: number) => (seconds <= 900 ? `${Math.round(seconds / 30) * 30} s` : roughly(seconds))
  if (issued < start - 2) return `${halfMinutes(start - issued)} before the start`
  return issued > now + 2 ? `${halfMinutes(issued - now)} in the future` : 'since the start'
}

function roughly(seconds: number): string {
  if (seconds <= 0) return '0 s'
  const [, words] = ([[10, 'seconds'], [60, 'up to a minute'], [660, 'minutes'], [3600 * 24, 'hours']] as const).find(([most]) => seconds <= most) ?? [0, 'days']
  return words
}

/**
 * What every stage of the probe works with, and the calls that several stages make.
 *
 * Out of scope: the order of the stages (`probe.ts`).
 */
import { statusIn, textAt } from './answers'
import type { Caller, Reply } from './caller'
import type { ThrowawayUsers } from './throwaway-users'

/** The person at the terminal, with a phone. */
export interface Person {
  /** Asks before anybody is notified or anything costs money. */
  confirm(question: string): Promise<boolean>
  /** Shows the link and the QR code; resolves when the person has scanned it with the Access App. */
  scan(link: string | undefined, image: string | undefined): Promise<void>
  /** Resolves when the person has done it on the phone. */
  answer(what: 'accept' | 'deny'): Promise<void>
  /** The code out of the newest text message. */
  typeCode(): Promise<string>
}

export interface Scene {
  readonly caller: Caller
  readonly users: ThrowawayUsers
  readonly person: Person
  /** Waits; tests move the simulator's clock instead. */
  readonly pause: (ms: number) => Promise<void>
  /** Tells what happens. */
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
 * Asks for the status until it is no longer `pending`, and notes the last response.
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

/** Introspects the token of a status response twice: it may be good for one introspection only. */
export async function introspectTwice(scene: Scene, step: string, statusReply: Reply, startedAt: number): Promise<void> {
  const token = textAt(statusReply.json, 'token')
  if (token === undefined) return
  const first = await introspect(scene, step, token)
  noteTimes(scene, step, first, startedAt)
  await introspect(scene, `${step}.again`, token)
  await status(scene, `${step}.as-status-token`, token)
}

/** Notes how long the token lives and when it was issued, roughly: exact times would tell tokens apart. */
export function noteTimes({ caller }: Scene, step: string, { json }: Reply, startedAt: number): void {
  const { iat, exp } = Object(json) as { iat?: unknown; exp?: unknown }
  const [issued, end] = [iat, exp].map((time) => (typeof time === 'number' && time >= 0 ? (time >= 1e11 ? time / 1000 : time) : undefined))
  if (issued !== undefined && end !== undefined) caller.facts[`${step}.life`] = roughly(end - issued)
  if (issued !== undefined) caller.facts[`${step}.issued`] = issuedIn(issued, startedAt / 1000, Date.now() / 1000)
}

/** Rounded to half a minute. A time before the start or in the future shows that the clocks differ, or that another time is meant. */
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

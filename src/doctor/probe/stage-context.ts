/**
 * The type of the object that every stage of the command `probe` gets, and the requests that several stages send.
 *
 * Out of scope: the order of the stages (`stages.ts`).
 */
import { asSeconds } from '../../client/introspection'
import { ACCEPTED, NOT_ACCEPTED, statusIn, textAt } from './answers'
import { CALL_DEADLINE_MS, type Caller } from './caller'
import { FactsReader, isTransient } from './facts-reader'
import { doesStatusNeedKey } from './needs'
import type { Reply } from './reply'
import type { TestUsers } from './test-users'
import type { TextMessages } from './text-messages'

/** The person who runs the command `probe` and has a phone. For tests, a simulated person. */
export interface Person {
  /** Asks whether to run a stage that notifies users or costs money. */
  confirm(question: string): Promise<boolean>
  /**
   * Shows the link and the QR code. Resolves when the person has scanned the QR code with the Access App.
   * @param which says which of several scans this is
   */
  scan(link: string | undefined, image: string | undefined, which?: string): Promise<void>
  /** Asks the person to accept or deny the request on the phone. Resolves when the person has answered. */
  answer(what: 'accept' | 'deny'): Promise<void>
  /**
   * Asks for the code of a text message.
   * @param which says which text message it is, if there were several
   */
  typeCode(which: string): Promise<string>
}

export interface StageContext {
  readonly caller: Caller
  readonly users: TestUsers
  readonly person: Person
  /** Waits for some milliseconds. With the simulator, `pause` does not wait, but moves the simulator's clock. */
  readonly pause: (ms: number) => Promise<void>
  readonly say: (line: string) => void
  /** Records that the stage could not complete its task. `reason` contains no value of a response. */
  readonly noteFailure: (reason: string) => void
  /**
   * Keeps what was recorded so far, even if the probe is interrupted before the stage ends. A stage calls this when one of its parts is complete. Does nothing
   * if the stage has failed already.
   */
  readonly keepAnswers: () => void
  readonly phone: string | undefined
  /** The test user whose phone the stage `app` has enrolled; undefined before this stage, and if the phone was not enrolled. */
  phoneOwner?: { readonly userId: string }
  /** The test user with whom the stage `sms` has signed in; undefined before this stage, and if no code was accepted. */
  textOwner?: { readonly userId: string; readonly username: string; readonly texts: TextMessages }
}

const POLL_MS = 2000
/** How many seconds the probe waits for the person's answer on the phone. */
const MOST_SECONDS = 180
const DECIDED = [...ACCEPTED, ...NOT_ACCEPTED, 'unknown']
/** If Nevis does not answer this many status calls in a row, the probe no longer waits until the person has answered on the phone. */
const MOST_UNANSWERED = 5

/**
 * @param withKey whether to send the access key. Default: true if the stage `quiet` has shown that the status endpoint needs the key, otherwise false.
 * NevisClient also sends the key to this endpoint only if the endpoint has refused a request without it
 */
export function status({ caller }: StageContext, step: string, statusToken: string, withKey = doesStatusNeedKey(new FactsReader(caller.facts))): Promise<Reply> {
  return caller.call(step, { path: '/api/v1/status', json: { statusToken }, withKey })
}

export function introspect({ caller }: StageContext, step: string, token: string): Promise<Reply> {
  return caller.call(step, { path: '/api/v1/introspect', form: { token } })
}

/** Describes the recorded response to a step for a failure message: `HTTP 403`, `no answer: ECONNRESET`, or `no answer within 15 s`. */
export function httpOf({ facts }: Caller, step: string): string {
  const http = String(facts[`${step}.http`] ?? 'not sent')
  if (http === 'no answer (TimeoutError)') return `no answer within ${CALL_DEADLINE_MS / 1000} s`
  return /^\d/.test(http) ? `HTTP ${http}` : http.replace(/^no answer \((.*)\)$/, 'no answer: $1')
}

/**
 * Asks Nevis for the status until it is no longer `pending`, and records the last response. Goes on after an answer that Nevis gives only for a moment, such as
 * HTTP 503, because such an answer does not show the status.
 * @param whom what the probe waits for, which is printed if it has to wait
 * @returns the last response, the number of seconds until it came, whether Nevis has answered, and whether this answer is a decision
 */
export async function decided(context: StageContext, step: string, statusToken: string, mostSeconds: number, whom: string, pollMs = POLL_MS): Promise<Reply & { readonly seconds: number; readonly isDecided: boolean; readonly isAnswered: boolean }> {
  let unanswered = 0
  let hasSaid = false
  // Add up the pauses and the durations of the calls. The machine's clock cannot be used: with the simulator, a pause only moves the simulator's clock.
  for (let ms = 0; ; ms += pollMs) {
    const askedAt = performance.now()
    const reply = await status(context, step, statusToken)
    ms += performance.now() - askedAt
    const isAnswered = reply.status !== 0 && !isTransient(String(reply.status))
    const isDecided = isAnswered && (reply.status >= 400 || DECIDED.includes(statusIn(reply.json)))
    unanswered = isAnswered ? 0 : unanswered + 1
    if (isDecided || unanswered >= MOST_UNANSWERED || ms >= mostSeconds * 1000) return { ...reply, seconds: ms / 1000, isDecided, isAnswered }
    if (!hasSaid) context.say(`Waiting up to ${mostSeconds / 60} minutes for ${whom} …`)
    hasSaid = true
    await context.pause(pollMs)
  }
}

/**
 * Waits until the person has decided on the phone. If the person has not decided in time, records a failure instead of the last response: otherwise the
 * report would present this response as the answer to a decision.
 * @param failure the beginning of the failure text, which says what has not happened, for example `the phone was not enrolled`
 * @returns the last response; undefined if the person has not decided
 */
export async function decidedByPerson(context: StageContext, step: string, statusToken: string, failure: string): Promise<Reply | undefined> {
  const reply = await decided(context, step, statusToken, MOST_SECONDS, 'the phone')
  if (reply.isDecided) return reply
  context.caller.forget(step)
  context.noteFailure(reply.isAnswered ? `${failure} within ${MOST_SECONDS} s` : `${failure}, because ${MOST_UNANSWERED} requests in a row got no answer`)
  return undefined
}

/** Introspects the token of a status response twice, to see whether Nevis accepts this. Then sends the token in place of a status token. */
export async function introspectTwice(context: StageContext, step: string, statusReply: Reply, startedAt: number): Promise<void> {
  const token = textAt(statusReply.json, 'token')
  if (token === undefined) return
  const first = await introspect(context, step, token)
  noteTimes(context, step, first, startedAt)
  await introspect(context, `${step}.again`, token)
  await status(context, `${step}.as-status-token`, token)
}

/** Records roughly for how long a token is valid, and when a token of a transaction was issued. Exact times would identify the token. */
export function noteTimes({ caller }: StageContext, step: string, { json }: Reply, startedAt?: number): void {
  const { iat, exp } = Object(json) as { iat?: unknown; exp?: unknown }
  const [issued, end] = [iat, exp].map(asSeconds)
  if (issued !== undefined && end !== undefined) caller.facts[`${step}.life`] = roughly(end - issued)
  if (issued !== undefined && startedAt !== undefined) caller.facts[`${step}.issued`] = issuedIn(issued, startedAt / 1000, Date.now() / 1000)
}

/** Says whether a token was issued before or after the start of the transaction. */
function issuedIn(issued: number, start: number, now: number): string {
  const halfMinutes = (seconds: number) => (seconds <= 900 ? `${Math.round(seconds / 30) * 30} s` : roughly(seconds))
  if (issued < start - 2) return `${halfMinutes(start - issued)} before the start`
  return issued > now + 15 ? `${halfMinutes(issued - now)} in the future` : 'since the start'
}

function roughly(seconds: number): string {
  if (seconds <= 0) return '0 s'
  const [, words] = ([[10, 'seconds'], [60, 'up to a minute'], [660, 'minutes'], [3600 * 24, 'hours']] as const).find(([most]) => seconds <= most) ?? [0, 'days']
  return words
}

/**
 * Creates the test users of the command `probe` and deletes them at the end, even after an error or an interruption.
 *
 * Out of scope: the requests that are tried with these users (`*-stage.ts`).
 */
import { randomBytes } from 'node:crypto'
import { namesOtherPath } from '../../client/answer'
import { textAt, userIdOf } from './answers'
import type { Caller } from './caller'
import { isTransient } from './facts-reader'
import { isOfGateway, type Call, type Reply } from './reply'

/** After this time, the probe no longer tries again to delete a test user. */
const MOST_MS = 20_000
const MOST_ATTEMPTS = 3
/** The pause before the next attempt to delete a test user: Nevis may have refused the last attempt only because of too many requests. */
const PAUSE_MS = 2000
/** The pauses for which Nevis asks with `Retry-After` may take this long in all, for each test user. After that, the pause is `PAUSE_MS`. */
const MOST_ASKED_MS = 60_000

interface TestUser {
  readonly username: string
  userId: string | undefined
  /**
   * True from the enrolment on, until Nevis itself has refused the enrolment, or has answered that the user is deleted or unknown. An interrupted enrolment,
   * or one that a gateway has answered, may have created the user.
   */
  mayExist: boolean
  /** True if Nevis itself has answered that it has deleted the user. */
  isDeleted: boolean
  /** True if a further enrolment of the user got no answer of Nevis. Nevis may carry it out after the deletion, and so create the user anew. */
  mayReturn: boolean
}

export class TestUsers {
  private readonly made: TestUser[] = []
  /** The longest pause for which Nevis has asked with `Retry-After` since the deletion began, without those that are too long; undefined before the deletion. */
  private askedMs: number | undefined

  constructor(
    private readonly caller: Caller,
    private readonly pause: (ms: number) => Promise<void>,
    private readonly say: (line: string) => void,
  ) {}

  /** The number of test users that may exist. */
  get count(): number {
    return this.made.length
  }

  /** Returns a new username, without sending a request. The username contains capital letters, so that the probe sees whether Nevis changes the case. */
  next(): string {
    const username = `Passport-Nevis-Probe-${randomBytes(6).toString('hex')}`
    this.caller.learn(username, 'the username')
    return username
  }

  /**
   * Enrols a test user. Remembers the username before the request, because Nevis may create the user even if its response is lost.
   * @param step the name under which the probe records the response; undefined: the probe does not record the response
   * @param enrollment the body, with the username
   */
  async enroll(step: string | undefined, enrollment: { readonly username: string; readonly [name: string]: unknown }): Promise<Reply & { readonly userId: string | undefined }> {
    const { username } = enrollment
    let user = this.made.find((one) => one.username === username)
    const mayHaveExisted = user?.mayExist ?? false
    if (user === undefined) this.made.push((user = { username, userId: undefined, mayExist: true, isDeleted: false, mayReturn: false }))
    user.mayExist = true
    user.isDeleted = false
    const mayHaveReturned = user.mayReturn
    const isFurther = user.userId !== undefined
    user.mayReturn ||= isFurther
    const learns = ['userId', 'transactionId', ...(enrollment['channel'] === 'recovery' ? (['recovery code'] as const) : [])] as const
    const reply = await this.caller.call(step, { path: '/api/v1/users/enroll', json: enrollment, learns })
    user.mayReturn = mayHaveReturned || (isFurther && mayComeLater(reply))
    user.userId ??= userIdOf(reply.json, username) ?? (await this.lookUp(username)).userId
    // The report must never contain the userId. So hide it in later responses, even if the response to the enrolment was lost.
    this.caller.learn(user.userId, 'the userId')
    user.mayExist = mayHaveExisted || user.userId !== undefined || !isRefusal(reply)
    return { ...reply, userId: user.userId }
  }

  async delete(step: string, username: string): Promise<void> {
    const user = this.made.find((one) => one.username === username)
    if (user?.userId === undefined) return
    noteDeletion(user, await this.caller.call(step, { method: 'DELETE', path: pathOf(user.userId) }))
  }

  /**
   * Deletes every test user that may exist, and confirms each deletion by a look-up, or by a second deletion that Nevis answers with 404.
   * @returns the usernames of the test users that may still exist
   */
  async deleteAll(): Promise<readonly string[]> {
    // If a deletion fails, count the test user as not deleted. The report then asks the developer to delete the user by hand.
    this.askedMs = 0
    const left = await Promise.all(this.made.splice(0).map(async (user) => ((await this.isLeft(user).catch(() => true)) || (user.mayReturn && (await this.hasReturned(user).catch(() => true))) ? [user.username] : [])))
    return left.flat()
  }

  /** Deletes a test user whose userId is known, or found by a look-up. Returns true if the user may still exist afterwards. */
  private async isLeft(user: TestUser): Promise<boolean> {
    // If Nevis does not answer, each request takes until its time limit. So try again only until `MOST_MS` have passed, apart from pauses that Nevis asks for.
    const startedAt = performance.now()
    let [isGone, waitedMs] = [false, 0]
    for (let attempt = 0; attempt < MOST_ATTEMPTS && performance.now() - startedAt < MOST_MS + waitedMs; attempt++) {
      if (attempt > 0) {
        const askedMs = this.askedMs ?? 0
        const isWaiting = askedMs > PAUSE_MS && waitedMs + askedMs <= MOST_ASKED_MS
        if (isWaiting) waitedMs += askedMs
        await this.pause(isWaiting ? askedMs : PAUSE_MS)
      }
      // Nevis may find a new user by name only after some time. So as long as the userId is unknown, each attempt looks the user up by name.
      if (user.userId === undefined) isGone = await this.isGone(user)
      if (isGone && !user.mayExist) return false
      if (user.userId === undefined) continue
      const wasDeleted = user.isDeleted
      const deletion = await this.cleanUp({ method: 'DELETE', path: pathOf(user.userId) })
      noteDeletion(user, deletion)
      // The access key may be allowed to delete users, but not to look them up. In that case, a second deletion confirms the first one: Nevis answers it with
      // 404, because it no longer knows the user.
      if (await this.isGone(user, wasDeleted && isUnknownToNevis(deletion))) return false
    }
    // Nevis may find a new user by name only later. So a user whom no look-up found counts as left, unless an answer of Nevis has set `mayExist` to false.
    return !isGone || user.mayExist
  }

  private async cleanUp(call: Call): Promise<Reply> {
    const reply = await this.caller.cleanUp(call)
    const askedMs = isTransient(String(reply.status)) && /^\d{1,3}$/.test(reply.retryAfter ?? '') ? Number(reply.retryAfter) * 1000 : 0
    if (this.askedMs !== undefined && askedMs > Math.max(PAUSE_MS, this.askedMs) && askedMs <= MOST_ASKED_MS) {
      this.askedMs = askedMs
      this.say(`Nevis asks for a pause (Retry-After): waiting ${askedMs / 1000} s until the next attempt to delete the test users …`)
    }
    return reply
  }

  /** Waits to see whether Nevis creates a deleted test user anew. If so, deletes the user again. Returns true if the user may exist afterwards. */
  private async hasReturned(user: TestUser): Promise<boolean> {
    const startedAt = performance.now()
    let isUnknown = 'no'
    for (let attempt = 0; attempt < MOST_ATTEMPTS && performance.now() - startedAt < MOST_MS; attempt++) {
      await this.pause(PAUSE_MS)
      const found = await this.lookUp(user.username)
      if (found.userId !== undefined) return this.isLeft(Object.assign(user, { userId: found.userId, mayExist: true, isDeleted: false }))
      isUnknown = found.isUnknown
    }
    return isUnknown === 'no'
  }

  /**
   * Looks a test user up, by userId if it is known, and then also by name: an instance may keep a deleted user under the name. Returns true if the user is
   * gone. If a gateway may have sent the response, it shows that the user is gone only if Nevis may never have created the user (`mayExist` is false).
   * @param isConfirmed true if Nevis's answers to deletions show that the user is gone. The result is then false only if the look-up still finds the user
   */
  private async isGone(user: TestUser, isConfirmed = false): Promise<boolean> {
    const { userId, isUnknown } = await this.lookUp(user.username, user.userId)
    if (user.userId !== undefined && userId === undefined && (await this.lookUp(user.username)).userId !== undefined) return false
    user.userId ??= userId
    return userId === undefined && (isConfirmed || isUnknown === 'surely' || (isUnknown === 'probably' && !user.mayExist))
  }

  /**
   * Looks a test user up by userId, or by name if the userId is not given. `isUnknown` is `surely` for Nevis's own 404. It is `probably` for a response with
   * the status and the fields that an invented user got in the stage `quiet`. It is `no` for any other response, also for a 404 that a gateway may have sent.
   */
  private async lookUp(username: string, userId?: string): Promise<{ readonly userId: string | undefined; readonly isUnknown: 'surely' | 'probably' | 'no' }> {
    const reply = await this.cleanUp({ method: 'GET', path: userId === undefined ? `/api/v1/users?username=${encodeURIComponent(username)}` : pathOf(userId) })
    const { status, json } = reply
    const saysNothing = status === 0 || status === 401 || status === 429 || status >= 500
    // A response with a userId, even another user's, does not prove that the test user is gone.
    if (saysNothing || textAt(json, 'userId') !== undefined) return { userId: userIdOf(json, username), isUnknown: 'no' }
    if (isUnknownToNevis(reply)) return { userId: undefined, isUnknown: 'surely' }
    return { userId: undefined, isUnknown: this.caller.isAnsweredLike(`user.unknown-${userId === undefined ? 'name' : 'id'}`, reply) ? 'probably' : 'no' }
  }
}

/** True for an error body as Nevis documents it: JSON with the HTTP status as a number, and no other path than that of the request. */
function isErrorOfNevis({ status, json, requestedPath }: Reply): boolean {
  return status >= 400 && (Object(json) as { status?: unknown }).status === status && !namesOtherPath(json, requestedPath)
}

/** True if Nevis has refused the request. False for a 5xx, 408 or 429: a gateway may have sent it, and Nevis may still have carried out the request. */
function isRefusal(reply: Reply): boolean {
  return !mayComeLater(reply) && isErrorOfNevis(reply)
}

/** True if Nevis may still carry out the request: there was no answer, or a gateway may have answered in Nevis's place. */
function mayComeLater({ status }: Reply): boolean {
  return status === 0 || status >= 500 || status === 408 || status === 429
}

function isUnknownToNevis(reply: Reply): boolean {
  return reply.status === 404 && isErrorOfNevis(reply)
}

/** Sets `mayExist` to false if Nevis itself has answered that it has deleted the user, or does not know the userId. */
function noteDeletion(user: TestUser, reply: Reply): void {
  if ([200, 204].includes(reply.status) && !isOfGateway(reply)) user.isDeleted = true
  if (user.isDeleted || isUnknownToNevis(reply)) user.mayExist = false
}

function pathOf(userId: string): string {
  return `/api/v1/users/${encodeURIComponent(userId)}`
}

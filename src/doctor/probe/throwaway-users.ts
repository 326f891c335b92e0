/**
 * Creates the test users of the probe and deletes them at the end, even after an error or an interruption.
 *
 * Out of scope: the requests that are tried with these users (the stages).
 */
import { randomBytes } from 'node:crypto'
import { textAt } from './answers'
import type { Call, Caller, Reply } from './caller'

interface ThrowawayUser {
  readonly username: string
  userId: string | undefined
}

export class ThrowawayUsers {
  private readonly made: ThrowawayUser[] = []

  constructor(private readonly caller: Caller) {}

  /** A new username. It contains capital letters, because Nevis does not document whether it changes them to small ones. Sends nothing. */
  next(): string {
    const username = `Passport-Nevis-Probe-${randomBytes(6).toString('hex')}`
    this.caller.learn(username, 'the username')
    return username
  }

  /**
   * Sends an enrolment. The username is noted before the call, because Nevis may create the user even if its response is lost.
   * @param enrollment the body, with the username
   */
  async enroll(step: string, enrollment: { readonly username: string; readonly [name: string]: unknown }): Promise<Reply & { readonly userId: string | undefined }> {
    const { username } = enrollment
    let user = this.made.find((one) => one.username === username)
    if (user === undefined) this.made.push((user = { username, userId: undefined }))
    const reply = await this.caller.call(step, { path: '/api/v1/users/enroll', json: enrollment, learns: ['userId', 'transactionId'] })
    user.userId ??= textAt(reply.json, 'userId')
    return { ...reply, userId: user.userId }
  }

  /**
   * Deletes every user that may have been created. If the id of a user is not known, the user is looked up by name.
   * @returns the number of users that may still exist
   */
  async deleteAll(): Promise<number> {
    const left = await Promise.all(this.made.splice(0).map((user) => this.isLeft(user)))
    return left.filter(Boolean).length
  }

  private async isLeft({ username, userId }: ThrowawayUser): Promise<boolean> {
    const byName: Call = { method: 'GET', path: `/api/v1/users?username=${encodeURIComponent(username)}` }
    const id = userId ?? textAt((await this.caller.cleanUp(byName)).json, 'userId')
    if (id === undefined) return false
    const path = `/api/v1/users/${encodeURIComponent(id)}`
    for (let attempt = 0; attempt < 3; attempt++) {
      const deleted = await this.caller.cleanUp({ method: 'DELETE', path })
      const { json } = await this.caller.cleanUp({ method: 'GET', path })
      const isGone = [200, 204, 404].includes(deleted.status) && textAt(json, 'userId')?.toLowerCase() !== id.toLowerCase()
      if (isGone) return false
    }
    return true
  }
}

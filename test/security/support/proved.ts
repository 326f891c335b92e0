/** A session whose user is signed in and has just given a second factor, as `recordSecondFactor()` leaves it. */
import { createHash } from 'node:crypto'
import { loginOf } from '../../../src/host/login'
import { sessionIdOf } from '../../../src/host/session'

export function proveSecondFactor(req: { session?: unknown }, user: unknown, userId: string): void {
  const session = req.session as Record<string, unknown>
  session['passport'] = { user }
  const id = sessionIdOf(req)
  const sessionId = id === undefined ? '' : createHash('sha256').update(id).digest('base64url')
  const secondFactor = { userId, factor: 'push', transactionId: 'x', at: Date.now() - 1000, login: loginOf(session), sessionId }
  session['nevis'] = { ...(session['nevis'] as object | undefined), secondFactor }
}

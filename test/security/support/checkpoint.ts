/**
 * A place where the app waits until the test releases it. Meanwhile, the test does what another request would do.
 *
 * Out of scope: waiting until the simulated cloud has got a request (`untilAsked` in `lab.ts`).
 */
import type { TestApp } from '../../support/app'

export interface Checkpoint {
  /** The app calls this function, which resolves after the test has called `release`. */
  readonly pass: () => Promise<void>
  /** Resolves when the app waits at this checkpoint. */
  readonly reached: Promise<void>
  readonly release: () => void
}

export function checkpoint(): Checkpoint {
  let [arrive, release] = [() => {}, () => {}]
  const reached = new Promise<void>((resolve) => (arrive = resolve))
  const released = new Promise<void>((resolve) => (release = resolve))
  return { reached, release, pass: () => (arrive(), released) }
}

/**
 * Makes the app's next call of this method wait at a checkpoint.
 * @param when `before` the call is sent to Nevis, or `after` Nevis has answered
 */
export function slowCall(app: TestApp, method: 'approve' | 'enroll' | 'getStatus' | 'introspect' | 'verifyCode', when: 'before' | 'after' = 'after'): Checkpoint {
  const { client } = app.nevis.settings
  const real = client[method].bind(client) as (...given: unknown[]) => Promise<never>
  const point = checkpoint()
  jest.spyOn(client, method).mockImplementationOnce(async (...given: unknown[]) => {
    if (when === 'before') await point.pass()
    const answer = await real(...given)
    if (when === 'after') await point.pass()
    return answer
  })
  return point
}

/** Resolves when the next start is in the queue of the starts of its user (`strategy/start-queue.ts`). */
export function nextInQueue(app: TestApp): Promise<void> {
  const { startQueue } = app.nevis.settings
  const run = startQueue.run.bind(startQueue)
  return new Promise((resolve) => {
    jest.spyOn(startQueue, 'run').mockImplementationOnce((...given) => {
      const result = run(...given)
      resolve()
      return result
    })
  })
}

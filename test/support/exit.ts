/**
 * How long a process may run after its last answer, once it got SIGTERM and `closeStreams()` has ended its event streams. An idle machine needs milliseconds. The
 * limit is wide for a busy machine: a process that hangs waits for a connection or for a user, and so runs longer than this.
 */
const EXIT_WITHIN_MS = 1000

/** Call right after the last answer. Waits for the exit, and fails if it takes too long. */
export async function exitsSoon<T>(exited: Promise<T>): Promise<T> {
  const answeredAt = Date.now()
  const exit = await exited
  expect(Date.now() - answeredAt).toBeLessThan(EXIT_WITHIN_MS)
  return exit
}

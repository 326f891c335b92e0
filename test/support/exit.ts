/**
 * How long a process may run after its last answer, once it got SIGTERM and `closeStreams()` has ended its event streams. The guides' code needs up to half a
 * second: it ends idle connections twice a second. On an idle machine, the whole exit takes less than a second (`npm run proxies` checks this). Here, other tests
 * run at the same time, so the limit is two seconds: a process that hangs waits for a connection or for a user, and so runs longer.
 */
const EXIT_WITHIN_MS = 2000

/** Call right after the last answer. Waits for the exit, and fails if it takes too long. */
export async function exitsSoon<T>(exited: Promise<T>): Promise<T> {
  const answeredAt = Date.now()
  const exit = await exited
  expect(Date.now() - answeredAt).toBeLessThan(EXIT_WITHIN_MS)
  return exit
}

/**
 * Lists what keeps a process alive, so that a test can show that nothing is left behind.
 *
 * Out of scope: memory.
 */

/** Counts the resources that keep a process alive, and the listeners of its events. */
export function held(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1
  for (const event of process.eventNames()) counts[`on ${String(event)}`] = process.listenerCount(event)
  return counts
}

/**
 * Returns the resources and listeners that have been added since `before`, an earlier result of `held`. Waits some turns of the event loop, because Node
 * removes closed sockets late.
 */
export async function leftBehind(before: Record<string, number>): Promise<Record<string, number>> {
  const left = () => Object.fromEntries(Object.entries(held()).filter(([name, count]) => count > (before[name] ?? 0)))
  for (let turn = 0; turn < 200_000 && Object.keys(left()).length > 0; turn++) await new Promise((resolve) => setImmediate(resolve))
  return left()
}

// @ts-check
// One contestant in a process of its own: node contestant.mjs FILE ADDRESS. Told `{ logins }` by its parent, it signs so
// many people in, one after the other, and answers with the CPU that this process used for each, and with its heap where it may collect it.

/** To the parent; there is one, because only `contest` starts this file. */
const send = (/** @type {unknown} */ message) => void process.send?.(message)
const [, , file, address] = process.argv
const { contestant } = await import(new URL(`../${file}`, import.meta.url).href)
const login = await contestant(address)

process.on('message', async ({ logins }) => {
  try {
    const before = process.cpuUsage()
    for (let i = 0; i < logins; i++) await login()
    const { user, system } = process.cpuUsage(before)
    send({ cpuMicros: (user + system) / logins, heap: globalThis.gc && (globalThis.gc(), process.memoryUsage().heapUsed) })
  } catch (error) {
    send({ error: error instanceof Error ? error.stack : String(error) })
  }
})
process.on('disconnect', () => process.exit())
send('ready')

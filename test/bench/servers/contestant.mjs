// @ts-check
// One contestant in a process of its own: node contestant.mjs FILE ADDRESS. When its parent sends `{ logins }`, it signs that many users in, one
// after the other. It answers with the CPU time per login, and with the size of its heap if it may collect garbage.

/** Sends a message to the parent process, which always exists, because only `contest` starts this file. */
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

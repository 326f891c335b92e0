// @ts-check
// Runs one contestant in a process of its own. When the parent process sends `{ logins }`, this process signs that many users in, one after the other. Then it
// sends the CPU time per login, and with `--expose-gc` the size of the heap. Usage: node contestant.mjs FILE ADDRESS

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

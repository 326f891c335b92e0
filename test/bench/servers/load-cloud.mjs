// The simulator in a process of its own: a tenth of its answers are wrong, late or missing.
// Run: node load-cloud.mjs PEOPLE; prints its address and access key. `POST /tap?user=…&as=approve|deny` taps.
import { createServer } from 'node:http'
import { NevisSimulator } from 'passport-nevis/simulator'

const people = Number(process.argv[2])
const simulator = await NevisSimulator.start({ lifetimeSeconds: 300 })
for (let i = 0; i < people; i++) simulator.addUser({ username: `u${i}` })
const share = 0.1 / 4
simulator.faults.add({ share, status: 503 })
simulator.faults.add({ share, reset: true })
simulator.faults.add({ share, delayMs: 1200 })
simulator.faults.add({ share, status: 500, body: '<h1>oops</h1>' })

const taps = createServer(async (req, res) => {
  const { searchParams } = new URL(req.url, 'http://x')
  try {
    await simulator.phone(searchParams.get('user'))[searchParams.get('as')]()
    res.end('ok')
  } catch {
    res.end('nothing waits')
  }
  simulator.requests.length = 0
})
taps.listen(0, '127.0.0.1', () => console.log(`${simulator.baseURL} ${simulator.accessKey} http://127.0.0.1:${taps.address().port}`))

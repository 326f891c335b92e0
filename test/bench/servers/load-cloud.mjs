// @ts-check
// Runs the simulator. A share of its answers is wrong, late or missing, by default a tenth. Usage: node load-cloud.mjs PEOPLE [SHARE]. Prints the
// simulator's address, its access key and a second address. There, `GET /?user=…&as=approve|deny` approves or denies on a simulated phone.
import { createServer } from 'node:http'
import { NevisSimulator } from 'passport-nevis/simulator'
import { originOf } from './listening.mjs'

const people = Number(process.argv[2])
const simulator = await NevisSimulator.start({ lifetimeSeconds: 300 })
for (let i = 0; i < people; i++) simulator.addUser({ username: `u${i}` })
const share = Number(process.argv[3] ?? 0.1) / 4
if (share > 0) {
  simulator.faults.add({ share, status: 503 })
  simulator.faults.add({ share, reset: true })
  simulator.faults.add({ share, delayMs: 1200 })
  simulator.faults.add({ share, status: 500, body: '<h1>oops</h1>' })
}

const taps = createServer(async (req, res) => {
  const { searchParams } = new URL(String(req.url), 'http://x')
  try {
    const phone = simulator.phone(String(searchParams.get('user')))
    await (searchParams.get('as') === 'approve' ? phone.approve() : phone.deny())
    res.end('ok')
  } catch {
    res.end('nothing waits')
  }
  simulator.requests.length = 0
})
taps.listen(0, '127.0.0.1', () => console.log(`${simulator.baseURL} ${simulator.accessKey} ${originOf(taps)}`))

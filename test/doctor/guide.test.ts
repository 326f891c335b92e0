/** Tests that the guide of the command `doctor` names every check, and shows exactly what the command prints. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CHECKS } from '../../src/doctor/findings'
import { NevisSimulator } from '../../src/simulator'
import { closing } from '../support/closing'

const ROOT = join(__dirname, '../..')
const guide = readFileSync(join(ROOT, 'docs/guides/doctor.md'), 'utf8')
const [example, careless] = [...guide.matchAll(/```text\n\$ .*\n([^]*?)```/g)].map(([, text]) => text as string) as [string, string]
/** Replaces numbers, because ports, dates and counts differ each time. */
const masked = (text: string) => text.replace(/\d+/g, 'N').trim()
/** A long time limit, because the example app compiles its database (WebAssembly) when it starts. */
jest.setTimeout(180_000)

async function printed(folder: string, file: string, settings: Record<string, string> = {}): Promise<string> {
  const child = spawn(process.execPath, [join(ROOT, 'dist/doctor/command.js'), 'doctor', file], {
    cwd: join(ROOT, folder),
    env: { PATH: process.env['PATH'], ...settings },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part))
  await once(child, 'close')
  return text
}

describe('the guide', () => {
  it('names every check in its table, in the order of the report, and no other', () => {
    const rows = [...guide.matchAll(/^\| `([a-z]+\.[a-z-]+)` \| [^|]+ \| [^|]+ \|$/gm)].map(([, check]) => check)
    expect(rows).toEqual([...CHECKS])
  })

  it('shows what is printed for the example app as npm start runs it', async () => {
    expect(masked(await printed('example-app', 'dist/server.js'))).toBe(masked(example))
  })

  it('shows what is printed for a first attempt in production', async () => {
    const simulator = closing(await NevisSimulator.start())
    const text = await printed('test/doctor/apps', 'careless.cjs', { NODE_ENV: 'production', NEVIS_BASE_URL: simulator.baseURL, PORT: '0' })
    expect(masked(text).replaceAll('careless.cjs', 'app.js')).toBe(masked(careless))
    expect(text).not.toContain('c4n4ry')
  })
})

/**
 * The attack: another URL of a guarded handler.
 *
 * The attacker is signed in without a fresh second factor and looks for a URL of the handler that no guard protects. Middleware that NestJS mounts
 * with `forRoutes('transfer')` does not run for `/v1/transfer` after the app has put versions into its URLs. The guide's guard belongs to the
 * controller and not to a URL. Here, the guide's app gets a global prefix, versions and a second version of the controller, and every URL must require
 * the second factor.
 */
import { run, type Program } from '../hosts/program'
import { handleIn, PASSWORD } from '../support/app'
import type { Browser } from '../support/browser'
import { lab } from './support/lab'

// A long time limit, because each test starts a program, and the machine may be busy.
jest.setTimeout(60_000)

const world = lab()
const json = { accept: 'application/json' }
let browser: Browser

async function serve(change: (text: string) => string): Promise<void> {
  const { userId } = world.simulator.addUser({ username: 'nora', phone: '+41790000001' })
  const program: Program = await run('nestjs/app', world.simulator, [{ username: 'nora', userId }], { change })
  world.defer(() => program.close())
  browser = program.browser()
}

/** Inserts these lines before the app starts to listen. */
const listenAfter = (lines: string) => (text: string) => text.replace(/^await app\.listen/m, `${lines}\nawait app.listen`)
const underPrefix = (prefix: string) => (text: string) => text.replaceAll("'/login", `'${prefix}/login`).replaceAll("'/step-up", `'${prefix}/step-up`)
/** For an app whose URLs get a version: makes the controller of the sign-in pages version-neutral, so that the URLs of these pages stay unchanged. */
const versioning = (text: string) => text.replace('import { Controller, Get, Header, Module', 'import { Controller, Get, Header, Module, VERSION_NEUTRAL, VersioningType').replace('@Controller()', '@Controller({ version: VERSION_NEUTRAL })')

/** `base`: the URL prefix of the guarded controller's routes. `pages`: that of the sign-in pages. Each of the `changes` edits the app of the NestJS guide. */
const shapes: [name: string, base: string, pages: string, changes: ((text: string) => string)[]][] = [
  ['as the guide prints it', '', '', []],
  ['a global prefix', '/api', '/api', [listenAfter("app.setGlobalPrefix('api')"), underPrefix('/api')]],
  ['versions in the address', '/v1', '', [versioning, listenAfter("app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' })")]],
  ['both, and the controller in two versions', '/api/v1', '/api', [
    versioning,
    listenAfter("app.setGlobalPrefix('api')\napp.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' })"),
    underPrefix('/api'),
    (text) => text.replace("@Controller('transfer')", "@Controller({ path: 'transfer', version: ['1', '2'] })"),
  ]],
]

describe.each(shapes)('NestJS: %s', (_name, base, pages, changes) => {
  const addresses = [`${base}/transfer`, `${base}/transfer/`, `${base}/TRANSFER`, ...(base === '/api/v1' ? ['/api/v2/transfer'] : [])]

  async function statuses(): Promise<number[]> {
    const answers = [...addresses.map((address) => browser.get(address, json)), browser.post(`${base}/transfer/to/ben`, {}, json)]
    return (await Promise.all(answers)).map(({ status }) => status)
  }

  async function signIn(factor: 'push' | 'sms', then: string): Promise<void> {
    const started = await browser.post(`${pages}/login`, { username: 'nora', password: PASSWORD, factor })
    const code = factor === 'sms' && (/\d{6}/.exec(world.simulator.sms('nora').at(-1) as string)?.[0] as string)
    const callback = `${pages}/login/2fa/callback`
    expect((await browser.get(started.location as string, { accept: 'text/html' })).text).toContain('<main class="nevis"')
    if (code === false) await world.simulator.phone('nora').approve()
    expect((await browser.post(callback, { transaction: handleIn(started.location), ...(code && { code }) })).location).toBe(then)
  }

  // Shows: T-browser-7
  it('every address of a guarded handler refuses without a second factor that is strong enough, and passes with one', async () => {
    await serve((text) => changes.reduce((changed, change) => change(changed), text))
    const refused = [...addresses.map(() => 401), 401]
    expect(await statuses()).toEqual(refused)
    await signIn('sms', '/')
    expect(await statuses()).toEqual(refused)
    const page = await browser.get(`${base}/transfer`, { accept: 'text/html' })
    expect([page.status, page.location]).toEqual([303, `${pages}/step-up`])
    await signIn('push', `${base}/transfer`)
    expect(await statuses()).toEqual([...addresses.map(() => 200), 201])
    expect((await browser.post(`${base}/transfer/to/ben`)).text).toBe('Paid to ben')
  })
})

/**
 * The attack: phone numbers that earn money (toll fraud, "SMS pumping").
 *
 * A user who enrols a phone number chooses where the SMS goes. The attacker makes accounts, enrols premium-rate numbers or numbers of a carrier who
 * pays the attacker a share of each message, and never types a code. A number with spaces or with digits of another script must not bypass the app's
 * list of refused prefixes.
 */
import { app, sms, widget } from '../../src'
import { handleIn, PASSWORD, type TestApp } from '../support/app'
import { lab, outcomeOf } from './support/lab'

const world = lab()
const start = (): Promise<TestApp> => world.start({ strategy: { operation: 'enroll', factors: [sms({ refusedPrefixes: ['+41900', '+9'] })] } })
const enrolling = (app: TestApp, phone: string) => app.browser().post('/login', { username: 'carl', password: PASSWORD, phone })

describe('an enrolment of a number with a refused prefix', () => {
  // Shows: T-enrol-7, C-enrol-other-3
  it.each(['+41900123456', '+41 0900 12 34 56', '+41 900 12 34 56', '+41-900-123-456', '+41.900.123.456', '＋４１９００１２３４５６', '+٤١٩٠٠١٢٣٤٥٦', '\u200e+41\u200b900123456', '+992123456789'])(
    'fails with phone_refused, and Nevis sends no SMS: %j',
    async (phone) => {
      const app = await start()
      const page = await enrolling(app, phone)
      expect([page.status, outcomeOf(page)]).toEqual([400, 'phone_refused'])
      expect(world.asked('enroll')).toBe(0)
    },
  )
})

describe('a refused prefix', () => {
  const outcomeFor = async (prefix: string, phone: string) => {
    const app = await world.start({ strategy: { operation: 'enroll', factors: [sms({ refusedPrefixes: [prefix] })] } })
    return outcomeOf(await enrolling(app, phone))
  }

  it.each([
    ['+40900', '+40 0900 123 456'], ['+42090', '+420 0 90 612 3456'], ['+3906', '+39 06 123 456'], ['+1900', '+1 0 900 123 4567'], ['+410900', '+41 900 123 456'], ['+420900', '+420 900 123 456'],
  ])('%s holds with the zero of the national form and without it: %s', async (prefix, phone) => {
    expect(await outcomeFor(prefix, phone)).toBe('phone_refused')
  })

  it.each([['+95', '+90 532 123 45 67'], ['+47', '+40 712 345 678'], ['+36', '+30 691 234 5678'], ['+212', '+20 121 234 5678'], ['+1900', '+1 190 012 3456']])(
    '%s is no prefix of a number of another country or area: %s',
    async (prefix, phone) => {
      expect(await outcomeFor(prefix, phone)).toBe('303 /login/2fa')
    },
  )
})

describe('an enrolment of a number that has had ten texts in a day', () => {
  it('is refused, whoever asks, and asks Nevis nothing; another number still gets its text', async () => {
    const app = await start()
    const enrol = async (username: string, phone = '+41791234567') => outcomeOf(await app.browser().post('/login', { username, password: PASSWORD, phone }))
    for (let i = 0; i < 10; i++) expect(await enrol(`user${i}`)).toBe('303 /login/2fa')
    const before = world.operations().length
    expect(await enrol('carl', '+41 (79) 123-45-67')).toBe('too_many_starts')
    expect(world.operations()).toHaveLength(before)
    expect(await enrol('carl', '+41791234568')).toBe('303 /login/2fa')
  })
})

describe('an enrolment of what is no number', () => {
  it.each(['0041900123456', '0900 123 456', '+41 (0)900 123 456', '+0041900123456', '+041900123456', 'tel:+41900123456', '+41791234567/8', '\' or 1=1 -- <script>', ''])('fails with phone_refused, and nothing is sent: %j', async (phone) => {
    const app = await start()
    expect(outcomeOf(await enrolling(app, phone))).toBe('phone_refused')
    expect(world.asked('enroll')).toBe(0)
  })
})

describe('an enrolment of an honest number', () => {
  it.each(['+41791234567', '+41 79 123 45 67', '+41 (79) 123-45-67', '＋４１ ７９ １２３ ４５ ６７'])('goes to that number, and its code signs in: %j', async (phone) => {
    const app = await start()
    const browser = app.browser()
    const handle = handleIn((await browser.post('/login', { username: 'carl', password: PASSWORD, phone })).location)
    expect(world.simulator.requests.find(({ operation }) => operation === 'enroll')?.body).toMatchObject({ phone: '+41791234567' })
    const code = /\d{6}/.exec(world.simulator.sms('carl').at(-1) as string)?.[0] as string
    expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction: handle, code }))).toBe('success')
  })
})

/**
 * A bank enrols only the number on file: `phone: ({ user }) => user.phoneOnFile`. If a customer had no number on file, this function returned nothing, and an
 * earlier version then used the number in the request. So an attacker with the password got the code on their own phone.
 */
describe('a route that gives the phone number', () => {
  let onFile: unknown
  const ATTACKERS = '+41790000666'
  const enrolled = () => world.simulator.requests.filter(({ operation }) => operation === 'enroll').map(({ body }) => (body as { phone?: string }).phone)
  const start = (strategy: object = {}) =>
    world.start({ strategy: { operation: 'approve-or-enroll', factors: [app(), sms(), widget()], ...strategy }, start: { phone: () => onFile as string | undefined } })
  beforeEach(() => (onFile = undefined))

  // Shows: T-enrol-9
  it.each([undefined, null, '', 'none'])('and has none (%j) enrols no number, whatever the request says', async (value) => {
    onFile = value
    const page = await (await start()).browser().post('/login', { username: 'carl', password: PASSWORD, factor: 'sms', phone: ATTACKERS })
    expect(outcomeOf(page)).toBe('phone_refused')
    expect(enrolled()).toEqual([])
  })

  it('and has none enrols no number after a switch from another factor either', async () => {
    const browser = (await start()).browser()
    const transaction = handleIn((await browser.post('/login', { username: 'carl', password: PASSWORD, factor: 'app' })).location)
    expect(outcomeOf(await browser.post('/login/2fa', { transaction, factor: 'sms', phone: ATTACKERS }))).toBe('phone_refused')
    expect(enrolled()).toEqual([undefined])
  })

  it('as an option without a value enrols no number', async () => {
    const app = await world.start({ strategy: { operation: 'approve-or-enroll', factors: [sms()] }, start: { phone: undefined } })
    expect(outcomeOf(await app.browser().post('/login', { username: 'carl', password: PASSWORD, phone: ATTACKERS }))).toBe('phone_refused')
  })

  it('is an error if the app gives something else than a text', async () => {
    onFile = 7
    expect((await (await start()).browser().post('/login', { username: 'carl', password: PASSWORD, factor: 'sms' })).json()).toMatchObject({ name: 'TypeError' })
  })

  it('does not enrol by the widget, where the user would enter another number', async () => {
    onFile = '+41790000001'
    const browser = (await start()).browser()
    expect(outcomeOf(await browser.post('/login', { username: 'carl', password: PASSWORD, factor: 'widget' }))).toBe('unknown_factor')
    const handle = handleIn((await browser.post('/login', { username: 'carl', password: PASSWORD, factor: 'app' })).location)
    expect((await browser.get(`/login/2fa?transaction=${handle}`, { accept: 'application/json' })).json()).toMatchObject({ factors: ['app', 'sms'] })
    expect(outcomeOf(await browser.post('/login', { username: 'anna', password: PASSWORD, factor: 'widget' }))).toBe('303 /login/2fa')
  })

  it('enrols the number of the app, and takes a changed number for another start', async () => {
    onFile = '+41790000001'
    const browser = (await start()).browser()
    const first = handleIn((await browser.post('/login', { username: 'carl', password: PASSWORD, factor: 'app' })).location)
    onFile = '+41790000002'
    const second = handleIn((await browser.post('/login', { username: 'carl', password: PASSWORD, factor: 'app' })).location)
    expect(second).not.toBe(first)
    const transaction = handleIn((await browser.post('/login/2fa', { transaction: second, factor: 'sms', phone: ATTACKERS })).location)
    expect(enrolled()).toEqual([undefined, undefined, '+41790000002'])
    const code = /\d{6}/.exec(world.simulator.sms('carl').at(-1) as string)?.[0] as string
    expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction, code }))).toBe('success')
  })

  it('sends a changed number its own text, also to a second click while the first one waits', async () => {
    const app = await world.start({
      routes: (web, { passport }) => {
        web.post('/number', passport.authorize('nevis', { operation: 'enroll', phone: () => onFile as string }))
      },
    })
    const browser = app.browser()
    const { userId } = world.simulator.users.find(({ username }) => username === 'anna') as { userId: string }
    await browser.post('/prove', { username: 'anna', userId })
    world.simulator.faults.add({ on: 'enroll', delayMs: 200, times: 1 })
    onFile = '+41790000003'
    const first = browser.post('/number', { factor: 'sms' })
    await world.untilAsked('enroll')
    onFile = '+41790000004'
    await Promise.all([first, browser.post('/number', { factor: 'sms' })])
    expect(enrolled()).toEqual(['+41790000003', '+41790000004'])
  })
})

describe('an enrolment with several numbers', () => {
  // Shows: T-enrol-7
  it.each(['the code of the last number', 'the app'])('counts the starts with the other numbers also after it has succeeded by %s', async (end) => {
    const app_ = await world.start({ strategy: { operation: 'approve-or-enroll', factors: [app(), sms()], startBudget: { starts: 3, perSeconds: 600 } } })
    const browser = app_.browser()
    const next = async (fields: Record<string, string>) => handleIn((await browser.post('/login/2fa', { transaction, ...fields })).location)
    let transaction = handleIn((await browser.post('/login', { username: 'carl', password: PASSWORD, factor: 'sms', phone: '+41790000001' })).location)
    transaction = await next({ factor: 'sms', phone: '+41790000002' })
    if (end === 'the app') {
      transaction = await next({ factor: 'app' })
      const { appLinkUri } = (await browser.get(`/login/2fa?transaction=${transaction}`, { accept: 'application/json' })).json() as { appLinkUri: string }
      await world.simulator.phone('carl').scan(appLinkUri)
      expect(outcomeOf(await browser.get(`/login/2fa/callback?transaction=${transaction}`))).toBe('success')
    } else {
      transaction = await next({ factor: 'sms', phone: '+41790000003' })
      const code = /\d{6}/.exec(world.simulator.sms('carl').at(-1) as string)?.[0] as string
      expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction, code }))).toBe('success')
    }
    const starts = [app_.browser(), app_.browser()].map((other) => other.post('/login', { username: 'carl', password: PASSWORD, factor: end === 'the app' ? 'app' : 'sms' }).then(outcomeOf))
    expect((await Promise.all(starts)).sort()).toEqual(['303 /login/2fa', 'too_many_starts'])
  })
})

describe('a prefix of a country code and a zero', () => {
  it.each([['+390', '+390612345678', 'phone_refused'], ['+390', '+393331234567', '303 /login/2fa'], ['+440', '+4407700900123', 'phone_refused'], ['+440', '+447700900123', '303 /login/2fa']])(
    '%s is compared as it is: %s → %s',
    async (prefix, phone, outcome) => {
      const app = await world.start({ strategy: { operation: 'approve-or-enroll', factors: [sms({ refusedPrefixes: [prefix] })] } })
      expect(outcomeOf(await enrolling(app, phone))).toBe(outcome)
    },
  )
})

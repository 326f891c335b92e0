/**
 * Numbers that earn money.
 *
 * Whoever may enrol a phone number chooses where the SMS goes. The attacker makes accounts, enrols numbers of a premium rate
 * or of a carrier who pays him a share of each message, and never types a code (toll fraud, "SMS pumping"). Writing the
 * number with spaces or in the digits of another script must not get it past the app's list.
 */
import { sms } from '../../src'
import { callbackOf, handleIn, PASSWORD, type TestApp } from '../support/app'
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
    expect(outcomeOf(await browser.get(`${callbackOf(handle)}&code=${code}`))).toBe('success')
  })
})

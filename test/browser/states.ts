/**
 * Every state of the waiting page, and of the page for an outage, each reached as a user would reach it.
 *
 * Out of scope: the checks in each state (`look.test.ts`).
 */
import type { BrowserContext, Page } from 'playwright-core'
import { htmlMessage, MemoryLedger, NevisError, outagePage, recordSecondFactor, type Locales, type PageOptions } from '../../src'
import { enterPassword, makingCodes, forgiveComplaints, startCloud, waiting, type Cloud } from './support'

const svg = (colour: string) =>
  `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" width="190" height="40"><path d="M4 36 20 6l16 30z" fill="${colour}"/><text x="46" y="28" font-family="sans-serif" font-size="20" fill="${colour}">Alpine Mutual</text></svg>`)}`

/** A language that the app itself adds, written from right to left. */
const ar: Locales[string] = {
  dir: 'rtl',
  heading: { push: 'انظر إلى هاتفك' },
  hint: { push: 'أرسلنا طلبًا إلى تطبيقك. افتحه واقبل الطلب.' },
  messageLabel: 'يعرض هاتفك',
  timeLeft: 'الوقت المتبقي',
  otherWays: 'طريقة أخرى',
  cancel: 'إلغاء',
  help: 'مساعدة',
  toSignIn: 'إلى تسجيل الدخول',
  language: 'اللغة',
  enrollHeading: { recovery: 'رموز الاسترداد الخاصة بك' },
  saved: 'أحتفظ بهذه الرموز في مكان آمن',
  written: 'لقد حفظت هذه الرموز',
  enrollSteps: { install: 'ثبّت {app} على هاتفك.', scan: 'افتح التطبيق وامسح هذا الرمز.', finish: 'اتبع الخطوات في التطبيق.' },
  enrollWarning: 'لا تُظهر هذا الرمز لأحد ولا ترسله إلى أحد، ولا حتى إلى موظفي الدعم.',
}

/** The options of the waiting page, as a bank could set them. */
const look: PageOptions = {
  brand: { name: 'Alpine Mutual', logo: svg('#0b3d2e'), logoDark: svg('#d9efe6'), href: '/home' },
  languages: ['de', 'fr', 'it', 'en'],
  locales: { ar },
  signInURL: '/sign-in',
  helpURL: '/help',
  changePasswordURL: '/password',
  footerLinks: [{ text: { de: 'Impressum', en: 'Legal notice', fr: 'Mentions légales', it: 'Note legali' }, href: '/legal' }],
  storeLinks: { ios: 'https://apps.apple.com/app/id1', android: 'https://play.google.com/store/apps/details?id=x' },
}

/** Opens the list of other phones by its link, which scrolls to the list. */
async function otherPhones(page: Page, address: string): Promise<Page> {
  await page.goto(address)
  await page.getByRole('link', { name: /^(Use another phone|Anderes Telefon|Utiliser un autre|Usare un altro)/ }).click()
  await page.locator('#nevis-phones').waitFor()
  return page
}

/** How many wrong codes end a transaction: the default of the option `maxAttempts`. */
const MAX_ATTEMPTS = 5

interface Payment {
  readonly amount: string
  readonly payee: string
  readonly account: string
}

export type State = (context: BrowserContext, cloud: Cloud) => Promise<Page>

/** A state of the page in which the transaction ends while the page is open. `end` ends the transaction. */
const ended = (fields: Record<string, string>, end: (cloud: Cloud, username: string) => Promise<void> | void): State => async (context, cloud) => {
  const { page, username } = await waiting(context, cloud, fields)
  await end(cloud, username)
  await page.locator('main[data-status="failed"], main[data-status="expired"]').waitFor()
  return page
}

const undo: (() => void)[] = []

/** Undoes what a page state has changed in the simulated Nevis, so that the next test is not affected. */
export function undoState(): void {
  for (const one of undo.splice(0)) one()
}

/** Sends the form with which the waiting page starts this factor. Returns the address to which the answer leads. */
async function choose(context: BrowserContext, { app }: Cloud, address: string, factor: string): Promise<string> {
  const transaction = new URL(address).searchParams.get('transaction') as string
  const answer = await context.request.post(`${app.origin}/login/2fa`, { form: { transaction, factor, retry: '1' }, maxRedirects: 0 })
  return new URL(answer.headers()['location'] as string, app.origin).href
}

/** Moves the app's clock ahead, and stops it. */
export function stopClockIn(seconds: number): void {
  jest.spyOn(Date, 'now').mockReturnValue(Date.now() + seconds * 1000)
}

/**
 * A user whose newest start of a factor was refused, because it exceeded the option `startBudget`.
 * @param last the factor that the user has started before the refused start
 * @param isOver true if the transaction of this factor has expired meanwhile
 */
const refusedStart = (last: 'push' | 'sms', isOver: boolean): State => async (context, cloud) => {
  let address = await enterPassword(context, cloud, cloud.newUser().username)
  for (const factor of ['app', 'sms', 'app', last]) address = await choose(context, cloud, address, factor)
  if (isOver) stopClockIn(121)
  const page = await context.newPage()
  await page.goto(await choose(context, cloud, address, 'app'))
  await page.getByRole('alert').waitFor()
  return page
}

async function typeCode(page: Page, code: string): Promise<Page> {
  await page.locator('#nevis-code').fill(code)
  await Promise.all([page.waitForEvent('load'), page.locator('#nevis-code').press('Enter')])
  await page.getByRole('alert').waitFor()
  return page
}

/** Sends wrong codes for the transaction of this waiting page. */
async function wrongCodes(context: BrowserContext, { app }: Cloud, address: string, count: number): Promise<void> {
  const transaction = new URL(address).searchParams.get('transaction') as string
  for (let i = 0; i < count; i++) await context.request.post(`${app.origin}/login/2fa/callback`, { form: { transaction, code: 'x', retry: '1' } })
}

let withoutSms = 0

let newcomers = 0

/** A user who is new at Nevis enrols a factor. */
function enrolling(factor: string, fields: Record<string, string> = {}): State {
  return async (context, cloud) => {
    const address = await enterPassword(context, cloud, `newcomer${++newcomers}`, { factor, operation: 'enroll', ...fields })
    const page = await context.newPage()
    await page.goto(address)
    return page
  }
}

export const states: Record<string, State> = {
  push: async (context, cloud) => (await waiting(context, cloud)).page,
  app: async (context, cloud) => (await waiting(context, cloud, { factor: 'app' })).page,
  sms: async (context, cloud) => (await waiting(context, cloud, { factor: 'sms' })).page,
  recovery: async (context, cloud) => (await waiting(context, cloud, { factor: 'recovery' })).page,
  'wrong-code': async (context, cloud) => {
    const { page } = await waiting(context, cloud, { factor: 'sms' })
    return typeCode(page, '1')
  },
  'missing-code': async (context, cloud) => {
    // The browser refuses an empty field, and the script empties a field with a space. So the script is missing when the space is typed.
    await context.route(/asset=script/, (route) => route.abort(), { times: 1 })
    forgiveComplaints(/ERR_FAILED/)
    return typeCode((await waiting(context, cloud, { factor: 'sms' })).page, ' ')
  },
  'too-many-codes': async (context, cloud) => {
    stopClockIn(0)
    const { page, address, username } = await waiting(context, cloud, { factor: 'recovery' })
    await wrongCodes(context, cloud, address, MAX_ATTEMPTS)
    await page.goto(await enterPassword(context, cloud, username, { factor: 'sms' }))
    await typeCode(page, '1')
    return typeCode(page, '1')
  },
  'codes-locked': async (context, cloud) => {
    const { look: original } = MemoryLedger.prototype
    jest.spyOn(MemoryLedger.prototype, 'look').mockImplementation(async function (this: MemoryLedger, key) {
      return key.startsWith('locked:') ? 60 : original.call(this, key)
    })
    return typeCode((await waiting(context, cloud, { factor: 'sms' })).page, '1')
  },
  phones: async (context, cloud) => {
    const authenticators = ['Pixel 8', 'Pixel 8', '', 'Work phone (Donaudampfschifffahrtsgesellschaft)', 'هاتف آنا']
    const { username, authenticatorIds } = cloud.simulator.addUser({ username: `phones${Date.now()}`, authenticators })
    return otherPhones(await context.newPage(), await enterPassword(context, cloud, username, { authenticatorId: authenticatorIds[0] as string }))
  },
  'sent-to-other-phone': async (context, cloud) => {
    const page = await (states['phones'] as State)(context, cloud)
    await page.locator('#nevis-phones button', { hasText: 'Work phone' }).click()
    await page.locator('p[role=status]', { hasText: 'Work phone' }).waitFor()
    return page
  },
  'phones-unreachable': async (context, cloud) => {
    const { page, address } = await waiting(context, cloud)
    const fault = cloud.simulator.faults.add({ on: 'getUser', status: 503 })
    undo.push(() => fault.remove())
    return otherPhones(page, address)
  },
  'not-enrolled': async (context, cloud) => {
    const { username } = cloud.simulator.addUser({ username: `without-sms${++withoutSms}`, recoveryCodes: 2 })
    const page = await context.newPage()
    await page.goto(await enterPassword(context, cloud, username))
    await page.locator('form:has([name="factor"][value="sms"]) button').click()
    await page.getByRole('alert').waitFor()
    return page
  },
  'not-enrolled-first': async (context, cloud) => {
    const { username } = cloud.simulator.addUser({ username: `without-sms${++withoutSms}`, recoveryCodes: 2 })
    const page = await context.newPage()
    await page.goto(await enterPassword(context, cloud, username, { factor: 'sms' }))
    return page
  },
  blocked: async (context, cloud) => {
    const { page } = await waiting(context, cloud)
    const refusal = cloud.simulator.faults.add({ on: 'approve', status: 403, times: 1 })
    const block = cloud.simulator.faults.add({ on: 'findUserByUsername', patch: { exceededRateLimits: ['sms'] } })
    undo.push(() => refusal.remove(), () => block.remove())
    await page.locator('form:has([name="factor"][value="sms"]) button').click()
    await page.getByRole('alert').waitFor()
    return page
  },
  unreadable: async (context, cloud) => {
    const { page } = await waiting(context, cloud)
    const fault = cloud.simulator.faults.add({ on: 'getStatus', body: {} })
    undo.push(() => fault.remove())
    forgiveComplaints(/503/)
    await page.waitForURL(/callback/)
    return page
  },
  'no-other-phone': async (context, cloud) => {
    const { page, address } = await waiting(context, cloud)
    return otherPhones(page, address)
  },
  denied: ended({}, ({ simulator }, username) => simulator.phone(username).deny()),
  'no-more-attempts': async (context, cloud) => {
    const { page, address } = await waiting(context, cloud, { factor: 'recovery' })
    await wrongCodes(context, cloud, address, MAX_ATTEMPTS)
    await page.reload()
    return page
  },
  expired: async (context, cloud) => {
    const { page } = await waiting(context, cloud, { factor: 'sms' })
    const now = Date.now()
    jest.spyOn(Date, 'now').mockImplementation(() => now + 121_000)
    await page.reload()
    return page
  },
  cancelled: async (context, cloud) => {
    const { page, address } = await waiting(context, cloud)
    await page.getByRole('button').last().click()
    await page.getByText('"cancelled"').waitFor()
    await page.goto(address)
    forgiveComplaints(/401/)
    return page
  },
  approved: async (context, cloud) => {
    const { page, username } = await waiting(context, cloud)
    // Answer the callback with 204, so that the browser stays on the page.
    await context.route(/callback/, (route) => route.fulfill({ status: 204 }))
    await cloud.simulator.phone(username).approve()
    await page.locator('main[data-status="succeeded"] [role=status]:not(:empty)').waitFor()
    return page
  },
  used: async (context, cloud) => {
    const { page, address, username } = await waiting(context, cloud)
    await cloud.simulator.phone(username).approve()
    await page.getByText('"action":"success"').waitFor()
    await page.goto(address)
    forgiveComplaints(/403/)
    return page
  },
  done: async (context, cloud) => {
    const { username } = cloud.newUser()
    const address = await enterPassword(context, cloud, username)
    await cloud.simulator.phone(username).approve()
    await context.request.get(address.replace('/login/2fa', '/recorded'))
    const page = await context.newPage()
    await page.goto(address)
    return page
  },
  'sent-again': async (context, cloud) => {
    const address = await enterPassword(context, cloud, cloud.newUser().username)
    stopClockIn(16)
    const page = await context.newPage()
    await page.goto(await choose(context, cloud, address, 'push'))
    await page.locator('p[role=status]').first().waitFor()
    return page
  },
  'sent-too-soon': async (context, cloud) => {
    stopClockIn(0)
    const address = await enterPassword(context, cloud, cloud.newUser().username)
    const page = await context.newPage()
    await page.goto(await choose(context, cloud, address, 'push'))
    await page.locator('p[role=status]').first().waitFor()
    return page
  },
  'start-refused': refusedStart('push', false),
  'start-refused-at-the-end': refusedStart('sms', true),
  'no-response': async (context, cloud) => {
    const { page } = await waiting(context, cloud)
    const fault = cloud.simulator.faults.add({ on: 'getStatus', status: 503 })
    undo.push(() => fault.remove())
    await page.locator('[data-note]:not(:empty)').waitFor()
    return page
  },
  'no-answer-yet': async (context, cloud) => {
    // The page offers "Check now" only if its script does not run.
    await context.route(/asset=script/, (route) => route.abort())
    forgiveComplaints(/ERR_FAILED/)
    const page = await context.newPage()
    await page.goto(`${await enterPassword(context, cloud, cloud.newUser().username)}&checked=1`)
    await page.locator('.nevis-unscripted [role=status]').waitFor()
    return page
  },
  start: async (context, cloud) => {
    const { page, username } = await waiting(context, cloud)
    await cloud.simulator.phone(username).approve()
    await page.getByText('"action":"success"').waitFor()
    await page.goto(`${cloud.app.origin}/login/2fa`)
    return page
  },
  signing: async (context, cloud) => {
    const { username } = cloud.newUser()
    const answer = await context.request.post(`${cloud.app.origin}/pay`, { form: { username, password: 'correct horse' }, maxRedirects: 0 })
    const page = await context.newPage()
    await page.goto(new URL(answer.headers()['location'] as string, cloud.app.origin).href)
    return page
  },
  soon: async (context, cloud) => {
    await context.clock.install()
    const { page } = await waiting(context, cloud, { factor: 'recovery' })
    await context.clock.runFor(95_000)
    await page.locator('[data-note]:not(:empty)').waitFor()
    return page
  },
  'recovery-codes-copied': async (context, cloud) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    const page = await context.newPage()
    await page.goto((await makingCodes(context, cloud)).address)
    await page.locator('[data-copy]').click()
    await page.locator('.nevis-written button:enabled').waitFor()
    return page
  },
  stranger: async (context, cloud) => {
    const { app } = cloud
    const page = await context.newPage()
    await page.goto(`${app.origin}/login/2fa?transaction=x`)
    forgiveComplaints(/403/)
    return page
  },
  outage: async (context, { app }) => {
    const page = await context.newPage()
    await page.goto(`${app.origin}/outage`)
    forgiveComplaints(/503/)
    return page
  },
  'enroll-app': enrolling('app'),
  'enroll-sms': enrolling('sms', { phone: '+41790000001' }),
  'enroll-sms-instead': async (context, cloud) => {
    const page = await enrolling('app')(context, cloud)
    await page.locator('summary').click()
    await page.locator('#nevis-phone').fill('+41 79 000 00 01')
    return page
  },
  enrolled: async (context, cloud) => {
    const page = await enrolling('app')(context, cloud)
    const address = page.url()
    await cloud.simulator.phone(`newcomer${newcomers}`).scan((await page.locator('main a.nevis-button').getAttribute('href')) as string)
    await page.getByText('"action":"success"').waitFor()
    await page.goto(address)
    return page
  },
  'recovery-codes': async (context, cloud) => {
    const page = await context.newPage()
    await page.goto((await makingCodes(context, cloud)).address)
    return page
  },
  offline: async (context, cloud) => {
    const { page } = await waiting(context, cloud)
    await context.setOffline(true)
    await page.locator('[data-note]:not(:empty)').waitFor()
    return page
  },
  elsewhere: async (context, cloud) => {
    const { page, address, username } = await waiting(context, cloud)
    const other = await context.newPage()
    await other.goto(address)
    await cloud.simulator.phone(username).approve()
    const through = await Promise.race([page.waitForURL(/callback/).then(() => page), other.waitForURL(/callback/).then(() => other)])
    return through === page ? other : page
  },
}

const LABELS: Readonly<Record<string, readonly [string, string, string]>> = {
  de: ['Betrag', 'An', 'Von'], fr: ['Montant', 'À', 'De'], it: ['Importo', 'A', 'Da'],
}

function detailsOf(data: unknown, language: string) {
  if (data === undefined) return undefined
  const { amount, payee, account } = data as Payment
  const [first, second, third] = LABELS[language] ?? ['Amount', 'To', 'From']
  return [{ label: first, value: amount }, { label: second, value: payee }, { label: third, value: account }]
}

/** Starts the cloud and the app for all states. */
export function startLook(): Promise<Cloud> {
  return startCloud({
    strategy: {
      message: 'Sign in to Alpine Mutual?',
      attemptBudget: { attempts: MAX_ATTEMPTS + 1, perSeconds: 3600 },
      availableFactors: () => ['push', 'app', 'sms', 'recovery'],
      operation: ({ body }) => ((body as { operation?: string }).operation === 'enroll' ? 'enroll' : 'approve'),
    },
    routes: (express, { nevis, passport }) => {
      express.get('/outage', (_req, _res, next) => next(new NevisError('NEVIS_TIMEOUT', 'ping')), outagePage(nevis, look))
      express.use(outagePage(nevis, look))
      // A callback that records the second factor, because the test app's own callback does not.
      express.get('/recorded', passport.authenticate('nevis'), recordSecondFactor(), (_req, res) => void res.end())
      express.post('/pay', passport.authenticate('local', { session: false }), passport.authenticate('nevis', {
        message: htmlMessage`Pay <b>CHF 1'250.00</b> to Donaudampfschifffahrtsgesellschaftskapitän M & S?`,
        data: { amount: "CHF 1'250.00", payee: 'Donaudampfschifffahrtsgesellschaftskapitän M & S', account: 'CH93 0076 2011 6238 5295 7' },
      }))
    },
    page: { ...look, maskedPhone: () => '•••• 0001', messageLanguage: () => 'en', details: detailsOf },
  })
}

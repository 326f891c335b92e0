/**
 * The look of the waiting page in every state: accessible, no wider than the screen, in light and dark, on a phone and in every language. Takes a
 * screenshot of each in `screenshots/`.
 */
import axe from 'axe-core'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import { htmlMessage, NevisError, outagePage, waitingPage, type Locales, type PageOptions } from '../../src'
import { describeWithChromium } from '../support/chromium'
import { enterPassword, makingCodes, forgiveComplaints, startCloud, useChromium, waiting, type Cloud } from './support'

const FOLDER = join(__dirname, 'screenshots')
const DESKTOP = { width: 1280, height: 900 }
const TABLET = { width: 768, height: 900 }
const PHONE = { width: 360, height: 740 }
const NARROWEST = { width: 320, height: 640 }

const svg = (colour: string) =>
  `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" width="190" height="40"><path d="M4 36 20 6l16 30z" fill="${colour}"/><text x="46" y="28" font-family="sans-serif" font-size="20" fill="${colour}">Alpine Mutual</text></svg>`)}`

/** What a bank would say of itself. */
const look: PageOptions = {
  brand: { name: 'Alpine Mutual', logo: svg('#0b3d2e'), logoDark: svg('#d9efe6'), href: '/home' },
  languages: ['de', 'fr', 'it', 'en'],
  signInURL: '/sign-in',
  helpURL: '/help',
  changePasswordURL: '/password',
  footerLinks: [{ text: { de: 'Impressum', en: 'Legal notice', fr: 'Mentions légales', it: 'Note legali' }, href: '/legal' }],
  storeLinks: { ios: 'https://apps.apple.com/app/id1', android: 'https://play.google.com/store/apps/details?id=x' },
}

/** English is looked at anyway. */
const LANGUAGES = ['de', 'fr', 'it']
/** States of the page in this tab alone; every other one is the server's. */
const LOST_BY_RELOAD = ['offline', 'elsewhere', 'approved', 'enroll-sms-instead', 'soon', 'recovery-codes-copied']

/** A language of the app's own, written from right to left. */
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
}

/** By the link, which moves the sight to the list. */
async function otherPhones(page: Page, address: string): Promise<Page> {
  await page.goto(address)
  await page.getByRole('link', { name: /^(Use another phone|Anderes Telefon|Utiliser un autre|Usare un altro)/ }).click()
  await page.locator('#nevis-phones').waitFor()
  return page
}

interface Payment {
  readonly amount: string
  readonly payee: string
  readonly account: string
}

type State = (context: BrowserContext, cloud: Cloud) => Promise<Page>

/** A transaction that ends under the eyes of the page. */
const ended = (fields: Record<string, string>, end: (cloud: Cloud, username: string) => Promise<void> | void): State => async (context, cloud) => {
  const { page, username } = await waiting(context, cloud, fields)
  await end(cloud, username)
  await page.locator('main[data-status="failed"], main[data-status="expired"]').waitFor()
  return page
}

/** What a state has changed at the cloud, for the next test. */
const undo: (() => void)[] = []
let withoutSms = 0

let newcomers = 0

/** Somebody whom Nevis does not know yet. */
function enrolling(factor: string, fields: Record<string, string> = {}): State {
  return async (context, cloud) => {
    const address = await enterPassword(context, cloud, `newcomer${++newcomers}`, { factor, operation: 'enroll', ...fields })
    const page = await context.newPage()
    await page.goto(address)
    return page
  }
}

const states: Record<string, State> = {
  push: async (context, cloud) => (await waiting(context, cloud)).page,
  app: async (context, cloud) => (await waiting(context, cloud, { factor: 'app' })).page,
  sms: async (context, cloud) => (await waiting(context, cloud, { factor: 'sms' })).page,
  recovery: async (context, cloud) => (await waiting(context, cloud, { factor: 'recovery' })).page,
  'wrong-code': async (context, cloud) => {
    const { page } = await waiting(context, cloud, { factor: 'sms' })
    await page.locator('#nevis-code').fill('1')
    await page.locator('#nevis-code').press('Enter')
    await page.getByRole('alert').waitFor()
    return page
  },
  phones: async (context, cloud) => {
    const authenticators = ['Pixel 8', 'Pixel 8', '', 'Work phone (Donaudampfschifffahrtsgesellschaft)', 'هاتف آنا']
    const { username, authenticatorIds } = cloud.simulator.addUser({ username: `phones${Date.now()}`, authenticators })
    return otherPhones(await context.newPage(), await enterPassword(context, cloud, username, { authenticatorId: authenticatorIds[0] as string }))
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
    const transaction = new URL(address).searchParams.get('transaction') as string
    for (let i = 0; i < 5; i++) await context.request.post(`${cloud.app.origin}/login/2fa/callback`, { form: { transaction, code: 'x', retry: '1' } })
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
    // An answer that leaves the page where it is.
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
    await page.getByText(/Less than half a minute|halbe Minute|trente secondes|mezzo minuto/).waitFor()
    return page
  },
  'recovery-codes-copied': async (context, cloud) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    const page = await context.newPage()
    await page.goto((await makingCodes(context, cloud)).address)
    await page.locator('[data-copy]').click()
    await page.locator('[data-saved]:checked').waitFor()
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

describeWithChromium('the waiting page', () => {
  const chromium = useChromium()
  let cloud: Cloud

  beforeAll(async () => {
    mkdirSync(FOLDER, { recursive: true })
    cloud = await startCloud({
      strategy: {
        message: 'Sign in to Alpine Mutual?',
        availableFactors: () => ['push', 'app', 'sms', 'recovery'],
        operation: ({ body }) => ((body as { operation?: string }).operation === 'enroll' ? 'enroll' : 'approve'),
      },
      routes: (express, { nevis, passport }) => {
        express.get('/arabic', waitingPage(nevis, { ...look, languages: ['ar', 'en'], locales: { ar } }))
        express.get('/outage', (_req, _res, next) => next(new NevisError('NEVIS_TIMEOUT', 'ping')), outagePage(nevis, look))
        express.use(outagePage(nevis, look))
        express.post('/pay', passport.authenticate('local', { session: false }), passport.authenticate('nevis', {
          message: htmlMessage`Pay <b>CHF 1'250.00</b> to Donaudampfschifffahrtsgesellschaftskapitän M & S?`,
          data: { amount: "CHF 1'250.00", payee: 'Donaudampfschifffahrtsgesellschaftskapitän M & S', account: 'CH93 0076 2011 6238 5295 7' },
        }))
      },
      page: { ...look, maskedPhone: () => '•••• 0001', details: (data) => data !== undefined && [{ label: 'Amount', value: (data as Payment).amount }, { label: 'To', value: (data as Payment).payee }, { label: 'From', value: (data as Payment).account }] },
    })
  })
  afterAll(() => cloud.close())
  afterEach(() => {
    jest.restoreAllMocks()
    for (const one of undo.splice(0)) one()
  })

  /** Pictures take most of the time, so they are taken only where somebody wants to look at them: SCREENSHOTS=1 */
  const shoot = async (page: Page, name: string, fullPage = true) => {
    if (process.env['SCREENSHOTS'] !== undefined) await page.screenshot({ path: join(FOLDER, `${name}.png`), fullPage })
  }

  describe.each(Object.entries(states))('in the state "%s"', (name, state) => {
    it('is accessible in light, dark and forced colours, with large text, fits every screen, and speaks every language', async () => {
      let page = await state(await chromium.open({ viewport: DESKTOP, ...speaking('en') }), cloud)
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        await shoot(page, `${name}-desktop-${colorScheme}`)
        expect(await violations(page)).toEqual([])
      }
      await page.emulateMedia({ colorScheme: 'light', forcedColors: 'active' })
      await page.setViewportSize(PHONE)
      await shoot(page, `${name}-forced`)
      expect(await violations(page)).toEqual([])
      await page.emulateMedia({ forcedColors: 'none' })
      await shoot(page, `${name}-phone`)
      await page.setViewportSize(TABLET)
      await shoot(page, `${name}-tablet`)
      await page.setViewportSize(NARROWEST)
      await shoot(page, `${name}-narrowest`)
      await expectToFit(page)
      await page.evaluate('document.documentElement.style.fontSize = "200%"')
      await shoot(page, `${name}-large`)
      await expectToFit(page)
      for (const tag of LANGUAGES) {
        if (LOST_BY_RELOAD.includes(name)) page = await state(await chromium.open({ viewport: PHONE, ...speaking(tag) }), cloud)
        else {
          await page.setExtraHTTPHeaders(speaking(tag).extraHTTPHeaders)
          await page.setViewportSize(PHONE)
          await page.reload()
        }
        expect(await page.locator('html').getAttribute('lang')).toBe(tag)
        await shoot(page, `${name}-phone-${tag}`)
        await expectToFit(page)
      }
      forgiveComplaints(/INTERNET_DISCONNECTED|403|503/)
    })
  })

  it('on a phone › shows the link first, large enough for a finger', async () => {
    const page = await (states['app'] as State)(await chromium.open({ viewport: PHONE, isMobile: true, hasTouch: true }), cloud)
    // A picture of more than the screen would be taken as by a mouse.
    await shoot(page, 'app-phone-touch', false)
    const [link, code] = await Promise.all([page.getByRole('link', { name: 'Open the Access App' }).boundingBox(), page.getByRole('img', { name: 'QR code for the Access App' }).boundingBox()])
    expect(link?.y).toBeLessThan(code?.y as number)
    for (const target of await page.locator('a:visible, button:visible').all()) expect((await target.boundingBox())?.height).toBeGreaterThanOrEqual(44)
    expect(await violations(page)).toEqual([])
  })

  it.each(['push', 'app', 'sms', 'wrong-code', 'denied', 'enroll-app', 'recovery-codes'])('in a language from right to left › begins on the right: %s', async (name) => {
    const page = await (states[name] as State)(await chromium.open({ viewport: PHONE, locale: 'ar-EG' }), cloud)
    await page.goto(page.url().replace('/login/2fa', '/arabic'))
    expect(await page.locator('html').getAttribute('dir')).toBe('rtl')
    await shoot(page, `${name}-phone-ar`)
    if (name === 'push') {
      const quote = await page.evaluate<{ borderRightWidth: string; borderLeftWidth: string }>('({ ...getComputedStyle(document.querySelector("blockquote")) })')
      expect([quote.borderRightWidth, quote.borderLeftWidth]).toEqual(['4px', '0px'])
    }
    expect(await violations(page)).toEqual([])
    await expectToFit(page)
  })

  it('in a language from right to left › writes recovery codes from left to right', async () => {
    const page = await (states['recovery-codes'] as State)(await chromium.open({ viewport: PHONE, locale: 'ar-EG' }), cloud)
    await page.goto(page.url().replace('/login/2fa', '/arabic'))
    // Where the first and the last character of a code are.
    const [first, last] = await page.evaluate<[number, number]>(`(() => {
      const text = document.querySelector('[data-codes] code').firstChild
      const at = (i) => { const range = document.createRange(); range.setStart(text, i); range.setEnd(text, i + 1); return range.getBoundingClientRect().left }
      return [at(0), at(text.length - 1)]
    })()`)
    expect(first).toBeLessThan(last)
  })

  it.each(['push', 'app', 'sms', 'recovery', 'denied', 'expired', 'stranger', 'outage', 'enroll-app', 'recovery-codes'])('without JavaScript › looks complete: %s', async (name) => {
    // The state is brought about with JavaScript, and then looked at without.
    const context = await chromium.open({ viewport: PHONE })
    const page = await (states[name] as State)(context, cloud)
    const plain = await (await chromium.open({ viewport: PHONE, javaScriptEnabled: false, storageState: await context.storageState() })).newPage()
    await plain.goto(page.url())
    await shoot(plain, `${name}-no-script`)
    expect(await plain.locator('a:visible, button:visible').count()).toBeGreaterThan(0)
    forgiveComplaints(/403|503/)
  })

  it.each([['no-preference', 1], ['reduce', 0]] as const)('where motion is wished so: %s › has so many animations', async (reducedMotion, count) => {
    const page = await (states['push'] as State)(await chromium.open({ reducedMotion }), cloud)
    expect(await page.evaluate('document.getAnimations().length')).toBe(count)
  })
})

/** By the header alone, which can be changed later; a locale cannot. */
function speaking(tag: string) {
  return { extraHTTPHeaders: { 'accept-language': `${tag}-CH, en;q=0.1` } }
}

async function expectToFit(page: Page): Promise<void> {
  await page.setViewportSize(NARROWEST)
  const { scrollWidth, clientWidth } = await page.evaluate<{ scrollWidth: number; clientWidth: number }>(
    '({ scrollWidth: document.documentElement.scrollWidth, clientWidth: document.documentElement.clientWidth })',
  )
  expect(scrollWidth).toBe(clientWidth)
}

/** By axe-core, every rule that it has; handed to the page past its policy. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate<axe.AxeResults>('axe.run()')
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

/**
 * The screenshots in the documents. `npm run screenshots` takes them again, into `docs/images/`, and writes the text of each page into `pictures.md`.
 * Any other run checks that each page still has this text.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import { NevisError, htmlMessage, outagePage, type PageOptions } from '../../src'
import { describeWithChromium } from '../support/chromium'
import { steady } from './accessibility'
import { enterPassword, makingCodes, forgiveComplaints, showsHeading, startCloud, useChromium, wholePicture, type Cloud } from './support'

const FOLDER = join(__dirname, '../../docs/images')
const TEXTS = join(__dirname, 'pictures.md')
const isTaking = process.env['SCREENSHOTS'] !== undefined
/** A low window, so that each screenshot ends where the page ends. */
const PHONE = { viewport: { width: 390, height: 200 }, hasTouch: true, isMobile: true }
const DESKTOP = { viewport: { width: 700, height: 480 } }

const logo = `<svg xmlns="http://www.w3.org/2000/svg" width="150" height="40"><circle cx="20" cy="20" r="15" fill="#0b5cad"/><text x="46" y="27" font-family="sans-serif" font-size="20" fill="#1c2430">Example</text></svg>`
const look: PageOptions = {
  brand: { name: 'Example', logo: `data:image/svg+xml,${encodeURIComponent(logo)}` },
  signInURL: '/login',
  helpURL: '/help',
  footerLinks: [{ text: 'Legal notice', href: '/legal' }],
  storeLinks: { ios: 'https://apps.apple.com/app/id1', android: 'https://play.google.com/store/apps/details?id=x' },
}

interface Payment {
  readonly amount: string
  readonly payee: string
}

const isPayment = (data: unknown): data is Payment => typeof (data as Partial<Payment> | undefined)?.amount === 'string'

interface Picture {
  readonly size: object
  readonly heading: string
  /** Fields that the sign-in form sends besides username and password. */
  readonly start?: Record<string, string>
  /** What the user has typed as the code. */
  readonly typed?: string
  /** Opens the page to photograph. If absent, the test signs in with the password and photographs the waiting page. */
  readonly at?: (page: Page, context: BrowserContext) => Promise<unknown>
}

describeWithChromium('the pictures of the documents', () => {
  const chromium = useChromium()
  let cloud: Cloud
  beforeEach(async () => {
    cloud = await startCloud({
      strategy: {
        message: 'Sign in to Example?',
        operation: (req) => ((req.body as { enrol?: string }).enrol === undefined ? 'approve' : 'enroll'),
      },
      routes: (app, { nevis, passport }) => {
        app.post('/pay', passport.authenticate('local', { session: false }), passport.authenticate('nevis', {
          message: htmlMessage`Pay <b>CHF ${'120.00'}</b> to ${'Garage M & S'}?`,
          data: { amount: 'CHF 120.00', payee: 'Garage M & S' },
        }))
        app.get('/outage', (_req, _res, next) => next(new NevisError('NEVIS_TIMEOUT', 'ping')), outagePage(nevis, look))
      },
      page: { ...look, maskedPhone: () => '•••• 4567', details: (data) => isPayment(data) && [{ label: 'Amount', value: data.amount }, { label: 'To', value: data.payee }] },
    })
  })
  afterEach(() => cloud.close())
  const sections: string[] = []
  afterAll(() => {
    const head = '# The texts of the pictures in `docs/images`\n\nThe text of each page, that for screen readers included, when its picture was taken. Written by `npm run screenshots`; each other run compares it.'
    if (isTaking) writeFileSync(TEXTS, [head, ...sections].join('\n\n').concat('\n'))
  })

  const atPay = async (page: Page, context: BrowserContext) => {
    const { username } = cloud.newUser()
    const answer = await context.request.post(`${cloud.app.origin}/pay`, { form: { username, password: 'correct horse' }, maxRedirects: 0 })
    await page.goto(new URL(answer.headers()['location'] as string, cloud.app.origin).href)
  }
  const atEnrolment = async (page: Page, context: BrowserContext) => page.goto(await enterPassword(context, cloud, 'newcomer', { factor: 'app', enrol: '1' }))
  const atTheOutage = async (page: Page) => {
    forgiveComplaints(/status of 503/)
    await page.goto(`${cloud.app.origin}/outage`)
  }
  const atThePhones = async (page: Page, context: BrowserContext) => {
    cloud.simulator.addUser({ username: 'anna', phone: '+41791234567', recoveryCodes: 3 })
    await enterPassword(context, cloud, 'anna')
    await page.goto(`${cloud.simulator.baseURL}/`)
  }
  const pictures: Record<string, Picture> = {
    'waiting-push': { size: PHONE, heading: 'Check your phone' },
    'waiting-app': { size: DESKTOP, heading: 'Confirm with the app', start: { factor: 'app' } },
    'waiting-sms': { size: PHONE, heading: 'Enter the code from the SMS', start: { factor: 'sms' }, typed: '482 913' },
    'waiting-signing': { size: PHONE, heading: 'Check your phone', at: atPay },
    'enroll-app': { size: PHONE, heading: 'Set up the Access App', at: (page, context) => atEnrolment(page, context) },
    'recovery-codes': { size: PHONE, heading: 'Your recovery codes', start: { factor: 'recovery', enrol: '1' } },
    outage: { size: PHONE, heading: 'Not available just now', at: atTheOutage },
    'simulator-phones': { size: { viewport: { width: 480, height: 200 } }, heading: 'Phones', at: atThePhones },
  }

  it.each(Object.keys(pictures))('show the text that the page has now: %s', async (name) => {
    const { size, heading, start = {}, typed, at } = pictures[name] as Picture
    const context = await chromium.open({ ...size, colorScheme: 'light', reducedMotion: 'reduce' })
    const page = await context.newPage()
    if (at !== undefined) await at(page, context)
    else {
      await page.goto(start['enrol'] === undefined ? await enterPassword(context, cloud, cloud.newUser().username, start) : (await makingCodes(context, cloud)).address)
    }
    await showsHeading(page, heading)
    if (typed !== undefined) await page.getByLabel('Code').fill(typed)
    const section = `## ${name}\n\n\`\`\`text\n${await pageText(page)}\n\`\`\``
    if (!isTaking) return expect(section).toBe(readFileSync(TEXTS, 'utf8').split(/\n\n(?=## )/).find((one) => one.startsWith(`## ${name}\n`))?.trimEnd())
    sections.push(section)
    await wholePicture(page, join(FOLDER, `${name}.png`), page.viewportSize() as { width: number; height: number })
  })
})

/** The text, without empty lines, and without what differs from run to run. */
async function pageText(page: Page): Promise<string> {
  const lines = steady(await page.locator('body').innerText()).split('\n')
  return lines.map((line) => line.trim()).filter(Boolean).join('\n')
}

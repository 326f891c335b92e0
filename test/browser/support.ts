/**
 * Real browsers for an app and a simulator that run in this process, so that the test can control both.
 *
 * Out of scope: the example app, which is a process of its own (`sign-in.test.ts`).
 */
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { NevisSimulator, type AddedUser } from '../../src/simulator'
import { PASSWORD, startApp, type AppOptions, type TestApp } from '../support/app'
import { launchChromium } from '../support/chromium'

/** A generous limit for each test: on an old machine with two cores, other tests may compile PGlite (WebAssembly) for the example app meanwhile. */
export const SLOW_MS = 120_000
jest.setTimeout(SLOW_MS)

/** What the browser has reported on its console: errors, warnings, violations of the Content-Security-Policy. */
const complaints: string[] = []
let forgiven: RegExp[] = []

/**
 * Starts one Chromium for the test file. `open` creates a new browser context. A test fails if the browser reports an error or a warning during the test.
 * @param keepOpen true: a browser context stays open after the test, so that the next test can go on in the same tab
 */
export function useChromium({ keepOpen = false } = {}): { open(options?: BrowserContextOptions): Promise<BrowserContext> } {
  let chromium: Browser
  beforeAll(async () => {
    chromium = await launchChromium()
  }, SLOW_MS)
  afterAll(() => chromium?.close())
  afterEach(async () => {
    if (!keepOpen) await Promise.all(chromium.contexts().map((context) => context.close()))
    const patterns = forgiven
    forgiven = []
    expect(complaints.splice(0).filter((complaint) => !patterns.some((pattern) => pattern.test(complaint)))).toEqual([])
  })
  return {
    async open(options = {}) {
      const language = options.extraHTTPHeaders === undefined ? { locale: 'en-GB' } : {}
      const context = await chromium.newContext({ ...language, ...options })
      context.setDefaultTimeout(SLOW_MS / 2)
      if (options.javaScriptEnabled !== false) await context.addInitScript(reportViolations)
      context.on('console', (message) => {
        // Ignore the error about the favicon: the app of these tests has none.
        const isOurs = !message.location().url.endsWith('/favicon.ico')
        if (isOurs && ['error', 'warning'].includes(message.type())) complaints.push(`${message.text()} (${message.location().url})`)
      })
      context.on('weberror', (error) => complaints.push(String(error.error())))
      return context
    },
  }
}

/** Ignores errors that the test causes on purpose. Any other error still fails the test. */
export function forgiveComplaints(pattern: RegExp): void {
  forgiven.push(pattern)
}

/** Runs in the page. Prints violations of the Content-Security-Policy as errors. */
function reportViolations(): void {
  const page = globalThis as unknown as { addEventListener(name: string, listener: (event: any) => void): void }
  page.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
    console.error(`policy: ${violatedDirective} ${blockedURI}`),
  )
}

export interface Cloud {
  readonly simulator: NevisSimulator
  readonly app: TestApp
  /** Adds a user who has every factor. */
  newUser(): AddedUser & { readonly phone: string }
  close(): Promise<void>
}

/** With the default schedule, a test would wait two seconds for the first status call. */
const TWICE_A_SECOND = [{ untilSeconds: 600, everySeconds: 0.5 }]

export async function startCloud(options: Partial<AppOptions> = {}): Promise<Cloud> {
  const simulator = await NevisSimulator.start()
  const app = await startApp({ simulator, ...options, strategy: { pollSchedule: TWICE_A_SECOND, ...options.strategy } })
  let users = 0
  return {
    simulator,
    app,
    newUser() {
      const phone = `+4179000${String(1000 + ++users)}`
      return { ...simulator.addUser({ username: `person${users}`, phone, recoveryCodes: 2 }), phone }
    },
    async close() {
      await app.close()
      await simulator.close()
    },
  }
}

/** Submits the password in this browser context, and returns the address of the waiting page. */
export async function enterPassword(context: BrowserContext, { app }: Cloud, username: string, fields: Record<string, string> = {}): Promise<string> {
  const form = { username, password: PASSWORD, ...fields }
  const answer = await context.request.post(`${app.origin}/login`, { form, maxRedirects: 0 })
  expect(answer.status()).toBe(303)
  return new URL(answer.headers()['location'] as string, app.origin).href
}

/** Creates a user with a phone who has just given the second factor, and starts the enrolment of recovery codes. Returns the address of the waiting page. */
export async function makingCodes(context: BrowserContext, cloud: Cloud): Promise<{ address: string; username: string }> {
  const { username, userId } = cloud.newUser()
  const { origin } = cloud.app
  await context.request.post(`${origin}/prove`, { form: { username, userId } })
  const answer = await context.request.post(`${origin}/factors`, { form: { factor: 'recovery' }, maxRedirects: 0 })
  expect(answer.status()).toBe(303)
  return { address: new URL(answer.headers()['location'] as string, origin).href, username }
}

/** Opens a new tab with the waiting page of a new user. */
export async function waiting(context: BrowserContext, cloud: Cloud, fields: Record<string, string> = {}) {
  const { username, recoveryCodes } = cloud.newUser()
  const address = await enterPassword(context, cloud, username, fields)
  const page = await context.newPage()
  await page.goto(address)
  return { page, address, username, recoveryCodes }
}

/** The code of the newest text message. */
export function codeFor({ simulator }: Cloud, username: string): string {
  return /\d{4,}/.exec(simulator.sms(username).at(-1) ?? '')?.[0] as string
}

/** Waits for the callback's answer: the test app answers in JSON with Passport's action. */
export async function isSignedIn(page: Page): Promise<void> {
  await page.getByText('"action":"success"').waitFor()
}

/** Takes a screenshot of the whole page on a screen that is high enough, because a screenshot with `fullPage` shows the page as on a device with a mouse. */
export async function wholePicture(page: Page, path: string, { width, height }: { width: number; height: number }): Promise<void> {
  await page.setViewportSize({ width, height })
  const whole = await page.evaluate<number>('document.documentElement.scrollHeight')
  await page.setViewportSize({ width, height: Math.max(height, whole) })
  await page.screenshot({ path })
}

/** Finds elements whose text or buttons are wider than the element, so that they run over its border. */
export function overflowing(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`[...document.querySelectorAll('body *')].filter((one) => {
    const { display, overflowX } = getComputedStyle(one)
    return one.checkVisibility() && display !== 'inline' && overflowX === 'visible' && one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0
  }).map(({ outerHTML }) => outerHTML.slice(0, 100))`)
}

/** Finds the words of buttons that begin on one line and end on another. */
export function brokenWords(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`[...document.querySelectorAll('button, .button')].filter((one) => one.checkVisibility()).flatMap((one) => {
    const walker = document.createTreeWalker(one, NodeFilter.SHOW_TEXT)
    const broken = []
    while (walker.nextNode()) {
      for (const { 0: word, index } of walker.currentNode.data.matchAll(/\\S+/g)) {
        const range = document.createRange()
        range.setStart(walker.currentNode, index)
        range.setEnd(walker.currentNode, index + word.length)
        if (new Set([...range.getClientRects()].map(({ top }) => top)).size > 1) broken.push(word)
      }
    }
    return broken
  })`)
}

export const heading = (page: Page) => page.getByRole('heading', { level: 1 })

export async function showsHeading(page: Page, name: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor()
}

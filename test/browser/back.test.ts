/**
 * The button "Back" of the browser, on the page after an enrolment that has ended: the waiting page says how it has ended, and how to go on.
 *
 * Out of scope: "Back" after an approval (`sign-in.test.ts`, `example-pay.test.ts`).
 */
import type { BrowserContext, Page } from 'playwright-core'
import { describeWithChromium } from '../support/chromium'
import { enterPassword, forgiveComplaints, isSignedIn, showsHeading, startCloud, useChromium, type Cloud } from './support'

describeWithChromium('the waiting page of an enrolment that has ended, by the button "Back"', () => {
  const chromium = useChromium()
  let cloud: Cloud

  beforeAll(async () => {
    cloud = await startCloud({
      strategy: { operation: ({ body }) => ((body as { operation?: string }).operation === 'enroll' ? 'enroll' : 'approve') },
      page: { signInURL: '/sign-in', brand: { name: 'Alpine Mutual', href: '/home' } },
      routes: (express) => express.get(['/sign-in', '/home', '/elsewhere'], ({ path }, res) => void res.send(`<!doctype html><h1>${path}</h1>`)),
    })
  })
  afterAll(() => cloud.close())
  afterEach(() => jest.restoreAllMocks())

  const appLink = async (page: Page) => (await page.getByRole('link', { name: 'Open the Access App' }).getAttribute('href')) as string
  const later = () => {
    const now = Date.now()
    jest.spyOn(Date, 'now').mockImplementation(() => now + 601_000)
  }
  let users = 0

  /** Opens the page on which a new user sets up the first factor, or a user who has signed in sets up another phone. */
  async function enrolling(context: BrowserContext, isSignedIn: boolean) {
    const page = await context.newPage()
    const username = `back${++users}`
    if (!isSignedIn) {
      await page.goto(await enterPassword(context, cloud, username, { factor: 'app', operation: 'enroll' }))
      return { page, username }
    }
    const { userId } = cloud.simulator.addUser({ username })
    const { origin } = cloud.app
    await context.request.post(`${origin}/prove`, { form: { username, userId } })
    const answer = await context.request.post(`${origin}/factors`, { form: { factor: 'app', operation: 'enroll' }, maxRedirects: 0 })
    await page.goto(new URL(answer.headers()['location'] as string, origin).href)
    return { page, username }
  }

  const ends: Record<string, (page: Page, username: string) => Promise<unknown>> = {
    finished: async (page, username) => {
      await cloud.simulator.phone(username).scan(await appLink(page))
      await isSignedIn(page)
    },
    expired: (page) => (later(), page.reload()),
    cancelled: async (page) => {
      await page.getByRole('button', { name: 'Cancel' }).click()
      await page.getByText('"cancelled"').waitFor()
    },
  }

  it.each([
    ['finished', true, 'Already set up', 'The set-up is complete. There is nothing more to do here.', 'Continue', '/home'],
    ['finished', false, 'Already set up', 'The set-up is complete. There is nothing more to do here.', 'Continue', '/home'],
    ['expired', true, 'Request expired', 'Send a new one.', 'Set up the Access App', 'Set up the Access App'],
    ['expired', false, 'Request expired', 'Send a new one.', 'Set up the Access App', 'Set up the Access App'],
    ['cancelled', true, 'Request cancelled', '', 'Continue', '/home'],
    ['cancelled', false, 'Request cancelled', '', 'Go to sign-in', '/sign-in'],
  ] as const)('%s, by a user who is signed in: %s › says so, and leads on', async (end, isKnown, heading, sentence, on, next) => {
    const { page, username } = await enrolling(await chromium.open(), isKnown)
    const address = page.url()
    await (ends[end] as (typeof ends)[string])(page, username)
    // Open the waiting page again, so that "Back" leads to it.
    await page.goto(address)
    await page.goto(`${cloud.app.origin}/elsewhere`)
    await page.goBack()
    await showsHeading(page, heading)
    expect(await page.locator('main').textContent()).toContain(sentence)
    jest.restoreAllMocks()
    await page.locator('main').getByRole(on === 'Set up the Access App' ? 'button' : 'link', { name: on }).click()
    await showsHeading(page, next)
    forgiveComplaints(/401|403|404/)
  })
})

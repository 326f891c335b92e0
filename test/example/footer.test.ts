/** The footer of the example app's pages and of its waiting page: help, imprint and the choice of a language. */
import { callbackOf, enterPassword, signIn, startExample, type Running } from './support'

let app: Running
beforeAll(async () => {
  app = await startExample()
})
afterAll(() => app.stop())

const page = { accept: 'text/html' }
const TEXTS = [['en', 'Help', 'Imprint'], ['de', 'Hilfe', 'Impressum']] as const

describe('help and imprint', () => {
  it('are links on each page, in its language', async () => {
    const [stranger, user] = [app.browser(), await signIn(app, 'ben')]
    const pages = [
      ...['/', '/login', '/sign-up', '/help', '/imprint', '/nothing'].map((path) => [stranger, path] as const),
      ...['/account', '/invoices', '/account/devices', '/nothing'].map((path) => [user, path] as const),
    ]
    for (const [language, help, imprint] of TEXTS) {
      for (const [browser, path] of pages) {
        const footer = (await browser.get(path, { ...page, 'accept-language': language })).text.split('<footer>')[1] as string
        expect([path, footer]).toEqual([path, expect.stringContaining(`<a href="/help">${help}</a> <a href="/imprint">${imprint}</a>`)])
      }
    }
  })

  it('are links on the waiting page, in its language', async () => {
    const browser = app.browser()
    const waiting = await enterPassword(browser, app.account('anna'))
    for (const [language, help, imprint] of TEXTS) {
      const footer = (await browser.get(waiting, { ...page, 'accept-language': language })).text.split('<footer')[1] as string
      expect(footer).toMatch(new RegExp(`<a href="/help"[^>]*>${help} [^]*<a href="/imprint"[^>]*>${imprint} `))
    }
  })

  it.each(['/help', '/imprint'])('%s › says how to reach the bank, and that it is made up', async (path) => {
    const { text } = await app.browser().get(path)
    expect(text).toContain('<a href="mailto:support@alpine-mutual.example.com">')
    expect(text).toContain('<a href="tel:+41440000000">')
    expect(text).toContain('Alpine Mutual is made up, so nobody answers there.')
  })
})

describe('the language', () => {
  it('that the user chooses on the waiting page › is the language of the later pages, too', async () => {
    const browser = app.browser()
    const waiting = await enterPassword(browser, app.account('ben'))
    const { text } = await browser.get(waiting, page)
    const german = /<a href="([^"]*)" hreflang="de">/.exec(text)?.[1] as string
    expect((await browser.get(german.replaceAll('&#38;', '&').replaceAll('&amp;', '&'), page)).text).toContain('<html lang="de"')
    await app.phone('ben').approve()
    expect((await browser.get(callbackOf(waiting))).location).toBe('/account')
    expect((await browser.get('/account')).text).toContain('Guten Tag, ben')
  })

  it('is kept in a cookie only if the user has chosen it', async () => {
    const browser = await signIn(app, 'ben')
    expect(browser.cookies.has('language')).toBe(false)
  })
})

/**
 * The remaining time on a waiting page whose script does not run: a sentence without a clock.
 *
 * Out of scope: which parts such a page shows in a browser (`test/browser/script-missing.test.ts`).
 */
import { signIn, waitingOf, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'
import { push, recovery, sms, app as appFactor, widget } from '../../src'
import { lab } from '../security/support/lab'

const world = lab()
let app: TestApp
let browser: Browser

beforeEach(async () => {
  app = await world.start({ strategy: { factors: [push(), appFactor(), sms(), recovery(), widget()] } })
  browser = app.browser()
})

async function sentence(url: string, language = 'en'): Promise<string | undefined> {
  const { text } = await browser.get(url, { accept: 'text/html', 'accept-language': language })
  return /<div class="nevis-unscripted"><p>([^<]*\d[^<]*)<\/p><\/div>/.exec(text)?.[1]
}

describe('the remaining time, without the script', () => {
  it.each(['push', 'app', 'sms', 'recovery'])('is a sentence, in minutes: %s', async (factor) => {
    const url = waitingOf(await signIn(browser, 'anna', { factor }))
    expect(await sentence(url)).toBe('This request ends in about 2\u00a0minutes.')
    world.later(50)
    expect(await sentence(url)).toBe('This request ends in about 1\u00a0minute.')
    world.later(60)
    expect(await sentence(url)).toBe('This request ends in about 1\u00a0minute.')
  })

  it('is a sentence below new recovery codes, too', async () => {
    await browser.post('/prove', { username: 'anna', userId: world.simulator.users[0]?.userId as string })
    const { location } = await browser.post('/factors', { factor: 'recovery' })
    expect(await sentence(location as string)).toBe('This request ends in about 10\u00a0minutes.')
  })

  it.each([['de', 'Diese Anfrage läuft in etwa 2\u00a0Minuten ab.'], ['fr', 'Cette demande expire dans environ 2\u00a0minutes.'], ['it', 'Questa richiesta scade tra circa 2\u00a0minuti.']])('is said in the language of the page: %s', async (language, words) => {
    expect(await sentence(waitingOf(await signIn(browser, 'anna')), language)).toBe(words)
  })

  it('is not said on a page with the widget, which cannot work then', async () => {
    expect(await sentence(waitingOf(await signIn(browser, 'anna', { factor: 'widget' })))).toBeUndefined()
  })

  it('is not said after the end', async () => {
    const url = waitingOf(await signIn(browser, 'anna'))
    world.later(121)
    expect(await sentence(url)).toBeUndefined()
  })
})

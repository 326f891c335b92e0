/** Tests that the waiting page contains only what the factor, the transaction's state and the operation need. */
import { NevisStrategy, sms, waitingPage, type Challenge, type Factor } from '../../src'
import { lab } from '../security/support/lab'
import { callbackOf, handleIn, signIn, strategyOptions, waitingOf, type AppOptions } from '../support/app'
import type { Browser } from '../support/browser'

const world = lab()
const PAGE = { accept: 'text/html' }
const JSON_ONLY = { accept: 'application/json' }

interface Waiting {
  readonly browser: Browser
  readonly handle: string
  /** Loads the page again, and returns its text. */
  text(): Promise<string>
}

/** A user who waits with this factor. */
async function waiting(factor: string, options: Omit<AppOptions, 'simulator'> = {}, username = 'anna'): Promise<Waiting> {
  const browser = (await world.start(options)).browser()
  const handle = await signIn(browser, username, { factor })
  return { browser, handle, text: async () => (await browser.get(waitingOf(handle), PAGE)).text }
}

const enrolling = (factor: string, strategy: AppOptions['strategy'] = {}) => waiting(factor, { strategy: { operation: 'enroll', ...strategy } }, 'newcomer')
const viewOf = async ({ browser, handle }: Waiting) => (await browser.get(waitingOf(handle), JSON_ONLY)).json()

/** A custom factor whose challenge contains these values for the browser. */
const badge = (browser: Challenge['browser'], more: Partial<Factor> = {}) =>
  ({ name: 'badge', prompt: 'wait', approve: async () => ({ server: { id: 'b1' }, browser }), check: async () => ({ status: 'pending' }), ...more }) as unknown as Factor

describe('the time that is left', () => {
  it.each([
    [120_000, '120', '2:00'], [65_000, '65', '1:05'], [64_001, '65', '1:05'], [59_000, '59', '0:59'], [9_000, '9', '0:09'], [1, '1', '0:01'],
  ])('%d ms before the end is told in seconds, and as a clock', async (leftMs, seconds, clock) => {
    const waits = await waiting('sms')
    const { expiresAt } = await viewOf(waits)
    jest.spyOn(Date, 'now').mockReturnValue(Date.parse(expiresAt) - leftMs)
    const text = await waits.text()
    expect(text).toContain(`data-seconds-left="${seconds}"`)
    expect(text).toContain(`<span>Time left</span> <time data-countdown datetime="${expiresAt}">${clock}</time>`)
  })

  it('is none, and not less, after the end', async () => {
    const waits = await waiting('sms')
    world.later(300)
    expect(await waits.text()).toContain('data-seconds-left="0"')
  })
})

describe('a recovery code', () => {
  it('counts only with its hyphens and in its upper and lower case, as the page says; spaces do not matter', async () => {
    const { browser, handle, text } = await waiting('recovery')
    expect(await text()).toContain('Enter one of your saved recovery codes, with its hyphens. Upper and lower case matter.')
    const [code] = world.simulator.users.find(({ username }) => username === 'anna')?.recoveryCodes as [string]
    const swapped = code.replace(/[a-z]/gi, (letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()))
    const answerTo = async (typed: string) => (await browser.post(callbackOf(handle), { transaction: handle, code: typed })).json()
    expect(await answerTo(code.replaceAll('-', ''))).toMatchObject({ code: 'wrong_code' })
    expect(await answerTo(swapped)).toMatchObject({ code: 'wrong_code' })
    expect(await answerTo(` ${code.replaceAll('-', ' - ')} `)).toMatchObject({ action: 'success' })
  })
})

describe('without JavaScript', () => {
  it('a page that waits has a link that looks again', async () => {
    expect(await (await waiting('push')).text()).toContain('>Check now</a>')
  })

  it('a page with a code to type does not', async () => {
    expect(await (await waiting('sms')).text()).not.toContain('Check now')
  })
})

describe('the message', () => {
  const LABEL = '<figcaption>Your phone will show</figcaption>'
  const CONFIRMING = '<figcaption>You are confirming</figcaption>'
  const MESSAGE = '<blockquote>Pay 5 CHF?</blockquote>'

  // Shows: CD-experience-1
  it.each(['push', 'app'])('is said to be what the phone shows, where it does: %s', async (factor) => {
    expect(await (await waiting(factor, { strategy: { message: 'Pay 5 CHF?' } })).text()).toContain(`<figure class="nevis-message">${LABEL}${MESSAGE}</figure>`)
  })

  it.each(['sms', 'recovery'])('is said to be what is confirmed where the page alone shows it: %s', async (factor) => {
    expect(await (await waiting(factor, { strategy: { message: 'Pay 5 CHF?' } })).text()).toContain(`<figure class="nevis-message">${CONFIRMING}${MESSAGE}</figure>`)
  })

  // Shows: CD-experience-1
  it('is not shown at an enrolment, which confirms none', async () => {
    const waits = await enrolling('app', { message: 'Pay 5 CHF?' })
    expect(await viewOf(waits)).toMatchObject({ operation: 'enroll', message: 'Pay 5 CHF?' })
    expect(await waits.text()).not.toContain('<figure')
  })
})

describe('the way to the Access App', () => {
  it.each(['push', 'sms'])('is not there where nothing is to be opened: %s', async (factor) => {
    const text = await (await waiting(factor)).text()
    expect(text).not.toContain('nevis-app')
    expect(text).not.toContain('>Open the Access App</a>')
  })

  it('is a link alone where there is no QR code', async () => {
    const text = await (await waiting('badge', { strategy: { factors: [badge({ appLinkUri: 'https://app.example/x' })] } })).text()
    expect(text).toContain('<a class="nevis-button" href="https://app.example/x">Open the Access App</a>')
    expect(text).not.toContain('<img')
  })
})

describe('a factor of the app\'s own that shows nothing', () => {
  it('is confirmed with a form to the callback, without codes to write down', async () => {
    const waits = await waiting('badge', { strategy: { factors: [badge({}, { prompt: 'confirm' })] } })
    const text = await waits.text()
    expect(text).toContain('<form method="post" action="/login/2fa/callback" class="nevis-written">')
    for (const part of ['data-codes', 'data-print', 'data-copy']) expect(text).not.toContain(part)
    expect(await viewOf(waits)).not.toHaveProperty('recoveryCodes')
  })
})

describe('sending it again', () => {
  const again = (label: string) => `<button class="nevis-button">${label}</button>`
  /** Stops the server's clock, so that a slow machine does not change the seconds that the page shows. */
  const now = Date.now()
  const stopClock = (later = 0) => jest.spyOn(Date, 'now').mockReturnValue(now + 1000 * later)

  it.each(['push', 'sms'])('is offered for what was sent and may not have arrived: %s', async (factor) => {
    stopClock()
    expect(await (await waiting(factor)).text()).toContain('<button class="nevis-again" data-resend="15"')
  })

  it.each([[1, 14], [6.5, 9], [15, 0], [60, 0]])('after a reload › is possible when the pause since the start is over, not a whole pause after the reload: %d s later', async (later, left) => {
    stopClock()
    const waits = await waiting('push')
    stopClock(later)
    expect(await waits.text()).toContain(`<button class="nevis-again" data-resend="${left}"`)
  })

  it('by a server whose clock is behind › is possible after one pause', async () => {
    stopClock()
    const waits = await waiting('push')
    stopClock(-5)
    expect(await waits.text()).toContain('<button class="nevis-again" data-resend="15"')
  })

  it.each(['push', 'sms'])('is told on the next page, until the user does something else: %s', async (factor) => {
    const { browser, handle, text } = await waiting(factor)
    const switchTo = async (named: string, name: string) => (await browser.post('/login/2fa', { transaction: named, factor: name })).location as string
    expect(await text()).not.toContain('Sent again')
    world.later(15)
    const again = await switchTo(handle, factor)
    expect((await browser.get(again, PAGE)).text).toContain('<p role="status">Sent again. Earlier requests and codes are no longer valid.</p>')
    if (factor === 'sms') {
      const wrong = await browser.post('/login/2fa/callback', { transaction: handleIn(again), code: 'x', retry: '1' })
      expect((await browser.get(wrong.location as string, PAGE)).text).not.toContain('Sent again')
    }
    const other = await switchTo(handleIn(again), factor === 'sms' ? 'push' : 'sms')
    expect((await browser.get(other, PAGE)).text).not.toContain('Sent again')
  })

  it.each(['app', 'recovery'])('is not told where nothing was sent: %s', async (factor) => {
    const { browser, handle } = await waiting(factor)
    const { location } = await browser.post('/login/2fa', { transaction: handle, factor })
    expect((await browser.get(location as string, PAGE)).text).not.toContain('Sent again')
  })

  it.each(['app', 'recovery'])('is not offered where nothing was sent: %s', async (factor) => {
    const text = await (await waiting(factor)).text()
    expect(text).not.toContain('data-resend')
    expect(text).not.toContain('Send again')
  })

  it.each([['push', 'Send a request to my phone'], ['app', 'Use a QR code or link'], ['recovery', 'Use a recovery code']])('is the main button once it is over: %s', async (factor, label) => {
    const waits = await waiting(factor)
    world.later(120)
    const text = await waits.text()
    expect(text).toContain(`name="factor" value="${factor}"><input type="hidden" name="retry" value="1">${again(label)}`)
    expect(text).not.toContain('data-resend')
  })
})

describe('the other ways', () => {
  const WAYS = 'aria-labelledby="nevis-ways"'

  it('are headed only where there is one', async () => {
    expect(await (await waiting('push')).text()).toContain(WAYS)
    const alone = await (await waiting('sms', { strategy: { factors: [sms()] } })).text()
    expect(alone).not.toContain(WAYS)
    expect(alone).not.toContain('nevis-ways')
  })

  it('are those that the route allows', async () => {
    const waits = await waiting('push', { start: { factors: ['push', 'recovery'] } })
    expect(await viewOf(waits)).toMatchObject({ factors: ['push', 'recovery'] })
    const text = await waits.text()
    expect(text).toContain('>Use a recovery code</button>')
    expect(text).not.toContain(' SMS')
  })

  it('do not list the phones before the user opens the list', async () => {
    const text = await (await waiting('push')).text()
    expect(text).not.toContain('id="nevis-phones"')
    expect(text).not.toContain('Which phone?')
  })

  it('fold the field for a phone number away while something else is awaited, and show it once that is over', async () => {
    const waits = await enrolling('app')
    expect(await waits.text()).toMatch(/<details><summary>Set up SMS<\/summary>\s*<form[^>]*>[^]*name="phone"[^]*<\/form><\/details>/)
    world.later(120)
    const text = await waits.text()
    expect(text).toContain('name="phone"')
    expect(text).not.toContain('<details>')
  })
})

describe('a request without a transaction', () => {
  it('is asked, when signed in, whether it is to be started, in a form that starts it', async () => {
    const browser = await signedIn({ page: { csrfToken: () => 'csrf' } })
    world.simulator.requests.length = 0
    const { status, text } = await browser.get('/login/2fa', PAGE)
    expect(status).toBe(200)
    expect(text).toContain('<title>Confirm that it is you</title>')
    expect(text).toMatch(/<main class="nevis"><h1>Confirm that it is you<\/h1><p>For your security, we ask you to confirm this step\. The next page shows you how\.<\/p><form method="post" action="\/login\/2fa"><input type="hidden" name="_csrf" value="csrf"><button class="nevis-button">Continue<\/button><\/form><div class="nevis-end"><a href="\/">Not now<\/a><\/div><\/main>/)
    expect(world.operations()).toEqual([])
  })

  it('gets, when signed in, no page as data', async () => {
    const page = await (await signedIn()).get('/login/2fa', JSON_ONLY)
    expect([page.status, page.json().code]).toEqual([403, 'unknown_transaction'])
  })

  it('is a stranger, when not signed in', async () => {
    const { status, text } = await (await world.start()).browser().get('/login/2fa', PAGE)
    expect(status).toBe(403)
    expect(text).not.toContain('<form')
  })

  it('but with a handle that does not open is told so, signed in or not, and not that it was used', async () => {
    const page = await (await signedIn()).get('/login/2fa?transaction=garbage', JSON_ONLY)
    expect([page.status, page.json().code]).toEqual([403, 'unknown_transaction'])
  })

  async function signedIn(options: Omit<AppOptions, 'simulator'> = {}): Promise<Browser> {
    const browser = (await world.start(options)).browser()
    await signIn(browser, 'anna', { factor: 'recovery' }).then((handle) => browser.post('/login/2fa/callback', { transaction: handle, code: 'AAAA-1111' }))
    expect((await browser.get('/me')).json()).toEqual({ user: { username: 'anna' } })
    return browser
  }
})

describe('the head of the page', () => {
  it('has one style and one script, both ours, unless the app gives another', async () => {
    const text = await (await waiting('push')).text()
    expect(text.match(/<link [^>]*>/g)).toEqual([expect.stringMatching(/^<link rel="stylesheet" href="\/login\/2fa\?asset=style&#38;v=[0-9a-f]{12}">$/)])
    expect(text.match(/<script [^>]*>/g)).toEqual([expect.stringMatching(/^<script src="\/login\/2fa\?asset=script&#38;v=[0-9a-f]{12}" defer>$/)])
  })

  it('has the app\'s style after ours', async () => {
    const text = await (await waiting('push', { page: { stylesheet: '/brand.css' } })).text()
    expect(text.match(/<link [^>]*>/g)).toEqual([expect.stringContaining('asset=style'), '<link rel="stylesheet" href="/brand.css">'])
  })
})

describe('the options of the page', () => {
  it('may be given as undefined, and are then not given', async () => {
    const options = { csrfToken: undefined, nonce: undefined, stylesheet: undefined, locales: undefined, widgetScript: undefined }
    const strategy = new NevisStrategy({ ...strategyOptions(world.simulator), passReqToCallback: false }, () => undefined)
    expect(() => waitingPage(strategy, options as never)).not.toThrow()
  })
})

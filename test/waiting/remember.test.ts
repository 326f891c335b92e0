/** Tests on which waiting pages the user can choose "Remember this browser". */
import { MemoryStore } from 'express-session'
import { MemoryLedger, recovery, sms, push } from '../../src'
import { html } from '../../src/waiting/html'
import { rememberField, rememberPart } from '../../src/waiting/remember-part'
import { availableLanguages } from '../../src/waiting/texts/languages'
import type { PageParts } from '../../src/waiting/document'
import type { WaitingView } from '../../src'
import { lab, outcomeOf } from '../security/support/lab'
import { callbackOf, PASSWORD, handleIn, signIn, waitingOf } from '../support/app'

const world = lab()
const asPage = { accept: 'text/html' }
const start = (options: Parameters<typeof world.start>[0] = {}) => world.start({ ...options, strategy: { factors: [push(), sms(), recovery()], rememberBrowser: { days: 30 }, ...options.strategy } })

describe('the waiting page', () => {
  it.each(['push', 'sms'])('of a sign-in by %s has the checkbox', async (factor) => {
    const browser = (await start()).browser()
    const page = await browser.get(waitingOf(await signIn(browser, 'anna', { factor })), asPage)
    expect(page.text).toContain('name="remember" value="1"')
    expect(page.text).toContain('Remember this browser for 30\u00a0days')
  })

  it('of a sign-in by recovery code does not', async () => {
    const browser = (await start()).browser()
    expect((await browser.get(waitingOf(await signIn(browser, 'anna', { factor: 'recovery' })), asPage)).text).not.toContain('name="remember"')
  })

  it('of a strategy without the option does not', async () => {
    const browser = (await start({ strategy: { rememberBrowser: undefined } })).browser()
    expect((await browser.get(waitingOf(await signIn(browser, 'anna', { remember: '1' })), asPage)).text).not.toContain('name="remember"')
  })

  it('of a sign-in that began before the option was switched off does not, and the browser is not remembered', async () => {
    const session = { store: new MemoryStore() }
    const shared = { ledger: new MemoryLedger(), secret: 'kJ8s0b2LqZr4XvN7yTfW1mCeUdHgPaQi' }
    const before = (await start({ session, strategy: shared })).browser()
    const handle = await signIn(before, 'anna', { remember: '1' })
    const after = (await start({ session, strategy: { ...shared, rememberBrowser: undefined } })).browser()
    for (const [name, value] of before.cookies) after.cookies.set(name, value)
    expect((await after.get(waitingOf(handle), asPage)).text).not.toContain('name="remember"')
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await after.get(callbackOf(handle)))).toBe('success')
    expect(after.cookies.has('nevis-browser')).toBe(false)
  })

  it('of a route with factors, of a step-up and of an enrolment does not', async () => {
    const app = await start({
      strategy: { rememberBrowser: { days: 30 } },
      routes: (web, { passport }) => {
        const local = passport.authenticate('local', { session: false })
        web.post('/by-push', local, passport.authenticate('nevis', { factors: ['push'] }))
        web.post('/enrol', local, passport.authenticate('nevis', { operation: 'enroll', factor: 'sms', phone: '+41790000001' }))
      },
    })
    const fields = { username: 'anna', password: PASSWORD, remember: '1' }
    const guarded = app.browser()
    const signedIn = app.browser()
    const newcomer = app.browser()
    await signedIn.post('/prove', { username: 'anna', userId: world.simulator.users[0]?.userId as string })
    const handles = [
      [guarded, handleIn((await guarded.post('/by-push', fields)).location)],
      [signedIn, handleIn((await signedIn.post('/start', { remember: '1' })).location)],
      [newcomer, handleIn((await newcomer.post('/enrol', { ...fields, username: 'nobody-yet' })).location)],
    ] as const
    for (const [browser, handle] of handles) {
      const page = await browser.get(waitingOf(handle), asPage)
      expect([page.status, page.text.includes('name="remember"')]).toEqual([200, false])
    }
  })
})

describe('without JavaScript', () => {
  const formIn = async (remember: string) => {
    const browser = (await start()).browser()
    const { text } = await browser.get(waitingOf(await signIn(browser, 'anna', { remember })), asPage)
    const form = [...text.matchAll(/<div class="nevis-unscripted">[^]*?<\/div>/g)].map(([part]) => part).find((part) => part.includes('class="nevis-remember"')) as string
    return form.replace(/<input[^>]*>/g, '').replace(/\s+/g, ' ')
  }

  it('the page has a button that chooses, with the hint below it', async () => {
    expect(await formIn('0')).toMatch(/<button name="remember" value="1">Remember this browser for 30 days<\/button><p>For your own device only/)
  })

  it('a page where it is chosen says so with the hint, and then has a button that takes it back', async () => {
    expect(await formIn('1')).toMatch(/<p><strong>✓ Remember this browser for 30 days<\/strong><\/p><p>For your own device only[^<]*<\/p><button name="remember" value="0">Do not remember this browser<\/button>/)
  })
})

describe('the words of the box', () => {
  const view = { prompt: 'wait', transaction: 'handle', callbackURL: '/callback', remember: { days: 1, isChosen: true } } as WaitingView
  const partsIn = (tag: string): PageParts => {
    const languages = availableLanguages({ 'not_a tag': { remember: 'Keep {days}' } })
    return { language: languages.get(tag), waitingURL: '/wait', callbackURL: '/callback', widgetScripts: [], assets: { script: '', styles: [] } } as unknown as PageParts
  }

  it.each([['en', '1\u00a0day'], ['de', '1\u00a0Tag'], ['fr', '1\u00a0jour'], ['it', '1\u00a0giorno'], ['not_a tag', 'Keep 1\u00a0day']])('name the time in the language of the page: %s', (tag, words) => {
    expect(html`${rememberPart(view, partsIn(tag))}`.text).toContain(words)
    expect(html`${rememberField(view, partsIn(tag))}`.text).toContain('value="1" aria-describedby="nevis-remember-hint" checked')
  })
})

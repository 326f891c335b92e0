/** Tests the masked phone number on the waiting page. The app provides the masked number, and the page shows only its last digits. */
import { waitingPage, type Subject } from '../../src'
import { lab } from '../security/support/lab'
import { callbackOf, handleIn, signIn, waitingOf, type AppOptions } from '../support/app'

const world = lab()
const PAGE = { accept: 'text/html' }
const JSON_ONLY = { accept: 'application/json' }
const FULL = '+41 79 123 45 67'

const open = async (maskedPhone: unknown, { factor = 'sms', ...options }: Omit<AppOptions, 'simulator'> & { factor?: string } = {}) => {
  const app = await world.start({ ...options, page: { maskedPhone: (typeof maskedPhone === 'function' ? maskedPhone : () => maskedPhone) as never } })
  const browser = app.browser()
  const handle = await signIn(browser, 'anna', { factor })
  const page = async (of = handle, headers: Record<string, string> = {}) => (await browser.get(waitingOf(of), { ...PAGE, ...headers })).text
  const view = async (of = handle) => (await browser.get(waitingOf(of), JSON_ONLY)).json() as { maskedPhone?: string; factors: string[] }
  return { browser, handle, page, view }
}

const forEyes = (number: string) => `<bdi class="nevis-number" dir="ltr" aria-hidden="true">${number}</bdi>`

describe('the waiting page', () => {
  it('says to which number the code went, for eyes and for screen readers, and in the view', async () => {
    const { page, view } = await open('•••• 0001')
    expect(await page()).toContain(`<p>We sent a code to ${forEyes('•••• 0001')}<span class="nevis-unseen">the number ending in 0001</span>. Enter it here.</p>`)
    expect(await view()).toMatchObject({ maskedPhone: '•••• 0001' })
  })

  it('says before a text is sent which number gets it', async () => {
    const { page } = await open('•••• 0001', { factor: 'push' })
    expect(await page()).toContain(`<button>Send me a code by SMS <small>${forEyes('•••• 0001')}<span class="nevis-unseen">to the number ending in 0001</span></small></button>`)
  })

  it.each([['de', 'Wir haben einen Code per SMS an ', 'die Nummer mit den Endziffern 01'], ['fr', 'Nous avons envoyé un code par SMS au ', 'numéro se terminant par 01'], ['it', 'Abbiamo inviato un codice per SMS al ', 'numero che termina con 01']])('says it in the language of the page: %s', async (tag, before, spoken) => {
    const { page } = await open('•• 01')
    const text = await page(undefined, { 'accept-language': tag })
    expect(text).toContain(before + forEyes('•••• 01'))
    expect(text).toContain(spoken)
  })

  it.each([
    ['de', 'Code per SMS senden', 'an die Nummer mit den Endziffern 0001'], ['fr', 'M’envoyer un code par SMS', 'au numéro se terminant par 0001'],
    ['it', 'Invia un codice per SMS', 'al numero che termina con 0001'],
  ])('names the button so that its words and the number make one sentence: %s', async (tag, button, spoken) => {
    const { page } = await open('•••• 0001', { factor: 'push' })
    expect(await page(undefined, { 'accept-language': tag })).toContain(`<button>${button} <small>${forEyes('•••• 0001')}<span class="nevis-unseen">${spoken}</span></small></button>`)
  })

  it('asks the app with the subject and the request, also by a promise', async () => {
    const asked: [Subject, string][] = []
    const { view } = await open(async (subject: Subject, req: { url: string }) => {
      asked.push([subject, req.url.split('?')[0] as string])
      return '•••• 0001'
    })
    expect(await view()).toMatchObject({ maskedPhone: '•••• 0001' })
    expect(asked).toEqual([[{ username: 'anna' }, '/login/2fa']])
    expect(asked.every(([subject]) => Object.isFrozen(subject))).toBe(true)
  })

  it.each([
    [FULL, '•••• 4567'], ['+41791234567', '•••• 4567'], ['0041 (0)79 123.45.67', '•••• 4567'], [41791234567, '•••• 4567'], ['tel:+41-79-123-45-67', '•••• 4567'], ['+41 79 ••• •• 67', '•••• 67'],
    ['079 XXX XX 67', '•••• 67'], ['…4567 (mobile)', '•••• 4567'],
  ])('shows the end alone, whatever the app gives: %s becomes %s', async (given, shown) => {
    const { page, view, browser, handle } = await open(given)
    expect(await view()).toMatchObject({ maskedPhone: shown })
    const other = handleIn((await browser.post('/login/2fa', { transaction: handle, factor: 'push' })).location)
    for (const text of [await page(other), JSON.stringify(await view(other))]) {
      expect(text).toContain(shown)
      // Remove digits that do not come from the phone number: those of handles, file versions and times.
      const rest = text.replace(/[\w-]{40,}|[?&;]v=[\w-]+|data-[\w-]+="\d+"|\d{4}-\d\d-\d\dT[\d:.]+Z/g, '')
      expect(rest).not.toMatch(/123|41\s?79|079/)
    }
  })

  it.each([undefined, null, false, '', 'unknown', '+٤١٧٩١٢٣٤٥٦٧', {}, '<b>'])('says nothing of a number where there is none: %p', async (given) => {
    const { page, view } = await open(given)
    expect(await view()).not.toHaveProperty('maskedPhone')
    expect(await page()).toContain('<p>We sent a code to your phone number. Enter it here.</p>')
  })

  it('shows no number, and asks for none, without SMS on offer and after a cancellation; at an enrolment, shows the end of the new number without asking', async () => {
    const maskedPhone = jest.fn(() => '•••• 0001')
    const guarded = await open(maskedPhone, { factor: 'push', start: { factors: ['push', 'app'] } })
    expect(await guarded.view()).not.toHaveProperty('maskedPhone')
    const cancelled = await open(maskedPhone)
    await cancelled.browser.post('/login/2fa', { transaction: cancelled.handle, cancel: '1' })
    expect(await cancelled.view()).not.toHaveProperty('maskedPhone')
    const enrolling = await world.start({ strategy: { operation: 'enroll' }, page: { maskedPhone } })
    const browser = enrolling.browser()
    const handle = await signIn(browser, 'newcomer', { factor: 'sms', phone: '+41790000009' })
    expect((await browser.get(waitingOf(handle), JSON_ONLY)).json()).toMatchObject({ maskedPhone: '•••• 0009' })
    const { text } = await browser.get(waitingOf(handle), PAGE)
    expect(text).toContain(`<p>We sent a code to ${forEyes('•••• 0009')}<span class="nevis-unseen">the number ending in 0009</span>. Enter it here.</p>`)
    expect(text).not.toContain('41790000009')
    expect(maskedPhone).not.toHaveBeenCalled()
  })

  it('shows no number once the password is too long ago', async () => {
    const { view } = await open('•••• 0001', { factor: 'push' })
    expect(await view()).toHaveProperty('maskedPhone')
    world.later(600)
    expect(await view()).not.toHaveProperty('maskedPhone')
  })

  it('shows no number to a browser that did not start the sign-in', async () => {
    const maskedPhone = jest.fn(() => '•••• 0001')
    const { handle } = await open(maskedPhone)
    const stranger = (await world.start({ page: { maskedPhone } })).browser()
    expect((await stranger.get(waitingOf(handle), PAGE)).text).not.toContain('0001')
    expect(maskedPhone).not.toHaveBeenCalled()
  })

  it('passes an error of the app on, and the sign-in goes on', async () => {
    const { browser, handle } = await open(() => Promise.reject(new Error('no database')))
    expect((await browser.get(waitingOf(handle), PAGE)).status).toBe(500)
    const code = /\d{6}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string
    expect((await browser.post(callbackOf(handle), { transaction: handle, code })).json()).toMatchObject({ action: 'success' })
  })

  it('must be told by a function', () => {
    expect(() => waitingPage({ settings: { factors: [], keys: () => undefined } } as never, { maskedPhone: '•••• 0001' as never })).toThrow(new TypeError('waitingPage: maskedPhone must be of type function'))
  })
})

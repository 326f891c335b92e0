/**
 * Walks through the example app as a first-time user, on a touch screen 360 pixels wide and in German. Each test continues in the tab and on the page where the
 * previous test ended: the user signs up, enrols a phone, signs in by each factor, adds and removes a phone, pays, confirms once more (step-up), and sees an
 * outage. The user types an address only to open the app and to mistype an address; for everything else, the user taps links and buttons.
 * `example-walk.md` records what the user taps, types and reads: each run compares its result with this record, and `WALK=1` rewrites the record. Each page
 * must be accessible, and fit into a width of 320 pixels and, with text of twice the size, into 360 pixels. `accessibility-example.md` records each page's
 * accessibility tree and the order of the Tab key.
 * `SCREENSHOTS=1` takes a screenshot of each page, in four widths, light and dark.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { circumstances, sixMinutesLater } from '../example/circumstances'
import { START_MS, startExample, type Running } from '../example/support'
import { describeWithChromium } from '../support/chromium'
import { WrittenPages } from './accessibility'
import { forgiveComplaints, useChromium } from './support'
import { SCREENSHOTS, Walker } from './walker'

const WRITTEN = join(__dirname, 'example-walk.md')
const PAGES = new WrittenPages(
  join(__dirname, 'accessibility-example.md'),
  '# The example app by keyboard and screen reader\n\nEach page of the walk of a stranger, in German, 360 pixels wide, from Chromium. Written by `WALK=1 npx jest test/browser/example-walk`; each run compares it.',
)
const PHONE = { locale: 'de-CH', timezoneId: 'Europe/Zurich', viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }
const PASSWORD = 'ein langer Heimweg'
const NEW_PASSWORD = 'ein kurzer Heimweg'

describeWithChromium('a stranger', () => {
  const chromium = useChromium({ keepOpen: true })
  const lines: string[] = []
  let app: Running
  let [mainTab, phonesTab]: Walker[] = []
  let recoveryCode = ''
  let isLost = false

  beforeAll(async () => {
    mkdirSync(SCREENSHOTS, { recursive: true })
    app = await startExample(circumstances)
  }, START_MS)
  afterAll(() => {
    PAGES.save()
    return app?.stop()
  })

  /** One step of the walk, six minutes after the previous step, so that the last second factor is too old for a payment. */
  function step(name: string, walk: (at: Walker, phones: Walker) => Promise<void>): void {
    it(name, async () => {
      if (isLost) throw new Error('the way here has failed')
      isLost = true
      lines.push(`\n## The stranger ${name}\n`)
      mainTab ??= await newBrowser()
      phonesTab ??= await openPhones(mainTab)
      await walk(mainTab, phonesTab)
      await sixMinutesLater(app)
      expect(app.stderr().replaceAll('later\n', '').replaceAll('NevisError NEVIS_UNREACHABLE\n', '')).toBe('')
      isLost = false
    })
  }

  /** Opens the home page of the app in a browser that knows nothing of the app. */
  async function newBrowser(): Promise<Walker> {
    const context = await chromium.open(PHONE)
    const at = new Walker(await context.newPage(), app.origin, lines, PAGES)
    await at.open('/')
    return at
  }

  /** Opens the page of the simulated phones, by the link of the home page. It stays open in a second tab. */
  async function openPhones(at: Walker): Promise<Walker> {
    const [page] = await Promise.all([at.page.context().waitForEvent('page'), at.tap('link', 'Telefone öffnen')])
    return new Walker(page, app.phonesOrigin, lines, PAGES, 'On the page of the phones: ')
  }

  step('signs up', async (at) => {
    await at.sees('Ihre Bank, zweifach geschützt')
    await at.look('home')
    await at.tap('link', 'Registrieren')
    await at.sees('Registrieren')
    await at.look('sign-up')
    await at.types('Benutzername', 'anna')
    await at.types('Passwort', PASSWORD)
    await at.tap('button', 'Registrieren')
    await at.reads('Dieser Benutzername ist vergeben. Wählen Sie einen anderen.')
    await at.finds('Benutzername', 'anna')
    await at.look('sign-up-refused')
    await at.types('Benutzername', 'dora')
    await at.types('Passwort', PASSWORD)
    await at.tap('button', 'Registrieren')
    await at.reads('Willkommen, dora. Sie sind registriert und können sich anmelden.')
    await at.look('signed-up')
  })

  step('signs in with a mistyped password, then with the right one, and sets up the phone in the hand', async (at) => {
    await at.finds('Benutzername', 'dora')
    await at.types('Passwort', 'vergessen')
    await at.tap('button', 'Anmelden')
    await at.reads('Benutzername oder Passwort ist falsch.')
    await at.finds('Benutzername', 'dora')
    await at.look('sign-in-refused')
    await at.types('Passwort', PASSWORD)
    await at.tap('button', 'Anmelden')
    await at.sees('Access App einrichten')
    await at.look('first-phone')
    await at.tap('link', 'Access App öffnen')
    await at.sees('Welches Telefon soll diesen Link öffnen?')
    await at.look('link-opened')
    await at.tap('button', 'Telefon von dora')
    await at.tap('button', 'Zurück zur Seite mit dem Link')
    await at.sees('Guten Tag, dora')
    await at.reads('Ihr Telefon ist eingerichtet.')
    await at.look('account-first-time')
  })

  step('adds a number for codes by SMS', async (at, phones) => {
    await at.tap('link', 'Geräte und Sicherheit')
    await confirmOnceMore(at, phones)
    await at.sees('Geräte und Sicherheit')
    await at.look('devices-one')
    await at.types('Mobilnummer', '+41 79 555 00 09')
    await at.tap('button', 'Nummer hinzufügen')
    await at.sees('Code aus der SMS eingeben')
    await at.look('add-number')
    await phones.look('phones-sms')
    await at.typesSecret('Code', await phones.smsCode('dora'), 'the code of the SMS')
    await at.tap('button', 'Weiter')
    await at.reads('Sie können sich jetzt per SMS anmelden.')
    await at.look('devices-with-sms')
  })

  step('makes recovery codes', async (at, phones) => {
    await at.tap('button', 'Wiederherstellungscodes erstellen')
    await confirmOnceMore(at, phones)
    await at.tap('button', 'Wiederherstellungscodes erstellen')
    await at.sees('Ihre Wiederherstellungscodes')
    await at.page.locator('.nevis-codes code').first().waitFor()
    recoveryCode = (await at.page.locator('.nevis-codes code').first().textContent()) as string
    await at.look('recovery-codes')
    await at.tap('checkbox', 'Ich bewahre die Codes sicher auf')
    await at.tap('button', 'Ich habe die Codes gesichert')
    await at.reads('Ihre neuen Wiederherstellungscodes sind bereit.')
  })

  step('signs out, and in again by push', async (at, phones) => {
    await signOut(at)
    await password(at, 'dora', PASSWORD)
    await at.sees('Bestätigen Sie auf Ihrem Telefon')
    await at.look('push')
    await phones.look('phones-request')
    await phones.tapOnPhone('dora', 'Zustimmen')
    await isSignedIn(at, 'push')
    await at.look('account')
  })

  step('turns on the code with each request, signs out, and in again with the code that the phone shows', async (at, phones) => {
    await at.tap('link', 'Geräte und Sicherheit')
    await confirmOnceMore(at, phones)
    await at.tap('button', 'Code einschalten')
    await at.reads('Ab jetzt zeigt Ihr Telefon bei jeder Anfrage einen Code.')
    await at.look('devices-typed-code')
    await signOut(at)
    await password(at, 'dora', PASSWORD)
    await at.sees('Bestätigen Sie auf Ihrem Telefon')
    await at.look('typed-code')
    const code = await phones.codeInRequest('dora')
    await phones.tapOnPhone('dora', 'Zustimmen')
    await at.typesSecret('Code', code, 'the code of the request')
    await at.tap('button', 'Weiter')
    await isSignedIn(at, 'push')
    await at.tap('link', 'Geräte und Sicherheit')
    await at.tap('button', 'Code ausschalten')
    await at.reads('Ihr Telefon zeigt keinen Code mehr.')
  })

  step('signs out, and in again by SMS', async (at, phones) => {
    await signOut(at)
    await password(at, 'dora', PASSWORD)
    await at.tap('button', 'Code per SMS senden an die Nummer mit den Endziffern 0009')
    await at.sees('Code aus der SMS eingeben')
    await at.typesSecret('Code', await phones.smsCode('dora'), 'the code of the SMS')
    await at.tap('button', 'Weiter')
    await isSignedIn(at, 'sms')
  })

  step('signs out, and in again with a recovery code, which then is used up', async (at) => {
    await signOut(at)
    await password(at, 'dora', PASSWORD)
    await at.tap('button', 'Wiederherstellungscode verwenden')
    await at.typesSecret('Code', recoveryCode, 'a recovery code')
    await at.tap('button', 'Weiter')
    await isSignedIn(at, 'recovery')
    await at.look('account-lost-phone')
    await at.tap('link', 'Überweisen')
    await at.sees('Bestätigen Sie, dass Sie es sind')
    await at.reads('Telefon verloren?')
    await at.look('step-up-lost-phone')
    await signOut(at)
    await password(at, 'dora', PASSWORD)
    await at.tap('button', 'Wiederherstellungscode verwenden')
    await at.typesSecret('Code', recoveryCode, 'the same recovery code')
    await at.tap('button', 'Weiter')
    await at.reads('Der Code stimmt nicht.')
    await at.look('recovery-code-used')
    await at.tap('button', 'Abbrechen')
    await at.sees('Anmelden')
    await at.look('cancelled')
  })

  step('signs in by push, names the phone, adds a second one, and removes the first', async (at, phones) => {
    forgiveComplaints(/409/) // the invalid link that is opened below
    await password(at, 'dora', PASSWORD)
    // The waiting page starts with the factor that the user used last: here SMS.
    await at.sees('Code aus der SMS eingeben')
    await at.tap('button', 'Anfrage an mein Telefon senden')
    await at.sees('Bestätigen Sie auf Ihrem Telefon')
    await phones.tapOnPhone('dora', 'Zustimmen')
    await isSignedIn(at, 'push')
    await at.tap('link', 'Geräte und Sicherheit')
    await at.tapText('Umbenennen iPhone 16')
    await at.types('Neuer Name', 'Doras <altes> Telefon')
    await at.tap('button', 'Namen speichern')
    await at.reads('Ein Name hat 1 bis 40 Buchstaben, Ziffern, Leerzeichen und Satzzeichen.')
    await at.finds('Neuer Name', 'Doras <altes> Telefon')
    await at.look('rename-refused')
    await at.types('Neuer Name', 'Doras altes Telefon')
    await at.tap('button', 'Namen speichern')
    await at.reads('Das Gerät heisst jetzt «Doras altes Telefon».')
    await at.tap('button', 'Weiteres Gerät einrichten')
    await at.sees('Access App einrichten')
    const link = (await at.page.getByRole('link', { name: 'Access App öffnen' }).getAttribute('href')) as string
    await phones.scan('dora', 'no link')
    await phones.reads('Das ist kein App-Link dieses Simulators.')
    await phones.look('phones-refused')
    await phones.scan('dora', link)
    await at.sees('Geräte und Sicherheit')
    await at.look('devices-two')
    await at.tapText('Entfernen Doras altes Telefon')
    await at.look('device-remove')
    await at.tap('link', 'Behalten')
    await at.sees('Geräte und Sicherheit')
    await at.tapText('Entfernen Doras altes Telefon')
    await at.tap('button', 'Dieses Gerät entfernen')
    await at.reads('Das Gerät «Doras altes Telefon» wurde entfernt.')
    await at.look('device-removed')
  })

  step('pays one invoice, and denies another', async (at, phones) => {
    await at.tap('link', 'Übersicht')
    await at.tap('link', 'Rechnungen zahlen')
    await at.sees('Rechnungen')
    await at.look('invoices')
    await at.tap('button', "CHF 1'250.00 an Alpine Mutual zahlen")
    await at.sees('Bestätigen Sie auf Ihrem Telefon')
    await at.reads("CHF 1'250.00")
    await at.look('sign')
    await phones.look('phones-payment')
    await phones.tapOnPhone('dora', 'Zustimmen')
    await at.sees('Bezahlt')
    await at.look('receipt')
    await at.tap('link', 'Alle Rechnungen')
    await at.sees('Rechnungen')
    await at.look('invoices-one-paid')
    await at.tap('button', 'CHF 86.15 an Stadtwerke Neuwil zahlen')
    await phones.tapOnPhone('dora', 'Ablehnen')
    await at.sees('Anfrage nicht bestätigt')
    await at.look('denied')
    await at.tap('button', 'Abbrechen')
    await at.sees('Rechnungen')
    await at.reads('Es wurde nichts bezahlt: CHF 86.15 an Stadtwerke Neuwil ist noch offen.')
    await at.look('invoices-nothing-paid')
  })

  step('is asked to confirm once more before a transfer', async (at, phones) => {
    await at.tap('link', 'Überweisen')
    await confirmOnceMore(at, phones, 'step-up')
    await at.sees('Geld überweisen')
    await at.types('An', 'Clara')
    await at.types('Betrag in CHF', 'viel')
    await at.tap('button', 'Überweisen')
    await at.reads("Geben Sie einen Betrag wie 1'250.00 ein.")
    await at.finds('An', 'Clara')
    await at.finds('Betrag in CHF', 'viel')
    await at.look('transfer-refused')
    await at.types('Betrag in CHF', '1250')
    await at.tap('button', 'Überweisen')
    await at.reads("Die Überweisung von CHF 1'250.00 an Clara ist unterwegs.")
    await at.look('transferred')
  })

  step('changes the password', async (at, phones) => {
    await at.tap('link', 'Übersicht')
    await at.tap('link', 'Passwort ändern')
    await confirmOnceMore(at, phones)
    await at.sees('Passwort ändern')
    await at.look('change-password')
    await at.types('Altes Passwort', NEW_PASSWORD)
    await at.types('Neues Passwort', NEW_PASSWORD)
    await at.types('Neues Passwort wiederholen', PASSWORD)
    await at.tap('button', 'Passwort ändern')
    await at.reads('Das Passwort ist falsch.')
    await at.reads('Die beiden neuen Passwörter stimmen nicht überein.')
    await at.look('change-password-refused')
    await at.types('Altes Passwort', PASSWORD)
    await at.types('Neues Passwort', NEW_PASSWORD)
    await at.types('Neues Passwort wiederholen', NEW_PASSWORD)
    await at.tap('button', 'Passwort ändern')
    await at.reads('Ihr Passwort ist geändert. In allen anderen Browsern sind Sie jetzt abgemeldet.')
    await at.look('password-changed')
  })

  step('signs in while Nevis cannot be reached, and once more when it is back', async (at, phones) => {
    forgiveComplaints(/503|404/)
    await signOut(at)
    await phones.tap('button', 'Cloud ausschalten')
    await phones.reads('Die Cloud ist ausgeschaltet')
    await phones.look('phones-off')
    await password(at, 'dora', NEW_PASSWORD)
    await at.sees('Zurzeit nicht verfügbar')
    await at.look('outage')
    await phones.tap('button', 'Cloud einschalten')
    await at.tap('link', 'Erneut versuchen')
    await at.sees('Anmelden')
    await password(at, 'dora', NEW_PASSWORD)
    await phones.tapOnPhone('dora', 'Zustimmen')
    await isSignedIn(at, 'push')
    await at.tap('link', 'Hilfe')
    await at.sees('Hilfe')
    await at.look('help')
    await at.tap('link', 'Impressum')
    await at.sees('Impressum')
    await at.look('imprint')
    await at.open('/gibt-es-nicht')
    await at.sees('Diese Seite gibt es nicht')
    await at.look('not-found')
    await at.tap('link', 'Zur Startseite')
  })

  step('sees as clara, who has no phone with the app, that paying needs the app', async (at, phones) => {
    await signOut(at)
    await password(at, 'clara', app.account('clara').password, 'the password of the home page')
    await at.reads('•••• 0003')
    await at.typesSecret('Code', await phones.smsCode('clara'), 'the code of the SMS')
    await at.tap('button', 'Weiter')
    await at.tap('link', 'Rechnungen zahlen')
    await at.reads('Zum Zahlen brauchen Sie die Access App')
    await at.look('invoices-without-phone')
  })

  it('has walked as it is written down', () => {
    const head = '# The walk of a stranger\n\nIn German, on a telephone 360 pixels wide, click by click. Six minutes pass between one part and the next. Written by `WALK=1 npx jest test/browser/example-walk`; each run compares it.\n'
    const text = `${head}${lines.join('\n')}\n`
    if (process.env['WALK'] !== undefined) writeFileSync(WRITTEN, text)
    expect(readFileSync(WRITTEN, 'utf8')).toBe(text)
  })

  async function password(at: Walker, username: string, secret: string, shown?: string): Promise<void> {
    await at.types('Benutzername', username)
    if (shown === undefined) await at.types('Passwort', secret)
    else await at.typesSecret('Passwort', secret, shown)
    await at.tap('button', 'Anmelden')
  }

  async function signOut(at: Walker): Promise<void> {
    await at.tap('button', 'Abmelden')
    await at.sees('Anmelden')
    await at.reads('Sie sind abgemeldet.')
  }

  /** @param name the name under which `look` checks the page that asks for the confirmation; undefined: do not check this page */
  async function confirmOnceMore(at: Walker, phones: Walker, name?: string): Promise<void> {
    await at.sees('Bestätigen Sie, dass Sie es sind')
    if (name !== undefined) await at.look(name)
    await at.tap('button', 'Mit zweitem Faktor bestätigen')
    await at.sees('Bestätigen Sie auf Ihrem Telefon')
    await phones.tapOnPhone('dora', 'Zustimmen')
  }

  async function isSignedIn(at: Walker, factor: string): Promise<void> {
    await at.sees('Guten Tag, dora')
    expect(await at.page.locator('[data-factor]').getAttribute('data-factor')).toBe(factor)
  }
})

/** Tests which language the page uses, and that every language has every text. */
import { failures } from '../../src/factors/failures'
import { languages, preferred, availableLanguages, type Locales } from '../../src/waiting/texts/languages'
import { waitingPage } from '../../src'
import { NevisSimulator } from '../../src/simulator'
import { PASSWORD, startApp, type TestApp } from '../support/app'

/** Every text of a language by its path, such as `failure.wrong_code`. */
function textsOf(value: object, path: readonly string[] = []): Map<string, string> {
  const entries = Object.entries(value).flatMap(([key, text]: [string, string | object]) =>
    typeof text === 'object' ? [...textsOf(text, [...path, key])] : [[[...path, key].join('.'), text] as const],
  )
  return new Map(entries)
}

const english = textsOf(languages['en'] as object)
/** The placeholders of a text. `{app}` and `{theApp}` count as one, because each language may use the app's name with or without an article. */
const placeholders = (text: string | undefined) => [...new Set(text?.match(/\{\w+\}/g)?.map((place) => place.replace('theApp', 'app')))]
const speak = (header: string | undefined, locales?: Locales) => preferred(header, availableLanguages(locales)).tag

describe('the languages', () => {
  it('are English, German, French and Italian', () => {
    expect(Object.keys(languages)).toEqual(['en', 'de', 'fr', 'it'])
  })

  describe.each(Object.entries(languages))('%s', (tag, texts) => {
    const own = textsOf(texts)

    it('says everything, and nothing empty', () => {
      expect([...own.keys()].sort()).toEqual([...english.keys()].sort())
      for (const [key, text] of own) expect([key, typeof text, text.trim() === text && text.length > 0]).toEqual([key, 'string', true])
    })

    it('has a sentence for every failure code', () => {
      expect(Object.keys(texts.failure).sort()).toEqual(Object.keys(failures).sort())
      for (const sentence of Object.values(texts.failure)) expect(sentence).toMatch(/\.$/)
    })

    it('keeps the places for numbers', () => {
      for (const [key, text] of own) expect([key, placeholders(text)]).toEqual([key, placeholders(english.get(key))])
      expect(placeholders(texts.attemptsLeft)).toEqual(['{n}'])
      expect(placeholders(texts.resendIn)).toEqual(['{n}'])
    })

    it('tells no more of a denial than of a time-out', () => {
      // A text must not tell whether the user denied or was too late. So a text that mentions a denial must also mention a time-out, and the other way round.
      const [isDenial, isTimeOut] = [/den(y|ied)|declined|abgelehnt|refus|rifiut/i, /time|Zeit|rechtzeitig|temps|tempo/i].map((words) => words.test(texts.failure.not_approved.split('. ')[0] as string))
      expect(isDenial).toBe(isTimeOut)
    })

    it('is used for everyone who asks for it', () => {
      expect(speak(tag)).toBe(tag)
    })
  })

  /** For customers of a bank, the words "Konto", "compte" and "conto" mean a bank account. So no text may use these words alone for a user account. */
  it.each([['de', /\bKonto\b/], ['fr', /\bcompte\b(?! utilisateur)/], ['it', /\bconto\b/]])('%s never uses a bank\'s word for a bank account for the user\'s account', (tag, word) => {
    for (const [key, text] of textsOf(languages[tag] as object)) expect([key, word.test(text)]).toEqual([key, false])
  })

  it('keep a unit, and a French sign, on the line of what is before it', () => {
    for (const texts of Object.values(languages)) expect(texts.resendIn).toContain('{n}\u00a0s')
    for (const [key, text] of textsOf(languages['fr'] as object)) expect([key, /(?:^|[^\u00a0]) ?[:;?!»]|«[^\u00a0]/.test(text)]).toEqual([key, false])
  })

  it('differ from each other', () => {
    for (const [tag, texts] of Object.entries(languages)) {
      if (tag === 'en') continue
      const same = [...textsOf(texts)].filter(([key, text]) => text === english.get(key)).map(([key]) => key)
      expect(same.filter((key) => !['dir', 'code', 'app'].includes(key))).toEqual([])
    }
  })
})

describe('Accept-Language', () => {
  describe('with one language', () => {
    it.each([
      ['de', 'de'], ['DE', 'de'], ['de-CH', 'de'], ['de-Latn-CH-1996', 'de'], ['fr-CH', 'fr'], ['it', 'it'], ['en-US', 'en'],
    ])('%s speaks %s', (header, tag) => {
      expect(speak(header)).toBe(tag)
    })
  })

  describe('with several', () => {
    it.each([
      ['fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5', 'fr'],
      ['en;q=0.5, de', 'de'],
      ['en;q=0.5,de;q=0.5', 'en'],
      ['de;q=0.3, it;q=0.9, fr;q=0.8', 'it'],
      ['rm, de;q=0.9', 'de'],
      ['zh-Hant, ja;q=0.9, it-CH;q=0.1', 'it'],
      ['de ; q=0.2 , fr ; q=0.4', 'fr'],
      ['de;level=1;q=0.2, fr;q=0.4', 'fr'],
      ['de;level=1;q=0.9, fr;q=0.4', 'de'],
    ])('takes the available one that the user prefers most: %s', (header, tag) => {
      expect(speak(header)).toBe(tag)
    })
  })

  describe('that refuses one', () => {
    it.each([['de;q=0, fr;q=0.1', 'fr'], ['de;q=0', 'en'], ['de;q=0.0, de-CH;q=0', 'en'], ['fr;q=0.000, it', 'it']])('does not speak it: %s', (header, tag) => {
      expect(speak(header)).toBe(tag)
    })
  })

  describe('that names no available language', () => {
    it.each([
      undefined, '', '*', 'rm', 'xx-YY', ',,,', ';;;', ';q=1', 'q=1', 'de;q=high', '__proto__', 'constructor, toString', '\u0000', 'é', 'd e',
      'de;q=-1', '-', '-de',
    ])('is answered in English: %j', (header) => {
      expect(speak(header)).toBe('en')
    })
  })

  describe('that is endless', () => {
    it('is read only up to a limit, and quickly', () => {
      const before = performance.now()
      expect(speak(`${'xx,'.repeat(3300)}de`)).toBe('en')
      expect(speak(`de,${'xx;q=0.9,'.repeat(1100)}`)).toBe('de')
      expect(speak(','.repeat(10_000))).toBe('en')
      expect(speak(';'.repeat(10_000))).toBe('en')
      expect(speak(`de${' '.repeat(10_000)};q=1`)).toBe('de')
      expect(performance.now() - before).toBeLessThan(500)
    })
  })
})

describe('locales', () => {
  describe('for a language that is there', () => {
    it('replace text by text, also inside of groups, and leave the rest', () => {
      const locales: Locales = { de: { cancel: 'Zurück', failure: { wrong_code: 'Falsch.' }, heading: { push: 'Handy!' } } }
      const { tag, texts } = preferred('de-CH', availableLanguages(locales))
      expect(tag).toBe('de')
      expect([texts.cancel, texts.failure.wrong_code, texts.heading.push]).toEqual(['Zurück', 'Falsch.', 'Handy!'])
      expect([texts.send, texts.failure.not_approved, texts.heading.sms]).toEqual(['Weiter', languages['de']?.failure.not_approved, languages['de']?.heading.sms])
    })

    it('leave the package\'s own as it is', () => {
      availableLanguages({ en: { cancel: 'Stop', failure: { wrong_code: 'No.' } } })
      expect(languages['en']?.cancel).toBe('Cancel')
      expect(languages['en']?.failure.wrong_code).toBe(failures.wrong_code.message)
      expect(preferred('en', availableLanguages()).texts.cancel).toBe('Cancel')
    })

    it('name factors of the app\'s own', () => {
      expect(preferred('en', availableLanguages({ en: { heading: { badge: 'Hold your badge' } } })).texts.heading['badge']).toBe('Hold your badge')
    })
  })

  describe('for a region', () => {
    it('go before the language, for that region alone', () => {
      const locales: Locales = { 'de-AT': { cancel: 'Servus' } }
      expect(speak('de-AT', locales)).toBe('de-AT')
      expect(preferred('de-at', availableLanguages(locales)).texts).toMatchObject({ cancel: 'Servus', send: 'Weiter' })
      expect(speak('de-CH', locales)).toBe('de')
    })

    it('add up where its tag is written in two ways', () => {
      const spoken = availableLanguages({ 'de-AT': { cancel: 'Servus' }, 'de-at': { send: 'Passt' } })
      expect(preferred('de-AT', spoken).texts).toMatchObject({ cancel: 'Servus', send: 'Passt', print: languages['de']?.print })
    })
  })

  describe('for a language that is not there', () => {
    it('add it, in English where they are silent', () => {
      const locales: Locales = { rm: { cancel: 'Interrumper' } }
      expect(speak('rm-CH, de;q=0.9', locales)).toBe('rm')
      expect(preferred('rm', availableLanguages(locales)).texts).toMatchObject({ cancel: 'Interrumper', send: 'Continue', dir: 'ltr' })
    })

    it('say in which direction it is written', () => {
      expect(preferred('ar', availableLanguages({ ar: { dir: 'rtl' } })).texts.dir).toBe('rtl')
    })
  })
})

describe('the page', () => {
  let simulator: NevisSimulator
  let app: TestApp

  beforeAll(async () => {
    simulator = await NevisSimulator.start()
    app = await startApp({
      simulator,
      strategy: { startBudget: { starts: 20, perSeconds: 60 } },
      routes: (express, { nevis }) => {
        express.get('/with-locales', waitingPage(nevis, { locales: { ar: { dir: 'rtl', heading: { push: 'انظر إلى هاتفك' } }, it: { cancel: 'Basta' } } }))
      },
    })
    simulator.addUser({ username: 'anna' })
  })
  afterAll(async () => {
    await app.close()
    await simulator.close()
  })

  async function pageIn(header: string, path = '/login/2fa') {
    const browser = app.browser()
    const { location } = await browser.post('/login', { username: 'anna', password: PASSWORD })
    return browser.get((location as string).replace('/login/2fa', path), { accept: 'text/html', 'accept-language': header })
  }

  it.each([['de-CH, en;q=0.5', 'de', 'Abbrechen'], ['fr', 'fr', 'Annuler'], ['it', 'it', 'Annulla'], ['rm', 'en', 'Cancel']])(
    'asked in %s › says in its headers and its HTML that it speaks %s',
    async (header, tag, cancel) => {
      const page = await pageIn(header)
      expect(page.headers.get('content-language')).toBe(tag)
      expect(page.text).toContain(`<html lang="${tag}" dir="ltr">`)
      expect(page.text).toContain(`<button>${cancel}</button>`)
    },
  )

  it('asked with ten kilobytes › answers as ever', async () => {
    const page = await pageIn(`de,${'x'.repeat(10_000)}`)
    expect([page.status, page.headers.get('content-language')]).toEqual([200, 'de'])
  })

  it('with an added language › is written from right to left', async () => {
    const page = await pageIn('ar-EG', '/with-locales')
    expect(page.headers.get('content-language')).toBe('ar')
    expect(page.text).toContain('<html lang="ar" dir="rtl">')
    expect(page.text).toContain('<h1>انظر إلى هاتفك</h1>')
    expect(page.text).toContain('<button><span lang="en" dir="ltr">Cancel</span></button>')
  })

  describe('with an added language that has few texts', () => {
    const ENGLISH = '<span lang="en" dir="ltr">'

    it('says of every English text that it is English, and writes it from left to right', async () => {
      const { text } = await pageIn('ar-EG', '/with-locales')
      const body = text.slice(text.indexOf('<main'), text.indexOf('</main>')).replace(/<\/?div[^>]*>/g, '')
      const words = [...body.matchAll(/(<[^>]*>)\s*([^<\s][^<]*)/g)].filter(([, , words]) => /[a-z]{3}/.test(words as string))
      expect(words.length).toBeGreaterThan(5)
      expect(words.filter(([, tag]) => tag !== ENGLISH)).toEqual([])
      expect(text).not.toMatch(/[\ufdd0\ufdd1]/)
      expect(text).toContain('data-offline="\u2066No connection. Trying again…\u2069"')
    })

    it('keeps JSON and files as they are', async () => {
      const stranger = await app.browser().get('/with-locales?transaction=x', { accept: 'application/json', 'accept-language': 'ar' })
      expect(stranger.json()).toEqual({ code: 'unknown_transaction', message: failures.unknown_transaction.message })
    })

    it('marks nothing in a language that has its texts', async () => {
      expect((await pageIn('it', '/with-locales')).text).not.toContain(ENGLISH)
    })
  })

  it('with a text of the app\'s own › shows it', async () => {
    expect((await pageIn('it', '/with-locales')).text).toContain('<button>Basta</button>')
  })

  it('for a stranger › explains in the stranger\'s language', async () => {
    const page = await app.browser().get('/login/2fa?transaction=x', { accept: 'text/html', 'accept-language': 'fr' })
    expect([page.status, page.headers.get('content-language')]).toEqual([403, 'fr'])
    expect(page.text).toContain('dans un autre navigateur')
  })
})

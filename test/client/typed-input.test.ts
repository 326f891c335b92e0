/** Tests how codes and phone numbers are read: as users type and paste them, and as attackers send them. */
import fc from 'fast-check'
import { phoneNumberIn, recoveryCodeIn, smsCodeIn } from '../../src/client/typed-input'

const NOTHING = [undefined, null, 123456, ['123456'], {}, '', ' ', '\u200b']
const ATTACKS = [
  '\' or 1=1 -- <script>', '<script>alert(1)</script>', '123456;', '123456<', '../123456', '123456%00', '123456\u0000', '12\u000034', '{{7*7}}', '123456&channel=recovery',
  '123456"', '${jndi:ldap://x}', '123,456', '1'.repeat(65), '1'.repeat(100_000), ' '.repeat(300),
]
/** The code points of the digit zero in several scripts, some of them beyond the Basic Multilingual Plane. */
const ZEROS = [0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xe50, 0x1040, 0x17e0, 0x1810, 0x1a80, 0x1a90, 0xff10, 0x104a0, 0x1d7ce, 0x1d7d8, 0x1d7f6, 0x1e950]
const digitsOf = (zero: number, text: string) => text.replace(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)))

describe('the code of an SMS', () => {
  describe('in any way in which people write it', () => {
    it.each([
      ['as it is', '123456', '123456'],
      ['in groups', '123 456', '123456'],
      ['with a space after it', '123456 ', '123456'],
      ['with every kind of space', '1\u00a02\u20093\u202f4\u30005\t6\r\n', '123456'],
      ['in full-width digits', '１２３４５６', '123456'],
      ['in Arabic-Indic digits', '١٢٣٤٥٦', '123456'],
      ['in Persian digits', '۱۲۳۴۵۶', '123456'],
      ['in Devanagari digits', '१२३४५६', '123456'],
      ['with marks of direction around it', '\u202a\u200e123456\u200f\u202c', '123456'],
      ['isolated', '\u2066123456\u2069', '123456'],
      ['with zero-width characters and a byte order mark', '\ufeff12\u200b34\u200d5\u20606', '123456'],
      ['in key-cap digits', '1\ufe0f\u20e32\ufe0f\u20e3', '12'],
      ['with a nought before', '007', '007'],
    ])('%s is read: %j', (_name, typed, code) => {
      expect(smsCodeIn(typed)).toBe(code)
    })

    it.each(ZEROS)('is read in the digits of the script whose nought is U+%i', (zero) => {
      expect(smsCodeIn(digitsOf(zero, '0123456789'))).toBe('0123456789')
    })
  })

  describe('that is none', () => {
    it.each([...NOTHING, ...ATTACKS, 'wrong', '12345a', '123-456', '+123456', '12.5', '²³', '①②', '½', 'Ⅷ', '一二三'])('is refused: %j', (typed) => {
      expect(smsCodeIn(typed)).toBeUndefined()
    })
  })
})

describe('a recovery code', () => {
  describe('in any way in which people write it', () => {
    it.each([
      ['as it is, in its own case', 'aB3d-eF6h-iJ9k-lM2n', 'aB3d-eF6h-iJ9k-lM2n'],
      ['without dashes', 'aB3deF6hiJ9klM2n', 'aB3deF6hiJ9klM2n'],
      ['with spaces around its dashes', ' aB3d - eF6h ', 'aB3d-eF6h'],
      ['with the dashes of a word processor', 'aB3d\u2010eF6h\u2011iJ9k\u2013lM2n\u2014oP5q\u2212rS8t', 'aB3d-eF6h-iJ9k-lM2n-oP5q-rS8t'],
      ['in full-width characters', 'ａＢ３ｄ－ｅＦ６ｈ', 'aB3d-eF6h'],
      ['with invisible characters', '\u200eaB3d\u00ad-\u200beF6h\u2069', 'aB3d-eF6h'],
      ['with Arabic-Indic digits', 'aB٣d', 'aB3d'],
    ])('%s is read: %j', (_name, typed, code) => {
      expect(recoveryCodeIn(typed)).toBe(code)
    })
  })

  describe('that is none', () => {
    it.each([...NOTHING, ...ATTACKS.filter((text) => !/^1+$/.test(text)), '1'.repeat(65), '-', '– –', 'aB3d_eF6h', 'aB3d/eF6h', 'äB3d', 'аВ3d', 'ﬁ3d', 'aB3d.'])('is refused: %j', (typed) => {
      expect(recoveryCodeIn(typed)).toBeUndefined()
    })
  })
})

describe('a phone number', () => {
  describe('in any way in which people write it', () => {
    it.each([
      ['as it is', '+41791234567', '+41791234567'],
      ['in groups', '+41 79-123\t45 67', '+41791234567'],
      ['with dots', '+41.79.123.45.67', '+41791234567'],
      ['with dashes of a word processor', '+41\u201179\u2013123\u201445\u221267', '+41791234567'],
      ['with its area code in parentheses', '+1 (415) 555-2671', '+14155552671'],
      ['in full-width characters', '＋４１　（７９）１２３４５６７', '+41791234567'],
      ['in Arabic-Indic digits', '+٤١٧٩١٢٣٤٥٦٧', '+41791234567'],
      ['pasted out of an address book, with marks of direction', '\u202a+41\u00a079\u00a0123\u00a045\u00a067\u202c', '+41791234567'],
    ])('%s is read: %j', (_name, typed, number) => {
      expect(phoneNumberIn(typed)).toBe(number)
    })
  })

  describe('whose digits would have to be guessed', () => {
    it.each([
      ...NOTHING, '+41 (0)79 123 45 67', '+44 (020) 7946 0000', '+41 79 123 45 67/68', '0041791234567', '079 123 45 67', '41791234567', 'tel:+41791234567', '+41791234567 ext. 3',
      '+41791234567,3', '+41791234567;ext=3', '++41791234567', '+41+791234567', '+41 79) 123 45 67', '+1 (415 555-2671', '+1 ((415)) 555', '+41 O79 123 45 67', '+1234', '+1234567890123456', '+41 79 123 45 67 +41 79 123 45 68',
      '+41791234567\'--', '+41٫791234567',
    ])('is none: %j', (typed) => {
      expect(phoneNumberIn(typed)).toBeUndefined()
    })
  })
})

describe('whatever is typed', () => {
  const typed = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...'0129aZ-–－＋+ ()\u200b\u202e٣９<\'') }))

  it('becomes nothing, or exactly what Nevis takes, which stays as it is', () => {
    fc.assert(
      fc.property(typed, (text) => {
        for (const [read, form] of [[smsCodeIn, /^[0-9]{1,64}$/], [recoveryCodeIn, /^[A-Za-z0-9-]{1,64}$/], [phoneNumberIn, /^\+[0-9]{5,15}$/]] as const) {
          const value = read(text)
          if (value === undefined) continue
          expect(value).toMatch(form)
          expect(read(value)).toBe(value)
          // Check that the text has as many digits as the value.
          expect([...text].filter((one) => /\p{Nd}/u.test(one)).length).toBe(value.replace(/[^0-9]/g, '').length)
        }
      }),
    )
  })
})

/** Messages that contain values: a value must stay text, even if an attacker has chosen it. */
import { assert, property } from 'fast-check'
import { htmlMessage } from '../../src'
import { appMessageFault, plainText } from '../../src/client/messages'
import { hostileText } from '../support/hostile-text'

const withValue = (value: unknown) => htmlMessage`To <b>${value as string}</b>!`
const between = (value: unknown) => withValue(value).slice('<html>To <b>'.length, -'</b>!</html>'.length)

describe('htmlMessage', () => {
  describe('with values', () => {
    it('wraps the text, keeps its tags and puts the values in', () => {
      expect(htmlMessage`Pay <b>${'5.00'} CHF</b><br>to <i>${'Anna'}</i>, no. ${7} of ${10n}?`).toBe('<html>Pay <b>5.00 CHF</b><br>to <i>Anna</i>, no. 7 of 10?</html>')
    })

    it.each([
      ['<b>Anna</b>', '&lt;b&gt;Anna&lt;/b&gt;'],
      ['</html><html>', '&lt;/html&gt;&lt;html&gt;'],
      ['M&S', 'M&amp;S'],
      ['&lt;', '&amp;lt;'],
      [`O'Neil "Bob"`, `O'Neil "Bob"`],
    ])('escapes %j', (value, escaped) => {
      expect(between(value)).toBe(escaped)
      expect(plainText(withValue(value))).toBe(`To ${value}!`)
    })

    it.each([
      ['a line of its own', 'Anna\nAmount: 5', 'Anna Amount: 5'],
      ['many lines', 'Anna\r\n\r\n\tAmount: 5', 'Anna Amount: 5'],
      ['a line separator', 'Anna\u2028\u2029Amount: 5', 'Anna Amount: 5'],
      ['control characters', 'A\u0000\u001bn\u007fn\u009ba', 'A n n a'],
      ['half a character', 'A\ud83d', 'A\ufffd'],
    ])('makes one line of %s', (_name, value, shown) => {
      expect(between(value)).toBe(shown)
    })

    it.each([
      ['an override', '\u202e5.00\u202c', '5.00'],
      ['an embedding', '\u202a\u202b5\u202d', '5'],
      ['isolates', '\u2066\u2067\u20685\u2069\u2069', '5'],
      ['marks', '\u200e5\u200f.\u061c0', '5.0'],
      ['what has no width', '5\u200b0\u2060\ufeff\u00ad', '50'],
    ])('leaves out %s', (_name, value, shown) => {
      expect(between(value)).toBe(shown)
    })

    it('keeps the direction of letters from right to left to themselves', () => {
      expect(between('שלום')).toBe('\u2068שלום\u2069')
      expect(between('علي <b>')).toBe('\u2068علي &lt;b&gt;\u2069')
      expect(between('\u2069שלום\u2068')).toBe('\u2068שלום\u2069')
    })

    it('keeps joiners, emoji, accents and spaces as they are', () => {
      for (const value of ['👩‍👧', 'Zoë Łuk', '1\u202f000,00\u00a0€', 'क्‍ष']) expect(between(value)).toBe(value)
    })

    // Shows: T-purpose-4, C-approval-7
    it('makes a message that Nevis takes and that says no more than its values, whatever they are', () => {
      assert(property(hostileText, (value) => {
        const message = withValue(value)
        expect(appMessageFault(message)).toBeUndefined()
        expect(between(value)).not.toMatch(/[<>]|&(?!(amp|lt|gt);)/)
        const inner = between(value).replace(/^\u2068|\u2069$/g, '')
        expect(inner).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u)
      }))
    })
  })

  describe('as a mistake of the programmer', () => {
    it.each([undefined, null, {}, [], true, Symbol('x'), () => 'x'])('refuses a value that is no text: %p', (value) => {
      expect(() => withValue(value)).toThrow(new TypeError('htmlMessage: values must be strings, numbers or bigints'))
    })

    it('refuses tags that the phone does not know, its own wrapping, and attributes', () => {
      for (const make of [() => htmlMessage`<h1>${1}</h1>`, () => htmlMessage`<html>${1}</html>`, () => htmlMessage`<b class="x">${1}</b>`, () => htmlMessage`1 < ${2}`]) {
        expect(make).toThrow(/^htmlMessage: the message /)
      }
    })
  })
})

describe('plainText', () => {
  it.each([
    ['Pay <5>?', 'Pay <5>?'],
    ['<html>Pay <b>5</b><br/>to &lt;A&gt; &amp;amp; B?</html>', 'Pay 5\nto <A> &amp; B?'],
    ['<html>Pay<br>5<br />to &quot;O&#39;Neil&quot;?</html>', `Pay\n5\nto "O'Neil"?`],
    ['<html></html>', ''],
  ])('of %j is %j', (message, text) => {
    expect(plainText(message)).toBe(text)
  })
})

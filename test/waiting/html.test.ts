/** Tests that text never becomes markup in HTML, except the six formatting tags that a message may contain (`<b>`, `<br>` and others). */
import { array, assert, property, stringMatching, constantFrom } from 'fast-check'
import { html, Html, messageHtml } from '../../src/waiting/html'
import { hostileText } from '../support/hostile-text'

/** Decodes escaped text as a browser does. */
const read = (text: string) => text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
const TAGS = /<\/?(?:b|br|em|i|strong|u)\s*\/?>/g

describe('html', () => {
  describe('with text put in', () => {
    it('escapes every character that could be markup', () => {
      expect(html`<p title="${'"'}">${`&<>"'`}</p>`.text).toBe('<p title="&#34;">&#38;&#60;&#62;&#34;&#39;</p>')
    })

    it('escapes each of them, however often', () => {
      expect(html`${'<<a>>'}${'<script>alert(1)</script>'}`.text).toBe('&#60;&#60;a&#62;&#62;&#60;script&#62;alert(1)&#60;/script&#62;')
    })

    it('keeps any text readable and free of markup', () => {
      assert(property(hostileText, (text) => {
        const made = html`${text}`.text
        expect(made).not.toMatch(/[<>"']|&(?!#\d+;)/)
        expect(read(made)).toBe(text)
      }))
    })
  })

  describe('with other pieces put in', () => {
    it('writes numbers, zero included', () => {
      expect(html`${0} ${1.5}`.text).toBe('0 1.5')
    })

    it('leaves out undefined and false, and nothing else', () => {
      expect(html`[${undefined}${false}${''}]`.text).toBe('[]')
    })

    it('does not escape Html again', () => {
      expect(html`<p>${html`<b>${'<'}</b>`}</p>`.text).toBe('<p><b>&#60;</b></p>')
    })

    it('joins lists, nested ones too, and escapes inside them', () => {
      expect(html`${['<', html`<i>`, ['>', undefined, [1]]]}`.text).toBe('&#60;<i>&#62;1')
    })

    it('does not take for Html what only looks like it', () => {
      const lookalike = { text: '<b>' } as unknown as Html
      expect(() => html`${lookalike}`.text).toThrow(TypeError)
    })
  })
})

describe('messageHtml', () => {
  describe('for plain text', () => {
    it.each([
      ['Pay 5 CHF?', 'Pay 5 CHF?'],
      ['<b>bold</b>', '&#60;b&#62;bold&#60;/b&#62;'],
      ['<script>alert(1)</script>', '&#60;script&#62;alert(1)&#60;/script&#62;'],
      ['5 &lt; 6', '5 &#38;lt; 6'],
      [' <html><b>x</b></html>', ' &#60;html&#62;&#60;b&#62;x&#60;/b&#62;&#60;/html&#62;'],
      ['<html><b>x</b></html> ', '&#60;html&#62;&#60;b&#62;x&#60;/b&#62;&#60;/html&#62; '],
      ['<HTML><b>x</b></HTML>', '&#60;HTML&#62;&#60;b&#62;x&#60;/b&#62;&#60;/HTML&#62;'],
      ['', ''],
    ])('shows %j as it is', (message, expected) => {
      expect(messageHtml(message).text).toBe(expected)
    })
  })

  describe('for the phone\'s own form', () => {
    it.each([
      ['<html><b>Pay</b> 5 CHF?</html>', '<b>Pay</b> 5 CHF?'],
      ['<html>a<br>b<br/>c<br />d</html>', 'a<br>b<br/>c<br />d'],
      ['<html><em>e</em><i>i</i><strong>s</strong><u>u</u></html>', '<em>e</em><i>i</i><strong>s</strong><u>u</u>'],
      ['<html>two\nlines</html>', 'two\nlines'],
      ['<html></html>', ''],
      ['<html>5 &lt; 6 &amp; 7</html>', '5 &#60; 6 &#38; 7'],
      ['<html>&lt;script&gt;</html>', '&#60;script&#62;'],
      ['<html>&amp;lt;b&amp;gt;</html>', '&#38;lt;b&#38;gt;'],
      ['<html>&quot;&#39;</html>', '&#34;&#39;'],
      ['<html>&copy;</html>', '&#38;copy;'],
    ])('renders %j', (message, expected) => {
      expect(messageHtml(message).text).toBe(expected)
    })
  })

  describe('for what is none of the phone\'s tags', () => {
    it.each([
      '<script>alert(1)</script>', '<b onclick="alert(1)">x</b>', '<B>x</B>', '<img src=x onerror=alert(1)>', '<a href="javascript:x">y</a>',
      '</blockquote><h1>', '<br class="x">', '<bx>', '< b>', '<b', '<svg/onload=alert(1)>', '<!--', '<b><script></b>', '<i<b>>', '</html><script>',
      '<html><b>',
    ])('lets no markup through: %j', (inner) => {
      const rest = messageHtml(`<html>${inner}</html>`).text.replace(TAGS, '')
      expect(rest).not.toMatch(/[<>"']/)
    })

    // Shows: T-browser-6
    it('lets no markup through, whatever it is made of', () => {
      const piece = constantFrom('<html>', '</html>', '<b>', '</b>', '<br/>', '<', '>', '"', '&lt;', '&amp;', 'script', ' ', '/', '<b x>', '\n')
      assert(property(array(piece), (pieces) => {
        const rest = messageHtml(`<html>${pieces.join('')}</html>`).text.replace(TAGS, '')
        expect(rest).not.toMatch(/[<>"']/)
      }))
      assert(property(stringMatching(/^[<>/bru"' =&;a-z]{0,40}$/), (inner) => {
        expect(messageHtml(`<html>${inner}</html>`).text.replace(TAGS, '')).not.toMatch(/[<>"']/)
      }))
    })
  })
})

/** A URL with any characters must be parsed correctly, by the first call and also after V8 has optimised the function. */
import { parseURL } from '../../src/client/parse-url'

describe('an address with characters from U+0080 to U+00FF', () => {
  it('is read, also after 100,000 others', () => {
    for (let i = 0; i < 100_000; i++) parseURL(`https://example.com/${i}`)
    expect(parseURL('https://bücher.example/zurück')?.href).toBe('https://xn--bcher-kva.example/zur%C3%BCck')
    expect(parseURL('/bestätigung', 'http://site')?.pathname).toBe('/best%C3%A4tigung')
  })
})

describe('what is no address', () => {
  it.each(['', 'example.com', '/path', 'http://', 'https://a b.example'])('%j is undefined', (text) => {
    expect(parseURL(text)).toBeUndefined()
  })
})

/** Tests the checks of a browser's token that need no call to Nevis: the token is canonical base64url, and does not come from a pending or failed status. */
import { looksLikeResultToken } from '../../src/trust/result-token'

const encoded = (text: string) => Buffer.from(text).toString('base64url')
const HEADER = encoded('{"alg":"RS256"}')
const SIGNATURE = Buffer.from([1, 2, 3, 4]).toString('base64url')
const tokenWith = (payload: string) => [HEADER, encoded(payload), SIGNATURE].join('.')

describe('a token', () => {
  describe('that says what it likes', () => {
    it.each([
      '{"sub":"u","status":"succeeded"}',
      '{}',
      '{"note":"nothing is pending"}',
      '{"note":"pending no more"}',
      '{"note":"failed before"}',
      '{"note":"has failed"}',
      '{"pending":false,"failed":0}',
      '[1,null,true]',
      '"x"',
    ])('may be a result: %s', (payload) => {
      expect(looksLikeResultToken(tokenWith(payload))).toBe(true)
    })
  })

  describe('that says that nothing is decided', () => {
    it.each([
      '{"status":"pending"}',
      '{"status":"failed"}',
      '{"status":"PENDING"}',
      '{"a":{"b":[1,{"c":"Failed"}]}}',
      '{"status":"pending","then":"succeeded"}',
      '"pending"',
    ])('is none: %s', (payload) => {
      expect(looksLikeResultToken(tokenWith(payload))).toBe(false)
    })
  })

  describe('whose payload is no JSON', () => {
    it.each(['succeeded', '{', '{"status":"pending"', ' '])('is none: %j', (payload) => {
      expect(looksLikeResultToken(tokenWith(payload))).toBe(false)
    })
  })

  describe('that has not three parts', () => {
    const payload = encoded('{}')
    it.each([['none', ''], ['one', payload], ['two', `${HEADER}.${payload}`], ['four', `${tokenWith('{}')}.${SIGNATURE}`], ['five', `${tokenWith('{}')}..${SIGNATURE}`]])('is none: %s', (_name, token) => {
      expect(looksLikeResultToken(token)).toBe(false)
    })
  })

  describe('with an empty part', () => {
    it.each([`.${encoded('{}')}.${SIGNATURE}`, `${HEADER}..${SIGNATURE}`, `${HEADER}.${encoded('{}')}.`, '..'])('is none: %s', (token) => {
      expect(looksLikeResultToken(token)).toBe(false)
    })
  })

  describe('spelt another way', () => {
    const [header, payload, signature] = tokenWith('{}').split('.') as [string, string, string]
    it.each<[string, string]>([
      ['padding at the end', `${header}.${payload}.${signature}==`],
      ['padding in the middle', `${header}.${payload}=.${signature}`],
      ['a space before', ` ${header}.${payload}.${signature}`],
      ['a line feed after', `${header}.${payload}.${signature}\n`],
      ['other spare bits', `${header}.${payload}.${signature.slice(0, -1)}B`],
      ['a foreign character', `${header}.${payload}.${signature}!`],
    ])('is none: %s', (_name, token) => {
      expect(looksLikeResultToken(token)).toBe(false)
    })
  })
})

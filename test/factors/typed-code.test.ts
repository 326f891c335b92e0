/** Tests the factor `push({ typedCode: true })` alone: the generated code, and the message on the phone. */
import { push, type Factor, type NevisClient } from '../../src'
import { checkedApproval } from '../../src/client/checks'
import { isTypedCode, messageWithCode } from '../../src/factors/typed-code'
import { languages } from '../../src/waiting/texts/languages'

const ANNA = { username: 'anna' }

/** What the factor sends to Nevis, and what it returns. */
async function approved(factor: Factor, request: object) {
  let asked: any
  const nevis = { approve: async (body: unknown) => {
    asked = body
    return { transactionId: 't1', statusToken: 's', raw: {} }
  } } as unknown as NevisClient
  const challenge = await factor.approve(nevis, ANNA, request)
  return { asked, challenge, code: challenge.server.typedCode as string }
}

describe('push with a typed code', () => {
  it('asks for the code on the page, and is push in all else', () => {
    const { approve: _approve, check, ...rest } = push({ typedCode: true })
    expect(rest).toStrictEqual({ name: 'push', prompt: 'code', amr: ['swk', 'mca'], takesAuthenticator: true })
    expect(check).toBe(push().check)
    expect(push({ typedCode: false }).prompt).toBe('wait')
    expect(push({}).prompt).toBe('wait')
  })

  it.each(['yes', 1, null])('refuses an option that is neither true nor false: %j', (typedCode) => {
    expect(() => push({ typedCode: typedCode as never })).toThrow(new TypeError('push: typedCode must be true or false'))
  })

  it.each<[string, object, (code: string) => string]>([
    ['without a message', {}, (code) => `Enter this code on the page: ${code}`],
    ['with a plain message', { message: 'Pay 5 < 6 CHF?' }, (code) => `Pay 5 < 6 CHF?\nEnter this code on the page: ${code}`],
    ['with a message of several lines', { message: 'Pay\n5 CHF?' }, (code) => `Pay\n5 CHF?\nEnter this code on the page: ${code}`],
    ['with a formatted message', { message: '<html>Pay <b>5 CHF</b>?</html>' }, (code) => `<html>Pay <b>5 CHF</b>?<br>Enter this code on the page: ${code}</html>`],
    ['in the words of the page', { message: 'Pay?', typedCodeLine: 'Code: {code}.' }, (code) => `Pay?\nCode: ${code}.`],
    ['in words with markup', { message: '<html>Pay?</html>', typedCodeLine: 'A & <b>{code}</b>' }, (code) => `<html>Pay?<br>A &amp; &lt;b&gt;${code}&lt;/b&gt;</html>`],
    ['in words that forget the code', { typedCodeLine: 'Enter this on the page:' }, (code) => `Enter this on the page: ${code}`],
  ])('says the code in the last line, which the user must accept: %s', async (_name, request, expected) => {
    const { asked, challenge, code } = await approved(push({ typedCode: true }), request)
    expect(code).toMatch(/^\d{6}$/)
    expect(asked).toMatchObject({ channel: 'push', username: 'anna', message: expected(code), prompt: true })
    expect(challenge).toStrictEqual({ server: { id: 't1', statusToken: 's', typedCode: code }, browser: {} })
    expect(checkedApproval(asked)).toMatchObject({ message: expected(code) })
  })

  // Shows: N-oob-3
  it.each([[{ message: 'Pay 5 CHF?' }, 'Pay 5 CHF?'], [{}, undefined]])('is not in the notification, which a locked phone may show: %j', async (request, expected) => {
    const { asked, code } = await approved(push({ typedCode: true }), request)
    const { message, notificationMessage } = asked as unknown as { message: string; notificationMessage?: string }
    expect(message).toContain(code)
    expect(notificationMessage).toBe(expected)
  })

  // Shows: N-oob-8
  it('makes a new code for each approval, over the whole range', async () => {
    const codes = await Promise.all(Array.from({ length: 2000 }, async () => (await approved(push({ typedCode: true }), {})).code))
    // Among 2000 random codes, about two are repeated. Each first digit occurs about 200 times; five standard deviations are 67.
    expect(new Set(codes).size).toBeGreaterThan(1980)
    for (const digit of '0123456789') {
      const count = codes.filter((code) => code.startsWith(digit)).length
      expect([digit, count > 130 && count < 270]).toEqual([digit, true])
    }
  })

  // Shows: N-oob-8
  it('makes it with the generator of node:crypto, not with one that can be predicted', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0.5)
    jest.spyOn(Date, 'now').mockReturnValue(1_700_000_000_000)
    const codes = await Promise.all(Array.from({ length: 50 }, async () => (await approved(push({ typedCode: true }), {})).code))
    jest.restoreAllMocks()
    expect(new Set(codes).size).toBeGreaterThan(40)
  })

  it.each(['Pay <html>?', '<html>Pay?</html> now', '<html>Pay <script></html>', 'x'.repeat(16_384)])('does not make a message right that Nevis would refuse (%#)', async (message) => {
    const { asked } = await approved(push({ typedCode: true }), { message })
    expect(() => checkedApproval(asked)).toThrow(/^approve: message /)
  })
})

describe('the line with the code', () => {
  it.each(Object.entries(languages))('is short in %s, and says the code at its end: with it a message of 140 characters stays under 200', (_tag, { typedCodeLine }) => {
    expect(messageWithCode('m'.repeat(140), typedCodeLine, '000123')).toMatch(/^m{140}\n[^\n]{8,50} 000123$/)
    expect(messageWithCode('m'.repeat(140), typedCodeLine, '000123').length).toBeLessThan(200)
  })
})

describe('the hint of the page', () => {
  const words: Record<string, [code: RegExp, accept: RegExp]> = { en: [/code/, /accept/], de: [/Code/, /stimmen/], fr: [/code/, /acceptez/], it: [/codice/, /accetti/] }

  // Once the user has accepted, the phone may no longer show the message, which contains the code. So the text must ask for the code first.
  it.each(Object.entries(languages))('asks for the code before it asks to accept: %s', (tag, { typedCodeHint }) => {
    const [code, accept] = words[tag] as [RegExp, RegExp]
    expect(typedCodeHint.search(code)).toBeGreaterThan(0)
    expect(typedCodeHint.search(accept)).toBeGreaterThan(typedCodeHint.search(code))
  })

  it.each([
    ['en', 'The code is needed even if you have already accepted.'], ['de', 'Der Code ist auch dann nötig, wenn Sie bereits zugestimmt haben.'],
    ['fr', 'Le code est nécessaire même si vous avez déjà accepté.'], ['it', 'Il codice è necessario anche se ha già accettato.'],
  ])('says that accepting alone is not enough: %s', (tag, sentence) => {
    expect(languages[tag]?.typedCodeHint).toContain(sentence)
  })
})

describe('a typed code', () => {
  it.each(['000000', '123456', '1'.repeat(64)])('has 6 to 64 digits: %s', (code) => {
    expect(isTypedCode(code)).toBe(true)
  })

  it.each(['', '12345', '1'.repeat(65), '12345a', ' 123456', '123456\n', '１２３４５６', 123456, undefined, null, ['123456']])('is nothing else: %j', (code) => {
    expect(isTypedCode(code)).toBe(false)
  })
})

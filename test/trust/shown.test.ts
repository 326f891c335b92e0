/**
 * Tests that the session stores a challenge only in encrypted form: the QR code, the app link or the intent token that the browser shows.
 *
 * The attack: an attacker can read the session store, but has no key. The attacker reads the QR code of a victim's enrolment in the store, or copies the
 * encrypted QR code into the attacker's own transaction, and then scans it with the attacker's own phone.
 */
import { ShownCipher } from '../../src/trust/shown'

const key = (byte: number) => Buffer.alloc(32, byte)
const box = new ShownCipher([key(1)])
const SHOWN = { qrCode: 'data:image/png;base64,canary', appLinkUri: 'nevis://canary', intentToken: 'canary' }
const closed = box.encrypt(SHOWN, 'a') as string

describe('what is shown', () => {
  it('comes back as it was, for its own transaction', () => {
    expect(box.decrypt(closed, 'a')).toEqual(SHOWN)
  })

  it('cannot be read without the key, and looks different each time', () => {
    expect(closed).toMatch(/^[\w-]+$/)
    expect(Buffer.from(closed, 'base64url').toString('latin1')).not.toContain('canary')
    expect(box.encrypt(SHOWN, 'a')).not.toBe(closed)
  })

  it('is kept as nothing where it is nothing', () => {
    expect([box.encrypt({}, 'a'), box.decrypt(undefined, 'a')]).toEqual([undefined, {}])
  })

  it('is encrypted with the first key, and read with each', () => {
    const both = new ShownCipher([key(2), key(1)])
    expect(both.decrypt(closed, 'a')).toEqual(SHOWN)
    expect(new ShownCipher([key(2)]).decrypt(both.encrypt(SHOWN, 'a'), 'a')).toEqual(SHOWN)
    expect(box.decrypt(both.encrypt(SHOWN, 'a'), 'a')).toEqual({})
  })
})

describe('what was not encrypted here for this transaction', () => {
  const flipped = Buffer.from(closed, 'base64url')
  flipped[20] = (flipped[20] as number) ^ 1

  it.each<[string, string, string]>([
    ['another transaction', closed, 'b'],
    ['a changed bit', flipped.toString('base64url'), 'a'],
    ['a part of it', closed.slice(0, -4), 'a'],
    ['nothing', '', 'a'],
    ['JSON in the clear', JSON.stringify(SHOWN), 'a'],
  ])('shows nothing: %s', (_name, text, id) => {
    expect(box.decrypt(text, id)).toEqual({})
  })
})

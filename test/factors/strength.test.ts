/** The ranks of the factors by strength. */
import { app, atLeast, push, recovery, sms, widget } from '../../src'
import { isAtLeast } from '../../src/factors/strength'

describe('atLeast', () => {
  it.each([
    ['recovery', ['app', 'push', 'recovery', 'sms', 'widget']],
    ['sms', ['app', 'push', 'sms', 'widget']],
    ['widget', ['app', 'push', 'sms', 'widget']],
    ['push', ['app', 'push']],
    ['app', ['app', 'push']],
  ] as const)('%s is %j', (factor, names) => {
    expect([...atLeast(factor)].sort()).toEqual(names)
  })

  it('ranks every factor of this package', () => {
    for (const { name } of [push(), app(), sms(), recovery(), widget()]) expect(atLeast(name as 'push')).toContain(name)
  })

  it.each(['fax', '', 'toString', '__proto__', undefined, null, 2])('refuses what has no rank: %p', (factor) => {
    expect(() => atLeast(factor as never)).toThrow(new TypeError('atLeast: the factor must be one of recovery, sms, widget, push, app'))
  })
})

describe('isAtLeast', () => {
  const RANKED = ['recovery', 'sms', 'widget', 'push', 'app'] as const

  it.each<[string, string[]]>([
    ['recovery', ['recovery']],
    ['sms', ['recovery', 'sms']],
    ['widget', ['recovery', 'sms']],
    ['push', ['recovery', 'sms', 'widget', 'push', 'app']],
    ['app', ['recovery', 'sms', 'widget', 'push', 'app']],
  ])('lets %s vouch for %j and for no other', (given, enrolled) => {
    expect(RANKED.filter((name) => isAtLeast(given, name))).toEqual(enrolled)
  })

  it('lets a custom factor count only for itself', () => {
    expect([...RANKED, 'fido', 'other', 'toString'].filter((name) => isAtLeast('fido', name))).toEqual(['fido'])
  })

  it('lets only the strongest factor count for a custom one', () => {
    expect([...RANKED, 'fido', 'other', '__proto__'].filter((name) => isAtLeast(name, 'fido'))).toEqual(['push', 'app', 'fido'])
  })
})

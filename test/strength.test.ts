/** How strong the factors are. */
import { app, atLeast, push, recovery, sms, widget } from '../src'

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

/** The strategy stores a URL as `returnTo` only if every browser and server reads this URL as a path of this site. */
import { assert, constantFrom, array, property, string, webPath } from 'fast-check'
import { forgetReturnTo, storeReturnTo, returnToBeforeLogin, returnToIn, sitePathOf, withPrefix } from '../../src/session/return-to'
import type { SessionLike } from '../../src/host/request'

const ORIGIN = 'https://app.example'
const HERE = { headers: { host: 'bank.example', 'x-forwarded-host': 'www.bank.example' } }
const forget = (session: SessionLike, path: string | undefined) => forgetReturnTo(session, 'nevis', path, {}, HERE)

/** A stored path must lead to this host, even after a browser or proxy has decoded it once more or normalised it. */
function expectOurs(path: string): void {
  expect(path.length).toBeLessThanOrEqual(2048)
  expect(path).not.toMatch(/[\s\p{Cc}\\]/u)
  let decoded = path
  try {
    decoded = decodeURIComponent(path)
  } catch {
    // The path cannot be decoded, so check only the path as it is.
  }
  const { pathname, search } = new URL(path, ORIGIN)
  for (const reading of [path, decoded, pathname + search, `//app.example${path}`]) expect(new URL(reading, ORIGIN).origin).toBe(ORIGIN)
  expect(decoded).not.toMatch(/[\r\n\0]/)
}

describe('sitePathOf', () => {
  it.each(['/', '/a', '/a/b?c=d&e=%20f', '/a//b', '/?next=//evil.example', '/a%2F%2Fb', '/a:b@c', `/${'x'.repeat(2047)}`])('keeps %j', (path) => {
    expect(sitePathOf(path)).toBe(path)
  })

  it.each([
    '', ' ', 'a', 'a/b', '?a', '#a', '//', '///', '//evil.example', '/\\evil.example', '\\\\evil.example', '/a\\b', 'http://evil.example', 'https:evil.example',
    'javascript:alert(1)', 'data:text/html,x', '/\t/evil.example', '\t//evil.example', ' /a', '/a b', '/a\n', '/\u0000', '/ü', '/\u2028', '/\ud800', '/%0d%0a', '/%0A', '/a%00b',
    '/%7f', '/%2f', '/%2Fevil.example', '/%5c', '/.//a', '/a/..//b', '/./\\a', '/%2e//a', `/${'x'.repeat(2048)}`,
  ])('does not keep %j', (value) => {
    expect(sitePathOf(value)).toBeUndefined()
  })

  it.each([undefined, null, 7, {}, ['/a'], new String('/a')])('does not keep what is no string: %p', (value) => {
    expect(sitePathOf(value)).toBeUndefined()
  })

  it('keeps nothing that leads elsewhere, whatever it is made of', () => {
    const piece = constantFrom('/', '\\', '.', '..', '%2f', '%5C', '%2e', '%0d', '%0a', '%09', '%', ':', '@', '?', '#', '//', 'evil.example', 'http:', '\t', ' ', 'a', ';', '[', ']')
    let kept = 0
    const see = (value: string) => {
      const path = sitePathOf(value)
      if (path === undefined) return
      kept++
      expectOurs(path)
    }
    assert(property(array(piece, { maxLength: 8 }), (pieces) => see(`/${pieces.join('')}`)), { numRuns: 3000 })
    assert(property(string({ unit: 'binary' }), (text) => see(`/${text}`)))
    assert(property(webPath(), see))
    expect(kept).toBeGreaterThan(100)
  })
})

describe('what is kept in a session', () => {
  const of = (url: string, method = 'GET') => ({ method, url }) as never
  let session: SessionLike
  beforeEach(() => void (session = {}))

  it('is the address before a router cut it short', () => {
    storeReturnTo(session, 'nevis', { method: 'GET', url: '/transfer', originalUrl: '/bank/transfer' } as never)
    expect(returnToIn(session, 'nevis')).toBe('/bank/transfer')
  })

  it('is kept for a HEAD as for a GET, and for nothing else', () => {
    for (const method of ['GET', 'HEAD']) {
      storeReturnTo(session, 'nevis', of(`/${method}`, method))
      expect(returnToIn(session, 'nevis')).toBe(`/${method}`)
    }
    for (const method of ['POST', 'PUT', 'DELETE', 'get']) {
      storeReturnTo(session, 'nevis', of('/before'))
      storeReturnTo(session, 'nevis', of('/x', method))
      expect(returnToIn(session, 'nevis')).toBeUndefined()
    }
  })

  it('leaves a session alone in which there is nothing to change', () => {
    expect(storeReturnTo(session, 'nevis', of('//evil.example'))).toBe(false)
    expect(session).toEqual({})
  })

  it('leaves a session alone in which the same user has been redirected from the same page, and no other', () => {
    session['passport'] = { user: 'anna' }
    const stores = (url: string, method?: string) => storeReturnTo(session, 'nevis', of(url, method))
    expect([stores('/a', 'POST'), stores('/a'), stores('/a'), stores('/b'), stores('/b', 'POST'), stores('/b', 'POST')]).toEqual([false, true, false, true, true, false])
    expect([stores('/a'), stores('/a')]).toEqual([true, false])
    session['passport'] = { user: 'ben' }
    expect([stores('/a'), stores('/a'), returnToIn(session, 'nevis')]).toEqual([true, false, '/a'])
  })

  it('replaces the whole object, and keeps what else is in it', () => {
    const before = { secondFactor: { at: 1 } }
    session = { nevis: before }
    expect(storeReturnTo(session, 'nevis', of('/a'))).toBe(true)
    expect(session).toEqual({ nevis: { secondFactor: { at: 1 }, returnTo: { path: '/a' } } })
    expect(before).toEqual({ secondFactor: { at: 1 } })
    forget(session, '/a')
    expect(session['nevis']).not.toHaveProperty('returnTo')
    expect(session['nevis']).toHaveProperty('secondFactor', { at: 1 })
  })

  it('is forgotten only once it was given back itself', () => {
    storeReturnTo(session, 'nevis', of('/a'))
    forget(session, '/b')
    forget(session, undefined)
    expect(returnToIn(session, 'nevis')).toBe('/a')
  })

  it('is for the user who was redirected, or for anyone who then signs in', () => {
    storeReturnTo(session, 'nevis', of('/a'))
    session['passport'] = { user: 'anna' }
    expect(returnToIn(session, 'nevis')).toBe('/a')
    storeReturnTo(session, 'nevis', of('/of-anna'))
    expect(returnToIn(session, 'nevis')).toBe('/of-anna')
    session['passport'] = { user: 'ben' }
    expect(returnToIn(session, 'nevis')).toBeUndefined()
    forget(session, undefined)
    session['passport'] = { user: 'anna' }
    expect(returnToIn(session, 'nevis')).toBe('/of-anna')
  })
})

describe("the app's own session.returnTo", () => {
  it.each<[string, SessionLike, string | undefined]>([
    ['is followed before a login', { returnTo: '/a' }, '/a'],
    ['is old after one', { returnTo: '/a', passport: { user: 'anna' } }, undefined],
    ['is not followed to another site', { returnTo: '//evil.example' }, undefined],
    ['may be a URL of this site, of which the path counts', { returnTo: 'https://bank.example/a?b=1#c' }, '/a?b=1#c'],
    ['may be a URL of this site with its port', { returnTo: 'http://bank.example:80/' }, '/'],
    ['may be a URL as the proxy was asked for it', { returnTo: 'https://www.bank.example/a' }, '/a'],
    ['may be no URL of another site', { returnTo: 'https://evil.example/a' }, undefined],
    ['may be no URL of another port', { returnTo: 'https://bank.example:8443/a' }, undefined],
    ['may be no URL of another kind', { returnTo: 'ftp://bank.example/a' }, undefined],
    ['may hide no other site in the path of a URL', { returnTo: 'https://bank.example//evil.example' }, undefined],
    ['may be no list, even of one URL of this site', { returnTo: ['https://bank.example/a'] }, undefined],
    ['may hide no other site behind a name', { returnTo: 'https://bank.example@evil.example/a' }, undefined],
  ])('%s', (_what, session, path) => {
    expect(returnToBeforeLogin(session, HERE)).toBe(path)
  })

  it('is forgotten once it was given back; what another tab has put there since stays', () => {
    const [same, another]: SessionLike[] = [{ returnTo: '/a' }, { returnTo: '/b' }]
    for (const session of [same, another]) forget(session as SessionLike, '/a')
    expect([same, another]).toEqual([{}, { returnTo: '/b' }])
    const whole: SessionLike = { returnTo: 'https://bank.example/a' }
    forget(whole, '/a')
    expect(whole).toEqual({})
  })

  it('is left to Passport where Passport is to follow it', () => {
    const session: SessionLike = { returnTo: '/a' }
    forgetReturnTo(session, 'nevis', '/a', { successReturnToOrRedirect: '/' }, HERE)
    expect(session).toEqual({ returnTo: '/a' })
  })
})

describe('withPrefix', () => {
  const at = (url: string) => ({ url })

  const ELSEWHERE = '/elsewhere/2fa'

  it.each([
    ['/account', '/login/2fa/callback?transaction=x', '/login/2fa/callback', ELSEWHERE, '/account'],
    ['/account?a=b', '/login/2fa/callback?transaction=x', '/sub/login/2fa/callback', ELSEWHERE, '/sub/account?a=b'],
    ['/account', '/login/2fa/callback', 'https://www.bank.example/sub/login/2fa/callback', ELSEWHERE, '/sub/account'],
    ['/', '/callback', '/sub/callback', ELSEWHERE, '/sub/'],
    ['/subway', '/callback', '/sub/callback', ELSEWHERE, '/sub/subway'],
    // A request to the waiting URL can lead back to a page, too, for example when the user cancels there. If a proxy has removed a prefix such as `/sub` from
    // the path of this request, the option `waitingURL` still contains the prefix.
    ['/account', '/2fa', '/sub/2fa/callback', '/sub/2fa', '/sub/account'],
    ['/account', '/2fa?language=de', '/sub/2fa/callback', '/sub/2fa?theme=dark', '/sub/account'],
    ['/sub/account', '/2fa', '/sub/2fa/callback', '/sub/2fa', '/sub/account'],
    ['/sub', '/2fa', '/sub/2fa/callback', '/sub/2fa', '/sub'],
    ['/account', '/2fa', '/sub/2fa/callback', '/2fa', '/account'],
    ['/account', '/login', '/sub/2fa/callback', '/sub/2fa', '/account'],
  ])('puts in front of %j, at a request for %j, the prefix of callbackURL %j or waitingURL %j', (path, url, callbackURL, waitingURL, expected) => {
    expect(withPrefix(path, { callbackURL, waitingURL }, at(url))).toBe(expected)
  })

  it.each([
    ['the app sees the prefix itself', '/sub/account', '/sub/callback', '/sub/callback'],
    ['the app has put it in front', '/sub/account', '/sub/callback', '/callback'],
    ['the callback is another route', '/account', '/sub/callback', '/transfer'],
    ['the path is written otherwise', '/account', '/sub/callback', '/CALLBACK'],
    ['the request has no path', '/account', '/sub/callback', ''],
    ['the request is for a whole address', '/account', '/sub/callback', 'http://evil.example/callback'],
  ])('leaves the path as it is where %s', (_reason, path, callbackURL, url) => {
    expect(withPrefix(path, { callbackURL, waitingURL: ELSEWHERE }, at(url))).toBe(path)
  })

  it('leads to this site, whatever the request', () => {
    const piece = constantFrom('/', '//', 'evil.example', 'sub', 'callback', '\\', '..', '?', ':', '@')
    assert(property(array(piece, { maxLength: 6 }), (pieces) => expectOurs(withPrefix('/account', { callbackURL: '/sub/callback', waitingURL: '/sub/2fa' }, at(pieces.join(''))))))
  })
})

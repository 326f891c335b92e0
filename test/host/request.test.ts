/** Tests how a request is read: fields with any content, with any body parser, and the signed-in user. */
import { authInfoOf, bodyFieldOf, bodyOf, fieldOf, queryFieldOf, sessionOf, userOf, wantsPage } from '../../src/host/request'
import { loginOf } from '../../src/host/login'
import { withQuery } from '../../src/host/url'

type Fields = Parameters<typeof fieldOf>[0]

describe('a field of a request', () => {
  it.each<[string, Fields, string | null | undefined]>([
    ['of the body', { body: { code: '1' } }, '1'],
    ['of the query', { query: { code: '2' } }, '2'],
    ['of the body before the query', { body: { code: '1' }, query: { code: '2' } }, '1'],
    ['of the query, where the body has others', { body: { factor: 'sms' }, query: { code: '2' } }, '2'],
    ['of the address, where nothing was parsed', { url: '/a?code=3' }, '3'],
    ['of the address as it came, where a router has cut it', { url: '/', originalUrl: '/a?code=4' }, '4'],
    ['of the parsed query before the address', { query: { code: '2' }, url: '/a?code=3' }, '2'],
    ['of an address with several', { url: '/a?x=1&code=3&y=?code=5' }, '3'],
    ['of an address, decoded', { url: '/a?code=a%20b+c' }, 'a b c'],
    ['empty', { body: { code: '' } }, ''],
    ['given twice in the address', { url: '/a?code=3&code=4' }, null],
    ['given as a list', { body: { code: ['1'] } }, null],
    ['given as a number', { body: { code: 1 } }, null],
    ['given as null, as some clients write what they leave out', { body: { code: null } }, undefined],
    ['given as an object', { query: { code: { a: '1' } } }, null],
    ['not there', { body: {}, query: {} }, undefined],
    ['of no address', {}, undefined],
    ['of an address without a query', { url: '/code=3' }, undefined],
    ['of a path that looks like a query', { url: 'code=3' }, undefined],
    ['of a body that is a text', { body: 'code', query: { code: '2' } }, '2'],
    ['of a body that is null', { body: null, query: { code: '2' } }, '2'],
    ['of a body that is a function', { body: Object.assign(() => undefined, { code: '1' }) }, undefined],
    ['of a prototype', { body: Object.create({ code: '1' }) as unknown }, undefined],
  ])('%s', (_name, req, value) => {
    expect(fieldOf(req, 'code')).toBe(value)
  })

  it('of a URL without a path is read, and the end of a path is not taken for a field', () => {
    expect([fieldOf({ url: '?e=1' }, 'e'), fieldOf({ url: '/page' }, 'e')]).toEqual(['1', undefined])
  })

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('that every object inherits is not read: %s', (name) => {
    expect(fieldOf({ body: {}, query: {} }, name)).toBeUndefined()
    expect(queryFieldOf({ url: '/a' }, name)).toBeUndefined()
  })
})

describe('a field of the body alone', () => {
  it.each<[string, Fields, string | null | undefined]>([
    ['of the body', { body: { factor: 'sms' }, query: { factor: 'push' }, url: '/?factor=push' }, 'sms'],
    ['of the query, which a link could have made', { body: {}, query: { factor: 'push' } }, undefined],
    ['of the address', { url: '/?factor=push' }, undefined],
    ['of a body that no parser has read', { body: 'factor=sms', url: '/?factor=push' }, undefined],
    ['that is no string', { body: { factor: ['sms'] } }, null],
    ['that is null in JSON', { body: { factor: null }, query: { factor: 'push' } }, undefined],
  ])('%s', (_name, req, expected) => {
    expect(bodyFieldOf(req, 'factor')).toBe(expected)
  })
})

describe('a field of the address alone', () => {
  it.each<[string, Fields, string | null | undefined]>([
    ['is taken past any parser', { body: { code: '1' }, query: { code: '2' }, url: '/a?code=3' }, '3'],
    ['is null where it is given twice', { url: '/a?code=3&code=3' }, null],
    ['is undefined where it is missing', { body: { code: '1' }, url: '/a?x=1' }, undefined],
  ])('%s', (_name, req, value) => {
    expect(queryFieldOf(req, 'code')).toBe(value)
  })
})

describe('the session of a request', () => {
  it.each([[{}], [{ session: undefined }], [{ session: null }]])('is undefined where the host has none: %j', (req) => {
    expect(sessionOf(req)).toBeUndefined()
  })

  it('is the host\'s own object', () => {
    const session = {}
    expect(sessionOf({ session })).toBe(session)
  })
})

/** A session with the methods `get` and `set`, which @fastify/passport calls. Some session packages define them in a class, others through a `Proxy`. */
class FastifySession {
  [name: string]: unknown
  constructor(readonly passport: unknown) {}
  get(name: string): unknown {
    return this[name]
  }
  set(name: string, value: unknown): void {
    this[name] = value
  }
}

const ofPassport = (user: unknown) => loginOf({ passport: { user } })
const ofFastify = (login: unknown) => loginOf(new FastifySession(login))

describe('the digest of a login', () => {
  it.each([[{}], [{ passport: {} }], [{ passport: { user: undefined } }], [{ passport: { user: null } }], [{ passport: { user: false } }], [{ passport: { user: '' } }], [{ passport: null }], [{ passport: 'anna' }]])('is undefined where Passport finds nobody: %j', (session) => {
    expect(loginOf(session)).toBeUndefined()
  })

  it.each([[undefined], [null]])('is undefined where @fastify/passport finds no user: %j', (login) => {
    expect(ofFastify(login)).toBeUndefined()
  })

  it('is another one for each user, and does not show the user', () => {
    const users = ['anna', 'ben', 1, '1', 0, { id: 1 }, { id: 2 }, ['anna'], ['ben', 'anna'], ['anna', 'ben'], { user: 'anna' }, { user: 'anna', tenant: 'a' }, { user: 'anna', tenant: 'b' }]
    for (const digestOf of [ofPassport, ofFastify]) {
      const digests = users.map(digestOf)
      expect(new Set(digests).size).toBe(users.length)
      for (const digest of digests) expect(digest).toMatch(/^[\w-]{43}$/)
    }
  })

  it('in Passport, is not touched by what an app keeps beside the user', () => {
    expect(loginOf({ passport: { user: 'anna', seenAt: 1 } })).toBe(loginOf({ passport: { user: 'anna', seenAt: 2 } }))
  })

  it('is told by the host and not by what a session holds', () => {
    expect(loginOf({ passport: { user: 'anna', tenant: 'a' }, get: 'x', set: {} })).toBe(ofPassport('anna'))
    expect(ofFastify({ user: 'anna', tenant: 'a' })).not.toBe(ofFastify({ user: 'anna', tenant: 'b' }))
    expect(ofFastify({})).toBeDefined()
  })

  it('is the same when a store has put the names in another order', () => {
    const user = { tenant: { name: 'a', id: 1 }, roles: ['x', { c: 1, b: 2 }], name: 'anna' }
    const stored = { name: 'anna', roles: ['x', { b: 2, c: 1 }], tenant: { id: 1, name: 'a' } }
    expect(ofPassport(stored)).toBe(ofPassport(user))
    expect(ofFastify(stored)).toBe(ofFastify(user))
  })

  it('is the same before a store has made JSON of it', () => {
    const user = { id: { toJSON: () => '64f0' }, since: new Date(0), left: undefined }
    expect(ofPassport(user)).toBe(ofPassport(JSON.parse(JSON.stringify(user))))
    expect(ofPassport(user)).not.toBe(ofPassport({ ...user, since: new Date(1) }))
  })

  it('is the same for the same, in every process of every version: a record is not void after a deployment', () => {
    for (const digest of [ofPassport('anna'), ofFastify('anna')]) expect(digest).toBe('2Msdp9wZkdLK9WQT76aXYujYBJM435v-Mq90zTQK7wg')
  })
})

describe('what a host knows of a request', () => {
  it.each<[string, object, unknown[]]>([
    ['Express, NestJS and Fastify', { body: 'b', user: 'u', authInfo: 'i', request: { body: 'x' } }, ['b', 'u', 'i']],
    ['Koa', { body: 'the answer', state: { user: 'u', authInfo: 'i' }, request: { body: 'b' } }, ['b', 'u', 'i']],
    ['Koa without a body', { body: 'the answer', state: {} }, [undefined, undefined, undefined]],
    ['nothing', {}, [undefined, undefined, undefined]],
    ['nobody, in other words', { user: null, state: undefined }, [undefined, undefined, undefined]],
    ['nobody, in the words of some', { user: false }, [undefined, undefined, undefined]],
    ['both, as where one host runs on another', { user: 'u', authInfo: 'i', state: { user: 'x', authInfo: 'x' } }, [undefined, 'u', 'i']],
  ])('is read for %s', (_name, req, expected) => {
    const host = { headers: {}, ...req } as never
    expect([bodyOf(host), userOf(host), authInfoOf(host)]).toEqual(expected)
  })
})

describe('for every client', () => {
  it.each([
    ['text/html', true],
    ['text/html,application/xhtml+xml;q=0.9,*/*;q=0.8', true],
    ['application/json', false],
    ['*/*', false],
    ['', false],
    [undefined, false],
  ])('with Accept %j wants a page: %s', (accept, expected) => {
    expect(wantsPage({ headers: { accept } })).toBe(expected)
  })
})

describe('an address with more parameters', () => {
  it.each([
    ['/login/2fa', '/login/2fa?transaction=a%26b'],
    ['/login/2fa?lang=de', '/login/2fa?lang=de&transaction=a%26b'],
    ['https://a.example/', 'https://a.example/?transaction=a%26b'],
  ])('keeps those that it has: %s', (url, expected) => {
    expect(withQuery(url, { transaction: 'a&b' })).toBe(expected)
  })

  it('takes several', () => {
    expect(withQuery('/2fa', { asset: 'a', v: 'b' })).toBe('/2fa?asset=a&v=b')
  })

  it('takes any text, half a character too', () => {
    expect(withQuery('/2fa', { transaction: 'ü \ud800' })).toBe('/2fa?transaction=%C3%BC%20%EF%BF%BD')
  })
})

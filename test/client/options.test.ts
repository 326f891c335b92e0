/** Tests which options NevisClient accepts, and which options it refuses. */
import { Agent } from 'node:http'
import { inspect } from 'node:util'
import { NevisClient, type NevisClientOptions } from '../../src/client/client'
import { ACCESS_KEY, CLOUD, INSTANCE } from './support'

const make = (options: unknown) => () => new NevisClient(options as NevisClientOptions)

describe('new NevisClient', () => {
  describe('with an instance', () => {
    // Shows: C-endpoint-1
    it('talks to the host of that instance', () => {
      const client = new NevisClient({ instance: INSTANCE, accessKey: ACCESS_KEY })
      expect(client.baseURL).toBe(CLOUD)
      expect(client.instance).toBe(INSTANCE)
    })

    // Shows: C-endpoint-1
    it.each(['', 'A', 'a.b', 'evil.example/', '-a', 'a-', 'a@b', 'a'.repeat(64), 7, null, ['a']])('refuses %j', (instance) => {
      expect(make({ instance, accessKey: ACCESS_KEY })).toThrow(TypeError)
      expect(make({ instance, accessKey: ACCESS_KEY })).toThrow(/^NevisClient: instance /)
    })
  })

  describe('with a base URL', () => {
    it.each([
      ['https://nevis.example', 'https://nevis.example'],
      ['https://nevis.example/', 'https://nevis.example'],
      ['https://nevis.example:8443/gateway//', 'https://nevis.example:8443/gateway'],
      ['http://localhost:3000', 'http://localhost:3000'],
      ['http://127.18.19.10:3000/', 'http://127.18.19.10:3000'],
      ['http://[::1]:3000', 'http://[::1]:3000'],
    ])('takes %s', (baseURL, expected) => {
      const client = new NevisClient({ baseURL, accessKey: ACCESS_KEY })
      expect(client.baseURL).toBe(expected)
      expect('instance' in client).toBe(false)
    })

    it.each(['http://127.0.0.1:99999', 'http://127.0.0.1:0/', 'https://nevis.example:65536/gateway', 'https://[::1]:70000', 'https://nevis.example:x', 'https://u:p@nevis.example:99999'])('refuses %s, and says that the port is wrong', (baseURL) => {
      expect(make({ baseURL, accessKey: ACCESS_KEY })).toThrow(new TypeError('NevisClient: baseURL must have a port from 1 to 65535, or none'))
    })

    it.each(['http://', 'nevis.example', 'nevis.example:443', 'http://a b:99999', ''])('refuses %j as no URL at all', (baseURL) => {
      expect(make({ baseURL, accessKey: ACCESS_KEY })).toThrow(TypeError)
      expect(make({ baseURL, accessKey: ACCESS_KEY })).not.toThrow(/port/)
    })

    it('takes a URL without a port, with an empty one, and with the highest', () => {
      for (const baseURL of ['https://nevis.example:', 'https://nevis.example:65535', 'https://[::1]', 'https://nevis.example/a:99999']) expect(make({ baseURL, accessKey: ACCESS_KEY })).not.toThrow()
    })

    // Shows: ASVS V12.2.1, T-network-1, C-overview-2, N-lookup-5
    it.each([
      'http://nevis.example',
      'http://localhost.evil.example',
      'http://127.0.0.1.evil.example',
      'http://128.0.0.1',
      'ftp://localhost',
      'https://user@nevis.example',
      'https://user:secret@nevis.example',
      'https://:secret@nevis.example',
      'https://nevis.example/?a=b',
      'https://nevis.example/?',
      'https://nevis.example/#a',
      'nevis.example',
      '',
      7,
      null,
      ['https://nevis.example'],
    ])('refuses %j', (baseURL) => {
      expect(make({ baseURL, accessKey: ACCESS_KEY })).toThrow(TypeError)
      expect(make({ baseURL, accessKey: ACCESS_KEY })).toThrow(/^NevisClient: baseURL (?!.*secret)/)
    })
  })

  describe('with neither or both of instance and baseURL', () => {
    const missing = 'neither is set: is the environment variable missing?'
    it.each([[{}, missing], [{ instance: undefined }, missing], [{ instance: 'a', baseURL: 'https://a.example' }, 'both are set']])('refuses %j', (where, state) => {
      expect(make({ ...where, accessKey: ACCESS_KEY })).toThrow(new TypeError(`NevisClient: set exactly one of instance and baseURL (${state})`))
    })
  })

  describe('with an option that is wrong', () => {
    it('refuses an unknown name, and says it', () => {
      expect(make({ instance: 'a', accessKey: ACCESS_KEY, foo: 1 })).toThrow(
        new TypeError('NevisClient: unknown option "foo"'),
      )
    })

    it.each([undefined, null, 'x', []])('refuses %j in place of the options', (options) => {
      expect(make(options)).toThrow(new TypeError('NevisClient: options must be an object'))
    })

    it.each(['', 'two words', 'line\r\nX-Evil: 1', 'tab\t', 'über', 7, null, undefined, {}])(
      'refuses the access key %j without repeating it',
      (accessKey) => {
        expect(make({ instance: 'a', accessKey })).toThrow(
          new TypeError(
            'NevisClient: accessKey must be a non-empty string of visible ASCII characters, without white space, or a function',
          ),
        )
      },
    )

    it.each([
      ['timeoutMs', [0, -1, 1.5, 120_001, '10', NaN, null]],
      ['retries', [-1, 1.5, 11, '2', Infinity, null]],
      ['httpAgent', [{}, 'agent', 7, null]],
      ['httpsAgent', [{}, 'agent', 7, null]],
    ])('refuses a wrong %s by name', (name, values) => {
      for (const value of values) {
        expect(make({ instance: 'a', accessKey: ACCESS_KEY, [name]: value })).toThrow(TypeError)
        expect(make({ instance: 'a', accessKey: ACCESS_KEY, [name]: value })).toThrow(`NevisClient: ${name} must be `)
      }
    })

    it('takes the limits themselves, and undefined as absent', () => {
      const good = { timeoutMs: 120_000, retries: 10, httpAgent: new Agent(), httpsAgent: undefined, baseURL: undefined }
      expect(make({ instance: 'a', accessKey: ACCESS_KEY, ...good })).not.toThrow()
      expect(make({ instance: 'a', accessKey: ACCESS_KEY, timeoutMs: 1, retries: 0 })).not.toThrow()
    })
  })

  describe('once it is made', () => {
    // Shows: C-overview-1
    it('does not show its access key', () => {
      const client = new NevisClient({ instance: INSTANCE, accessKey: ACCESS_KEY })
      expect(inspect(client, { showHidden: true, depth: Infinity })).not.toContain('canary')
      expect(JSON.stringify(client)).toBe(JSON.stringify({ baseURL: CLOUD, instance: INSTANCE }))
      expect(JSON.stringify(structuredClone({ ...client }))).not.toContain('canary')
    })
  })
})

describe('the access key', () => {
  describe('held by the client', () => {
    it('is recognized, and nothing else is', async () => {
      const client = new NevisClient({ instance: INSTANCE, accessKey: () => ACCESS_KEY })
      await expect(client.holdsAccessKey(ACCESS_KEY)).resolves.toBe(true)
      await expect(client.holdsAccessKey(`${ACCESS_KEY} `)).resolves.toBe(false)
      await expect(client.holdsAccessKey('')).resolves.toBe(false)
    })
  })

  describe('as the root of other keys', () => {
    // Shows: ASVS V11.2.3
    it('gives 32 bytes that depend on the label and on the key alone', async () => {
      let current = 'key-1'
      const client = new NevisClient({ instance: INSTANCE, accessKey: () => current })
      const again = new NevisClient({ instance: 'other', accessKey: 'key-1' })
      const first = (await client.deriveKeys(['handle']))[0]
      expect(first).toHaveLength(32)
      expect((await client.deriveKeys(['handle']))[0]).toBe(first)
      expect((await again.deriveKeys(['handle']))[0]).toEqual(first)
      expect((await client.deriveKeys(['other']))[0]).not.toEqual(first)
      current = 'key-2'
      expect((await client.deriveKeys(['handle']))[0]).not.toEqual(first)
      current = 'key-1'
      expect((await client.deriveKeys(['handle']))[0]).toEqual(first)
    })

    // Shows: ASVS V11.2.1
    it('is HKDF-SHA256 as in RFC 5869', async () => {
      const { createHmac } = await import('node:crypto')
      const hmac = (key: Buffer, data: string) => createHmac('sha256', key).update(data).digest()
      const expected = hmac(hmac(Buffer.alloc(32), ACCESS_KEY), 'handle\u0001')
      const client = new NevisClient({ instance: INSTANCE, accessKey: ACCESS_KEY })
      expect((await client.deriveKeys(['handle']))[0]).toEqual(expected)
    })
  })
})

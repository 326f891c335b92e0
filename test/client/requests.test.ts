/** Tests how NevisClient checks the parameters of its methods: invalid ones throw before anything is sent, and the error does not contain their values. */
import { assertSmsText, isUserId, isUsername } from '../../src/client/checks'
import type { NevisClient } from '../../src/client/client'
import { NevisError } from '../../src/client/errors'
import { offline } from './offline'
import { AUTHENTICATOR_ID, newClient, USER_ID } from './support'

offline()

type Method = Exclude<keyof NevisClient, 'baseURL' | 'instance' | symbol>

/** nock blocks every request, so a request that the client does not refuse ends as a NevisError. */
async function outcomeOf(method: Method, ...args: unknown[]): Promise<unknown> {
  const client = newClient()
  const call = client[method] as (...args: unknown[]) => Promise<unknown>
  return call.apply(client, args).catch((error: unknown) => error)
}

async function refusal(method: Method, ...args: unknown[]): Promise<string> {
  const outcome = await outcomeOf(method, ...args)
  expect(outcome).toBeInstanceOf(TypeError)
  return (outcome as TypeError).message
}

const SECRET = 'canary'
const user = { username: 'u12345' }
const sms = { ...user, channel: 'sms', phone: '+41791234567' }

describe('enroll', () => {
  describe('with a request that breaks a rule', () => {
    // Shows: C-enrol-app-2, C-enrol-app-4, C-enrol-app-6, C-enrol-other-1, C-enrol-other-4
    it.each<[string, unknown]>([
      ['request must be an object', undefined],
      ['request must be an object', null],
      ['request must be an object', ['u12345']],
      ['request must be an object', 'u12345'],
      ['give exactly one of username and userId', {}],
      ['give exactly one of username and userId', { username: undefined }],
      ['give exactly one of username and userId', { ...user, userId: USER_ID }],
      ['username must be', { username: '' }],
      ['username must be', { username: null }],
      ['username must be', { username: `${SECRET} x` }],
      ['username must be', { username: 'a'.repeat(301) }],
      ['username must be', { username: ['u12345'] }],
      ['userId must be a UUID', { userId: `../${SECRET}` }],
      ['userId must be a UUID', { userId: 100 }],
      ['userId must be a UUID', { userId: `..${USER_ID}` }],
      ['anonymous must be true', { anonymous: false }],
      ['anonymous must be true', { ...user, anonymous: 'yes' }],
      ['anonymous cannot be combined with username or userId', { ...user, anonymous: true }],
      ['anonymous cannot be combined with username or userId', { userId: USER_ID, anonymous: true }],
      ['anonymous is allowed only with channel "app"', { anonymous: true, channel: 'sms', phone: '+41791234567' }],
      ['channel must be the name', { ...user, channel: 7 }],
      ['channel must be the name', { ...user, channel: '' }],
      ['channel must be the name', { ...user, channel: null }],
      ['channel must be the name', { ...user, channel: ['oath'] }],
      ['channel must be the name', { ...user, channel: `${SECRET} oath` }],
      ['channel must be the name', { ...user, channel: `oath ${SECRET}` }],
      ['channel must be the name', { ...user, channel: 'a'.repeat(33) }],
      ['phone is required', { ...user, channel: 'sms' }],
      ['phone must be + and 5 to 15 digits', { ...sms, phone: `${SECRET}` }],
      ['phone must be + and 5 to 15 digits', { ...sms, phone: '+41 79 123 45 67' }],
      ['phone must be + and 5 to 15 digits', { ...sms, phone: '+1234' }],
      ['phone must be + and 5 to 15 digits', { ...sms, phone: '+1234567890123456' }],
      ['phone must be + and 5 to 15 digits', { ...sms, phone: `${SECRET} +41791234567` }],
      ['phone must be + and 5 to 15 digits', { ...sms, phone: 41791234567 }],
      ['phone must be + and 5 to 15 digits', { ...sms, phone: ['+41791234567'] }],
      ['phone is allowed only with channel "sms"', { ...user, phone: '+41791234567' }],
      ['phone is allowed only with channel "sms"', { ...sms, channel: 'recovery' }],
      ['message is allowed only with channel "sms"', { ...user, channel: 'push', message: 'hello' }],
      ['message must contain {{CODE}}', { ...sms, message: `${SECRET}` }],
      ['message must contain only characters of the GSM-7', { ...sms, message: `${SECRET} {{CODE}} ✓` }],
      ['message must be a non-empty string', { ...sms, message: '' }],
      ['username is required for channel "recovery"', { userId: USER_ID, channel: 'recovery' }],
      ['unknown field "phoneNumber"', { ...sms, phoneNumber: SECRET }],
    ])('rejects with a TypeError: %s', async (words, request) => {
      const message = await refusal('enroll', request)
      expect(message).toMatch(/^enroll: /)
      expect(message).toContain(words)
      expect(message).not.toContain(SECRET)
    })
  })
})

describe('approve', () => {
  describe('with a request that breaks a rule', () => {
    // Shows: ASVS V15.3.3, C-approval-1, C-approval-6, C-approval-10, C-sms-2
    it.each<[string, unknown]>([
      ['request must be an object', undefined],
      ['give exactly one of username and userId', { channel: 'push' }],
      ['message is required with prompt: true', { ...user, prompt: true }],
      ['message must be a non-empty string', { ...user, prompt: true, message: '' }],
      ['message must not be longer', { ...user, message: 'a'.repeat(16_385) }],
      ['prompt must be true or false', { ...user, prompt: 'true' }],
      ['prompt is not allowed with channel "sms"', { ...user, channel: 'sms', prompt: false }],
      ['notificationMessage is not allowed', { ...user, channel: 'sms', notificationMessage: 'x' }],
      ['notificationMessage must be a non-empty string', { ...user, notificationMessage: {} }],
      ['authenticatorId must be a UUID', { ...user, authenticatorId: SECRET }],
      ['authenticatorId must be a UUID', { ...user, channel: 'push', authenticatorId: '*' }],
      ['authenticatorId must be a UUID', { ...user, channel: 'app', authenticatorId: SECRET }],
      ['message must contain {{CODE}}', { ...user, channel: 'sms', message: SECRET }],
      ['message must be wrapped', { ...user, message: `${SECRET} <html>` }],
      ['message must be wrapped', { ...user, message: '<html><b>pay</b>' }],
      ['message must be wrapped', { ...user, message: `${SECRET} <html>pay</html>` }],
      ['message must be wrapped', { ...user, message: `<html>pay</html> ${SECRET}` }],
      ['message must be wrapped', { ...user, message: '<HTML>pay</HTML>' }],
      ['message may contain only the tags', { ...user, message: '<html><a>pay</a></html>' }],
      ['message may contain only the tags', { ...user, message: '<html><b class="x">pay</b></html>' }],
      ['message may contain only the tags', { ...user, message: '<html>1 < 2</html>' }],
      ['message may contain only the tags', { ...user, message: '<html>a</html><html>b</html>' }],
      ['unknown field "promt"', { ...user, promt: true }],
    ])('rejects with a TypeError: %s', async (words, request) => {
      const message = await refusal('approve', request)
      expect(message).toMatch(/^approve: /)
      expect(message).toContain(words)
      expect(message).not.toContain(SECRET)
    })
  })
})

describe('verifyCode', () => {
  const good = { userId: USER_ID, code: '123456', statusToken: 'token' }

  describe('with a request that breaks a rule', () => {
    // Shows: C-sms-4
    it.each<[string, unknown]>([
      ['request must be an object', [good]],
      ['userId must be a UUID', { ...good, userId: '7e16ba00/../../x' }],
      ['code must be a string', { ...good, code: [SECRET] }],
      ['code must be a string', { ...good, code: '' }],
      ['code must be a string', { ...good, code: 123456 }],
      ['code must be a string', { ...good, code: SECRET.repeat(11) }],
      ['exactly one of statusToken and channel', { userId: USER_ID, code: SECRET }],
      ['exactly one of statusToken and channel', { ...good, channel: 'recovery' }],
      ['channel must be "recovery", "sms" or absent', { userId: USER_ID, code: SECRET, channel: 'push' }],
      ['exactly one of statusToken and channel', { userId: USER_ID, code: SECRET, channel: 'sms' }],
      ['statusToken must be a non-empty token', { ...good, statusToken: `${SECRET}\n` }],
      ['unknown field "token"', { ...good, token: SECRET }],
    ])('rejects with a TypeError: %s', async (words, request) => {
      const message = await refusal('verifyCode', request)
      expect(message).toMatch(/^verifyCode: /)
      expect(message).toContain(words)
      expect(message).not.toContain(SECRET)
    })
  })
})

describe('createIntent', () => {
  describe('with a request that breaks a rule', () => {
    // Shows: C-widget-8, C-intent-2
    it.each<[string, unknown]>([
      ['request must be an object', null],
      ['give exactly one of username and userId', { operation: 'enroll' }],
      ['operation must be', { ...user, operation: 'login' }],
      ['operation must be', user],
      ['channels must be', { ...user, operation: 'enroll', channels: [] }],
      ['channels must be', { ...user, operation: 'enroll', channels: 'push' }],
      ['channels must be', { ...user, operation: 'enroll', channels: ['recovery'] }],
      ['channels must be', { ...user, operation: 'enroll', channels: ['push', 'recovery'] }],
    ])('rejects with a TypeError: %s', async (words, request) => {
      expect(await refusal('createIntent', request)).toContain(`createIntent: ${words}`)
    })
  })
})

describe('the methods that take a single value', () => {
  const longToken = 'a'.repeat(8193)
  describe('with a value of the wrong kind', () => {
    // Shows: C-enrol-app-4
    it.each<[Method, unknown, string]>([
      ...[undefined, null, '', 7, ['a'], `a\u0000${SECRET}`, longToken].flatMap((token): [Method, unknown, string][] => [
        ['getStatus', token, 'statusToken'],
        ['introspect', token, 'token'],
      ]),
      ...[undefined, null, '', 7, [USER_ID], 'x/../y', '*', `${USER_ID}\n`].flatMap((id): [Method, unknown, string][] => [
        ['getUser', id, 'userId'],
        ['deleteUser', id, 'userId'],
        ['renameAuthenticator', id, 'authenticatorId'],
        ['deleteAuthenticator', id, 'authenticatorId'],
      ]),
      ...[undefined, '', 'a b', ['u'], 'ü'].map((username): [Method, unknown, string] => ['findUserByUsername', username, 'username']),
    ])('%s rejects %j with a TypeError', async (method, value, field) => {
      const message = await refusal(method, value, 'name')
      expect(message).toMatch(new RegExp(`^${method}: ${field} must be `))
      expect(message).not.toContain(SECRET)
    })
  })

  describe('with a name that is no text', () => {
    // Shows: C-user-8
    it.each([undefined, '', 7, {}])('renameAuthenticator rejects %j', async (name) => {
      expect(await refusal('renameAuthenticator', AUTHENTICATOR_ID, name)).toMatch(/^renameAuthenticator: name must be/)
    })
  })
})

describe('a request that is just within the rules', () => {
  it.each<[Method, unknown]>([
    ['enroll', { ...user, channel: 'a'.repeat(32) }],
    ['enroll', { ...sms, phone: '+12345' }],
    ['enroll', { ...sms, phone: '+123456789012345' }],
    ['enroll', { userId: USER_ID.toUpperCase() }],
    ['approve', { username: 'a'.repeat(300) }],
    ['approve', { ...user, message: 'a'.repeat(16_384) }],
    ['verifyCode', { userId: USER_ID, code: '1'.repeat(64), channel: 'recovery' }],
    ['getStatus', 'a'.repeat(8192)],
  ])('%s sends: %j', async (method, request) => {
    expect(await outcomeOf(method, request)).toBeInstanceOf(NevisError)
  })
})

describe('assertSmsText', () => {
  describe('with every character of the GSM-7 alphabet and its extension', () => {
    // Shows: C-sms-2
    it('accepts the text', () => {
      const letters =
        '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCXYZÄÖÑÜ§¿abcxyzäöñüà\f^{}\\[~]|€'
      expect(() => assertSmsText('sms', `${letters} {{CODE}}`)).not.toThrow()
    })
  })

  describe('with a character outside of it', () => {
    // Shows: C-sms-2
    it.each(['ç', '`', '\t', '’', '😀', 'ê', '\u00a0'])('refuses %j, and names the factor', (character) => {
      expect(() => assertSmsText('sms', `{{CODE}} ${character}`)).toThrow(
        new TypeError('sms: message must contain only characters of the GSM-7 alphabet'),
      )
    })
  })
})

describe('a name of a user', () => {
  describe('that Nevis takes', () => {
    it.each(['u12345', 'a.b@c-d_e', 'A', '0', 'a'.repeat(300)])('is a username: %j', (name) => {
      expect(isUsername(name)).toBe(true)
    })

    it.each([USER_ID, USER_ID.toUpperCase()])('is a userId: %j', (id) => {
      expect(isUserId(id)).toBe(true)
    })
  })

  describe('that Nevis does not take', () => {
    it.each(['', 'jörg', 'a b', "o'neil@x.org", 'joe+tag@x.org', 'a'.repeat(301), 'anna\n', '../x', undefined, null, 7, ['anna'], {}])('is no username: %j', (name) => {
      expect(isUsername(name)).toBe(false)
    })

    it.each(['', 'u12345', '../x', `${USER_ID}\n`, `x${USER_ID}`, undefined, null, 7, [USER_ID]])('is no userId: %j', (id) => {
      expect(isUserId(id)).toBe(false)
    })
  })
})

/** Tests which options NevisStrategy accepts, which options it refuses, and the defaults of the options. */
import { inspect } from 'node:util'
import { MemoryLedger, NevisClient, NevisStrategy, app, push, recovery, sms, widget, type NevisRequest, type NevisStrategyOptions } from '../../src'
import { ledgerWith } from '../support/ledger-contract'

const required: NevisStrategyOptions = {
  instance: 'example', accessKey: 'key-0123456789', factors: [push(), app(), sms(), recovery()], waitingURL: '/2fa',
}
const verify = () => undefined
const decide = () => 'enroll' as const
const make = (options: unknown) => new NevisStrategy(options as NevisStrategyOptions & { passReqToCallback?: false }, verify)
const made = (options: Partial<NevisStrategyOptions> = {}) => make({ ...required, ...options })

function mistakeOf(work: () => unknown): TypeError {
  try {
    work()
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
    return error as TypeError
  }
  throw new Error('was accepted')
}

const sealed = { id: 't', factor: 'push', expiresAt: 1 }

describe('new NevisStrategy', () => {
  describe('with a wrong option', () => {
    const texts = [7, '', null, {}, ['x']]
    const wholes = [0, -1, 1.5, NaN, Infinity, '60', null, true]
    const addresses = [
      undefined, null, 7, '', {}, 'login/2fa', './login', '//evil', '//evil.example/x', '/\\evil', '\\\\evil', '/\t/evil', '/\n/evil', '/a b',
      'javascript:alert(1)', 'javascript:https://a.example', 'data:text/html,x', 'ftp://a.example/', '/ä/..//evil', '/ä/../..//evil/x', 'https:/a.example', 'https:a.example', ' /login', 'https://', '?x', '#x',
    ]
    const wrong: [keyof NevisStrategyOptions, unknown[]][] = [
      ['instance', [7, '', 'a.b', null, {}]],
      ['accessKey', [7, '', 'two words', null, undefined, {}]],
      ['factors', [undefined, null, [], {}, 'push', push, push(), [push], [push(), {}], [undefined], [null], [{}], [{ ...push(), name: 7 }],
        [{ ...push(), approve: undefined }], [{ ...push(), check: undefined }], [{ name: 'x', prompt: 'wait' }], [push(), push()],
        [push(), sms(), { ...app(), name: 'sms' }], [{ ...push(), name: '' }], [{ ...push(), prompt: 'never' }], [{ ...push(), enrollPrompt: 'never' }], [{ ...push(), enroll: 7 }]]],
      ['waitingURL', addresses],
      ['callbackURL', addresses.filter((one) => one !== undefined)],
      ['statusURL', addresses.filter((one) => one !== undefined)],
      ['name', texts],
      ['subject', [7, 'anna', {}, null, { username: 'anna' }]],
      ['operation', [7, '', 'Approve', 'register', null, {}]],
      ['message', [7, null, {}, true]],
      ['lifetimeSeconds', [...wholes, 29, 601]],
      ['enrollmentLifetimeSeconds', [...wholes, 29, 601]],
      ['firstFactorLifetimeSeconds', [...wholes, 29, 3601]],
      ['maxAttempts', [...wholes, 21]],
      ['startBudget', [7, 'many', null, {}, { starts: 5 }, { perSeconds: 300 }, { starts: 0, perSeconds: 300 }, { starts: 5, perSeconds: 0 },
        { starts: '5', perSeconds: 300 }, { starts: 1.5, perSeconds: 300 }, { starts: 5, perSeconds: Infinity }, { starts: 1001, perSeconds: 1 },
        { starts: 5, perSeconds: 86_401 }]],
      ['attemptBudget', [7, 'many', null, {}, { attempts: 5 }, { perSeconds: 300 }, { starts: 5, perSeconds: 300 }, { attempts: 0, perSeconds: 300 },
        { attempts: 1001, perSeconds: 300 }, { attempts: 5, perSeconds: 0 }, { attempts: 5, perSeconds: 86_401 }]],
      ['maxStatusCallsPerSecond', [...wholes, 10_001]],
      ['pollSchedule', [7, null, {}, 'often', [], [7], [null], [undefined], [{}], [{ untilSeconds: 10 }], [{ everySeconds: 1 }], [{ untilSeconds: '10', everySeconds: 1 }],
        [{ untilSeconds: 10, everySeconds: '1' }], [{ untilSeconds: 0, everySeconds: 1 }], [{ untilSeconds: 10, everySeconds: 0.49 }],
        [{ untilSeconds: 10, everySeconds: 1 }, { untilSeconds: 10, everySeconds: 2 }], [{ untilSeconds: 10, everySeconds: 1 }, { untilSeconds: 5, everySeconds: 2 }],
        { length: 1, 0: { untilSeconds: 10, everySeconds: 1 } }]],
      ['ledger', [7, null, {}, 'memory', MemoryLedger, ...(['claim', 'count', 'look', 'forget'] as const).map((name) => ledgerWith({ [name]: undefined as never }))]],
      ['allowEnrollmentOfStrongerFactorAfter', [7, 'recovery', null, {}, [''], [7], ['recovery', undefined]]],
      ['sessionKey', [...texts, 'passport', 'cookie', '__proto__']],
      ['issuer', [7, '', null, {}, [], [''], ['https://a.example', 7]]],
      ['secret', [7, '', null, {}, [], 'short', 'x'.repeat(31), [''], ['x'.repeat(32), 'short'], [7]]],
      ['healthCheck', [0, 1, 'true', null, {}]],
      ['passReqToCallback', [0, 1, 'true', null, {}]],
    ]

    // Shows: ASVS V6.5.5, ASVS V11.2.3, N-oob-6, CD-short-1
    it.each(wrong.flatMap(([option, values]) => values.map((value): [string, string, unknown] => [option, inspect(value, { depth: 1 }), value])))(
      'refuses %s: %s, and names it',
      (option, _shown, value) => {
        const { message } = mistakeOf(() => make({ ...required, [option]: value }))
        expect(message).toMatch(new RegExp(`^NevisStrategy: .*\\b${option}\\b`))
      },
    )

    it.each([7, '', null, 'nevis.example', 'http://nevis.example', 'https://a:b@nevis.example'])('refuses baseURL: %p, and names it', (baseURL) => {
      const { instance: _instance, ...others } = required
      expect(mistakeOf(() => make({ ...others, baseURL })).message).toMatch(/^NevisStrategy: .*\bbaseURL\b/)
    })

    it('never repeats a secret', () => {
      for (const wrongSecret of [{ secret: 'canary' }, { secret: ['x'.repeat(32), 'canary'] }, { accessKey: 'canary canary' }]) {
        expect(mistakeOf(() => make({ ...required, ...wrongSecret })).message).not.toContain('canary')
      }
    })

    it.each<[Partial<Record<keyof NevisStrategyOptions, unknown>>, string]>([
      [{ factors: [] }, 'factors must be a list such as [push(), sms()]'],
      [{ factors: [push(), push()] }, 'factors must not contain two factors with the same name'],
      [{ waitingURL: '//x' }, 'waitingURL must be an absolute path such as "/login/2fa", or a URL'],
      [{ callbackURL: required.waitingURL }, 'waitingURL, callbackURL and statusURL must be three different URLs'],
      [{ callbackURL: `${required.waitingURL}/` }, 'waitingURL, callbackURL and statusURL must be three different URLs'],
      [{ statusURL: required.waitingURL }, 'waitingURL, callbackURL and statusURL must be three different URLs'],
      [{ callbackURL: `${required.waitingURL}/status` }, 'waitingURL, callbackURL and statusURL must be three different URLs'],
      [{ name: '' }, 'name must be a non-empty string'],
      [{ issuer: [] }, 'issuer must not be an empty list'],
      [{ maxAttempts: 0 }, 'maxAttempts must be a whole number from 1 to 20'],
      [{ attemptBudget: { attempts: 1, perSeconds: 60, perHour: 1 } }, 'attemptBudget: unknown option "perHour"'],
      [{ startBudget: { starts: 1, perSeconds: 0 } }, 'startBudget.perSeconds must be a whole number from 1 to 86400'],
      [{ attemptBudget: {} }, 'attemptBudget.attempts must be a whole number from 1 to 1000'],
      [{ healthCheck: 1 }, 'healthCheck must be true or false'],
      [{ subject: 7 }, 'subject must be a function'],
      [{ operation: '' }, 'operation must be "approve", "enroll", "approve-or-enroll" or a function'],
      [{ message: '' }, 'message must be a non-empty string or a function'],
      [{ pollSchedule: [] }, 'pollSchedule must be a list of { untilSeconds, everySeconds }, with rising untilSeconds and everySeconds of 0.5 or more'],
      [{ ledger: {} }, 'ledger must have claim(), count(), look() and forget(), such as new MemoryLedger()'],
      [{ allowEnrollmentOfStrongerFactorAfter: 'recovery' }, 'allowEnrollmentOfStrongerFactorAfter must be a list of names of factors, such as [\'recovery\']'],
      [{ secret: 'x' }, 'secret must have 32 characters or more'],
      [{ sessionKey: '' }, 'sessionKey must be a non-empty string, and neither "passport" nor "cookie"'],
      [{ instance: 7 }, 'instance must be an instance id: lower-case letters, digits and dashes'],
    ])('says what would be right: %j', (options, sentence) => {
      expect(mistakeOf(() => make({ ...required, ...options })).message).toBe(`NevisStrategy: ${sentence}`)
    })

    it('says push(), not push, when the call was forgotten', () => {
      expect(mistakeOf(() => make({ ...required, factors: [push] })).message).toContain('push(), not push')
    })
  })

  describe('with an option that it does not know', () => {
    it.each(['foo', 'Factors', 'callbackUrl', 'lifetime', 'constructor', 'toString', '__proto__', 'timeoutMs', ''])('refuses %j by name', (name) => {
      expect(mistakeOf(() => make({ ...required, [name]: undefined })).message).toBe(`NevisStrategy: unknown option "${name}"`)
    })
  })

  describe('with something else in place of the options', () => {
    it.each([undefined, null, 'x', 7, verify, []])('refuses %p', (options) => {
      expect(mistakeOf(() => make(options)).message).toMatch(/^NevisStrategy: options must be an object/)
    })
  })

  describe('without a verify function', () => {
    it.each([undefined, null, 'x', {}])('refuses %p', (value) => {
      expect(mistakeOf(() => new NevisStrategy(required as never, value as never)).message).toBe('NevisStrategy: verify must be a function')
    })
  })

  describe('with a client', () => {
    const client = new NevisClient({ baseURL: 'https://nevis.example', accessKey: 'key-0123456789' })
    const { instance: _instance, accessKey: _accessKey, ...rest } = required

    it('uses it', () => {
      const { settings } = make({ ...rest, client, instance: undefined, baseURL: undefined, accessKey: undefined })
      expect(settings.client).toBe(client)
      expect(settings.issuers).toEqual(['https://nevis.example'])
    })

    it.each([{ instance: 'example' }, { baseURL: 'https://nevis.example' }, { accessKey: 'key' }])('refuses %j beside it', (beside) => {
      expect(mistakeOf(() => make({ ...rest, client, ...beside })).message).toBe(
        'NevisStrategy: client cannot be combined with instance, baseURL or accessKey',
      )
    })

    it.each([null, 7, {}, { baseURL: 'https://nevis.example' }, NevisClient])('refuses %p as one', (other) => {
      expect(mistakeOf(() => make({ ...rest, client: other })).message).toBe('NevisStrategy: client must be a NevisClient')
    })
  })

  describe('with no address, or two, of the cloud', () => {
    it.each([
      { instance: undefined },
      { instance: undefined, baseURL: undefined },
      { baseURL: 'https://nevis.example' },
    ])('refuses %j', (where) => {
      expect(mistakeOf(() => make({ ...required, ...where })).message).toMatch(/^NevisStrategy: .*instance.*baseURL/)
    })
  })

  describe('with nothing but what is required', () => {
    it('takes the defaults', async () => {
      const { name, settings } = make(required)
      expect(name).toBe('nevis')
      expect(settings).toMatchObject({
        name: 'nevis', waitingURL: '/2fa', callbackURL: '/2fa/callback', statusURL: '/2fa/status', operation: 'approve', lifetimeMs: 120_000,
        firstFactorLifetimeMs: 600_000, maxAttempts: 5, startBudget: { starts: 5, perSeconds: 300 }, attemptBudget: { attempts: 30, perSeconds: 3600 },
        allowEnrollmentOfStrongerFactorAfter: [], hasWidget: false, sessionKey: 'nevis', health: undefined,
        issuers: ['https://example.mauth.nevis.cloud'], passReqToCallback: false,
      })
      expect(settings.message).toBeUndefined()
      expect(settings.data).toBeUndefined()
      expect(settings.factors.map((factor) => factor.name)).toEqual(['push', 'app', 'sms', 'recovery'])
      expect(settings.client.baseURL).toBe('https://example.mauth.nevis.cloud')
      expect(await settings.ledger.claim('a', 1)).toBe(true)
      expect(await settings.ledger.claim('a', 1)).toBe(false)
    })

    it('takes undefined for absent', () => {
      const names = ['baseURL', 'client', 'callbackURL', 'statusURL', 'name', 'subject', 'operation', 'message', 'data', 'lifetimeSeconds', 'enrollmentLifetimeSeconds', 'firstFactorLifetimeSeconds',
        'maxAttempts', 'startBudget', 'attemptBudget', 'pollSchedule', 'maxStatusCallsPerSecond', 'healthCheck', 'ledger', 'allowEnrollmentOfStrongerFactorAfter', 'sessionKey', 'issuer', 'secret',
        'passReqToCallback']
      const { settings } = make({ ...required, ...Object.fromEntries(names.map((name) => [name, undefined])) })
      expect(settings).toMatchObject({ name: 'nevis', lifetimeMs: 120_000, maxAttempts: 5, sessionKey: 'nevis' })
    })

    it('gives no two strategies the same ledger', async () => {
      expect(await make(required).settings.ledger.claim('a', 60)).toBe(true)
      expect(await make(required).settings.ledger.claim('a', 60)).toBe(true)
    })

    it.each<[unknown, object | undefined]>([
      [undefined, undefined],
      [{}, undefined],
      [{ username: 'anna' }, { username: 'anna' }],
      [{ username: 'anna', nevisUserId: 'u-1' }, { userId: 'u-1' }],
      [{ nevisUserId: 'u-1' }, { userId: 'u-1' }],
      [{ username: 'anna', nevisUserId: '' }, { username: 'anna' }],
      [{ username: 'anna', nevisUserId: null }, { username: 'anna' }],
      [{ username: '' }, undefined],
      [{ username: ['anna'] }, undefined],
      [{ id: 'anna' }, undefined],
    ])('asks for a req.user of %j about %j', async (user, expected) => {
      expect(await make(required).settings.subject({ user } as unknown as NevisRequest)).toEqual(expected)
    })
  })

  describe('where it runs for everyone', () => {
    const { NODE_ENV } = process.env
    afterEach(() => {
      process.env['NODE_ENV'] = NODE_ENV
      jest.restoreAllMocks()
    })

    it.each<[string, string, Partial<NevisStrategyOptions>, unknown[]]>([
      ['production', 'the ledger in memory', {}, [[
        'NevisStrategy uses a MemoryLedger, which is safe with one process only: with several processes, use a RedisLedger', { code: 'PASSPORT_NEVIS_MEMORY_LEDGER' },
      ]]],
      ['production', 'another ledger', { ledger: ledgerWith({}) }, []],
      ['development', 'the ledger in memory', {}, []],
    ])('and NODE_ENV is %s, with %s, warns as it should', (env, _ledger, options, warnings) => {
      const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
      process.env['NODE_ENV'] = env
      made(options)
      expect(warn.mock.calls).toEqual(warnings)
    })
  })

  describe('with the limits themselves', () => {
    it.each<[Partial<NevisStrategyOptions>, object]>([
      [{ lifetimeSeconds: 30 }, { lifetimeMs: 30_000 }],
      [{ lifetimeSeconds: 600 }, { lifetimeMs: 600_000 }],
      [{ enrollmentLifetimeSeconds: 30 }, { enrollmentLifetimeMs: 30_000 }],
      [{ firstFactorLifetimeSeconds: 30 }, { firstFactorLifetimeMs: 30_000 }],
      [{ firstFactorLifetimeSeconds: 3600 }, { firstFactorLifetimeMs: 3_600_000 }],
      [{ maxAttempts: 1 }, { maxAttempts: 1 }],
      [{ maxAttempts: 20 }, { maxAttempts: 20 }],
      [{ startBudget: { starts: 1, perSeconds: 1 } }, { startBudget: { starts: 1, perSeconds: 1 } }],
      [{ startBudget: { starts: 1000, perSeconds: 86_400 } }, { startBudget: { starts: 1000, perSeconds: 86_400 } }],
      [{ attemptBudget: { attempts: 1, perSeconds: 1 } }, { attemptBudget: { attempts: 1, perSeconds: 1 } }],
      [{ attemptBudget: { attempts: 1000, perSeconds: 86_400 } }, { attemptBudget: { attempts: 1000, perSeconds: 86_400 } }],
      [{ maxStatusCallsPerSecond: 1 }, {}],
      [{ maxStatusCallsPerSecond: 10_000 }, {}],
      [{ pollSchedule: [{ untilSeconds: 0.1, everySeconds: 0.5 }, { untilSeconds: 0.2, everySeconds: 0.5 }] }, {}],
      [{ healthCheck: true }, { health: {} }],
      [{ name: 'second' }, { name: 'second' }],
      [{ sessionKey: 'mfa' }, { sessionKey: 'mfa' }],
      [{ operation: 'enroll' }, { operation: 'enroll' }],
      [{ operation: 'approve-or-enroll' }, { operation: 'approve-or-enroll' }],
      [{ waitingURL: '/2fa/' }, { callbackURL: '/2fa/callback', statusURL: '/2fa/status' }],
      [{ waitingURL: 'https://app.example/2fa?x=/y' }, { callbackURL: 'https://app.example/2fa/callback', statusURL: 'https://app.example/2fa/status' }],
      [{ waitingURL: '/bestätigung' }, { waitingURL: '/best%C3%A4tigung', callbackURL: '/best%C3%A4tigung/callback', statusURL: '/best%C3%A4tigung/status' }],
      [{ callbackURL: '/zurück?für=mich&x=/y' }, { callbackURL: '/zur%C3%BCck?f%C3%BCr=mich&x=/y' }],
      [{ callbackURL: 'https://bücher.example/zurück' }, { callbackURL: 'https://xn--bcher-kva.example/zur%C3%BCck' }],
      [{ callbackURL: '/best%C3%A4tigung/./x' }, { callbackURL: '/best%C3%A4tigung/./x' }],
      [{ callbackURL: '/\u{1f511}\ud800' }, { callbackURL: '/%F0%9F%94%91%EF%BF%BD' }],
      [{ callbackURL: '/back' }, { callbackURL: '/back', statusURL: '/2fa/status' }],
      [{ message: 'Hello' }, { message: 'Hello' }],
      [{ data: null }, { data: null }],
      [{ operation: decide }, { operation: decide }],
      [{ message: decide }, { message: decide }],
      [{ factors: [widget()] }, { factors: [{ name: 'widget' }], hasWidget: true }],
      [{ factors: [{ ...push(), enrollPrompt: 'widget' }] }, { hasWidget: true }],
      [{ allowEnrollmentOfStrongerFactorAfter: ['recovery', 'sms'] }, { allowEnrollmentOfStrongerFactorAfter: ['recovery', 'sms'] }],
      [{ passReqToCallback: true }, { passReqToCallback: true }],
      [{ waitingURL: 'https://app.example/2fa', callbackURL: 'http://localhost:3000/2fa?x=1', statusURL: '/' },
        { waitingURL: 'https://app.example/2fa', callbackURL: 'http://localhost:3000/2fa?x=1', statusURL: '/' }],
      [{ issuer: 'https://a.example/' }, { issuers: ['https://a.example'] }],
      [{ issuer: ['https://a.example/', 'https://b.example'] }, { issuers: ['https://a.example', 'https://b.example'] }],
    ])('takes %j', (options, expected) => {
      expect(made(options).settings).toMatchObject(expected)
    })
  })

  describe('with a secret of its own', () => {
    const [old, next] = ['MZ8DBr4lD1Pd2bvGS0sbDOMLhXlCjVWwz6rkzVgmJkI', 'q5vE3WdYxBt0m8KcTzL2nRrJfH7uGaPs1oUeIyQbXw4']
    const sealsOf = (secret?: NevisStrategyOptions['secret'], accessKey = 'key-0123456789') => made({ secret, accessKey }).settings.keys()

    // Shows: ASVS V9.1.3
    it('encrypts with the first and decrypts with all', async () => {
      const byOld = (await sealsOf(old)).handles.seal(sealed)
      const byBoth = (await sealsOf([next, old])).handles.seal(sealed)
      expect((await sealsOf([next, old])).handles.open(byOld)).toEqual(sealed)
      expect((await sealsOf([next, old])).handles.open(byBoth)).toEqual(sealed)
      expect((await sealsOf(next)).handles.open(byBoth)).toEqual(sealed)
      expect((await sealsOf(old)).handles.open(byBoth)).toBeUndefined()
      expect((await sealsOf(next)).handles.open(byOld)).toBeUndefined()
    })

    it('outlives a new access key', async () => {
      expect((await sealsOf(old, 'key-2')).handles.open((await sealsOf(old, 'key-1')).handles.seal(sealed))).toEqual(sealed)
    })

    it.each<[string, string | undefined, string, string]>([
      ['of its own', old, 'AbPMTymblz393yMY2p-lBOAfbbhvJf_gAl5-x7kmZ9xMcc76-CGscb182n5mLsFXMyciXAH9Ya0m5_-Vv3YdJQcPyw4', 'eEJ70i91sg-6Npt59NF5BFcO9a8j3uEqPSprTnCjtyI'],
      ['that is the access key', undefined, 'AUFoIqhiOoUEHRJkGqM98_u-9QG2AGgdr-treJvwlrcLD3Ps2amlf4qYEzzldFeDdVRPh-JSpaEzvV7royy2M0zR4dc', 'UIl67Zc1b9BHm0_gbjnAGTH65jwTl6RafYNVO-aNyjA'],
    ])('%s, accepts what another process has encrypted and authenticated', async (_name, secret, handle, digest) => {
      const { handles, digests } = await made({ secret }).settings.keys()
      const transaction = { id: 't', factor: 'push', operation: 'approve', subject: { username: 'anna' }, startedAt: 1, expiresAt: 2, firstFactorAt: 1, shown: {} } as const
      expect(handles.open(handle)).toEqual(sealed)
      expect(digests.matches({ ...transaction, digest })).toBe(true)
    })

    it('takes the access key without one', async () => {
      const handle = (await sealsOf(undefined, 'key-1')).handles.seal(sealed)
      expect((await sealsOf(undefined, 'key-1')).handles.open(handle)).toEqual(sealed)
      expect((await sealsOf(undefined, 'key-2')).handles.open(handle)).toBeUndefined()
      expect((await sealsOf(old, 'key-1')).handles.open(handle)).toBeUndefined()
    })
  })

  describe('once it is made', () => {
    it('has settings that cannot be changed', () => {
      const { settings } = make(required)
      expect(Object.isFrozen(settings)).toBe(true)
      expect(Object.isFrozen(settings.factors)).toBe(true)
      expect(Object.isFrozen(settings.allowEnrollmentOfStrongerFactorAfter)).toBe(true)
    })

    it('has written nothing into the options, not even into frozen ones', () => {
      const options = Object.freeze({
        ...required, factors: Object.freeze([push(), sms()]), startBudget: Object.freeze({ starts: 3, perSeconds: 60 }),
        issuer: Object.freeze(['https://a.example/']), secret: Object.freeze(['MZ8DBr4lD1Pd2bvGS0sbDOMLhXlCjVWwz6rkzVgmJkI']),
      })
      const before = JSON.stringify(options)
      make(options)
      expect(JSON.stringify(options)).toBe(before)
    })

    it('does not see what is changed in the options later', async () => {
      const factors = [push()]
      const startBudget = { starts: 3, perSeconds: 60 }
      const issuer = ['https://a.example']
      const secret = ['MZ8DBr4lD1Pd2bvGS0sbDOMLhXlCjVWwz6rkzVgmJkI']
      const options: any = { ...required, factors, startBudget, issuer, secret }
      const { settings } = make(options)
      const handle = (await settings.keys()).handles.seal(sealed)
      factors.push(sms())
      startBudget.starts = 1000
      issuer.push('https://evil.example')
      secret[0] = 'q5vE3WdYxBt0m8KcTzL2nRrJfH7uGaPs1oUeIyQbXw4'
      options.maxAttempts = 20
      expect(settings.factors).toHaveLength(1)
      expect(settings.startBudget).toEqual({ starts: 3, perSeconds: 60 })
      expect(settings.issuers).toEqual(['https://a.example'])
      expect(settings.maxAttempts).toBe(5)
      expect((await settings.keys()).handles.open(handle)).toEqual(sealed)
    })
  })
})

/** Tests each factor alone: what the factor sends to Nevis, what it stores, what it shows, and how it reads Nevis's answers. */
import { app, push, recovery, sms, widget, type Factor, type NevisClient, type Subject, type Transaction } from '../../src'
import { NevisError } from '../../src/client/errors'
import { promptOf } from '../../src/factors/factor'
import { isBlocked } from '../../src/factors/shared'
import { NevisSimulator } from '../../src/simulator'
import { signIn, startApp, waitingOf } from '../support/app'
import { closing } from '../support/closing'

const USER = '7b2ce5a9-6bd0-4e2f-8d0f-2ac2c4a1d7a1'
const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/
const ANNA: Subject = { username: 'anna' }
const KNOWN: Subject = { userId: USER }
const APPROVAL = { transactionId: 't1', statusToken: 's', userId: USER, raw: { username: 'anna' }, qrCode: { dataUri: 'data:qr' }, appLinkUri: 'app:link' }
const LEAST_APPROVAL = { transactionId: 't1', statusToken: 's', raw: { username: 7 } }
const ENROLLMENT = {
  transactionId: 't1', statusToken: 's', userId: USER, username: 'anna', qrCode: { dataUri: 'data:qr' }, appLinkUri: 'app:link', recoveryCodes: ['AAAA'], authenticators: [], raw: {},
}
const transaction: Transaction = {
  id: 't1', factor: 'push', operation: 'approve', subject: ANNA, userId: USER, statusToken: 's', startedAt: 0, expiresAt: 1, firstFactorAt: 0, shown: {},
}
const SUCCEEDED = { status: 'succeeded', userId: USER, transactionId: 't1', token: 'x' }
/** The outcome for the status `SUCCEEDED`. */
const OUTCOME = { ...SUCCEEDED, isBoundByStatusToken: true }
const NOT_APPROVED = { status: 'failed', code: 'not_approved', retryable: false }
const WRONG_CODE = { status: 'failed', code: 'wrong_code', retryable: true }
const notFound = () => new NevisError('NEVIS_NOT_FOUND', 'getUser')

/** Creates a client that returns the given answer for each method, and records its calls. */
function cloud(answers: Partial<Record<keyof NevisClient, unknown>>) {
  const asked: unknown[] = []
  const nevis = Object.fromEntries(
    Object.entries(answers).map(([method, answer]) => [method, async (request: unknown) => {
      asked.push([method, request])
      if (answer instanceof Error) throw answer
      return answer
    }]),
  ) as unknown as NevisClient
  return { nevis, asked }
}

const check = (factor: Factor, answers: Partial<Record<keyof NevisClient, unknown>>, answer = {}, change: Partial<Transaction> = {}) => {
  const { nevis, asked } = cloud(answers)
  return factor.check(nevis, { ...transaction, ...change }, answer).then((outcome) => ({ outcome, asked }))
}
const enroll = (factor: Factor, nevis: NevisClient, subject: Subject, request = {}) => (factor.enroll as NonNullable<Factor['enroll']>)(nevis, subject, request)

describe('the factors', () => {
  it.each([
    [push(), { name: 'push', prompt: 'wait', takesAuthenticator: true }, ['wait', undefined]],
    [app(), { name: 'app', prompt: 'wait', takesAuthenticator: true, instanceOptions: { channel: 'app', linkSchemes: [] } }, ['wait', 'wait']],
    [app({ anyAuthenticator: true }), { name: 'app', prompt: 'wait', takesAuthenticator: false, instanceOptions: { channel: 'app', linkSchemes: [] } }, ['wait', 'wait']],
    [sms(), { name: 'sms', prompt: 'code', instanceOptions: { requireIntrospection: false, sendChannelWithVerification: false } }, ['code', 'code']],
    [recovery(), { name: 'recovery', prompt: 'code', enrollPrompt: 'confirm' }, ['code', 'confirm']],
    [widget(), { name: 'widget', prompt: 'widget' }, ['widget', 'widget']],
  ])('have their names and prompts: $name', (factor, words, prompts) => {
    const { approve: _approve, enroll: enrolls, check: _check, amr: _amr, ...rest } = factor
    expect(rest).toStrictEqual(words)
    expect([promptOf(factor, 'approve'), enrolls && promptOf(factor, 'enroll')]).toEqual(prompts)
    expect(promptOf(factor, undefined)).toBe(prompts[0])
  })

  it.each<[() => Factor, string]>([
    [() => app({ channel: 'qr' as never }), 'app: channel must be "app" or "qr-code"'],
    [() => app({ anyAuthenticator: 'yes' as never }), 'app: anyAuthenticator must be true or false'],
    [() => sms({ message: 7 as never }), 'sms: message must be a string or a function'],
    [() => sms({ requireIntrospection: 'no' as never }), 'sms: requireIntrospection must be true or false'],
    [() => push({ typedcode: true } as object), 'push: unknown option "typedcode"'],
    [() => push(true as never), 'push: options must be an object'],
    [() => app({ anyAuthenticators: true } as object), 'app: unknown option "anyAuthenticators"'],
    [() => sms({ requireIntrospecion: true } as object), 'sms: unknown option "requireIntrospecion"'],
    [() => widget({ chanels: ['app'] } as object), 'widget: unknown option "chanels"'],
    [() => recovery({ typedCode: true } as never), 'recovery: unknown option "typedCode"'],
    [() => recovery(true as never), 'recovery: options must be an object'],
    ...['+41900', ['41900'], ['+'], ['+41 900'], ['+123456789012345'], ['+1', 7], [''], ['+1\n'], null].map((refusedPrefixes): [() => Factor, string] => [
      () => sms({ refusedPrefixes: refusedPrefixes as never }), 'sms: refusedPrefixes must be a list of strings, each + and 1 to 14 digits',
    ]),
  ])('refuse what they do not know: %#', (make, sentence) => {
    expect(make).toThrow(new TypeError(sentence))
  })

  it.each([() => sms({ message: 'no place for it' }), () => widget({ channels: [] }), () => widget({ channels: ['fax'] as never })])('refuse what Nevis would: %#', (make) => {
    expect(make).toThrow(/^(sms|widget): /)
  })
})

describe('the numbers that SMS refuses', () => {
  it.each([[[]], [['+1']], [['+12345678901234', '+41900']]])('may be %j', (refusedPrefixes) => {
    expect(sms({ refusedPrefixes }).name).toBe('sms')
  })
})

describe('a challenge', () => {
  const server = { id: 't1', statusToken: 's', userId: USER, username: 'anna' }
  const shown = { qrCode: 'data:qr', appLinkUri: 'app:link' }

  it.each<[string, Factor, object, object]>([
    ['of a push', push(), {}, { username: 'anna', channel: 'push', authenticatorId: undefined }],
    ['of a push that shows something, on one phone', push(), { message: 'Pay?', authenticatorId: 'a1' }, { username: 'anna', channel: 'push', authenticatorId: 'a1', message: 'Pay?', prompt: true, notificationMessage: 'Pay?' }],
    ['of a push with a formatted message', push(), { message: '<html>Pay <b>5 &amp; 6</b><br/>to\n Ben?</html>' }, { username: 'anna', channel: 'push', authenticatorId: undefined, message: '<html>Pay <b>5 &amp; 6</b><br/>to\n Ben?</html>', prompt: true, notificationMessage: 'Pay 5 & 6 to Ben?' }],
    ['of a push with nothing in its message but marks', push(), { message: '<html><br></html>' }, { username: 'anna', channel: 'push', authenticatorId: undefined, message: '<html><br></html>', prompt: true, notificationMessage: undefined }],
    ['of the app', app(), {}, { username: 'anna', channel: 'app', authenticatorId: undefined }],
    ['of the app by its older name', app({ channel: 'qr-code' }), {}, { username: 'anna', channel: 'qr-code', authenticatorId: undefined }],
    ['of the app that shows something, on one phone', app(), { message: 'Pay?', authenticatorId: 'a1' }, { username: 'anna', channel: 'app', authenticatorId: 'a1', message: 'Pay?', prompt: true }],
    ['of the app on any phone', app({ anyAuthenticator: true }), { authenticatorId: 'a1' }, { username: 'anna', channel: 'app', authenticatorId: '*' }],
    ['of an SMS', sms(), { message: 'Pay?' }, { username: 'anna', channel: 'sms' }],
    ['of an SMS in words', sms({ message: 'Code {{CODE}}' }), {}, { username: 'anna', channel: 'sms', message: 'Code {{CODE}}' }],
    ['of an SMS in words made for it', sms({ message: (message) => `${message}: {{CODE}}` }), { message: '<html><b>Pay?</b></html>' }, { username: 'anna', channel: 'sms', message: 'Pay?: {{CODE}}' }],
    ['of an SMS in words made of nothing', sms({ message: (message) => `${message}` }), {}, { username: 'anna', channel: 'sms', message: 'undefined' }],
  ])('%s asks Nevis so, and sorts the answer', async (_name, factor, request, asks) => {
    const { nevis, asked } = cloud({ approve: APPROVAL })
    expect(await factor.approve(nevis, ANNA, request)).toStrictEqual({ server, browser: shown })
    expect(asked).toStrictEqual([['approve', asks]])
  })

  it.each([push(), app(), sms()])('has no field for what Nevis does not say, and names one thing of its subject: $name', async (factor) => {
    const { nevis, asked } = cloud({ approve: LEAST_APPROVAL })
    expect(await factor.approve(nevis, { userId: USER, username: 'anna' }, {})).toStrictEqual({ server: { id: 't1', statusToken: 's' }, browser: {} })
    expect(asked).toEqual([['approve', expect.objectContaining({ userId: USER })]])
    expect(asked).not.toEqual([['approve', expect.objectContaining({ username: 'anna' })]])
  })

  it('of recovery asks Nevis at most who it is', async () => {
    const named = cloud({ findUserByUsername: { userId: USER, username: 'anna', more: 1 } })
    expect(await recovery().approve(named.nevis, ANNA, {})).toStrictEqual({ server: { id: expect.stringMatching(UUID), userId: USER, username: 'anna' }, browser: {} })
    expect(named.asked).toEqual([['findUserByUsername', 'anna']])
    const nameless = cloud({ findUserByUsername: { userId: USER } })
    expect(await recovery().approve(nameless.nevis, ANNA, {})).toStrictEqual({ server: { id: expect.stringMatching(UUID), userId: USER }, browser: {} })
    const known = cloud({})
    expect(await recovery().approve(known.nevis, { ...KNOWN, username: 'anna' }, {})).toStrictEqual({ server: { id: expect.stringMatching(UUID), userId: USER }, browser: {} })
  })

  it('of the widget makes an intent', async () => {
    const { nevis, asked } = cloud({ findUserByUsername: { userId: USER, username: 'anna' }, createIntent: { token: 'intent' } })
    expect(await widget().approve(nevis, ANNA, {})).toStrictEqual({ server: { id: expect.stringMatching(UUID), userId: USER, username: 'anna' }, browser: { intentToken: 'intent' } })
    await widget({ channels: ['push'] }).approve(nevis, KNOWN, {})
    expect(asked).toStrictEqual([
      ['findUserByUsername', 'anna'], ['createIntent', { userId: USER, operation: 'approve' }], ['createIntent', { userId: USER, operation: 'approve', channels: ['push'] }],
    ])
  })
})

describe('an enrolment', () => {
  const server = { id: 't1', userId: USER, statusToken: 's', username: 'anna' }
  const everything = { server, browser: { qrCode: 'data:qr', appLinkUri: 'app:link', recoveryCodes: ['AAAA'] } }
  const least = { server: { id: expect.stringMatching(UUID), hasOwnId: true, userId: USER }, browser: {} }
  const LEAST = { userId: USER, authenticators: [], raw: {} }

  it('of the app', async () => {
    const { nevis, asked } = cloud({ enroll: ENROLLMENT })
    expect(await enroll(app(), nevis, ANNA)).toStrictEqual(everything)
    expect(asked).toStrictEqual([['enroll', { username: 'anna', channel: 'app' }]])
    expect(await enroll(app(), cloud({ enroll: LEAST }).nevis, ANNA)).toStrictEqual(least)
  })

  it('of SMS, with the number and the words', async () => {
    const maskedPhone = '•••• 4567'
    const { nevis, asked } = cloud({ enroll: ENROLLMENT })
    expect(await enroll(sms({ message: '{{CODE}}' }), nevis, KNOWN, { phone: '+41791234567' })).toStrictEqual({ ...everything, browser: { ...everything.browser, maskedPhone } })
    await enroll(sms(), nevis, KNOWN, { phone: '+41791234567' })
    const asks = { userId: USER, channel: 'sms', phone: '+41791234567' }
    expect(asked).toStrictEqual([['enroll', { ...asks, message: '{{CODE}}' }], ['enroll', asks]])
    expect(await enroll(sms(), cloud({ enroll: LEAST }).nevis, ANNA, { phone: '+41791234567' })).toStrictEqual({ ...least, browser: { ...least.browser, maskedPhone } })
  })

  it.each([undefined, '', '079 123 45 67', '+41 79'])('of SMS is refused without a number that is one, and no user is asked: %j', async (phone) => {
    const { nevis, asked } = cloud({ enroll: ENROLLMENT })
    await expect(enroll(sms(), nevis, ANNA, { phone })).rejects.toMatchObject({ name: 'Refusal', code: 'phone_refused' })
    expect(asked).toEqual([])
  })

  it.each([
    ['+41900', '+41900123456', 'phone_refused'],
    ['+41900', '+41901123456', 'asked'],
    ['+41900', '+4190012', 'phone_refused'],
    ['+1', '+14155552671', 'phone_refused'],
    ['+41', '+14155552671', 'asked'],
  ])('of SMS, where numbers with %s are refused, of %s: %s', async (prefix, phone, expected) => {
    const prefixes = ['+999', prefix]
    const factor = sms({ refusedPrefixes: prefixes })
    prefixes.splice(0)
    const { nevis, asked } = cloud({ enroll: ENROLLMENT })
    const outcome = await enroll(factor, nevis, ANNA, { phone }).then(() => 'asked', (error: { code: string }) => error.code)
    expect([outcome, asked.length]).toEqual([expected, expected === 'asked' ? 1 : 0])
  })

  it.each<[string, object, boolean]>([
    ['a user with a factor', { status: 'active', authenticators: [] }, true],
    ['a status that is not known', { status: 'suspended' }, true],
    ['an authenticator of a new user', { status: 'new', authenticators: [{ raw: {} }] }, true],
    ['an authenticator without a status', { authenticators: [{ raw: {} }] }, true],
    ['a new user', { status: 'new', authenticators: [] }, false],
    ['nothing of it', {}, false],
  ])('says whether Nevis shows a factor that was there before: %s', async (_name, user, expected) => {
    const answer = { ...ENROLLMENT, ...user }
    const { nevis } = cloud({ enroll: answer, findUserByUsername: { userId: USER, status: 'new', authenticators: [], ...user }, createIntent: { token: 'intent' } })
    for (const factor of [app(), sms(), recovery(), widget()]) {
      const { server } = await enroll(factor, nevis, ANNA, { phone: '+41791234567' })
      expect([factor.name, server.hasFactor, 'hasFactor' in server]).toEqual([factor.name, expected ? true : undefined, expected])
    }
  })

  it('of SMS is refused where Nevis refuses the number, and only then', async () => {
    const answer = (error: Error) => enroll(sms(), cloud({ enroll: error }).nevis, ANNA, { phone: '+41791234567' })
    const refused = new NevisError('NEVIS_REJECTED', 'enroll', { nevisStatus: 400 })
    const conflict = new NevisError('NEVIS_REJECTED', 'enroll', { nevisStatus: 409 })
    const own = Object.assign(new Error('own'), { nevisStatus: 400 })
    await expect(answer(refused)).rejects.toMatchObject({ code: 'phone_refused' })
    await expect(answer(conflict)).rejects.toBe(conflict)
    await expect(answer(own)).rejects.toBe(own)
  })

  it('of recovery codes, for a username', async () => {
    const made = { userId: USER, recoveryCodes: ['AAAA'] }
    const { nevis, asked } = cloud({ enroll: made, getUser: { username: 'anna' }, findUserByUsername: { userId: USER } })
    const expected = { server: { id: expect.stringMatching(UUID), hasOwnId: true, userId: USER }, browser: { recoveryCodes: ['AAAA'] } }
    expect([await enroll(recovery(), nevis, ANNA), await enroll(recovery(), nevis, KNOWN)]).toStrictEqual([expected, expected])
    const asks = ['enroll', { username: 'anna', channel: 'recovery' }]
    expect(asked).toStrictEqual([asks, ['getUser', USER], ['findUserByUsername', 'anna'], asks])
  })

  it.each<[string, unknown, string]>([
    ['belongs to another user', { userId: '00000000-0000-4000-8000-000000000000' }, 'binding_mismatch'],
    ['belongs to no user', notFound(), 'binding_mismatch'],
    ['cannot be looked up', new NevisError('NEVIS_TIMEOUT', 'findUserByUsername'), 'NEVIS_TIMEOUT'],
  ])('of recovery codes by userId creates no codes if the username %s', async (_what, found, code) => {
    for (const subject of [KNOWN, { ...KNOWN, ...ANNA }]) {
      const { nevis, asked } = cloud({ enroll: ENROLLMENT, getUser: { username: 'anna' }, findUserByUsername: found })
      await expect(enroll(recovery(), nevis, subject)).rejects.toMatchObject({ code })
      expect(asked.at(-1)).toEqual(['findUserByUsername', 'anna'])
    }
  })

  it('of recovery codes by userId shows no codes that Nevis has created for another username, whose case does not matter', async () => {
    const answer = (username: string) => cloud({ enroll: { username, recoveryCodes: ['AAAA'] }, getUser: { username: 'anna' }, findUserByUsername: { userId: USER } }).nevis
    await expect(enroll(recovery(), answer('ben'), KNOWN)).rejects.toMatchObject({ code: 'binding_mismatch' })
    await expect(enroll(recovery(), answer('Anna'), KNOWN)).resolves.toMatchObject({ browser: { recoveryCodes: ['AAAA'] } })
  })

  it('of recovery codes by a userId in capitals, where the username is that of the same user', async () => {
    const { nevis } = cloud({ enroll: ENROLLMENT, findUserByUsername: { userId: USER } })
    await expect(enroll(recovery(), nevis, { userId: USER.toUpperCase(), ...ANNA })).resolves.toMatchObject({ browser: { recoveryCodes: ['AAAA'] } })
  })

  it('of recovery codes takes neither a transaction id nor a status token from Nevis, because only the user confirms it', async () => {
    const { server } = await enroll(recovery(), cloud({ enroll: ENROLLMENT }).nevis, ANNA)
    expect(server).toStrictEqual({ id: expect.stringMatching(UUID), hasOwnId: true, userId: USER, username: 'anna' })
  })

  it('of recovery codes fails for a username that Nevis would refuse', async () => {
    const odd = cloud({ getUser: { username: 'jörg' } })
    await expect(enroll(recovery(), odd.nevis, KNOWN)).rejects.toMatchObject({ code: 'NEVIS_UNEXPECTED_RESPONSE', operation: 'getUser', message: expect.stringContaining('username cannot be used') })
    expect(odd.asked).toEqual([['getUser', USER]])
  })

  it('of recovery codes fails for a name that no user has, and without codes', async () => {
    await expect(enroll(recovery(), cloud({ getUser: {} }).nevis, KNOWN)).rejects.toThrow(new TypeError('recovery: the subject needs a username, because Nevis creates recovery codes only for users with a username'))
    await expect(enroll(recovery(), cloud({ enroll: { userId: USER } }).nevis, ANNA)).rejects.toMatchObject({
      code: 'NEVIS_UNEXPECTED_RESPONSE', operation: 'enroll', message: expect.stringContaining('no recovery codes'),
    })
  })

  it('by the widget names whom Nevis knows by the id, whom it does not as it is asked', async () => {
    const known = cloud({ findUserByUsername: { userId: USER, username: 'anna' }, createIntent: { token: 'intent' } })
    expect(await enroll(widget(), known.nevis, ANNA)).toStrictEqual({ server: { id: expect.stringMatching(UUID), userId: USER, username: 'anna' }, browser: { intentToken: 'intent' } })
    expect(known.asked[1]).toStrictEqual(['createIntent', { userId: USER, operation: 'enroll' }])
    const unknown = cloud({ findUserByUsername: notFound(), createIntent: { token: 'intent' } })
    expect(await enroll(widget({ channels: ['app'] }), unknown.nevis, ANNA)).toStrictEqual({ server: { id: expect.stringMatching(UUID) }, browser: { intentToken: 'intent' } })
    expect(unknown.asked[1]).toStrictEqual(['createIntent', { username: 'anna', operation: 'enroll', channels: ['app'] }])
    const byId = cloud({ getUser: { userId: USER }, createIntent: { token: 'intent' } })
    await enroll(widget(), byId.nevis, KNOWN)
    expect(byId.asked[0]).toEqual(['getUser', USER])
    await expect(enroll(widget(), cloud({ findUserByUsername: new NevisError('NEVIS_TIMEOUT', 'getUser') }).nevis, ANNA)).rejects.toMatchObject({ code: 'NEVIS_TIMEOUT' })
    await expect(enroll(widget(), cloud({ findUserByUsername: Object.assign(new Error('own'), { code: 'NEVIS_NOT_FOUND' }) }).nevis, ANNA)).rejects.toThrow('own')
  })
})

describe('a check', () => {
  it.each([push(), app()])('by the status: $name', async (factor) => {
    expect(await check(factor, { getStatus: { status: 'pending' } })).toStrictEqual({ outcome: { status: 'pending' }, asked: [['getStatus', 's']] })
    expect((await check(factor, { getStatus: SUCCEEDED })).outcome).toStrictEqual(OUTCOME)
    expect((await check(factor, { getStatus: { ...SUCCEEDED, username: 'anna', raw: {} } })).outcome).toStrictEqual({ ...OUTCOME, username: 'anna' })
    for (const status of ['failed', 'unknown']) expect((await check(factor, { getStatus: { status } })).outcome).toStrictEqual(NOT_APPROVED)
    expect(await check(factor, { getStatus: { status: 'failed' } }, { status: SUCCEEDED })).toStrictEqual({ outcome: OUTCOME, asked: [] })
  })

  describe('of a code by SMS', () => {
    const answer = { code: '123456' }
    const right = (status: unknown) => ({ verifyCode: true, getStatus: status })

    it('that is wrong may be repeated, and the status is not asked for', async () => {
      expect(await check(sms(), { verifyCode: false, getStatus: SUCCEEDED }, answer)).toStrictEqual({
        outcome: WRONG_CODE, asked: [['verifyCode', { userId: USER, code: '123456', statusToken: 's' }]],
      })
    })

    it.each<[unknown, object]>([
      [{ ...SUCCEEDED, username: 'anna' }, { ...OUTCOME, username: 'anna' }],
      [{ status: 'failed' }, NOT_APPROVED],
      [{ status: 'unknown' }, { status: 'succeeded', isBoundByStatusToken: true }],
      [{ status: 'pending', transactionId: 't2' }, { status: 'succeeded', isBoundByStatusToken: true, transactionId: 't2' }],
      [{ status: 'pending', transactionId: 't1', userId: 'other', username: 'ben' }, { status: 'succeeded', isBoundByStatusToken: true, userId: 'other', transactionId: 't1', username: 'ben' }],
    ])('that is right, with the status %j', async (status, outcome) => {
      expect(await check(sms(), right(status), answer)).toMatchObject({ outcome, asked: [['verifyCode', {}], ['getStatus', 's']] })
      expect((await check(sms(), right(status), answer)).outcome).toStrictEqual(outcome)
    })

    it.each([200, 400, 401, 403, 404, 405, 409, 410, 422, 429, 500])('that is right, with a status that says nothing (HTTP %i), stands, unless a token is required', async (nevisStatus) => {
      const silent = right(new NevisError('NEVIS_UNEXPECTED_RESPONSE', 'getStatus', { nevisStatus }))
      expect((await check(sms(), silent, answer)).outcome).toStrictEqual({ status: 'succeeded', isBoundByStatusToken: true })
      expect((await check(sms({ requireIntrospection: true }), silent, answer)).outcome).toStrictEqual(NOT_APPROVED)
    })

    it.each([undefined, 502, 503, 504])('that is right, where a gateway or no server answers for the status (HTTP %s), stands, unless a token is required', async (nevisStatus) => {
      const gone = new NevisError('NEVIS_UNREACHABLE', 'getStatus', nevisStatus === undefined ? {} : { nevisStatus })
      expect((await check(sms(), right(gone), answer)).outcome).toStrictEqual({ status: 'succeeded', isBoundByStatusToken: true })
      await expect(check(sms({ requireIntrospection: true }), right(gone), answer)).rejects.toBe(gone)
    })

    it('that is right, with an error of the app\'s own instead of a status, is an error', async () => {
      const own = new TypeError('the access key function failed')
      await expect(check(sms(), right(own), answer)).rejects.toBe(own)
    })

    it('that is right, where a token is required', async () => {
      const strict = sms({ requireIntrospection: true })
      expect((await check(strict, right(SUCCEEDED), answer)).outcome).toStrictEqual(OUTCOME)
      for (const status of ['pending', 'unknown', 'failed']) expect((await check(strict, right({ status }), answer)).outcome).toStrictEqual(NOT_APPROVED)
    })
  })

  it('of a recovery code', async () => {
    const succeeded = { status: 'succeeded', userId: USER, transactionId: 't1' }
    expect(await check(recovery(), { verifyCode: true }, { code: 'AAAA' })).toStrictEqual({ outcome: succeeded, asked: [['verifyCode', { userId: USER, code: 'AAAA', channel: 'recovery' }]] })
    expect((await check(recovery(), { verifyCode: false }, { code: 'AAAA' })).outcome).toStrictEqual(WRONG_CODE)
    expect(await check(recovery(), {}, {}, { operation: 'enroll' })).toStrictEqual({ outcome: succeeded, asked: [] })
  })

  describe('of a code that is none', () => {
    it.each<[Factor, string]>([
      [sms(), '\' or 1=1 -- <script>'], [sms(), 'wrong'], [sms(), '12345x'], [sms(), ''], [recovery(), '\' or 1=1 -- <script>'], [recovery(), '-'], [recovery(), 'äöü'],
    ])('fails as a wrong one, and is not sent: $name, %j', async (factor, code) => {
      expect(await check(factor, { verifyCode: true, getStatus: SUCCEEDED }, { code })).toStrictEqual({ outcome: WRONG_CODE, asked: [] })
    })

    it('fails, too, if it is missing', async () => {
      for (const factor of [sms(), recovery()]) expect(await check(factor, { verifyCode: true })).toStrictEqual({ outcome: WRONG_CODE, asked: [] })
    })
  })

  describe('of a code as people write it', () => {
    it.each<[Factor, string, string]>([
      [sms(), ' 123\u00a0456 ', '123456'], [sms(), '１２３４５６', '123456'], [sms(), '\u200e١٢٣٤٥٦', '123456'],
      [recovery(), 'aB3d\u2013eF6h', 'aB3d-eF6h'], [recovery(), 'aB3d - eF6h', 'aB3d-eF6h'],
    ])('sends it as Nevis does: $name, %j', async (factor, typed, code) => {
      expect((await check(factor, { verifyCode: true, getStatus: SUCCEEDED }, { code: typed })).asked[0]).toEqual(['verifyCode', expect.objectContaining({ code })])
    })
  })

  describe('of the token of a widget', () => {
    const outcome = { status: 'succeeded', transactionId: 't1', token: 'x', userId: USER }
    const enrolled = (user: unknown, change: Partial<Transaction> = {}) => check(widget(), { findUserByUsername: user, getUser: user }, { token: 'x' }, { operation: 'enroll', ...change })

    it('of an approval leaves all to the proof', async () => {
      expect(await check(widget(), {}, { token: 'x' })).toStrictEqual({ outcome, asked: [] })
    })

    it('of an enrolment asks whether Nevis has more than a name', async () => {
      expect(await enrolled({ userId: USER, username: 'anna', status: 'active' })).toStrictEqual({ outcome: { ...outcome, username: 'anna' }, asked: [['getUser', USER]] })
      expect((await enrolled({ userId: USER, status: 'new' })).outcome).toStrictEqual(NOT_APPROVED)
      expect((await enrolled(notFound())).outcome).toStrictEqual(NOT_APPROVED)
      expect(await enrolled({ userId: USER, status: 'active' }, { userId: undefined } as never)).toStrictEqual({ outcome, asked: [['findUserByUsername', 'anna']] })
    })
  })
})

it.each<[unknown, boolean]>([
  [undefined, false], [null, false], [[], false], [{}, false], [{ push: false, sms: false }, false], [{ push: null }, false], ['', false],
  [['push'], true], [{ push: {} }, true], [{ push: false, sms: true }, true], ['push', true], [true, true],
])('exceededRateLimits %j is a block: %s', (exceededRateLimits, is) => {
  expect(isBlocked({ exceededRateLimits })).toBe(is)
})

/** Nevis's answer contains the link to a customer's own Access App. The page uses this link as an `href`, so the option `linkSchemes` must allow its scheme. */
describe('a link with a scheme of its own', () => {
  const LINK = 'myaccessapp://x-callback-url/authenticate?dispatchTokenResponse=e30'
  const made = (more: object, link: string = LINK) => ({ transactionId: 't1', statusToken: 's', userId: USER, authenticators: [], raw: { appLinkUri: link }, ...more })
  const linkOf = async (factor: Factor, operation: 'approve' | 'enroll', answer: object) => {
    const { nevis } = cloud({ [operation]: answer })
    return (await (operation === 'approve' ? factor.approve(nevis, ANNA, {}) : enroll(factor, nevis, ANNA))).browser
  }

  it.each(['approve', 'enroll'] as const)('is shown if the app names the scheme, with a QR code and without: %s', async (operation) => {
    const branded = app({ linkSchemes: ['other:', 'myaccessapp:'] })
    expect(await linkOf(branded, operation, made({ qrCode: { dataUri: 'data:qr' } }))).toStrictEqual({ qrCode: 'data:qr', appLinkUri: LINK })
    expect(await linkOf(branded, operation, made({}, LINK.toUpperCase()))).toStrictEqual({ appLinkUri: LINK.toUpperCase() })
  })

  it.each(['approve', 'enroll'] as const)('is not shown otherwise: the QR code is a way in, and without one it is an error: %s', async (operation) => {
    expect(await linkOf(app(), operation, made({ qrCode: { dataUri: 'data:qr' } }))).toStrictEqual({ qrCode: 'data:qr' })
    for (const link of [LINK, 'javascript:alert(1)', 'myaccessapps://x', 'myaccessapp://x y', 'myaccessapp://x"onclick=']) {
      const schemes = link === LINK ? ['other:'] : ['myaccessapp:']
      const shown = linkOf(app({ linkSchemes: schemes }), operation, made({}, link))
      if (link.includes('"')) expect(await shown).toStrictEqual({ appLinkUri: link })
      else await expect(shown).rejects.toMatchObject({ code: 'NEVIS_UNEXPECTED_RESPONSE', message: expect.stringContaining('linkSchemes') })
    }
  })

  it.each(['myaccessapp:', ['myaccessapp'], ['https:'], ['http:'], ['javascript:'], ['data:'], ['MyApp:'], ['a b:'], [7], null])('has a scheme that an app can have: not %j', (linkSchemes) => {
    expect(() => app({ linkSchemes: linkSchemes as never })).toThrow(new TypeError("app: linkSchemes must be a list of schemes of apps, such as ['myaccessapp:']"))
  })

  it('is a link of the page', async () => {
    const simulator = closing(await NevisSimulator.start({ dialect: ['link-custom-scheme', 'qr-code-missing'] }))
    simulator.addUser({ username: 'anna' })
    const site = closing(await startApp({ simulator, strategy: { factors: [app({ linkSchemes: ['myaccessapp:'] })] } }))
    const browser = site.browser()
    const handle = await signIn(browser, 'anna')
    expect((await browser.get(waitingOf(handle), { accept: 'text/html' })).text).toMatch(/<a [^>]*href="myaccessapp:\/\/x-callback-url\/authenticate\?dispatchTokenResponse=[\w-]+"/)
  })
})

/** Tests the keys that encrypt and authenticate. They are derived from the option `secret`, or, without this option, from the current access key. */
import { NevisClient } from '../../src'
import { keysOf } from '../../src/trust/keys'
import type { Transaction } from '../../src/factors/transaction'

const CALLBACK = '/login/2fa/callback'
const SEALED = { id: 'id', factor: 'push', expiresAt: 1 }
const TRANSACTION: Transaction = { id: 'id', factor: 'push', operation: 'approve', subject: { username: 'anna' }, startedAt: 1, expiresAt: 2, firstFactorAt: 1, shown: {} }
const clientOf = (accessKey: string | (() => string | Promise<string>)) => new NevisClient({ instance: 'shop', accessKey })

describe('with an access key that is a function', () => {
  it('encrypts and authenticates with the current key, and asks for it once', async () => {
    let current = 'key-1'
    const asked = jest.fn(async () => current)
    const keys = keysOf('nevis', CALLBACK, undefined, clientOf(asked))
    const before = await keys()
    expect(asked).toHaveBeenCalledTimes(1)
    const [handle, bound] = [before.handles.seal(SEALED), before.digests.withDigest(TRANSACTION)]
    current = 'key-2'
    const after = await keys()
    expect([after.handles.open(handle), after.digests.matches(bound)]).toEqual([undefined, false])
    current = 'key-1'
    const again = await keys()
    expect([again.handles.open(handle), again.digests.matches(bound)]).toEqual([SEALED, true])
    expect(asked).toHaveBeenCalledTimes(3)
  })

  it('rejects with what the function throws, and with a TypeError for what is no key', async () => {
    const gone = new Error('the vault is gone')
    await expect(keysOf('nevis', CALLBACK, undefined, clientOf(async () => { throw gone }))()).rejects.toBe(gone)
    await expect(keysOf('nevis', CALLBACK, undefined, clientOf(() => { throw gone }))()).rejects.toBe(gone)
    await expect(keysOf('nevis', CALLBACK, undefined, clientOf(() => 'two words'))()).rejects.toThrow(TypeError)
  })
})

describe('with an access key that is a text', () => {
  it('encrypts and authenticates as it does where a function gives the same', async () => {
    const fixed = await keysOf('nevis', CALLBACK, undefined, clientOf('key-1'))()
    const given = await keysOf('nevis', CALLBACK, undefined, clientOf(() => 'key-1'))()
    expect(given.handles.open(fixed.handles.seal(SEALED))).toEqual(SEALED)
    expect(given.digests.matches(fixed.digests.withDigest(TRANSACTION))).toBe(true)
  })
})

describe('with secrets', () => {
  it('asks for no access key', async () => {
    const asked = jest.fn(() => 'key-1')
    const { handles, digests } = await keysOf('nevis', CALLBACK, ['s'.repeat(32)], clientOf(asked))()
    expect([handles.open(handles.seal(SEALED)), digests.matches(digests.withDigest(TRANSACTION))]).toEqual([SEALED, true])
    expect(asked).not.toHaveBeenCalled()
  })
})

describe('what another process has made with the same secret or key', () => {
  it.each<[string, readonly string[] | undefined, string, string, string]>([
    ['a secret', ['s'.repeat(32)], 'AfhqM68pwbDslBCGlo1sl_VW05PGGEmZsbNhsYHGRvCJph9mN5vkuF6sLCGpjXf7zhX9oKzwQpClhHbNF4LUz4vjPy1i', '4NDgm0nj1JBMajK1SysGdUy5Y96ehqSBjr2_6kNRTto', 'OxsEUhqzKtOIFXxHZ1Jr4HzuLMjoFXym4Rhq65CW2qsz-zDn-_ToEIB6vQ'],
    ['the access key', undefined, 'AQQQ-wa9tPrjDCvAOIWRMiwNefSUfyvDWr0_dJbjPrfK2zePcnRTTpIUO_ZLpTN3k3VL5DUSXoIrY_GuunNTwQzc6Ha_', 'Jx9Y6k7ZeORst3xjlk27ZqdMIPHxNd7TW1oBbb_a3kY', 'FOtHrdqu85_CwgJVJ5RR4csDYy1Gt_2JZcSB8a9UDXE9DovWD9c4LVzpKA'],
  ])('opens and fits: %s', async (_name, secrets, handle, digest, shown) => {
    const { handles, digests, shown: box } = await keysOf('nevis', CALLBACK, secrets, clientOf('key-1'))()
    expect([handles.open(handle), digests.matches({ ...TRANSACTION, digest }), box.decrypt(shown, 'id')]).toEqual([SEALED, true, { qrCode: 'qr' }])
  })
})

describe('what was made for another instance, or for another strategy, with the same secret', () => {
  const secrets = ['s'.repeat(32)]

  it.each([
    ['another instance', 'nevis', 'other', CALLBACK],
    ['another strategy', 'second', 'shop', CALLBACK],
    ['another strategy of the same name', 'nevis', 'shop', '/pay/2fa/callback'],
  ])('neither opens nor fits: %s', async (_name, name, instance, callback) => {
    const own = await keysOf('nevis', CALLBACK, secrets, clientOf('key-1'))()
    const other = await keysOf(name, callback, secrets, new NevisClient({ instance, accessKey: 'key-1' }))()
    expect([own.handles.open(other.handles.seal(SEALED)), own.digests.matches(other.digests.withDigest(TRANSACTION))]).toEqual([undefined, false])
    expect([own.handles.open(own.handles.seal(SEALED)), own.digests.matches(own.digests.withDigest(TRANSACTION))]).toEqual([SEALED, true])
  })

  it.each<[string, readonly string[] | undefined, string, string]>([
    ['a secret', secrets, 'AcMh22epepg8U-6b84EwIWeRAdUkmxXhPD5O49jkd1PHQoi_vwulO3cUbBsEqYfQAFE4TX_qMtCpuug', 'U-tKv2dDTQY4XU3GpuRhbdZk6MuPr1qSHmNQC46SgV8'],
    ['the access key', undefined, 'AVaAtdzjhvHz5XSmgHEtbGpVusEQaa3-rJrH4vo9cza2LiAbrivIFrQaU-j-mIMt5xJmJ4EqgdFMUfc', 'EFLxqTP3Fh_M0tc9DXT43J7hMUSmSK9Dx2LrvapPLLk'],
  ])('neither opens nor fits where a version made it that bound no instance: %s', async (_name, given, handle, digest) => {
    const { handles, digests } = await keysOf('nevis', CALLBACK, given, clientOf('key-1'))()
    expect([handles.open(handle), digests.matches({ ...TRANSACTION, digest })]).toEqual([undefined, false])
  })
})

describe('handles, digests, typed codes and what is shown', () => {
  it.each<[string, readonly string[] | undefined]>([['a secret', ['s'.repeat(32)]], ['the access key', undefined]])('have a key each, made from %s', async (_name, secrets) => {
    const { handles, digests, shown, typedCodes }: any = await keysOf('nevis', CALLBACK, secrets, clientOf('key-1'))()
    const keys: Buffer[][] = [handles.keys, digests.keys, shown.keys, typedCodes.keys]
    expect(keys).toEqual([[expect.any(Buffer)], [expect.any(Buffer)], [expect.any(Buffer)], [expect.any(Buffer)]])
    expect(keys.map(([key]) => key?.length)).toEqual([32, 32, 32, 32])
    expect(new Set(keys.map(([key]) => key?.toString('hex'))).size).toBe(4)
  })
})

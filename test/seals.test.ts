/** What seals and binds: the secrets that were given, else the access key of the moment. */
import { NevisClient } from '../src'
import { sealsOf } from '../src/seals'
import type { Transaction } from '../src/transactions'

const SEALED = { id: 'id', factor: 'push', expiresAt: 1 }
const TRANSACTION: Transaction = { id: 'id', factor: 'push', operation: 'approve', subject: { username: 'anna' }, startedAt: 1, expiresAt: 2, firstFactorAt: 1, shown: {} }
const clientOf = (accessKey: string | (() => string | Promise<string>)) => new NevisClient({ instance: 'shop', accessKey })

describe('with an access key that is a function', () => {
  it('seals and binds with the key of the moment, and asks for it once', async () => {
    let current = 'key-1'
    const asked = jest.fn(async () => current)
    const seals = sealsOf('nevis', undefined, clientOf(asked))
    const before = await seals()
    expect(asked).toHaveBeenCalledTimes(1)
    const [handle, bound] = [before.handles.seal(SEALED), before.digests.bind(TRANSACTION)]
    current = 'key-2'
    const after = await seals()
    expect([after.handles.open(handle), after.digests.fits(bound)]).toEqual([undefined, false])
    current = 'key-1'
    const again = await seals()
    expect([again.handles.open(handle), again.digests.fits(bound)]).toEqual([SEALED, true])
    expect(asked).toHaveBeenCalledTimes(3)
  })

  it('rejects with what the function throws, and with a TypeError for what is no key', async () => {
    const gone = new Error('the vault is gone')
    await expect(sealsOf('nevis', undefined, clientOf(async () => { throw gone }))()).rejects.toBe(gone)
    await expect(sealsOf('nevis', undefined, clientOf(() => { throw gone }))()).rejects.toBe(gone)
    await expect(sealsOf('nevis', undefined, clientOf(() => 'two words'))()).rejects.toThrow(TypeError)
  })
})

describe('with an access key that is a text', () => {
  it('seals and binds as it does where a function gives the same', async () => {
    const fixed = await sealsOf('nevis', undefined, clientOf('key-1'))()
    const given = await sealsOf('nevis', undefined, clientOf(() => 'key-1'))()
    expect(given.handles.open(fixed.handles.seal(SEALED))).toEqual(SEALED)
    expect(given.digests.fits(fixed.digests.bind(TRANSACTION))).toBe(true)
  })
})

describe('with secrets', () => {
  it('asks for no access key', async () => {
    const asked = jest.fn(() => 'key-1')
    const { handles, digests } = await sealsOf('nevis', ['s'.repeat(32)], clientOf(asked))()
    expect([handles.open(handles.seal(SEALED)), digests.fits(digests.bind(TRANSACTION))]).toEqual([SEALED, true])
    expect(asked).not.toHaveBeenCalled()
  })
})

describe('what an earlier version sealed and bound, with the same secret or key', () => {
  it.each<[string, readonly string[] | undefined, string, string]>([
    ['a secret', ['s'.repeat(32)], 'AcMh22epepg8U-6b84EwIWeRAdUkmxXhPD5O49jkd1PHQoi_vwulO3cUbBsEqYfQAFE4TX_qMtCpuug', 'U-tKv2dDTQY4XU3GpuRhbdZk6MuPr1qSHmNQC46SgV8'],
    ['the access key', undefined, 'AVaAtdzjhvHz5XSmgHEtbGpVusEQaa3-rJrH4vo9cza2LiAbrivIFrQaU-j-mIMt5xJmJ4EqgdFMUfc', 'EFLxqTP3Fh_M0tc9DXT43J7hMUSmSK9Dx2LrvapPLLk'],
  ])('opens and fits, so that both can run side by side: %s', async (_name, secrets, handle, digest) => {
    const { handles, digests } = await sealsOf('nevis', secrets, clientOf('key-1'))()
    expect([handles.open(handle), digests.fits({ ...TRANSACTION, digest })]).toEqual([SEALED, true])
  })
})

describe('handles and digests', () => {
  it.each<[string, readonly string[] | undefined]>([['a secret', ['s'.repeat(32)]], ['the access key', undefined]])('have a key each, made from %s', async (_name, secrets) => {
    const { handles, digests }: any = await sealsOf('nevis', secrets, clientOf('key-1'))()
    expect([handles.keys, digests.keys]).toEqual([[expect.any(Buffer)], [expect.any(Buffer)]])
    expect([handles.keys[0].length, digests.keys[0].length]).toEqual([32, 32])
    expect(handles.keys[0]).not.toEqual(digests.keys[0])
  })
})

/** The client waits before a retry: as long as the header `Retry-After` says, or without this header, longer before each further retry. */
import timers from 'node:timers/promises'
import { closeServers, newClient, nevisError, serve } from './support'

let pauses: jest.SpyInstance

beforeEach(() => {
  pauses = jest.spyOn(timers, 'setTimeout').mockResolvedValue(undefined)
})
afterEach(async () => {
  jest.restoreAllMocks()
  await closeServers()
})

describe('an answer with a Retry-After', () => {
  it.each<[string, number | undefined]>([
    ['120', 120],
    ['Sun, 22 Nov 2026 10:00:31 GMT', 31],
    ['Sun, 22 Nov 2026 09:00:00 GMT', 0],
    ['-5', undefined],
    ['30 s', undefined],
    ['1.5', undefined],
    ['1234567890', undefined],
    ['2026-11-22T10:00:31Z', undefined],
    ['Sunday, 22 Nov 2026 10:00:31 GMT', undefined],
    ['Sun, 22 Nov 2026 10:00:31 GMT+0100', undefined],
    ['Sun, 99 Nov 2026 10:00:31 GMT', undefined],
  ])('of %j asks to wait %p seconds', async (value, seconds) => {
    jest.spyOn(Date, 'now').mockReturnValue(Date.parse('2026-11-22T10:00:00.500Z'))
    const { baseURL } = await serve((_req, res) => res.writeHead(429, { 'retry-after': value }).end())
    expect((await nevisError(newClient({ baseURL }).ping())).retryAfterSeconds).toBe(seconds)
  })

  it('is waited for only if the deadline leaves time for one more request', async () => {
    jest.spyOn(performance, 'now').mockReturnValue(1_000_000)
    for (const seconds of [9, 10]) {
      const { baseURL } = await serve((_req, res) => res.writeHead(429, { 'retry-after': String(seconds) }).end())
      await nevisError(newClient({ baseURL, retries: 1, timeoutMs: 10_000 }).ping())
    }
    expect(pauses.mock.calls).toEqual([[9000]])
  })
})

describe('an answer without one', () => {
  it.each([
    [0, [50, 100, 200]],
    [0.5, [100, 200, 400]],
    [0.75, [125, 250, 500]],
  ])('makes the client wait twice as long each time, by a length that is left to chance (%d)', async (chance, ms) => {
    jest.spyOn(Math, 'random').mockReturnValue(chance)
    const { baseURL } = await serve((_req, res) => res.writeHead(503).end())
    await nevisError(newClient({ baseURL, retries: 3 }).ping())
    expect(pauses.mock.calls).toEqual(ms.map((one) => [one]))
  })
})

/**
 * Replaces the cloud with nock.
 *
 * Out of scope: tests with real servers. They must not load nock, because it replaces node:http, including connections and agents.
 */
import nock from 'nock'

/** Allows requests to 127.0.0.1 only, so that an unexpected call fails, and never reaches the real cloud. */
export function offline(): void {
  beforeAll(() => {
    nock.disableNetConnect()
    nock.enableNetConnect('127.0.0.1')
  })
  afterEach(() => {
    nock.abortPendingRequests()
    nock.cleanAll()
  })
  afterAll(() => {
    nock.enableNetConnect()
    nock.restore()
  })
}

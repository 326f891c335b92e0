/**
 * Replaces the cloud with nock.
 *
 * Out of scope: tests with real servers. nock replaces node:http as soon as it is loaded, connections and agents included.
 */
import nock from 'nock'

/** Only 127.0.0.1 may be reached: an unexpected call fails, and does not go to the real cloud. */
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

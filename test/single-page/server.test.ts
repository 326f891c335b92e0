/** The API of docs/guides/single-page-apps.md, while Nevis is down. */
import { PASSWORD } from '../support/app'
import { startSinglePage } from './support'

describe('the API of the guide, while Nevis is down', () => {
  it('answers 503 with the code unavailable, as the guide says', async () => {
    const bank = await startSinglePage()
    bank.simulator.faults.add({ on: 'approve', reset: true })
    try {
      const headers = { 'Content-Type': 'application/json', Accept: 'application/vnd.passport-nevis.next+json, application/json' }
      const answer = await fetch(`${bank.origin}/api/login`, { method: 'POST', headers, body: JSON.stringify({ username: 'anna', password: PASSWORD }) })
      expect([answer.status, await answer.json()]).toEqual([503, { code: 'unavailable', message: expect.any(String) }])
    } finally {
      await bank.close()
    }
  })
})

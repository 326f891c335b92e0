// @duosecurity/duo_universal: a login with the health check, the redirect and the exchange of the code. Duo's client accepts only https and certificates of its
// own authorities. So this file replaces the client's agents, and the calls go to the benchmark's fake server (`servers/upstream.mjs`).
import { Client } from '@duosecurity/duo_universal'
import { readFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { clientId, clientSecret, userName } from '../contestants/shared.mjs'

export async function contestant(origin) {
  const { host } = new URL(origin)
  const duo = new Client({ clientId, clientSecret, apiHost: host, redirectUrl: 'https://app.example/callback' })
  const ca = process.env.NODE_EXTRA_CA_CERTS
  Object.assign(duo.axios.defaults, { baseURL: origin, httpAgent: new Agent(), httpsAgent: new HttpsAgent({ ca: ca && readFileSync(ca) }) })
  return async () => {
    await duo.healthCheck()
    await duo.createAuthUrl(userName, duo.generateState())
    const token = await duo.exchangeAuthorizationCodeFor2FAResult('code', userName)
    if (!token.sub) throw new Error('nobody is signed in')
  }
}

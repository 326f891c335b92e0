// @ts-check
// A login in the benchmark: the strategy's three calls to Nevis (approval, status, introspection), sent with axios alone. No answer is validated or stored.
import axios from './axios.cjs'
import { Agent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { accessKey, nextUser } from './shared.mjs'

/** @param {string} origin address of the server that stands in for Nevis */
export async function contestant(origin) {
  const nevis = axios.create({ baseURL: origin, httpAgent: new Agent({ keepAlive: true }), httpsAgent: new HttpsAgent({ keepAlive: true }), maxRedirects: 0 })
  const headers = { Authorization: `Bearer ${accessKey}` }
  return async () => {
    const userId = nextUser()
    const approval = await nevis.post('/api/v1/approval', { userId, channel: 'push', message: 'Sign in to the shop?', prompt: true }, { headers })
    const status = await nevis.post('/api/v1/status', { statusToken: approval.data.statusToken })
    const introspection = await nevis.post('/api/v1/introspect', new URLSearchParams({ token: status.data.token }), { headers })
    if (introspection.data.sub !== userId) throw new Error('nobody is signed in')
  }
}

// @ts-check
// A login in the benchmark: the strategy's three calls to Nevis (approval, status, introspection), sent with node:http alone.
import { Agent, request } from 'node:http'
import { accessKey, nextUser } from './shared.mjs'

/** @param {string} origin address of the server that stands in for Nevis */
export async function contestant(origin) {
  const agent = new Agent({ keepAlive: true })
  /**
   * Sends a POST request.
   * @param {string} path
   * @param {string} body
   * @param {import('node:http').OutgoingHttpHeaders} headers
   * @returns {Promise<{ statusToken: string, token: string, sub: string }>} the JSON of the response; each path returns only some of these fields
   */
  const post = (path, body, headers) =>
    new Promise((resolve, reject) => {
      const req = request(`${origin}${path}`, { method: 'POST', agent, headers: { ...headers, 'content-length': Buffer.byteLength(body) } }, (res) => {
        let text = ''
        res.setEncoding('utf8').on('data', (chunk) => (text += chunk)).on('end', () => resolve(JSON.parse(text))).on('error', reject)
      })
      req.on('error', reject).end(body)
    })
  const json = { 'content-type': 'application/json' }
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const key = { authorization: `Bearer ${accessKey}` }
  return async () => {
    const userId = nextUser()
    const approval = await post('/api/v1/approval', JSON.stringify({ userId, channel: 'push', message: 'Sign in to the shop?', prompt: true }), { ...json, ...key })
    const status = await post('/api/v1/status', JSON.stringify({ statusToken: approval.statusToken }), json)
    const introspection = await post('/api/v1/introspect', new URLSearchParams({ token: status.token }).toString(), { ...form, ...key })
    if (introspection.sub !== userId) throw new Error('nobody is signed in')
  }
}

// @ts-check
// A minimal browser for benchmarks: it keeps cookies, reads redirects, and reuses connections.
import { Agent, request } from 'node:http'
import { nextUser } from './contestants/shared.mjs'

const agent = new Agent({ keepAlive: true })

export class Browser {
  cookie = ''

  /** @param {{ toString(): string }} address of the app; read again for each request */
  constructor(address) {
    this.address = address
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {{ body?: string, accept?: string, until?: string }} [options] `until`: resolves as soon as the response contains this text
   * @returns {Promise<{ status: number, location: string | undefined, text: string }>}
   */
  send(method, path, { body, accept = 'text/html', until } = {}) {
    const form = body !== undefined && { 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length }
    const headers = { accept, ...(this.cookie && { cookie: this.cookie }), ...form }
    return new Promise((resolve, reject) => {
      const req = request(`${this.address}${path}`, { method, agent, headers }, (res) => {
        for (const line of res.headers['set-cookie'] ?? []) this.cookie = String(line.split(';')[0])
        let text = ''
        const answer = () => resolve({ status: Number(res.statusCode), location: res.headers.location, text })
        res.on('data', (chunk) => {
          text += chunk
          if (until && text.includes(until)) answer()
        })
        res.on('end', answer)
      })
      req.on('error', reject).end(body)
    })
  }

  /**
   * Signs a user in: the start, the callback, and a page for the signed-in user.
   * @param {(search: string) => Promise<unknown>} [meanwhile] called in place of the waiting page, with the query string that names the transaction
   */
  async login(meanwhile = async () => {}) {
    const userId = nextUser()
    const started = await this.send('POST', '/login', { body: `userId=${userId}` })
    const { search } = new URL(String(started.location), String(this.address))
    await meanwhile(search)
    const done = await this.send('GET', `/2fa/callback${search}`)
    const me = await this.send('GET', '/me')
    if ((done.status !== 302 && done.status !== 303) || me.text !== userId) throw new Error(`nobody is signed in: ${done.status} ${me.text}`)
  }
}

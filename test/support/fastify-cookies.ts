/** Replaces @fastify/cookie, because Jest cannot run its dynamic import. Reads and sets only the cookie of @fastify/session. */
import type { FastifyInstance } from 'fastify'

export const fastifyCookies = async (host: FastifyInstance) => {
  host.decorateRequest('cookies')
  host.addHook('onRequest', async (req) => void Object.assign(req, { cookies: { sessionId: req.headers.cookie?.replace(/^sessionId=/, '') } }))
  host.decorateReply('setCookie', function (_name: string, value: string) { return this.header('set-cookie', `sessionId=${value}`) })
  host.decorateReply('clearCookie', function () { return this.header('set-cookie', 'sessionId=') })
}
Object.assign(fastifyCookies, { [Symbol.for('skip-override')]: true, [Symbol.for('plugin-meta')]: { name: '@fastify/cookie' } })

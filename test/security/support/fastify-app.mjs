// @ts-check
// A Fastify app in a process of its own, with the defaults of @fastify/session, which sends the session cookie with every answer. The app prints its address.
// Out of scope: the checks (`shared-cache.test.ts`).
import { createRequire } from 'node:module'
import process from 'node:process'
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import Fastify from 'fastify'

/** @type {typeof import('../../../dist/index.js')} */
const { NevisStrategy, push, waitingPage } = createRequire(import.meta.url)('../../../dist/index.js')
const nevis = new NevisStrategy({ instance: 'example', accessKey: 'key-0123456789', factors: [push()], waitingURL: '/login/2fa' }, () => undefined)
const { answer } = waitingPage(nevis)

const app = Fastify()
await app.register(cookie)
await app.register(session, { secret: 'a secret for tests, of 32 characters', cookie: { secure: false } })
app.get('/login/2fa', async (request, reply) => {
  /** @type {any} */ (request.session).set('passport', 'anna')
  const { status, headers, body } = /** @type {import('../../../dist/index.js').PlainAnswer} */ (await answer(Object.assign(request, { user: { username: 'anna' } }), reply))
  return reply.code(status).headers(headers).send(body)
})
process.stdout.write(`${await app.listen({ host: '127.0.0.1', port: 0 })}\n`)
// This process ends when the test's process ends, even if the test's process is killed.
process.stdin.resume().once('end', () => process.exit())

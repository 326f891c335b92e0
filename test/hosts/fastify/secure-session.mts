// secure-session.mts
import formbody from '@fastify/formbody'
import secureSession from '@fastify/secure-session'
import Fastify from 'fastify'
import { answerErrors, passport, signIn, status } from './sign-in.mjs'

const app = Fastify({ logger: { level: 'warn' }, trustProxy: 'loopback' }) // the addresses of your TLS proxy
answerErrors(app)
app.register(status)
app.register(async (site) => {
  await site.register(formbody)
  await site.register(secureSession, {
    key: Buffer.from(process.env['SESSION_KEY'] as string, 'hex'), // 32 bytes, as 64 hex digits
    expiry: 3600, // seconds; until then a copied cookie works, even after a log-out
    cookie: { path: '/', secure: process.env['NODE_ENV'] === 'production', sameSite: 'lax', httpOnly: true },
  })
  await site.register(passport.initialize())
  await site.register(passport.secureSession())
  await site.register(signIn)
})
console.log(await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT'] ?? 3000) }))
process.once('SIGTERM', () => void app.close().then(() => process.exit()))

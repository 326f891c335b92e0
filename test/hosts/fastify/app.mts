// app.mts
import cookie from '@fastify/cookie'
import formbody from '@fastify/formbody'
import session from '@fastify/session'
import Fastify from 'fastify'
import { answerErrors, passport, signIn, status } from './sign-in.mjs'

const app = Fastify({ logger: { level: 'warn' }, trustProxy: 'loopback' }) // the addresses of your TLS proxy
answerErrors(app)
app.register(status)
app.register(async (site) => {
  await site.register(formbody)
  await site.register(cookie)
  await site.register(session, {
    secret: process.env['SESSION_SECRET'] as string, // 32 characters or more
    saveUninitialized: false,
    rolling: false, // a slow response must not restore a session that was logged out meanwhile
    cookie: { secure: 'auto', sameSite: 'lax', httpOnly: true },
  }) // in production, add your session store
  await site.register(passport.initialize())
  await site.register(passport.secureSession())
  await site.register(signIn)
})
console.log(await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT'] ?? 3000) }))
process.once('SIGTERM', () => void app.close().then(() => process.exit()))

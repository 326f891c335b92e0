// app.mts
import cookie from '@fastify/cookie'
import formbody from '@fastify/formbody'
import session from '@fastify/session'
import Fastify from 'fastify'
import { answerErrors, passport, signIn, status } from './sign-in.mjs'

const app = Fastify({ logger: { level: 'warn' }, trustProxy: 'loopback' }) // the addresses of your proxy, which ends TLS
answerErrors(app)
app.register(status)
app.register(async (site) => {
  await site.register(formbody)
  await site.register(cookie)
  await site.register(session, {
    secret: process.env['SESSION_SECRET'] as string,
    saveUninitialized: false,
    rolling: false, // a slow answer must not write a session back that was logged out meanwhile
    cookie: { secure: 'auto', sameSite: 'lax', httpOnly: true },
  }) // and a store of yours
  await site.register(passport.initialize())
  await site.register(passport.secureSession())
  await site.register(signIn)
})
console.log(await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT'] ?? 3000) }))

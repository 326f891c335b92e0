// app.mts
import cookie from '@fastify/cookie'
import formbody from '@fastify/formbody'
import session from '@fastify/session'
import Fastify from 'fastify'
import { passport, signIn, status } from './sign-in.mjs'

const app = Fastify({ logger: process.env['NODE_ENV'] === 'production' })
app.register(status)
app.register(async (site) => {
  await site.register(formbody)
  await site.register(cookie)
  await site.register(session, {
    secret: process.env['SESSION_SECRET'] as string,
    saveUninitialized: false,
    cookie: { secure: 'auto', sameSite: 'lax' },
  }) // and a store of yours
  await site.register(passport.initialize())
  await site.register(passport.secureSession())
  await site.register(signIn)
})
console.log(await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT'] ?? 3000) }))

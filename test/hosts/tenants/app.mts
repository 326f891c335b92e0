/**
 * A Fastify app with several tenants. The user in Passport is `{ user, tenant }`, stored whole in the session.
 * With `SESSION_KIND=cookie` the session is in an encrypted cookie, otherwise in memory.
 */
import cookie from '@fastify/cookie'
import formbody from '@fastify/formbody'
import { Authenticator } from '@fastify/passport'
import secureSession from '@fastify/secure-session'
import session from '@fastify/session'
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import { NevisStrategy, push, recordSecondFactor, requireSecondFactor, type Middleware } from 'passport-nevis'
import { findByPassword } from '../users.mjs'

interface Login {
  readonly user: string
  readonly tenant: string
}

const nevis = new NevisStrategy(
  {
    baseURL: process.env['NEVIS_BASE_URL'],
    accessKey: process.env['NEVIS_ACCESS_KEY'],
    factors: [push()],
    waitingURL: '/login/2fa',
    subject: ({ user }) => user && { username: (user as unknown as Login).user },
    data: ({ user }) => (user as unknown as Login).tenant,
  },
  async ({ username, data }) => ({ user: username, tenant: data }),
)
const passport = new Authenticator({ clearSessionIgnoreFields: ['nevis'] })
passport.use(nevis)
passport.registerUserSerializer(async (login: Login) => login)
passport.registerUserDeserializer(async (login: Login) => login)

const mounted = ({ answer }: Middleware) => async (request: FastifyRequest, reply: FastifyReply) => {
  const answered = await answer(request, reply)
  if (answered) return reply.code(answered.status).headers(answered.headers).send(answered.body)
}

const app = Fastify()
await app.register(formbody)
if (process.env['SESSION_KIND'] === 'cookie') {
  await app.register(secureSession, { key: Buffer.from(process.env['SESSION_KEY'] as string, 'hex'), cookie: { path: '/' } })
} else {
  await app.register(cookie)
  await app.register(session, { secret: process.env['SESSION_SECRET'] as string, cookie: { secure: false } })
}
await app.register(passport.initialize())
await app.register(passport.secureSession())

app.post('/login', async (request, reply) => {
  const { username, password, tenant } = request.body as Record<'username' | 'password' | 'tenant', string>
  if (findByPassword(username, password) === undefined) return reply.code(401).send()
  await request.logIn({ user: username, tenant } as never)
  return request.user
})
app.post('/switch', async (request) => {
  const { tenant } = request.body as { tenant: string }
  request.session.set('passport' as never, { ...request.user, tenant })
  return {}
})
const authorize = passport.authorize('nevis')
app.post('/step-up', { preValidation: authorize }, async () => {})
app.get('/login/2fa/callback', { preValidation: [authorize, mounted(recordSecondFactor())] }, (_request, reply) => reply.redirect('/in', 303))
app.post('/transfer', { preHandler: mounted(requireSecondFactor({ maxAgeSeconds: 300 })) }, async () => ({ transferred: true }))

console.log(await app.listen({ host: '127.0.0.1', port: 0 }))

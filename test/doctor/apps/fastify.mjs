/** The same on another host: Fastify. */
import cookie from '@fastify/cookie'
import form from '@fastify/formbody'
import { Authenticator } from '@fastify/passport'
import session from '@fastify/session'
import Fastify from 'fastify'
import { env } from 'node:process'
import { NevisStrategy, push, statusEndpoint, waitingPage } from 'passport-nevis'

const nevis = new NevisStrategy(
  { baseURL: env.NEVIS_BASE_URL, accessKey: env.NEVIS_ACCESS_KEY, factors: [push()], waitingURL: '/2fa', callbackURL: '/2fa/callback', statusURL: '/2fa/status' },
  async () => false,
)
const passport = new Authenticator()
passport.use(nevis)
const raw = (handler) => (request, reply) => {
  reply.hijack()
  request.raw.session = request.session
  handler(request.raw, reply.raw, () => reply.raw.writeHead(500).end())
}
const app = Fastify()
app.get('/2fa/status', raw(statusEndpoint(nevis)))
app.register(async (inside) => {
  inside.register(cookie).register(form)
  inside.register(session, { secret: env.SESSION_SECRET, saveUninitialized: false, cookie: { secure: false } })
  inside.register(passport.initialize())
  inside.register(passport.secureSession())
  inside.post('/login', { preValidation: passport.authenticate('nevis') }, () => 'done')
  inside.get('/2fa', raw(waitingPage(nevis)))
  inside.post('/2fa', { preValidation: passport.authenticate('nevis') }, () => 'done')
  inside.get('/2fa/callback', { preValidation: passport.authenticate('nevis') }, () => 'done')
})
await app.listen({ port: Number(env.PORT), host: '0.0.0.0' })

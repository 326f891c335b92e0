/** The same on another host: Koa. */
import bodyParser from '@koa/bodyparser'
import Router from '@koa/router'
import Koa from 'koa'
import passport from 'koa-passport'
import session from 'koa-session'
import { env } from 'node:process'
import { NevisStrategy, push, statusEndpoint, waitingPage } from 'passport-nevis'

const nevis = new NevisStrategy(
  { baseURL: env.NEVIS_BASE_URL, accessKey: env.NEVIS_ACCESS_KEY, factors: [push()], waitingURL: '/2fa', callbackURL: '/2fa/callback', statusURL: '/2fa/status' },
  async () => false,
)
passport.use(nevis)
const raw = (handler) => (ctx) => {
  ctx.respond = false
  ctx.req.session = ctx.session
  handler(ctx.req, ctx.res, () => ctx.res.writeHead(500).end())
}
const app = new Koa({ keys: [env.SESSION_SECRET] })
const router = new Router()
router.get('/2fa/status', raw(statusEndpoint(nevis)))
router.use(session(app), bodyParser(), passport.initialize(), passport.session())
router.post('/login', passport.authenticate('nevis'))
router.get('/2fa', raw(waitingPage(nevis)))
router.post('/2fa', passport.authenticate('nevis'))
router.get('/2fa/callback', passport.authenticate('nevis'))
app.use(router.routes())
app.listen(Number(env.PORT))

// @ts-check
// An app without Passport, to compare with `login-nevis.mjs`: the same routes, calls and session, written by hand with axios. This app checks
// that the token belongs to the user and the transaction, but it encrypts nothing, and does not ensure that an approval
// is used only once. Usage: node login-by-hand.mjs UPSTREAM
import axios from '../contestants/axios.cjs'
import { Agent } from 'node:http'
import { accessKey } from '../contestants/shared.mjs'
import { listen, newApp, origin, useSessions } from './login-shared.mjs'

const nevis = axios.create({ baseURL: origin, httpAgent: new Agent({ keepAlive: true }), maxRedirects: 0 })
const headers = { Authorization: `Bearer ${accessKey}` }

const app = newApp()
useSessions(app)
app.post('/login', async (req, res, next) => {
  try {
    const { data } = await nevis.post('/api/v1/approval', { userId: req.body.userId, channel: 'push', message: 'Sign in to the shop?', prompt: true }, { headers })
    const { transactionId, userId, statusToken } = data
    req.session.pending = { transactionId, userId, statusToken }
    req.session.save((error) => (error ? next(error) : res.redirect(303, `/2fa?transaction=${transactionId}`)))
  } catch (error) {
    next(error)
  }
})
app.get('/2fa/callback', async (req, res, next) => {
  try {
    const { pending } = req.session
    if (pending === undefined || pending.transactionId !== req.query.transaction) return void res.sendStatus(403)
    const { data: status } = await nevis.post('/api/v1/status', { statusToken: pending.statusToken })
    if (status.status !== 'succeeded' || status.transactionId !== pending.transactionId || status.userId !== pending.userId) return void res.sendStatus(401)
    const { data: proof } = await nevis.post('/api/v1/introspect', new URLSearchParams({ token: status.token }), { headers })
    if (proof.active !== true || proof.sub !== pending.userId || proof.iss !== `${origin}/`) return void res.sendStatus(403)
    req.session.regenerate((failed) => {
      if (failed) return next(failed)
      req.session.user = pending.userId
      req.session.save((error) => (error ? next(error) : res.redirect(303, '/me')))
    })
  } catch (error) {
    next(error)
  }
})
app.get('/me', (req, res) => res.send(req.session.user))
listen(app)

// @ts-check
// An app without this package, for comparison. The browser requests the status every two seconds, and for each request the app asks Nevis. The app stores
// Nevis's token, so that its callback only has to introspect the token. `node poller.mjs CLOUD` starts the app in a process of its own and prints its address.
import axios from 'axios'
import express from 'express'
import session from 'express-session'
import { randomUUID } from 'node:crypto'
import { Agent } from 'node:http'
import { originOf } from './listening.mjs'

const nevis = axios.create({ baseURL: `${process.argv[2]}/api/v1`, httpAgent: new Agent({ keepAlive: true }), maxRedirects: 0, headers: { authorization: 'Bearer a-key-for-the-benchmark' } })
const PAGE = `<!doctype html><p>Waiting</p><script>
  const ask = async () => {
    const { status } = await (await fetch('/poll')).json()
    if (status === 'succeeded') location = '/callback'
    else setTimeout(ask, 2000)
  }
  setTimeout(ask, 2000)
</script>`

const app = express()
app.use(session({ secret: 'benchmark', resave: false, saveUninitialized: false }))
app.get('/go', (_req, res) => res.type('html').send('<form method="post" action="/login"><button>Sign in</button></form>'))
app.post('/login', async (req, res) => {
  const { data } = await nevis.post('/approval', { channel: 'push', userId: randomUUID() })
  req.session.pending = data
  res.redirect(303, '/wait')
})
app.get('/wait', (_req, res) => res.type('html').send(PAGE))
app.get('/id', (req, res) => res.send(req.session.pending?.transactionId))
app.get('/poll', async (req, res) => {
  const { data } = await nevis.post('/status', { statusToken: req.session.pending?.statusToken })
  if (data.status === 'succeeded') req.session.token = data.token
  res.json({ status: data.status })
})
app.get('/callback', async (req, res) => {
  const { data } = await nevis.post('/introspect', new URLSearchParams({ token: String(req.session.token) }))
  if (!data.active) return void res.sendStatus(403)
  req.session.regenerate(() => {
    req.session.user = data.sub
    res.type('html').send('<h1>In</h1>')
  })
})
const server = app.listen(0, '127.0.0.1', () => console.log(originOf(server)))

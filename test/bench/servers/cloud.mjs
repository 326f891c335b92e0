// @ts-check
// A fake Nevis cloud that is faster than the measured app. Answers approvals, status calls and introspections. Runs as its own process, and prints its address.
// `GET /decide?id=…` or `?user=…` approves a transaction; with `at=look`, only when its status is next requested. `GET /calls` returns the number of calls.
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { originOf } from './listening.mjs'

/** The simulated round-trip time of the network between the app and this fake cloud. */
const roundTripMs = Number(process.argv[2] ?? 0)
const halfway = (/** @type {() => void} */ act) => (roundTripMs > 0 ? setTimeout(act, roundTripMs / 2) : act())
/**
 * The transactions by id. `atLook`, if set, approves the transaction when its status is next requested.
 * @type {Map<string, { transactionId: string, userId: string, status: string, atLook?: () => void }>}
 */
const transactions = new Map()
/** @type {Map<string, string>} the newest transaction of each user */
const newest = new Map()
const calls = { approval: 0, status: 0, introspect: 0 }
let origin = ''

/**
 * The function that answers each path. `text` is the body of the request; `body` is the same parsed, if it is JSON, and otherwise `{}`.
 * @type {Record<string, (body: { userId?: string, statusToken: string }, text: string) => [status: number, answer: object]>}
 */
const routes = {
  '/api/v1/approval': (body) => {
    const transaction = { transactionId: randomUUID(), userId: body.userId ?? randomUUID(), status: 'pending' }
    transactions.set(transaction.transactionId, transaction)
    newest.set(transaction.userId, transaction.transactionId)
    calls.approval++
    return [201, { transactionId: transaction.transactionId, userId: transaction.userId, statusToken: `eyJ.${transaction.transactionId}.${'s'.repeat(200)}` }]
  },
  '/api/v1/status': (body) => {
    calls.status++
    const transaction = transactions.get(String(body.statusToken.split('.')[1]))
    if (transaction === undefined) return [404, {}]
    transaction.atLook?.()
    return [200, { ...transaction, atLook: undefined, token: `eyT.${transaction.userId}` }]
  },
  '/api/v1/introspect': (_body, text) => {
    calls.introspect++
    const userId = String(new URLSearchParams(text).get('token')).slice(4)
    return [200, { active: true, sub: userId, iss: `${origin}/`, aud: 'transaction' }]
  },
}

const server = createServer((req, res) => {
  const url = new URL(String(req.url), 'http://cloud')
  if (url.pathname === '/calls') return void res.end(JSON.stringify(calls))
  if (url.pathname === '/decide') {
    const transaction = transactions.get(url.searchParams.get('id') ?? String(newest.get(String(url.searchParams.get('user')))))
    if (transaction === undefined) return void res.writeHead(404).end()
    const decide = () => {
      transaction.status = 'succeeded'
      res.end()
    }
    if (url.searchParams.get('at') === 'look') transaction.atLook = decide
    else decide()
    return
  }
  let text = ''
  req.on('data', (chunk) => (text += chunk))
  req.on('end', () => halfway(() => {
    const [status, answer] = routes[url.pathname]?.(text.startsWith('{') ? JSON.parse(text) : {}, text) ?? [404, {}]
    halfway(() => {
      res.writeHead(status, { 'content-type': 'application/json' })
      res.end(JSON.stringify(answer))
    })
  }))
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  origin = originOf(server)
  console.log(origin)
})

/**
 * Errors are logged, sent to error trackers and shown on error pages, and an HTTP library's error contains the whole request. The access key opens every
 * account of the instance; a code or token opens one login; a phone number is personal data. So these tests make every kind of call fail, print the error in
 * every possible way, and search the output for these values.
 */
import type { RequestListener } from 'node:http'
import type { AxiosStatic } from 'axios'
import { createRequire } from 'node:module'
import { inspect } from 'node:util'
import type { NevisClient } from '../../src/client/client'
import { NevisError } from '../../src/client/errors'
import { ACCESS_KEY, closeServers, newClient, nevisError, serve, STATUS, USER_ID } from './support'

afterEach(closeServers)

const CANARY = 'canary'
const PHONE = '+41791112233'
const CALLS: [string, (client: NevisClient) => Promise<unknown>][] = [
  ['ping', (client) => client.ping()],
  ['enroll', (client) => client.enroll({ username: CANARY, channel: 'sms', phone: PHONE, message: `${CANARY} {{CODE}}` })],
  ['approve', (client) => client.approve({ username: CANARY, prompt: true, message: CANARY })],
  ['verifyCode', (client) => client.verifyCode({ userId: USER_ID, code: CANARY, statusToken: `${CANARY}.token` })],
  ['getStatus', (client) => client.getStatus(`${CANARY}.token`)],
  ['introspect', (client) => client.introspect(`${CANARY}.token`)],
  ['findUserByUsername', (client) => client.findUserByUsername(CANARY)],
  ['createIntent', (client) => client.createIntent({ username: CANARY, operation: 'approve' })],
]

const answer = (status: number, body: string): RequestListener => (_req, res) =>
  void res.writeHead(status, { 'x-trace': CANARY, location: `/${CANARY}` }).end(body)
const ECHO = JSON.stringify({ ...STATUS, status: CANARY, token: `${CANARY}.token`, message: `${CANARY} ${PHONE}` })

const FAULTS: [string, RequestListener | undefined][] = [
  ['a refused connection', undefined],
  ['a reset', (req) => void req.socket.resetAndDestroy()],
  ['an answer cut short', (req, res) => {
    res.writeHead(200, { 'content-length': '1000' }).write(CANARY)
    setImmediate(() => req.socket.destroy())
  }],
  ['no answer in time', () => undefined],
  ['text that is not JSON', answer(203, `<p>${CANARY}</p>`)],
  ['an answer that is too large', (_req, res) => void res.writeHead(200).end(CANARY.repeat(400_000))],
  ...[203, 302, 401, 403, 415, 418, 429, 500, 503].map((status): [string, RequestListener] => [
    `HTTP ${status}`,
    answer(status, ECHO),
  ]),
]

function printed(error: NevisError): string {
  const shown = [
    inspect(error, { showHidden: true, depth: Infinity }),
    inspect({ error }, { depth: 10, getters: true }),
    JSON.stringify(error),
    JSON.stringify(error, Object.getOwnPropertyNames(error)),
    String(error),
    error.message,
    error.stack,
    inspect(error.cause, { showHidden: true, depth: Infinity }),
  ]
  return shown.join('\n').replaceAll(__filename, '')
}

describe.each(FAULTS)('a call that meets %s', (_fault, listener) => {
  describe('with secrets in the key, the request and the answer', () => {
    // Shows: ASVS V16.2.5, T-reader-1
    it.each(CALLS)('%s shows none of them', async (operation, call) => {
      const { baseURL } = await serve(listener ?? (() => undefined))
      if (listener === undefined) await closeServers()
      const client = newClient({ baseURL, accessKey: `${CANARY}-access-key`, timeoutMs: listener?.length === 0 ? 60 : 5000 })
      const error = await nevisError(call(client))
      expect(error.operation).toBe(operation)
      expect(printed(error)).not.toMatch(new RegExp(`${CANARY}|${PHONE.slice(1)}|Bearer|127\\.0\\.0\\.1`))
      expect(inspect(client, { showHidden: true, depth: 20 })).not.toContain(CANARY)
    })
  })
})

describe('a NevisError', () => {
  describe('as an app sees it', () => {
    it('has a name, a code, a status, and no field without a value', () => {
      const error = new NevisError('NEVIS_TIMEOUT', 'approve')
      expect(error).toBeInstanceOf(Error)
      expect(JSON.parse(JSON.stringify(error))).toEqual({
        name: 'NevisError', code: 'NEVIS_TIMEOUT', operation: 'approve', status: 504,
      })
      expect(Object.keys(error)).not.toContain('nevisStatus')
      expect(error.cause).toBeUndefined()
    })
  })
})

describe('an axios that the app uses, too', () => {
  const axios = createRequire(__filename)('axios') as AxiosStatic
  const { defaults } = axios
  const before = { ...defaults, headers: { ...defaults.headers, common: { ...defaults.headers.common } } }
  afterEach(() => {
    Object.assign(defaults, before)
    axios.interceptors.request.clear()
    axios.interceptors.response.clear()
  })

  it('does not see the access key, and what the app has set on it does not reach Nevis', async () => {
    const seen: string[] = []
    const note = (value: object) => void seen.push(inspect(value, { depth: 9, showHidden: true }))
    axios.interceptors.request.use((config) => (note(config), config))
    axios.interceptors.response.use((response) => (note(response), response))
    Object.assign(defaults, { auth: { username: 'c4n4ry', password: 'c4n4ry' }, params: { c4n4ry: 1 }, transformRequest: [() => 'c4n4ry'], validateStatus: () => false })
    defaults.headers.common['X-App'] = 'c4n4ry'
    const sent: unknown[] = []
    const { baseURL } = await serve((req, res) => {
      req.once('data', (body: Buffer) => {
        sent.push(req.headers.authorization, String(body), JSON.stringify([req.url, req.headers]).includes('c4n4ry'))
        res.end('{"active":true,"sub":"anna"}')
      })
    })
    await newClient({ baseURL }).introspect('t0ken')
    expect(sent).toEqual([`Bearer ${ACCESS_KEY}`, 'token=t0ken', false])
    expect(seen).toEqual([])
  })
})

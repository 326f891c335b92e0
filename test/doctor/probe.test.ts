/** The requests that the command `doctor` sends to an app, and how it reads the replies. */
import { channel } from 'node:diagnostics_channel'
import type { IncomingHttpHeaders, RequestListener } from 'node:http'
import { ask } from '../../src/doctor/probe'
import { closeServers, originOf } from './support'

afterEach(closeServers)

/** How the doctor reads the answer of a server that answers with `listener`. */
const replyOf = async (listener: RequestListener) => ask(await originOf(listener), 'GET', '/2fa', {})
const withHeaders = (headers: Record<string, string | string[]>) => replyOf((_req, res) => void res.writeHead(200, headers).end())

describe('a question', () => {
  async function asked(method: 'GET' | 'POST', address: string, tls = false) {
    const seen: { method: string; url: string; headers: IncomingHttpHeaders; body: string }[] = []
    const origin = await originOf((req, res) => {
      let body = ''
      req.setEncoding('utf8').on('data', (part: string) => (body += part))
      req.on('end', () => {
        seen.push({ method: String(req.method), url: String(req.url), headers: req.headers, body })
        res.end()
      })
    }, tls)
    const reply = await ask(origin, method, address, { transaction: 'made-up', who: 'Zoë' })
    expect(reply?.status).toBe(200)
    return { ...(seen[0] as (typeof seen)[0]), origin }
  }

  it('comes as from a browser behind a TLS proxy', async () => {
    const { method, url, headers, body, origin } = await asked('GET', '/2fa')
    expect([method, url, body]).toEqual(['GET', '/2fa?transaction=made-up&who=Zo%C3%AB', ''])
    expect(headers).toEqual({
      host: origin.slice('http://'.length),
      accept: 'application/json',
      origin: origin.replace('http', 'https'),
      'sec-fetch-site': 'same-origin',
      'user-agent': 'passport-nevis-doctor',
      'x-forwarded-proto': 'https',
      connection: expect.any(String) as string,
    })
  })

  it('has its fields as a form, when it is a POST', async () => {
    const { method, url, headers, body } = await asked('POST', '/2fa')
    expect([method, url, body]).toEqual(['POST', '/2fa', 'transaction=made-up&who=Zo%C3%AB'])
    expect(headers).toMatchObject({ 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(body.length) })
  })

  it('keeps the query that the address has', async () => {
    expect(await asked('GET', '/2fa?tenant=a')).toMatchObject({ url: '/2fa?tenant=a&transaction=made-up&who=Zo%C3%AB' })
    expect(await asked('POST', '/2fa?tenant=a')).toMatchObject({ url: '/2fa?tenant=a' })
  })

  it('names the host under which browsers know the app', async () => {
    const { url, headers } = await asked('POST', 'https://app.example/2fa')
    expect(url).toBe('/2fa')
    expect(headers).toMatchObject({ host: 'app.example', origin: 'https://app.example' })
  })

  it('reaches an app that speaks TLS itself, with the certificate of its public name', async () => {
    expect(await asked('GET', '/2fa', true)).toMatchObject({ method: 'GET' })
  })
})

describe('an answer', () => {
  it('without any of what is looked for has none of it', async () => {
    expect(await withHeaders({})).toMatchObject({ status: 200, json: {}, location: undefined, cookies: [], refusedBy: [], codes: [], fault: undefined })
  })

  it.each([['/login?next=x', '/login'], ['https://app.example/login', '/login'], ['http://', undefined]])('that sends to %s has the path alone', async (location, path) => {
    expect(await withHeaders({ location })).toMatchObject({ location: path })
  })

  it.each([
    ['sid=a; Path=/; HttpOnly; Secure; SameSite=Lax', { httpOnly: true, secure: true, sameSite: 'lax' }],
    ['sid=a; Path=/', { httpOnly: false, secure: false, sameSite: undefined }],
    ['samesite=none; HttpOnly', { httpOnly: true, secure: false, sameSite: undefined }],
    ['sid=csrf', { httpOnly: false, secure: false, sameSite: undefined }],
  ])('with the cookie %s', async (line, cookie) => {
    expect(await withHeaders({ 'set-cookie': line })).toMatchObject({ cookies: [cookie] })
  })

  it.each(['XSRF-TOKEN=a', '_csrf=a', '__Host-app.x-csrf-token=a'])('with the cookie %s of a CSRF protection, which may be read by scripts, has none', async (line) => {
    expect(await withHeaders({ 'set-cookie': line })).toMatchObject({ cookies: [] })
  })

  it('knows which strategies have refused the request, and listens no longer than that', async () => {
    const failed = channel('passport-nevis:failed')
    const reply = await replyOf((_req, res) => {
      failed.publish({ strategy: 'payments' })
      res.end()
    })
    failed.publish({ strategy: 'later' })
    expect(reply).toMatchObject({ refusedBy: ['payments'] })
  })

  it('that is JSON, but no object, is not looked into', async () => {
    expect(await replyOf((_req, res) => void res.end('[1]'))).toMatchObject({ json: {} })
  })

  it('is read up to a length of 100,000 characters', async () => {
    const json = (length: number) => JSON.stringify({ text: '' }).replace('""', `"${' '.repeat(length - '{"text":""}'.length)}"`)
    const inTwo = (text: string) => replyOf((_req, res) => {
      res.write(text.slice(0, 100_000))
      setImmediate(() => res.end(text.slice(100_000)))
    })
    expect((await inTwo(`${json(100_000)}…`))?.json).toHaveProperty('text')
    expect((await inTwo(json(150_000)))?.json).toEqual({})
  })

  it('that breaks off is none', async () => {
    expect(await replyOf((_req, res) => {
      res.writeHead(200, { 'content-length': '100' })
      res.write('{"sta', () => res.destroy())
    })).toBeUndefined()
  })
})

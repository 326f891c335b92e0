/** The simulator's page with the phones: its content, its forms, and which requests may press its buttons. */
import { request } from 'node:http'
import { Caller, started, type Json } from './http'

let nevis: Caller
beforeEach(async () => {
  nevis = await started()
})
afterEach(() => nevis.simulator.close())

const page = async (path = '/') => {
  const response = await fetch(nevis.simulator.baseURL + path)
  return { status: response.status, headers: response.headers, html: await response.text() }
}

const post = async (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) => {
  const body = new URLSearchParams(fields)
  const response = await fetch(nevis.simulator.baseURL + path, { method: 'POST', body, headers, redirect: 'manual' })
  return { status: response.status, location: response.headers.get('location'), html: await response.text() }
}

/** Sends a request with headers that `fetch` does not let its caller set, such as `Host`. */
const withHeaders = (method: string, path: string, headers: Record<string, string>) =>
  new Promise<number | undefined>((resolve, reject) => {
    request(nevis.simulator.baseURL + path, { method, headers }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .on('error', reject)
      .end()
  })

describe('the page with the phones', () => {
  test('without users › says so, and lets a browser run only what is its own', async () => {
    const { status, headers, html } = await page()
    expect(status).toBe(200)
    expect(html).toContain('No users yet.')
    expect(html).toContain('<noscript><meta http-equiv="refresh"')
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*script-src 'sha256-.*frame-ancestors 'none'/)
    expect(headers.get('cache-control')).toBe('no-store')
  })

  test('with users › shows requests, texts and recovery codes', async () => {
    nevis.simulator.addUser({ username: 'anna', phone: '+41791234567', recoveryCodes: ['Abcd-1'] })
    await nevis.approve({ username: 'anna', channel: 'push', notificationMessage: 'Bank' })
    await nevis.approve({ username: 'anna', channel: 'sms', message: 'Take {{CODE}}' })
    await nevis.enroll({})
    const { html } = await page()
    for (const part of ['>anna</h2>', 'Bank', 'Do you want to log in?', '>Accept<', '>Deny<', '<li>Take ', 'Abcd-1', 'Nothing registered yet', '>User ']) {
      expect(html).toContain(part)
    }
    expect(nevis.simulator.requests).toHaveLength(3)
    // If the message and the text of the notification are the same, the page shows this text only once.
    await nevis.approve({ username: 'anna', channel: 'push', message: 'Pay 10?', notificationMessage: 'Pay 10?' })
    expect((await page()).html.split('Pay 10?')).toHaveLength(2)
    await nevis.approve({ username: 'anna', channel: 'push', message: '<html><b>20</b><br>to M&amp;S?</html>', notificationMessage: '20 to M&S?' })
    expect((await page()).html).not.toContain('20 to M&amp;S?')
    expect((await page()).html).toContain('+41 79 123 45 67')
  })

  test('with markup in a message › escapes all of it but the six allowed tags', async () => {
    nevis.simulator.addUser({ username: 'anna' })
    await nevis.approve({ username: 'anna', channel: 'push', message: `<img src=x onerror='1'> & "you"` })
    await nevis.approve({ username: 'anna', channel: 'push', message: '<html>Pay <b>10</b> & more<br/></html>' })
    await nevis.approve({ username: 'anna', channel: 'push', message: '<html>To <i>M&amp;S &lt;b&gt;</i></html>' })
    const { html } = await page()
    expect(html).toContain('&lt;img src=x onerror=&#39;1&#39;&gt; &amp; &quot;you&quot;')
    expect(html).toContain('Pay <b>10</b> &amp; more<br>')
    expect(html).toContain('To <i>M&amp;S &lt;b&gt;</i>')
  })

  test('asked for its state › gives another version only when something has changed', async () => {
    nevis.simulator.addUser({ username: 'anna' })
    const state = async () => (await (await fetch(`${nevis.simulator.baseURL}/_simulator/state`)).json()) as Json
    const first = await state()
    expect(await state()).toEqual(first)
    await nevis.approve({ username: 'anna', channel: 'push' })
    expect((await state())['version']).not.toBe(first['version'])
    expect((await page()).html).toContain(String((await state())['version']))
  })

  test('with requests › shows the newest first, and the phone that it is on, and counts them in the title', async () => {
    for (const username of ['anna', 'ben', 'clara']) nevis.simulator.addUser({ username })
    expect((await page()).html).toContain('<title>Phones of the Nevis simulator</title>')
    await nevis.approve({ username: 'anna', channel: 'push', message: 'first' })
    await nevis.approve({ username: 'clara', channel: 'push', message: 'second' })
    await nevis.approve({ username: 'clara', channel: 'push', message: 'third' })
    const { html } = await page()
    expect(html).toContain('<title>(3) Phones of the Nevis simulator</title>')
    const order = [...html.matchAll(/<section class="phone" aria-label="(\w+)"|<p class="message">(\w+)</g)].map(([, phone, message]) => phone ?? message)
    expect(order).toEqual(['clara', 'third', 'second', 'anna', 'first', 'ben'])
    expect((await (await fetch(`${nevis.simulator.baseURL}/_simulator/state`)).json()) as Json).toMatchObject({ waiting: 3 })
    // The phones keep their order when their requests have been answered.
    for (const owner of ['clara', 'clara', 'anna']) await nevis.simulator.phone(owner).deny()
    expect([...(await page()).html.matchAll(/class="phone" aria-label="(\w+)"/g)].map(([, phone]) => phone)).toEqual(['clara', 'anna', 'ben'])
  })

  test('asked for another path › is 404', async () => {
    expect((await page('/_simulator/nothing')).status).toBe(404)
  })
})

describe('its buttons', () => {
  test.each([['approve', 'succeeded'], ['deny', 'failed']])('%s › decides the request and goes back', async (decision, status) => {
    const { userId } = nevis.simulator.addUser({ username: 'anna' })
    const { transactionId, statusToken } = (await nevis.approve({ username: 'anna', channel: 'push' })).json
    const reply = await post('/_simulator/decide', { user: userId, transactionId: String(transactionId), decision })
    expect([reply.status, reply.location]).toEqual([303, '/'])
    expect((await nevis.status(statusToken)).json['status']).toBe(status)
  })

  test('scan › registers the phone that was chosen', async () => {
    const { json } = await nevis.enroll({ username: 'anna' })
    const link = String((json['enrollment'] as Json)['appLinkUri'])
    expect((await post('/_simulator/scan', { user: String(json['userId']), link: ` ${link} ` })).status).toBe(303)
    expect(nevis.simulator.users[0]?.status).toBe('active')
  })

  test('pressed without a request or without a user › are 409 with the reason on the page', async () => {
    const { userId } = nevis.simulator.addUser({ username: 'anna' })
    const nothing = await post('/_simulator/decide', { user: userId, decision: 'deny' })
    expect([nothing.status, nothing.html]).toEqual([409, expect.stringContaining('No request is waiting on anna&#39;s phone.')])
    const link = await post('/_simulator/scan', { user: userId })
    expect([link.status, link.html]).toEqual([409, expect.stringContaining('This is not an app link')])
    const wrong = await post('/_simulator/scan', { user: userId, link: 'https://"wrong"' })
    expect(wrong.html).toContain('This is not an app link of this simulator. On the page of your app, copy the link')
    expect(wrong.html).toContain(`value="https://&quot;wrong&quot;" aria-invalid="true" aria-describedby="error-${userId}"`)
    expect((await post('/_simulator/scan', {})).html).toContain('This user does not exist any more.')
  })

  test.each([['de-CH,de;q=0.9,en;q=0.8', 'de'], ['en-GB,de;q=0.5', 'en'], ['fr, de, en', 'de'], ['fr', 'en'], [undefined, 'en']])('in a browser that asks for %s › are in the language %s, the reasons too', async (wanted, language) => {
    const { userId } = nevis.simulator.addUser({ username: 'anna' })
    await nevis.approve({ username: 'anna', channel: 'push' })
    const headers = wanted === undefined ? {} : { 'accept-language': wanted }
    const { status, html } = await post('/_simulator/scan', { user: userId, link: 'none' }, headers)
    const says = (english: string, german: string) => expect([html.includes(english), html.includes(german)]).toEqual([language === 'en', language === 'de'])
    expect(status).toBe(409)
    expect(html).toContain(`<html lang="${language}">`)
    says('>Accept<', '>Zustimmen<')
    says('This is not an app link of this simulator.', 'Das ist kein App-Link dieses Simulators.')
    const { transactionId } = nevis.simulator.phone('anna').waiting[0] as { transactionId: string }
    await nevis.simulator.phone('anna').deny()
    const late = await post('/_simulator/decide', { user: userId, transactionId, decision: 'approve' }, headers)
    expect(late.html).toContain(language === 'de' ? 'Die Anfrage auf dem Telefon von anna wurde abgelehnt.' : 'The request on anna&#39;s phone was denied.')
    const state = await fetch(`${nevis.simulator.baseURL}/_simulator/state`, { headers })
    expect(((await state.json()) as Json)['html']).toContain(language === 'de' ? 'Keine Anfragen' : 'No requests')
  })

  test('for the cloud › switch it off and on again, and the phones go on', async () => {
    const { userId } = nevis.simulator.addUser({ username: 'anna' })
    const { transactionId, statusToken } = (await nevis.approve({ username: 'anna', channel: 'push' })).json
    expect(await post('/_simulator/outage', { cloud: 'off' })).toMatchObject({ status: 303, location: '/' })
    expect((await page()).html).toContain('The cloud is switched off. Signing in and paying do not work now.')
    await expect(nevis.status(statusToken)).rejects.toThrow()
    expect((await post('/_simulator/decide', { user: userId, transactionId: String(transactionId), decision: 'approve' })).status).toBe(303)
    await post('/_simulator/outage', { cloud: 'on' })
    expect((await page()).html).not.toContain('The cloud is switched off')
    expect((await nevis.status(statusToken)).json['status']).toBe('succeeded')
  })

  test('pressed from another site › are 403 and decide nothing', async () => {
    const { userId } = nevis.simulator.addUser({ username: 'anna' })
    const { transactionId } = (await nevis.approve({ username: 'anna', channel: 'push' })).json
    const fields = { user: userId, transactionId: String(transactionId), decision: 'approve' }
    expect((await post('/_simulator/decide', fields, { origin: 'https://evil.example' })).status).toBe(403)
    expect((await post('/_simulator/outage', { cloud: 'off' }, { origin: 'https://evil.example' })).status).toBe(403)
    expect(await withHeaders('POST', '/_simulator/decide', { 'sec-fetch-site': 'cross-site' })).toBe(403)
    expect(nevis.simulator.phone('anna').waiting).toHaveLength(1)
    expect((await post('/_simulator/decide', fields, { origin: nevis.simulator.baseURL })).status).toBe(303)
  })
})

/**
 * The attack: a page on the internet makes its own host name resolve to 127.0.0.1 (DNS rebinding). For the browser, the simulator on the visitor's machine is
 * then the page's own server, which the page's script may call. Or the page sends a form or a `fetch` to `127.0.0.1`. Such a page could read codes, approve
 * requests, and use an access key that was published with a repository. The browser's headers reveal such a page: `Host` is the page's name, and
 * `Origin` and `Sec-Fetch-Site` name another site.
 */
describe('a page of the internet', () => {
  const own = () => ({ authorization: `Bearer ${nevis.simulator.accessKey}` })
  const status = async (method: string, path: string, headers: Record<string, string>) => [method, path, headers, await withHeaders(method, path, headers)]

  test.each([
    'evil.example', 'evil.example:4001', '127.0.0.1.evil.example', 'localhost.evil.example', 'evil-localhost', '192.168.1.2', '0.0.0.0', '127.0.0.1@evil.example', '[::2]', '127.0.0.1:x', ' ',
  ])('under the name %j › is 403 everywhere, and nothing is recorded', async (host) => {
    for (const path of ['/', '/_simulator/state', '/widget/frame', '/ping', '/api/v1/users?username=anna', '/api/v1/nothing']) {
      const headers = { host, ...own() }
      expect(await status('GET', path, headers)).toEqual(['GET', path, headers, 403])
    }
    expect(await withHeaders('POST', '/api/v1/status', { host, 'content-type': 'application/json' })).toBe(403)
    expect(nevis.simulator.requests).toEqual([])
  })

  test.each([
    { origin: 'https://evil.example' }, { origin: 'null' }, { origin: 'http://127.0.0.1:1' }, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' },
  ])('with %j › changes nothing through the API either', async (headers) => {
    const { userId } = nevis.simulator.addUser({ username: 'anna' })
    const [post, remove] = [{ ...headers, ...own(), 'content-type': 'application/json' }, { ...headers, ...own() }]
    expect(await status('POST', '/api/v1/approval', post)).toEqual(['POST', '/api/v1/approval', post, 403])
    expect(await status('DELETE', `/api/v1/users/${userId}`, remove)).toEqual(['DELETE', `/api/v1/users/${userId}`, remove, 403])
    expect(await status('POST', '/widget/intent', post)).toEqual(['POST', '/widget/intent', post, 403])
    expect(nevis.simulator.users).toHaveLength(1)
    expect(nevis.simulator.requests).toEqual([])
  })

  test('is told so by the API in the words of Nevis', async () => {
    const reply = await nevis.call('DELETE', '/api/v1/users/x', undefined, { origin: 'https://evil.example' })
    expect([reply.status, reply.json]).toEqual([403, { error: 'Forbidden', path: '/api/v1/users/x', status: 403, timestamp: expect.any(Number) as number }])
  })
})

describe('a page or a tool of this machine', () => {
  test.each(['127.0.0.1', '127.0.0.1:4001', 'localhost', 'LOCALHOST:4001', '[::1]', '[::1]:4001'])('under the name %s › is answered', async (host) => {
    expect(await withHeaders('GET', '/', { host })).toBe(200)
    expect(await withHeaders('GET', '/ping', { host, authorization: `Bearer ${nevis.simulator.accessKey}` })).toBe(200)
  })

  test('the simulator’s own › may change something', async () => {
    const headers = { authorization: `Bearer ${nevis.simulator.accessKey}`, origin: nevis.simulator.baseURL, 'sec-fetch-site': 'same-origin' }
    const { userId } = nevis.simulator.addUser({ username: 'anna' })
    expect(await withHeaders('DELETE', `/api/v1/users/${userId}`, headers)).toBe(204)
    expect(nevis.simulator.users).toEqual([])
  })
})

describe('an app link in a browser', () => {
  const pathOf = (link: unknown) => String(link).slice(nevis.simulator.baseURL.length)

  test('of an enrolment › offers all phones, that of the user first', async () => {
    nevis.simulator.addUser({ username: 'ben' })
    const { json } = await nevis.enroll({ username: 'anna' })
    const { status, html } = await page(pathOf((json['enrollment'] as Json)['appLinkUri']))
    expect(status).toBe(200)
    expect(html).toContain('The link registers the phone. These phones are simulated: nothing is opened on a real phone.')
    expect(html.indexOf('Phone of anna')).toBeLessThan(html.indexOf('Phone of ben'))
    expect(html.indexOf('Phone of anna')).toBeGreaterThan(0)
  })

  // Shows: C-approval-5
  test('of an approval › says so, and without users that there are none', async () => {
    const { userId } = nevis.simulator.addUser({ username: 'anna' })
    const named = await nevis.approve({ username: 'anna', channel: 'app' })
    expect((await page(pathOf(named.json['appLinkUri']))).html).toContain('The link asks for an approval.')
    const { appLinkUri } = (await nevis.approve({ channel: 'app' })).json
    await nevis.call('DELETE', `/api/v1/users/${userId}`)
    expect((await page(pathOf(appLinkUri))).html).toContain('There are no users yet.')
    expect((await page(pathOf(named.json['appLinkUri']))).status).toBe(404)
  })

  test('that is unknown or over › is 404', async () => {
    expect((await page('/open')).html).toContain('not valid any more')
    const { json } = await nevis.enroll({})
    nevis.simulator.advance(120_000)
    expect((await page(pathOf((json['enrollment'] as Json)['appLinkUri']))).status).toBe(404)
  })
})

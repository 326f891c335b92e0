/** A browser for tests: it keeps cookies, and follows no redirect by itself. */
exports.Browser = class Browser {
  cookies = new Map()

  constructor(origin) {
    this.origin = origin
  }

  get(path) {
    return this.send(path, {})
  }

  post(path, fields) {
    return this.send(path, { method: 'POST', body: new URLSearchParams(fields) })
  }

  async send(path, request) {
    const headers = { accept: 'text/html', cookie: [...this.cookies].map((pair) => pair.join('=')).join('; ') }
    const response = await fetch(new URL(path, this.origin), { ...request, headers, redirect: 'manual' })
    for (const cookie of response.headers.getSetCookie()) {
      const [name, value] = cookie.split(';')[0].split(/=(.*)/s)
      this.cookies.set(name, value)
    }
    return { status: response.status, location: response.headers.get('location'), text: await response.text() }
  }
}

/** A browser without JavaScript for tests: it keeps cookies, and follows no redirect by itself. */
export interface Page {
  readonly status: number
  readonly location: string | undefined
  readonly headers: Headers
  readonly text: string
  json(): any
}

export class Browser {
  readonly cookies = new Map<string, string>()

  constructor(readonly origin: string) {}

  get(path: string, headers: Record<string, string> = {}): Promise<Page> {
    return this.send('GET', path, headers)
  }

  /** Sends the fields as a form. */
  post(path: string, fields: Record<string, string> | [string, string][] = {}, headers: Record<string, string> = {}): Promise<Page> {
    return this.send('POST', path, { 'content-type': 'application/x-www-form-urlencoded', ...headers }, new URLSearchParams(fields).toString())
  }

  postJson(path: string, value: unknown, headers: Record<string, string> = {}): Promise<Page> {
    return this.send('POST', path, { 'content-type': 'application/json', ...headers }, JSON.stringify(value))
  }

  async send(method: string, path: string, headers: Record<string, string>, body?: string): Promise<Page> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(new URL(path, this.origin), {
      method,
      redirect: 'manual',
      headers: { ...headers, ...(cookie && { cookie }) },
      ...(body !== undefined && { body }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = (line.split(';')[0] as string).split(/=(.*)/s) as [string, string]
      if (value === '') this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    const text = await response.text()
    const location = response.headers.get('location') ?? undefined
    return { status: response.status, location, headers: response.headers, text, json: () => JSON.parse(text) }
  }

  /** A second browser with a copy of all cookies. */
  clone(): Browser {
    const other = new Browser(this.origin)
    for (const [name, value] of this.cookies) other.cookies.set(name, value)
    return other
  }
}

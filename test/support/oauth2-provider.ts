/**
 * An OAuth 2 provider on loopback, where one user is signed in and agrees to everything: authorization code, token, userinfo.
 *
 * Out of scope: the checks of a real provider. This provider checks only what a Passport strategy must send.
 */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { listen } from './app'

export class OAuth2Provider {
  private readonly codes = new Set<string>()
  private readonly tokens = new Set<string>()
  private readonly server: Server = createServer((req, res) => void this.answer(req, res))

  /** @param id of the user at the provider */
  private constructor(private readonly id: string) {}

  static async start(id: string): Promise<OAuth2Provider> {
    const provider = new OAuth2Provider(id)
    await listen(provider.server)
    return provider
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve())
      this.server.closeAllConnections()
    })
  }

  private async answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(req.url as string, this.url)
    if (pathname === '/authorize') {
      const code = randomUUID()
      this.codes.add(code)
      const back = new URL(searchParams.get('redirect_uri') as string)
      back.search = new URLSearchParams({ code, state: searchParams.get('state') ?? '' }).toString()
      return void res.writeHead(302, { location: back.href }).end()
    }
    if (pathname === '/token') {
      let body = ''
      for await (const chunk of req) body += String(chunk)
      const code = new URLSearchParams(body).get('code') as string
      if (!this.codes.delete(code)) return json(res, 400, { error: 'invalid_grant' })
      const token = randomUUID()
      this.tokens.add(token)
      return json(res, 200, { access_token: token, token_type: 'Bearer' })
    }
    const isKnown = this.tokens.has((req.headers.authorization ?? '').replace('Bearer ', ''))
    return json(res, isKnown ? 200 : 401, isKnown ? { id: this.id } : { error: 'invalid_token' })
  }
}

function json(res: ServerResponse, status: number, value: object): void {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

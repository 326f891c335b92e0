/** A Passport strategy for HTTP Basic authentication, as an API uses it: each request identifies its user, and there is no session. */
import { Strategy } from 'passport'
import type { Request } from 'express'

export class BasicStrategy extends Strategy {
  override readonly name = 'basic'

  constructor(private readonly password: string) {
    super()
  }

  override authenticate(req: Request): void {
    const [username, password] = Buffer.from((req.headers.authorization ?? '').replace('Basic ', ''), 'base64').toString().split(':')
    if (password === this.password) this.success({ username })
    else this.fail(401)
  }
}

/** HTTP Basic for Passport, as an API has it: who the user is comes with each request, and no session says it. */
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

// auth-guard.mts
import { All, Controller, Injectable, Module, Req, Res, UseGuards, type ExecutionContext } from '@nestjs/common'
import { AuthGuard, PassportModule } from '@nestjs/passport'
import type { Request, Response } from 'express'
import { recordSecondFactor } from 'passport-nevis'

/** Signs in the user who approved, and records the second factor. */
@Injectable()
export class NevisCallbackGuard extends AuthGuard('nevis') {
  private readonly record = recordSecondFactor()

  override async canActivate(context: ExecutionContext) {
    const request = context.switchToHttp().getRequest<Request>()
    await super.canActivate(context)
    await super.logIn(request)
    await this.record.answer(request)
    return true
  }
}

@Controller('login/2fa')
export class Callback {
  @All('callback')
  @UseGuards(NevisCallbackGuard)
  callback(@Req() request: Request, @Res() response: Response) {
    response.redirect(303, request.authInfo?.returnTo ?? '/')
  }
}

@Module({ imports: [PassportModule.register({ session: true, keepSessionInfo: true })], controllers: [Callback] })
export class CallbackModule {}

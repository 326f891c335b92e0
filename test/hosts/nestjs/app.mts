// app.mts
import 'reflect-metadata'
import { All, ArgumentsHost, Catch, Controller, ExecutionContext, Get, Header, HttpException, Injectable, Logger, Module, Next, Param, Post, Req, Res, UseGuards } from '@nestjs/common'
import type { CanActivate } from '@nestjs/common'
import { BaseExceptionFilter, HttpAdapterHost, NestFactory } from '@nestjs/core'
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport'
import type { NestExpressApplication } from '@nestjs/platform-express'
import type { NextFunction, Request, Response } from 'express'
import session from 'express-session'
import passport from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'
import { NevisStrategy, app as qrCode, atLeast, push, sms, type Failure, type NevisProfile } from 'passport-nevis'
import { NevisError, StorageError, outagePage, recordSecondFactor, requireSecondFactor, statusEndpoint, waitingPage } from 'passport-nevis'
import { findByNevis, findByPassword, findByUsername, type User } from './users.mjs'

@Injectable()
export class Nevis extends PassportStrategy(NevisStrategy) {
  readonly status = statusEndpoint(this)

  constructor() {
    super({
      baseURL: process.env['NEVIS_BASE_URL'], // or instance
      accessKey: process.env['NEVIS_ACCESS_KEY'],
      factors: [push(), qrCode(), sms()],
      waitingURL: '/login/2fa',
      callbackURL: '/login/2fa/callback',
      statusURL: '/login/2fa/status',
    })
  }

  async validate(profile: NevisProfile) {
    return findByNevis(profile)
  }

  beforeApplicationShutdown() {
    this.status.closeStreams()
  }
}

@Injectable()
export class Password extends PassportStrategy(LocalStrategy) {
  async validate(username: string, password: string) {
    return findByPassword(username, password)
  }
}

passport.serializeUser<string>((user, done) => done(null, (user as User).username))
passport.deserializeUser<string>((username, done) => done(null, findByUsername(username) ?? false))

/** Starts an approval, or answers with the failure: its status and `{ code, message }`. */
@Injectable()
export class NevisGuard extends AuthGuard('nevis') {
  override handleRequest<TUser>(error: Error | null, user: TUser | false, info: Failure, _context: ExecutionContext, status?: number): TUser {
    if (error) throw error
    if (!user) throw new HttpException(info, status ?? 401)
    return user
  }
}

/** Signs in the user who approved, and records the second factor. */
@Injectable()
export class NevisCallbackGuard extends NevisGuard {
  private readonly record = recordSecondFactor()

  override async canActivate(context: ExecutionContext) {
    const request = context.switchToHttp().getRequest<Request>()
    await super.canActivate(context)
    await super.logIn(request)
    await this.record.answer(request)
    return true
  }
}

/** Lets a request pass if the second factor is fresh. Otherwise it sends the redirect or the 401 itself. */
@Injectable()
export class SecondFactorGuard implements CanActivate {
  private readonly required = requireSecondFactor({ maxAgeSeconds: 300, factors: atLeast('push'), redirectTo: '/step-up' })

  canActivate(context: ExecutionContext) {
    const http = context.switchToHttp()
    return new Promise<boolean>((resolve, reject) => {
      this.required(http.getRequest<Request>(), http.getResponse<Response>(), (error) => (error ? reject(error) : resolve(true)))
    })
  }
}

@Controller()
export class SignIn {
  private readonly page

  constructor(nevis: Nevis) {
    this.page = waitingPage(nevis)
  }

  @Get('login')
  @Header('Content-Type', 'text/html')
  form() {
    return '<form method="post"><input name="username"><input name="password" type="password"><button>Sign in</button></form>'
  }

  @Post('login')
  @UseGuards(AuthGuard('local'), NevisGuard) // password right, not signed in yet → waiting page
  start() {}

  @Get('login/2fa')
  wait(@Req() request: Request, @Res() response: Response, @Next() next: NextFunction) {
    this.page(request, response, next)
  }

  @Post('login/2fa')
  @UseGuards(NevisGuard) // another factor, send again, cancel
  again() {}

  @All('login/2fa/callback')
  @UseGuards(NevisCallbackGuard)
  callback(@Req() request: Request, @Res() response: Response) {
    response.redirect(303, request.authInfo?.returnTo ?? '/')
  }

  @Get('step-up')
  @Header('Content-Type', 'text/html')
  stepUp() {
    return '<form method="post"><button>Confirm it is you</button></form>'
  }

  @Post('step-up')
  @UseGuards(NevisGuard)
  confirm() {}

  @Post('logout')
  logout(@Req() request: Request, @Res() response: Response) {
    request.logout((error) => response.redirect(303, error ? '/login' : '/'))
  }
}

@Controller()
export class Site {
  @Get()
  home(@Req() request: Request) {
    return `Hello ${(request.user as User | undefined)?.username ?? 'stranger'}`
  }
}

@Controller('transfer')
@UseGuards(SecondFactorGuard) // every route of this controller
export class Transfer {
  @Get()
  form() {
    return 'Whom do you want to pay?'
  }

  @Post('to/:name')
  pay(@Param('name') name: string) {
    return `Paid to ${name}`
  }
}

/** Answers an outage with its page. Every other error goes to NestJS, whose answer has no details. */
@Catch()
export class OutageFilter extends BaseExceptionFilter {
  private readonly log = new Logger('OutageFilter')
  private readonly page

  constructor(host: HttpAdapterHost, nevis: Nevis) {
    super(host.httpAdapter)
    this.page = outagePage(nevis, { signInURL: '/login' })
  }

  override catch(error: unknown, host: ArgumentsHost) {
    const http = host.switchToHttp()
    if (error instanceof NevisError || error instanceof StorageError) this.log.error(error)
    this.page(error, http.getRequest<Request>(), http.getResponse<Response>(), () => super.catch(error, host))
  }
}

@Module({ imports: [PassportModule.register({ session: true, keepSessionInfo: true })], controllers: [SignIn, Site, Transfer], providers: [Nevis, Password] })
export class App {}

const app = await NestFactory.create<NestExpressApplication>(App, { logger: ['error', 'warn'] })
const nevis = app.get(Nevis)
app.set('trust proxy', 'loopback') // the addresses of your TLS proxy
app.enableShutdownHooks()
app.use('/login/2fa/status', nevis.status) // before the session: the status needs no session, and must not keep one alive
app.use(session({
  secret: process.env['SESSION_SECRET'] as string,
  resave: false, // a slow response must not restore a session that was logged out meanwhile
  saveUninitialized: false,
  cookie: { secure: 'auto', sameSite: 'lax', httpOnly: true },
})) // in production, add your session store
app.use(passport.session())
app.useGlobalFilters(new OutageFilter(app.get(HttpAdapterHost), nevis))
await app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1')
console.log(await app.getUrl())

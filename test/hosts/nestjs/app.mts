// app.mts
import 'reflect-metadata'
import { Controller, Get, Header, Module, Param, Post, Req, Res, UseGuards } from '@nestjs/common'
import { HttpAdapterHost, NestFactory } from '@nestjs/core'
import type { NestExpressApplication } from '@nestjs/platform-express'
import type { Request, Response } from 'express'
import session from 'express-session'
import passport from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'
import { CloseStreams, OutageFilter } from './outage.mjs'
import { Nevis, SecondFactorModule, secondFactorGuard } from './second-factor.mjs'
import { findByPassword, findByUsername, type User } from './users.mjs'

passport.use(new LocalStrategy((username, password, done) => {
  done(null, findByPassword(username, password) ?? false, { message: 'Incorrect username or password.' })
}))
passport.serializeUser<string>((user, done) => done(null, (user as User).username))
passport.deserializeUser<string>((username, done) => done(null, findByUsername(username) ?? false))

// A message may contain text from a request, so escape it before it becomes HTML.
const escapeHTML = (text = '') => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
/** Why the last attempt failed. The message is shown once. */
function failureIn({ session }: Request) {
  const { messages = [] } = session as { messages?: string[] }
  delete (session as { messages?: string[] }).messages
  return `<p role="alert">${escapeHTML(messages.at(-1))}</p>`
}

@Controller()
export class Pages {
  @Get()
  home(@Req() request: Request) {
    return `Hello ${escapeHTML((request.user as User | undefined)?.username ?? 'stranger')}` // NestJS sends a text as HTML
  }

  @Get('login')
  login(@Req() request: Request, @Res() response: Response) {
    response.type('html').send(`${failureIn(request)}<form method="post"><input name="username"><input name="password" type="password"><button>Sign in</button></form>`)
  }

  @Get('step-up')
  @Header('Content-Type', 'text/html')
  stepUp(@Req() request: Request) {
    return `${failureIn(request)}<form method="post"><button>Confirm it is you</button></form>`
  }

  @Post('logout')
  logout(@Req() request: Request, @Res() response: Response) {
    request.logout((error) => response.redirect(303, error ? '/login' : '/'))
  }
}

@Controller('transfer')
@UseGuards(secondFactorGuard) // second factor: every route of this controller
export class Transfer {
  @Get()
  form() {
    return 'Whom do you want to pay?'
  }

  @Post('to/:name')
  pay(@Param('name') name: string) {
    return `Paid to ${escapeHTML(name)}`
  }
}

@Module({
  imports: [SecondFactorModule], // second factor
  controllers: [Pages, Transfer],
  providers: [CloseStreams],
})
export class App {}

const app = await NestFactory.create<NestExpressApplication>(App, { logger: ['error', 'warn'] })
app.set('trust proxy', 'loopback') // the addresses of your TLS proxy
app.enableShutdownHooks()
app.use('/login/2fa/status', app.get(Nevis).status) // second factor: before the session, because the status must not keep a session alive
app.use(session({
  secret: process.env['SESSION_SECRET'] as string,
  resave: false, // a slow response must not restore a session that was logged out meanwhile
  saveUninitialized: false,
  cookie: { secure: 'auto', sameSite: 'lax', httpOnly: true },
})) // in production, add your session store
app.use(passport.session())
app.useGlobalFilters(new OutageFilter(app.get(HttpAdapterHost), app.get(Nevis)))
await app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1')
console.log(await app.getUrl())

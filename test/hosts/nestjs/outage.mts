// outage.mts
import { Catch, HttpException, Injectable, InternalServerErrorException, Logger, type ArgumentsHost, type BeforeApplicationShutdown } from '@nestjs/common'
import { BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core'
import type { Request, Response } from 'express'
import { outagePage } from 'passport-nevis'
import { Nevis } from './second-factor.mjs'

/** Answers a refused second factor with a redirect, and an outage with its page. Every other error goes to NestJS, whose answer has no details. */
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
    // A user who denies or cancels a step-up stays signed in, and returns to the page that asked for it.
    if (error instanceof Error && error.name === 'AuthenticationError') {
      const { user, authInfo } = http.getRequest<Request>()
      return http.getResponse<Response>().redirect(user ? authInfo?.returnTo ?? '/' : '/login')
    }
    // Any error but NestJS's own may be an outage. Log its stack, and not the error: the error of a session store can contain the session.
    const known = error instanceof HttpException || this.isHttpError(error) ? error : new InternalServerErrorException()
    if (known !== error) this.log.error(error instanceof Error ? `${(error as NodeJS.ErrnoException).code}: ${error.stack}` : 'not an error')
    this.page(error, http.getRequest<Request>(), http.getResponse<Response>(), () => super.catch(known, host))
  }
}

/** Ends the event streams of waiting users, so that the process can stop. */
@Injectable()
export class CloseStreams implements BeforeApplicationShutdown {
  constructor(private readonly nevis: Nevis) {}

  beforeApplicationShutdown() {
    this.nevis.status.closeStreams()
  }
}

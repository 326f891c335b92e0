/**
 * Types for the names that the snippets of the documents use but do not define: an app, its users, its pages.
 *
 * `test/guides.test.ts` compiles this file together with the snippets, and no other test uses it: its names are global.
 */
import type { Express as App } from 'express'
import type passportOf from 'passport'
import type { FailureCode, NevisProfile, NevisStrategy, WaitingView } from '../../src'

interface Account {
  id?: string
  username: string
  nevisUserId?: string
  tenant?: string
}

declare global {
  const app: App
  const passport: typeof passportOf
  const nevis: NevisStrategy
  /** The factor `app()` under another name: in the guides, `app` is the Express app. */
  const qrCode: typeof import('../../src').app
  const client: import('../../src').NevisClient
  const handle: string
  const instance: string
  const accessKey: string
  const users: {
    findByNevisId(id: string): Promise<Account | undefined>
    findByNevisId(id: string, done: import('../../src').VerifyDone): void
    findByUsername(username: string | undefined): Promise<Account | undefined>
    link(username: string | undefined, id: string): Promise<Account>
    noteDenial(id: string, at: Date): Promise<void>
    forgetDenial(username: string): Promise<void>
    factorsOf(username: string | undefined): Promise<string[]>
    maskedPhoneOf(username: string | undefined): Promise<string | undefined>
  }
  /** Required options of a strategy and a session. The snippets show a comment with an ellipsis in their place. */
  const rest: Pick<import('../../src').NevisStrategyOptions, 'factors' | 'waitingURL' | 'callbackURL' | 'statusURL'> & { secret: string }
  /** The other options of the strategy, for snippets that show only the option that they explain. */
  const options: import('../../src').NevisStrategyOptions
  function verify(profile: NevisProfile): Promise<Account | undefined>
  function loginPage(message: string, res: unknown): void
  function payoutPage(req: unknown, res: unknown): void
  function payout(req: unknown, res: unknown): void
  function transfer(req: unknown, res: unknown): void
  function stepUpPage(req: unknown, res: unknown): void
  function pay(user: Express.User | undefined, data: unknown): void
  function onlySignedIn(req: unknown, res: unknown, next: () => void): void
  function show(view: WaitingView & { failure?: FailureCode }): void
  const vault: { read(name: string): Promise<string> }
  const log: { error(code: unknown): void }
  function alertSomebody(event: unknown): void
  function dictate(to: string | undefined, text: string): Promise<void>
  const audit: { warn(event: unknown): void }
  const mail: { send(username: string, text: string): Promise<void> }
  const socket: { send(text: string): void }
  interface Window {
    startNevisWidget(widget: { intentToken: string; element: Element; succeeded(token: string): void; failed(): void }): void
  }
  namespace Express {
    interface User extends Account {}
    interface Application {
      /** The guide `hosts/express.md` stores its error handlers in `app.locals.onError`, so that later snippets can mount them after their routes. */
      onError?: any
    }
  }
}

declare module 'fastify' {
  interface PassportUser extends Account {}
}

declare module '@fastify/secure-session' {
  interface SessionData {
    messages: string[]
  }
}

declare module 'express-session' {
  interface SessionData {
    firstFactor?: any
    messages?: string[]
  }
}

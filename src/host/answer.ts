/**
 * An answer before it is sent: Express's middleware sends it itself, every other host sends it in its own way.
 *
 * Nothing here may end the process: nobody awaits a middleware, so an error that it let out would be an unhandled
 * rejection. Out of scope: what the answer says.
 */
import { validateHeaderName, validateHeaderValue, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { HostRequest } from './request'

/** For the host to send: `status`, `headers` and `body` of an HTTP answer. */
export interface PlainAnswer {
  /** HTTP status. */
  readonly status: number
  /** To be set as they are. */
  readonly headers: Readonly<Record<string, string>>
  /** Empty for a redirect. A stream ends what it holds when it is destroyed, as hosts do when the browser leaves. */
  readonly body: string | Buffer | Readable
}

/** What is read of the host's response: which headers it has. Node's and Fastify's say `hasHeader`, a Koa context says `has`. */
export interface HostResponse {
  /** Node's and Fastify's. */
  hasHeader?(name: string): boolean
  /** Node's and Fastify's. */
  getHeader?(name: string): unknown
  /** Koa's. */
  has?(name: string): boolean
}

/** Middleware, in the form that Express, Connect and NestJS share, and in `answer` for every other host. */
export interface Middleware<Req = HostRequest, Res = HostResponse> {
  (req: Req, res: Res & ServerResponse, next: (error?: unknown) => void): void
  /**
   * The same for a host that is not Express.
   * @param req Fastify's request, or a Koa context
   * @param res Fastify's reply, or the Koa context: for the functions among the options, and so that no header is set twice
   * @returns what to send, or undefined where the request may go on
   * @throws what the middleware would pass to `next`
   */
  answer(req: Req, res?: Res): Promise<PlainAnswer | undefined>
}

/** Where a stream's text goes. */
export interface Sink {
  write(text: string): void
  end(text?: string): void
}

/** A body that is written bit by bit: starts writing, and gives a function that ends what that holds. */
export type Stream = (sink: Sink) => () => void

/** @internal */
export interface Answer extends Omit<PlainAnswer, 'body'> {
  readonly body: string | Buffer | Stream
}

/** @internal */
export function whole(status: number, headers: Readonly<Record<string, string>>, body: string | Buffer = ''): Answer {
  return { status, headers: { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', ...headers }, body }
}

/** @internal */
export function json(status: number, value: object, headers: Readonly<Record<string, string>> = {}): Answer {
  return whole(status, { 'Content-Type': 'application/json; charset=utf-8', ...headers }, JSON.stringify(value))
}

/** @internal */
export function isHeaderSet(res: HostResponse | undefined, name: string): boolean {
  return res?.hasHeader?.(name) ?? res?.has?.(name) ?? false
}

/**
 * The value of a header that the host has set.
 * @returns undefined where it is not set, and where the host does not tell values
 * @internal
 */
export function headerOf(res: HostResponse | undefined, name: string): string | undefined {
  const value = res?.getHeader?.(name)
  if (Array.isArray(value)) return value.join(', ')
  return typeof value === 'string' ? value : undefined
}

/**
 * Both forms of what answers, or lets a request go on.
 * @internal
 */
export function middleware<Req, Res>(decide: (req: Req, res: Res) => Promise<Answer | undefined>): Middleware<Req, Res> {
  const express = (req: Req, res: Res & ServerResponse, next: Next): void => void conclude(res, next, () => decide(req, res))
  return Object.assign(express, { answer: async (req: Req, res?: Res) => plain(await decide(req, res as Res)) })
}

/** As hosts give it. An app's own may be async, and its promise may reject. */
type Next = (error?: unknown) => unknown

/**
 * Sends what is decided, or lets the request go on. An error goes to `next`; once an answer has begun, whoever began it (a
 * time-out, as a rule) has told the browser, and the error is dropped.
 * @param decide gives undefined where the request may go on
 * @returns a promise that never rejects
 * @internal
 */
export async function conclude(res: ServerResponse, next: Next, decide: () => Promise<Answer | undefined>): Promise<void> {
  try {
    const answer = await decide()
    if (answer === undefined) await next()
    else send(res, answer)
  } catch (error) {
    if (res.headersSent) return
    try {
      await next(faultOf(error))
    } catch {
      // The host's own error handling has failed: a closed connection is better than one that hangs.
      if (!res.headersSent) res.destroy()
    }
  }
}

/** Without an error, or with Express's word `'route'`, `next` would let a request go on as if nothing had failed. */
function faultOf(reason: unknown): object {
  if (typeof reason === 'object' && reason !== null) return reason
  return new Error(`passport-nevis: something failed without an error (${typeof reason})`)
}

/**
 * For the host to send.
 * @throws TypeError when a header has a value that no host can send
 * @internal
 */
export function plain(answer: Answer | undefined): PlainAnswer | undefined {
  if (answer === undefined) return undefined
  const { status, headers, body } = checked(answer)
  return { status, headers, body: typeof body === 'function' ? readable(body) : body }
}

/**
 * With nothing but Node's own response. Where somebody else has answered, or the browser has gone, it sends nothing.
 * @throws TypeError, before anything of the response is changed, when a header has a value that cannot be sent
 * @internal
 */
export function send(res: ServerResponse, answer: Answer): void {
  if (res.headersSent || res.writableEnded || res.destroyed) return discard(answer)
  const { status, headers, body } = checked(answer)
  res.statusCode = status
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
  if (typeof body === 'function') return stream(res, body)
  res.setHeader('Content-Length', Buffer.byteLength(body))
  res.end(body) // of which Node sends nothing on HEAD
}

/**
 * Tells the client when it is worth trying again (RFC 9110, 10.2.3), whoever answers the request. Some hosts have no `req.res`.
 * @internal
 */
export function setRetryAfter(req: object, seconds: number): void {
  const { res } = req as { res?: ServerResponse }
  if (res !== undefined && !res.headersSent) res.setHeader('Retry-After', String(seconds))
}

/**
 * Was the request answered meanwhile, as by a time-out of the app? Some hosts have no `req.res`.
 * @internal
 */
export function isAnswered(req: object): boolean {
  return (req as { res?: ServerResponse }).res?.headersSent === true
}

/**
 * Answers with an empty 500 where nobody else has answered, nor will.
 * @internal
 */
export function answerFault(req: object): void {
  const { res } = req as { res?: ServerResponse }
  if (res === undefined || res.headersSent) return
  res.statusCode = 500
  res.end()
}

/** A header that Node refuses after others are set would leave them to the host's page of the error. */
function checked(answer: Answer): Answer {
  try {
    for (const [name, value] of Object.entries(answer.headers)) {
      validateHeaderName(name)
      validateHeaderValue(name, value)
    }
  } catch (error) {
    discard(answer)
    throw error
  }
  return answer
}

/** A stream holds its place among the open ones until it is stopped, sent or not. */
function discard({ body }: Answer): void {
  if (typeof body === 'function') body({ write() {}, end() {} })()
}

function stream(res: ServerResponse, open: Stream): void {
  // Whoever ended or destroyed the response meanwhile (a time-out, the browser) need not have let it close yet, and what is
  // then written is an 'error' event, which ends a process in which nobody listens for it.
  const isOpen = () => !res.writableEnded && !res.destroyed
  res.on('error', () => {})
  const write = (text: string) => void (isOpen() && res.write(text))
  const end = (text?: string) => void (isOpen() && res.end(text))
  try {
    const stop = open({ write, end })
    if (isOpen()) res.once('close', stop)
    else stop()
  } catch (error) {
    // Half an answer that nobody will end.
    res.destroy()
    throw error
  }
}

function readable(open: Stream): Readable {
  const body = new Readable({
    read() {},
    destroy(error, done) {
      stop()
      done(error)
    },
  })
  // A host that destroys it with an error knows the error; without a listener it would end the process.
  body.on('error', () => {})
  let isOver = false
  const push = (text: string | null | undefined) => void (!isOver && !body.destroyed && text !== undefined && body.push(text))
  const end = (text?: string): void => {
    push(text)
    push(null)
    isOver = true
  }
  const stop = open({ write: push, end })
  return body
}

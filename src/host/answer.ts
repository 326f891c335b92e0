/**
 * Sends answers. Only this file and `cookies.ts` write to the response of the app. On Express and NestJS, the request has this response as `req.res`. On
 * Fastify, it has none, so the functions below that need `req.res` do nothing, except `answerNext`. On Koa, `req.res` is an object of koa-passport, which can
 * send, but has no `headersSent`.
 *
 * These functions catch every error: Express 4 does not await a middleware, so an error would become an unhandled rejection, which ends the process.
 * Out of scope: the content of an answer.
 */
import { validateHeaderName, validateHeaderValue, type ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { publishFault } from './faults'
import type { HostRequest } from './request'
import { onDisconnect, readable, socketOf, type Stream } from './stream'

/** An HTTP answer that the web framework must send: `status`, `headers` and `body`. */
export interface PlainAnswer {
  /** HTTP status. */
  readonly status: number
  /** HTTP headers. Your code must set them unchanged. */
  readonly headers: Readonly<Record<string, string>>
  /** The body; empty for a redirect. A stream must be destroyed when the browser disconnects: web frameworks do this. */
  readonly body: string | Buffer | Readable
}

/** The methods of the web framework's response that this package calls: on Node and Fastify `hasHeader` and `getHeader`, on a Koa context `has`. */
export interface HostResponse {
  /** On Node and Fastify: true if the header is set. */
  hasHeader?(name: string): boolean
  /** On Node and Fastify: the value of the header. */
  getHeader?(name: string): unknown
  /** On Koa: true if the header is set. */
  has?(name: string): boolean
}

/** Middleware for Express, Connect and NestJS; its method `answer` is for every other web framework. */
export interface Middleware<Req = HostRequest, Res = HostResponse> {
  // Without `Omit`, TypeScript would also use these types of `req.body` and `req.query` in the app's own handlers of the same route.
  (req: Omit<Req, 'body' | 'query'>, res: Res & ServerResponse, next: (error?: unknown) => void): void
  /**
   * Runs the middleware on a web framework other than Express, and returns the answer instead of sending it.
   * @param req Fastify's request, or a Koa context
   * @param res Fastify's reply, or the Koa context. It is passed to functions in the options, and shows which headers are already set
   * @returns the answer to send, or undefined if the request may continue
   * @throws the error that the middleware would pass to `next`
   */
  answer(req: Req, res?: Res): Promise<PlainAnswer | undefined>
}

/**
 * An answer whose body may also be a function that writes the body in parts.
 * @internal
 */
export interface Answer extends Omit<PlainAnswer, 'body'> {
  readonly body: string | Buffer | Stream
}

/**
 * Makes an answer whose body is not a stream.
 * @internal
 */
export function completeAnswer(status: number, headers: Readonly<Record<string, string>>, body: string | Buffer = ''): Answer {
  return { status, headers: { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', ...headers }, body }
}

/**
 * Makes an answer with a JSON body.
 * @internal
 */
export function json(status: number, value: object, headers: Readonly<Record<string, string>> = {}): Answer {
  return completeAnswer(status, { 'Content-Type': 'application/json; charset=utf-8', ...headers }, JSON.stringify(value))
}

/**
 * True if the web framework or another middleware has already set the header.
 * @internal
 */
export function isHeaderSet(res: HostResponse | undefined, name: string): boolean {
  return res?.hasHeader?.(name) ?? res?.has?.(name) ?? false
}

/**
 * The value of a header that the web framework or another middleware has set.
 * @returns undefined if the header is not set, or if this framework's response cannot read values (Koa)
 * @internal
 */
export function headerOf(res: HostResponse | undefined, name: string): string | undefined {
  const value = res?.getHeader?.(name)
  if (Array.isArray(value)) return value.join(', ')
  return typeof value === 'string' ? value : undefined
}

/**
 * Turns a function into middleware for Express and for other web frameworks. The function returns an answer, or undefined to let the request continue.
 * @param strategy name of the strategy, if there is one; for the event `passport-nevis:fault`
 * @internal
 */
export function middleware<Req, Res>(work: (req: Req, res: Res) => Promise<Answer | undefined>, strategy?: string): Middleware<Req, Res> {
  const decide = (req: Req, res: Res) =>
    work(req, res).catch((error: unknown) => {
      publishFault(error, 'request', { ...(strategy !== undefined && { strategy }) })
      throw error
    })
  const express = (req: Omit<Req, 'body' | 'query'>, res: Res & ServerResponse, next: Next): void => {
    if (isOnNode(res, next)) void sendOrContinue(res, next, () => decide(req as Req, res))
  }
  return Object.assign(express, { answer: async (req: Req, res?: Res) => plainAnswerOf(await decide(req, res as Res), req) })
}

/** The function `next` of Express. An app may pass an async function, whose promise can reject. */
type Next = (error?: unknown) => unknown

/**
 * True if `res` is Node's response. If not, the app has mounted Express middleware on a web framework such as Koa or Fastify. This function then passes an
 * error to `next`. Without `next`, it throws the error synchronously, and every framework answers 500. In a promise that nobody awaits, the error would end the
 * process.
 * @internal
 */
export function isOnNode(res: unknown, next: Next | undefined): boolean {
  const { setHeader, end } = Object(res) as Partial<ServerResponse>
  if (typeof setHeader === 'function' && typeof end === 'function') return true
  const error = new TypeError(
    'passport-nevis: middleware for Express was mounted on another web framework. Call its method answer there, and send what it returns: see docs/guides/hosts/koa.md and docs/guides/hosts/fastify.md',
  )
  if (typeof next !== 'function') throw error
  next(error)
  return false
}

/**
 * Sends the answer, or lets the request continue. Passes an error to `next`. If the app has already begun an answer, for example after a time-out, the error
 * is dropped.
 * @param decide returns undefined if the request may continue
 * @returns a promise that never rejects
 * @internal
 */
export async function sendOrContinue(res: ServerResponse, next: Next, decide: () => Promise<Answer | undefined>): Promise<void> {
  try {
    const answer = await decide()
    if (answer === undefined) await next()
    else send(res, answer)
  } catch (error) {
    if (res.headersSent) return
    try {
      await next(faultOf(error))
    } catch {
      // The app's error handling (`next`) has thrown an error itself. Close the connection, so that the browser does not wait for ever.
      if (!res.headersSent) (res as Partial<ServerResponse>).destroy?.()
    }
  }
}

/** Express treats `next(undefined)` and `next('route')` as "continue", so a rejection with such a value becomes an Error. */
function faultOf(reason: unknown): object {
  if (typeof reason === 'object' && reason !== null) return reason
  return new Error(`passport-nevis: a ${typeof reason} was thrown instead of an error`)
}

/**
 * Converts an answer to the value that a web framework sends.
 * @param req the request; if its connection closes, a streamed body stops
 * @throws TypeError if a header has a value that cannot be sent
 * @internal
 */
export function plainAnswerOf(answer: Answer | undefined, req?: unknown): PlainAnswer | undefined {
  if (answer === undefined) return undefined
  const { status, headers, body } = checked(answer)
  return { status, headers, body: typeof body === 'function' ? readable(body, socketOf(req)) : body }
}

/**
 * Sends an answer, using only methods of Node's response. Sends nothing if an answer has already begun or the browser has disconnected.
 * @throws TypeError if a header has a value that cannot be sent; the response is then unchanged
 * @internal
 */
export function send(res: ServerResponse, answer: Answer): void {
  if (res.headersSent || res.writableEnded || res.destroyed) return discard(answer)
  const { status, headers, body } = checked(answer)
  res.statusCode = status
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
  if (typeof body === 'function') return stream(res, body)
  res.setHeader('Content-Length', Buffer.byteLength(body))
  res.end(body) // Node omits the body for HEAD
}

/**
 * Sets a header of the answer that Passport or the app will send. Does nothing on Fastify, which has no `req.res`.
 * @internal
 */
export function setHeader(req: object, name: string, value: string): void {
  const { res } = req as { res?: ServerResponse }
  if (res !== undefined && !res.headersSent) res.setHeader(name, value)
}

/**
 * Sets the status of the answer that the app will send. Does nothing on Fastify, which has no `req.res`.
 * @internal
 */
export function setStatus(req: object, status: number): void {
  const { res } = req as { res?: ServerResponse }
  if (res !== undefined && !res.headersSent) res.statusCode = status
}

/**
 * True if an answer has already begun, for example by a time-out of the app. Always false on Fastify and Koa: their requests have no response of Node.
 * @internal
 */
export function isAnswered(req: object): boolean {
  return (req as { res?: ServerResponse }).res?.headersSent === true
}

/**
 * Calls a function once the app has answered. Never calls it if the browser has disconnected before, on Koa, or on Fastify without the guide's hook.
 * @internal
 */
export function onAnswered(req: object, act: () => void): void {
  const { res, reply } = req as { res?: Partial<ServerResponse>; reply?: { raw?: ServerResponse } }
  ;(res ?? reply?.raw)?.once?.('finish', act)
}

/** With this media type in `Accept`, a script gets the next URL as JSON instead of a redirect. The answer has the same media type. */
const NEXT = 'application/vnd.passport-nevis.next+json'

/**
 * True if the script that sent the request asks for the next URL as JSON, because `fetch` does not show the URL of a redirect.
 * @internal
 */
export function wantsNext({ headers }: Pick<HostRequest, 'headers'>): boolean {
  return (headers.accept ?? '').includes(NEXT)
}

/** Fastify's reply. A hook of the app must put it on the request, because a strategy on Fastify gets only the request. */
interface FastifyReply {
  code(status: number): FastifyReply
  headers(values: PlainAnswer['headers']): FastifyReply
  send(body: unknown): unknown
}

/**
 * Answers with `{ next }`, the next URL, as JSON.
 * @returns false on Fastify without the hook of docs/guides/hosts/fastify.md
 * @internal
 */
export function answerNext(req: object, next: string): boolean {
  const { res, reply } = req as { res?: ServerResponse; reply?: FastifyReply }
  const answer = json(200, { next }, { 'Content-Type': NEXT })
  if (res !== undefined) send(res, answer)
  else if (typeof reply?.send === 'function') reply.code(answer.status).headers(answer.headers).send(answer.body)
  else return false
  return true
}

/**
 * Sends an empty 500 if no answer has begun.
 * @internal
 */
export function answerFault(req: object): void {
  const { res } = req as { res?: ServerResponse }
  if (res === undefined || res.headersSent) return
  res.statusCode = 500
  res.end()
}

/**
 * Checks all headers before any of them is set. If an invalid header threw half-way, the app's error page would be sent with the headers that were set before.
 */
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

/** Releases the resources of a stream that will not be sent, by starting and stopping it. */
function discard({ body }: Answer): void {
  if (typeof body === 'function') body({ write() {}, end() {} })()
}

function stream(res: ServerResponse, open: Stream): void {
  // The response may end before its event 'close', and a write after the end emits 'error'. Without a listener for 'error', Node would end the process.
  const isOpen = () => !res.writableEnded && !res.destroyed
  res.on('error', () => {})
  const write = (text: string) => void (isOpen() && res.write(text))
  const end = (text?: string) => void (isOpen() && res.end(text))
  try {
    const stop = open({ write, end })
    if (!isOpen()) return stop()
    res.once('close', stop)
    res.once('close', onDisconnect(socketOf(res.req), stop))
  } catch (error) {
    // Part of the answer may already be sent. Close the connection, so that the browser does not wait for the rest.
    res.destroy()
    throw error
  }
}

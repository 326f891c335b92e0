/**
 * An answer before it is sent: Express's middleware sends it itself, every other host sends it in its own way.
 *
 * Not its job: to know what it says.
 */
import type { ServerResponse } from 'node:http'
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
 * Both forms of what answers, or lets a request go on.
 * @internal
 */
export function middleware<Req, Res>(decide: (req: Req, res: Res) => Promise<Answer | undefined>): Middleware<Req, Res> {
  const express = (req: Req, res: Res & ServerResponse, next: (error?: unknown) => void): void => {
    decide(req, res).then((answer) => (answer === undefined ? next() : send(res, answer)), next)
  }
  return Object.assign(express, { answer: async (req: Req, res?: Res) => plain(await decide(req, res as Res)) })
}

/** @internal */
export function plain(answer: Answer | undefined): PlainAnswer | undefined {
  if (answer === undefined) return undefined
  const { status, headers, body } = answer
  return { status, headers, body: typeof body === 'function' ? readable(body) : body }
}

/**
 * With nothing but Node's own response.
 * @internal
 */
export function send(res: ServerResponse, { status, headers, body }: Answer): void {
  res.statusCode = status
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
  if (typeof body === 'function') return stream(res, body)
  res.setHeader('Content-Length', Buffer.byteLength(body))
  res.end(body) // of which Node sends nothing on HEAD
}

function stream(res: ServerResponse, open: Stream): void {
  const stop = open({ write: (text) => res.write(text), end: (text) => res.end(text) })
  if (res.destroyed) stop()
  else res.once('close', stop)
}

function readable(open: Stream): Readable {
  const body = new Readable({
    read() {},
    destroy(error, done) {
      stop()
      done(error)
    },
  })
  const end = (text?: string): void => {
    if (text !== undefined) body.push(text)
    body.push(null)
  }
  const stop = open({ write: (text) => void body.push(text), end })
  return body
}

/**
 * Writes a whole answer with nothing but Node's own response, so that any host will do.
 *
 * Not its job: to know what it says.
 */
import type { ServerResponse } from 'node:http'

export function respond(res: ServerResponse, status: number, headers: Readonly<Record<string, string>>, body: string | Buffer = ''): void {
  res.statusCode = status
  res.setHeader('Cache-Control', 'no-store')
  res.setHeader('X-Content-Type-Options', 'nosniff')
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
  res.setHeader('Content-Length', Buffer.byteLength(body))
  res.end(res.req.method === 'HEAD' ? undefined : body)
}

export function respondJson(res: ServerResponse, status: number, value: object): void {
  respond(res, status, { 'Content-Type': 'application/json; charset=utf-8' }, JSON.stringify(value))
}

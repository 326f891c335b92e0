/**
 * Calls the simulator's API for the tests in this folder with plain `fetch`, without the package's client.
 *
 * Out of scope: checking the answers.
 */
import { NevisSimulator, type NevisSimulatorOptions } from '../../src/simulator'

export type Json = Record<string, unknown>

export interface Reply {
  status: number
  headers: Headers
  text: string
  json: Json
}

export class Caller {
  constructor(readonly simulator: NevisSimulator) {}

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    const response = await fetch(this.simulator.baseURL + path, {
      method,
      redirect: 'manual',
      headers: {
        authorization: `Bearer ${this.simulator.accessKey}`,
        ...(body !== undefined && { 'content-type': 'application/json;charset=utf-8' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false
    return { status: response.status, headers: response.headers, text, json: isJson ? (JSON.parse(text) as Json) : {} }
  }

  enroll = (body: unknown, headers?: Record<string, string>) => this.call('POST', '/api/v1/users/enroll', body, headers)
  approve = (body: unknown, headers?: Record<string, string>) => this.call('POST', '/api/v1/approval', body, headers)
  intent = (body: unknown) => this.call('POST', '/api/v1/intent', body)

  verify(userId: unknown, body: unknown): Promise<Reply> {
    return this.call('POST', `/api/v1/users/${String(userId)}/verification`, body)
  }

  async status(statusToken: unknown): Promise<Reply> {
    const response = await fetch(`${this.simulator.baseURL}/api/v1/status`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ statusToken }),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, json: JSON.parse(text) as Json }
  }

  introspect(token: unknown): Promise<Reply> {
    const form = new URLSearchParams({ token: String(token) }).toString()
    return this.call('POST', '/api/v1/introspect', form, { 'content-type': 'application/x-www-form-urlencoded' })
  }
}

export async function started(options?: NevisSimulatorOptions): Promise<Caller> {
  return new Caller(await NevisSimulator.start(options))
}

/** The code in the newest text message of a user. */
export function newestCode(simulator: NevisSimulator, name: string): string {
  return /\d{6}/.exec(simulator.sms(name).at(-1) ?? '')?.[0] ?? ''
}

export const UUID = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) as string
export const JWT = expect.stringMatching(/^eyJhbGciOiJIUzUxMiJ9\.[\w-]+\.[\w-]{86}$/) as string
export const SECONDS = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string
export const MICROSECONDS = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/) as string
export const NOBODY = '7e16ba00-92e2-4fcb-b30e-1af8fdc843aa'

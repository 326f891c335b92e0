/**
 * A response of the simulator: status, headers, and the body before it is serialised.
 *
 * Out of scope: sending the response (`delivery.ts`).
 */

export interface Answer {
  status: number
  headers: Record<string, string>
  /** The body of the response. `undefined` sends no body. A string or a Buffer is sent unchanged; any other value is sent as JSON. */
  body: unknown
}

export const answer = (status: number, body?: unknown): Answer => ({ status, headers: {}, body })

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

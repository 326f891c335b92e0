/**
 * The type of a response of the simulator before it is serialised.
 *
 * Out of scope: sending the response (`delivery.ts`).
 */

export interface Answer {
  status: number
  headers: Record<string, string>
  /** The body of the response. `undefined`: no body. A string or a buffer is sent unchanged, anything else as JSON. */
  body: unknown
}

export const answer = (status: number, body?: unknown): Answer => ({ status, headers: {}, body })

/** True for a JSON object: neither null nor a list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

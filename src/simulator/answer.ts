/**
 * An answer before it is bytes.
 *
 * Out of scope: to travel (see `delivery.ts`).
 */

export interface Answer {
  status: number
  headers: Record<string, string>
  /** `undefined`: no body. A string goes out as it is. Anything else goes out as JSON. */
  body: unknown
}

export const answer = (status: number, body?: unknown): Answer => ({ status, headers: {}, body })

/** True for what JSON calls an object: neither null nor a list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * The latest requests to the simulated API. Deletes old requests above a number and above a total size.
 *
 * Out of scope: reading a request (`requests.ts`).
 */
import { CAPACITY } from './memory'
import type { RecordedRequest } from './requests'

export class RequestLog {
  /** The recorded requests, oldest first. A test may set `requests.length = 0`, so this class does not store the length elsewhere. */
  readonly entries: RecordedRequest[] = []
  private readonly sizes = new WeakMap<RecordedRequest, number>()
  /** The total size of the requests in bytes. It may be too large, because only `trim` subtracts the sizes of deleted requests. */
  private bytes = 0

  /**
   * Adds a request. Deletes old requests if there are too many or they are too large.
   * @param size size of headers and body, in bytes
   */
  add(record: RecordedRequest, size: number): void {
    this.entries.push(record)
    this.sizes.set(record, size)
    this.bytes += size
    if (this.entries.length > CAPACITY.requests) this.entries.shift()
    if (this.bytes > CAPACITY.requestBytes) this.trim()
  }

  /** Deletes the oldest requests until three quarters of the allowed size remain. If it deleted only a few, every following `add` would call it again. */
  private trim(): void {
    let from = this.entries.length
    this.bytes = 0
    for (const entry of this.entries.toReversed()) {
      const size = this.sizes.get(entry) ?? 0
      if (this.bytes + size > CAPACITY.requestBytes * 0.75) break
      this.bytes += size
      from--
    }
    this.entries.splice(0, from)
  }
}

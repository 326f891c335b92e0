/**
 * The latest requests to the simulated API. If the requests become too many or too large, this file deletes the oldest ones.
 *
 * Out of scope: reading a request (`requests.ts`).
 */
import { CAPACITY } from './memory'
import type { RecordedRequest } from './requests'

export class RequestLog {
  /** The recorded requests, oldest first. A test may empty the list with `requests.length = 0`. */
  readonly entries: RecordedRequest[] = []
  private readonly sizes = new WeakMap<RecordedRequest, number>()
  /**
   * The total size of the recorded requests in bytes. This number can be too high: if there are too many requests, `add` deletes one and does not subtract its
   * size. `trim` corrects the number.
   */
  private bytes = 0

  /**
   * Adds a request. Deletes the oldest requests if they are too many or too large.
   * @param size size of headers and body, in bytes
   */
  add(record: RecordedRequest, size: number): void {
    this.entries.push(record)
    this.sizes.set(record, size)
    this.bytes += size
    if (this.entries.length > CAPACITY.requests) this.entries.shift()
    if (this.bytes > CAPACITY.requestBytes) this.trim()
  }

  /** Deletes the oldest requests until three quarters of the allowed size remain, so that the next requests fit without another call of this function. */
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

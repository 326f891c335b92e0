/**
 * The log of the newest requests to the cloud, limited in number and in bytes.
 *
 * Out of scope: reading a request (`requests.ts`).
 */
import { CAPACITY } from './memory'
import type { RecordedRequest } from './requests'

export class RequestLog {
  /** The recorded requests, oldest first. A test may empty this array, so this class does not rely on its length. */
  readonly entries: RecordedRequest[] = []
  private readonly sizes = new WeakMap<RecordedRequest, number>()
  /** Total size of all entries added since the last trim, including deleted ones. */
  private bytes = 0

  /**
   * Adds a request, and deletes old ones above the limits.
   * @param size size of headers and body in bytes
   */
  add(record: RecordedRequest, size: number): void {
    this.entries.push(record)
    this.sizes.set(record, size)
    this.bytes += size
    if (this.entries.length > CAPACITY.requests) this.entries.shift()
    if (this.bytes > CAPACITY.requestBytes) this.trim()
  }

  /** Deletes a quarter of the requests at once, so that their sizes are not added up again for each of the next requests. */
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

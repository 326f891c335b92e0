/**
 * The newest requests to the cloud, bounded in number and in bytes.
 *
 * Out of scope: to read a request (see `requests.ts`).
 */
import { CAPACITY } from './memory'
import type { RecordedRequest } from './requests'

export class RequestLog {
  /** Oldest first. It belongs to the test, which may empty it: nothing here relies on its length. */
  readonly entries: RecordedRequest[] = []
  private readonly sizes = new WeakMap<RecordedRequest, number>()
  /** Of all entries since the last trim, those that are gone included. */
  private bytes = 0

  /** @param size bytes of its headers and its body */
  add(record: RecordedRequest, size: number): void {
    this.entries.push(record)
    this.sizes.set(record, size)
    this.bytes += size
    if (this.entries.length > CAPACITY.requests) this.entries.shift()
    if (this.bytes > CAPACITY.requestBytes) this.trim()
  }

  /** Leaves a quarter free, so that not every request after this one counts all entries. */
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

/**
 * Where a command writes. Out of scope: what it writes.
 */
export interface Output {
  log(text: string): void
  error(text: string): void
}

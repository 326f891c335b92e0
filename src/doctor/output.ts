/**
 * The functions with which a command writes its output. Out of scope: what is written.
 */
export interface Output {
  log(text: string): void
  error(text: string): void
}

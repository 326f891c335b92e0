/**
 * The functions with which a command writes its output.
 *
 * Out of scope: the content of the output.
 */
export interface Output {
  log(text: string): void
  error(text: string): void
  /** True if `log` writes to a terminal that shows colours. */
  readonly hasColours?: boolean
}

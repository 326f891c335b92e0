/**
 * The functions with which a command prints.
 *
 * Out of scope: the printed text.
 */
export interface Output {
  log(text: string): void
  error(text: string): void
  readonly hasColours?: boolean
}

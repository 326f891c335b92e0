/**
 * The functions with which a command prints.
 *
 * Out of scope: what is printed.
 */
export interface Output {
  log(text: string): void
  error(text: string): void
  readonly hasColours?: boolean
}

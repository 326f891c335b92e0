/**
 * The functions with which a command prints, and whether it prints in colours.
 *
 * Out of scope: the printed text.
 */
export interface Output {
  log(text: string): void
  error(text: string): void
  readonly hasColours?: boolean
}

/** True if the output is a terminal that shows colours, and the user has not switched them off with a non-empty NO_COLOR: https://no-color.org */
export function showsColours({ isTTY }: { readonly isTTY?: boolean }, { NO_COLOR, TERM }: Readonly<Record<string, string | undefined>>): boolean {
  return isTTY === true && !NO_COLOR && TERM !== 'dumb'
}

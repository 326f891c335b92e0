/**
 * Finds the name that a user probably meant, for a name that does not exist.
 *
 * Out of scope: the sentence that suggests the name.
 */

/**
 * Returns the most similar name; undefined if none is similar. All names are in lower case.
 * @param most how many characters may differ. Default: half of the characters of the name
 */
export function nearest(typed: string, names: readonly string[], most?: number): string | undefined {
  const [[apart, name] = [Infinity, '']] = names.map((one) => [distance(one, typed.toLowerCase()), one] as const).sort(([one], [other]) => one - other)
  return apart <= (most ?? name.length / 2) ? name : undefined
}

/** The Levenshtein distance: how many characters must be added, removed or replaced to turn one text into the other. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (const [i, character] of [...one].entries()) {
    const next = [i + 1]
    for (const [j, against] of [...other].entries()) {
      next.push(Math.min((row[j + 1] as number) + 1, (next[j] as number) + 1, (row[j] as number) + (character === against ? 0 : 1)))
    }
    row = next
  }
  return row.at(-1) as number
}

/**
 * Reads an address.
 *
 * Not `URL.canParse`: in Node 20, once it is compiled, it says no to every address with a character from U+0080 to U+00FF
 * (`https://bücher.example`, tried with 20.20.2).
 *
 * @returns undefined for what is no URL
 * @internal
 */
export function parseURL(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base)
  } catch {
    return undefined
  }
}

/**
 * Parses a URL without throwing.
 *
 * `URL.canParse` is not used: in Node 20, once it is optimised, it returns false for every URL with a character from U+0080 to U+00FF
 * (`https://bücher.example`, tried with 20.20.2).
 *
 * @returns undefined if the text is not a URL
 * @internal
 */
export function parseURL(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base)
  } catch {
    return undefined
  }
}

/**
 * Parses a URL; returns undefined if the text is not a URL, instead of throwing.
 *
 * Do not use `URL.canParse`: in Node 20, after V8 has optimised it, it returns false for every URL with a character from U+0080 to U+00FF
 * (`https://bücher.example`, tried with 20.20.2).
 *
 * @internal
 */
export function parseURL(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base)
  } catch {
    return undefined
  }
}

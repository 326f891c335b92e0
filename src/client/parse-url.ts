/**
 * Parses a URL; returns undefined if the text is not a URL, instead of throwing.
 *
 * Do not use `URL.canParse`: in Node 20, after V8 has optimised it, it returns false for every URL with a character from U+0080 to U+00FF
 * (`https://bücher.example`, tried with 20.20.2).
 * Out of scope: which URLs are allowed.
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

/**
 * True for a URL that would be valid with another port: its port is 0, is above 65535, or is no number.
 *
 * @internal
 */
export function hasWrongPort(text: string): boolean {
  // The host may be an IPv6 address in brackets, and a username and a password may stand before the host.
  const [, before, port] = /^([a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?(?:\[[^\]/?#]*\]|[^/?#:@[]+)):([^/?#:@]+)(?=[/?#]|$)/i.exec(text) ?? []
  return before !== undefined && parseURL(before) !== undefined && !(Number(port) >= 1 && parseURL(`${before}:${port}`) !== undefined)
}

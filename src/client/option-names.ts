/**
 * Refuses unknown names of options.
 *
 * Out of scope: the values of options.
 */

/**
 * Checks that each option has a known name. A misspelt option would have no effect, and the app could allow more than intended.
 * @param owner the class, function or option that has the options
 * @throws TypeError that names the owner and the unknown option, never its value
 */
export function refuseUnknown(owner: string, options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) throw new TypeError(`${owner}: options must be an object`)
  // The app has mounted a function such as `requireSecondFactor` instead of its result, so the web framework has passed a request as the options.
  if ('method' in options && 'headers' in options) throw new TypeError(`${owner}: the options are an HTTP request. Call it: ${owner}(…)`)
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown !== undefined) throw new TypeError(`${owner}: unknown option ${JSON.stringify(unknown)}`)
}

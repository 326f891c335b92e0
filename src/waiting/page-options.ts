/**
 * Checks the options that the pages share.
 *
 * Out of scope: what a page does with them.
 */

/**
 * @throws TypeError that names the page and the option
 * @internal
 */
export function checkOptions(owner: string, options: object, types: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(types, name)) throw new TypeError(`${owner}: unknown option "${name}"`)
    if (value !== undefined && (typeof value !== types[name] || value === null)) throw new TypeError(`${owner}: ${name} must be of type ${types[name]}`)
  }
}

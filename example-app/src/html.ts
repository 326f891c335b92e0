/** HTML made by the template tag `html`, which escapes every value, except values that `html` has made. */
export class Html {
  constructor(readonly text: string) {}
}

/** A value in a template: the items of a list are joined; undefined, null and false give an empty text. */
export type Value = Html | string | number | undefined | null | false | readonly Value[]

export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(strings.reduce((text, string, i) => text + textOf(values[i - 1]) + string))
}

function textOf(value: Value): string {
  if (value === undefined || value === null || value === false) return ''
  if (value instanceof Html) return value.text
  if (isList(value)) return value.map(textOf).join('')
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** True for a list. `Array.isArray` alone does not narrow the type of a readonly list. */
function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value)
}

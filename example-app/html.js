/** HTML from a tagged template: whatever is put in is escaped, unless it came from `html` itself. */
class Html {
  constructor(text) {
    this.text = text
  }
}

export function html(strings, ...values) {
  return new Html(strings.reduce((text, string, i) => text + textOf(values[i - 1]) + string))
}

function textOf(value) {
  if (value === undefined || value === null || value === false) return ''
  if (value instanceof Html) return value.text
  if (Array.isArray(value)) return value.map(textOf).join('')
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

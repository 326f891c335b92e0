/**
 * Makes two changes outside the sign-in: the login form gets a button for a code by SMS, and package.json gets this package as a dependency.
 *
 * Out of scope: the sign-in (`login-edit.ts`), and sensitive routes (`step-ups.ts`).
 */
import type { AppFolder } from './app-folder'
import { withLineBreaksOf, type Edits } from './edits'

/**
 * Adds a button for a code by SMS to the login form. Only if the templates contain exactly one login form, and this form has one button.
 * @param loginURL the `action` of the login form
 * @returns the path of the changed template; undefined if there is none
 */
export function editLoginForm(edits: Edits, { templates }: AppFolder, loginURL: string): string | undefined {
  const forms = [...templates].flatMap(([path, text]) => formsIn(text).map((at) => ({ path, text, ...at })))
  const isLogin = ({ form }: { form: string }) => {
    const tag = form.slice(0, form.indexOf('>') + 1)
    return new RegExp(`\\baction=["']${loginURL.replace(/[^\w/]/g, '\\$&')}["']`).test(tag) && /\bmethod=["']?post/i.test(tag) && /type=["']?password/i.test(form) && !/name=["']?factor\b/i.test(form)
  }
  const [one, ...others] = forms.filter(isLogin)
  const buttons = one === undefined ? [] : [...one.form.matchAll(/^([ \t]*)<button\b[^>]{0,1000}>[^<]{0,1000}<\/button>/gim)]
  const [button] = buttons
  if (one === undefined || others.length > 0 || button === undefined || buttons.length > 1) return undefined
  const end = one.at + button.index + button[0].length
  const added = `\n${button[1]}<button name="factor" value="sms">Sign in with a code by SMS</button>`
  edits.replaceFile({ path: one.path, before: one.text, after: one.text.slice(0, end) + withLineBreaksOf(one.text, added) + one.text.slice(end) })
  return one.path
}

/** The forms of a template, from `<form …>` to `</form>`. A loop takes linear time even if no form has an end; one regular expression would not. */
function formsIn(text: string): { form: string; at: number }[] {
  const forms: { form: string; at: number }[] = []
  let at = -1
  for (const { 0: tag, index } of text.matchAll(/<form\b|<\/form>/gi)) {
    const isEnd = tag.startsWith('</')
    const form = isEnd && at !== -1 ? text.slice(at, index + tag.length) : ''
    if (form.slice(0, -tag.length).includes('>')) forms.push({ form, at })
    if (isEnd) at = -1
    else if (at === -1) at = index
  }
  return forms
}

/**
 * Adds this package to the dependencies in package.json.
 * @returns false if the developer must change package.json by hand
 */
export function editManifest(edits: Edits, { manifest }: AppFolder, version: string): boolean {
  if (manifest === undefined) return false
  const [block] = /"dependencies"\s*:\s*\{[^{}]*\}/.exec(manifest) ?? []
  if (block === undefined) return false
  if (block.includes('"passport-nevis"')) return true
  const entries = [...block.matchAll(/^([ \t]*)"([^"]+)"\s*:\s*"[^"]*"(,?)/gm)].filter(([, , name]) => name !== 'dependencies')
  const before = entries.filter(([, , name = '']) => name < 'passport-nevis').at(-1) ?? entries[0]
  if (before === undefined) {
    // In this package.json, the dependencies are on one line, or there are none.
    const rest = block.slice(block.indexOf('{') + 1)
    const one = `${block.slice(0, block.indexOf('{') + 1)} "passport-nevis": "^${version}"${rest.trim() === '}' ? '' : ','}${rest}`
    edits.replaceFile({ path: 'package.json', before: manifest, after: manifest.replace(block, () => one) })
    return true
  }
  const end = before.index + before[0].length
  const added = `${before[3] === ',' ? '' : ','}\n${before[1]}"passport-nevis": "^${version}"${before[3]}`
  const changed = block.slice(0, end) + withLineBreaksOf(manifest, added) + block.slice(end)
  edits.replaceFile({ path: 'package.json', before: manifest, after: manifest.replace(block, () => changed) })
  return true
}

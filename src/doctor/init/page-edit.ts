/**
 * Makes the changes outside the sign-in: sensitive routes require a recent second factor, the login form gets a button for a code by SMS, and package.json
 * gets the dependency.
 *
 * Out of scope: the sign-in (`login-edit.ts`).
 */
import type { AppFolder } from './app-folder'
import { routeOf, type Route } from './doors'
import type { Edits } from './edits'
import type { Range, Source } from './source'

/** Usual names of middleware that lets only signed-in users through, for example `ensureLoggedIn` or `requireAuth`. */
const GUARD = /^(?:ensure|require|is|check|must(?:Be)?|authenticat)\w*?(?:log|auth|sign|user|session|d$)\w*$/i
/** Only a name of at most this length is compared with `GUARD`. For a name of many thousand letters, this regular expression would take minutes. */
const MAX_NAME = 100
const SENSITIVE = /password|passwd|e-?mail|delete|2fa|api-?key|token/i

interface Guarded {
  readonly route: Route
  /** The login guard of the route: a handler that lets only signed-in users continue. */
  readonly guard: Range
}

/**
 * Adds `requireSecondFactor` after the login guard of sensitive routes. The second factor must then be at most five minutes old.
 * @returns the changed routes, for example `POST /password in routes/account.js`
 */
export function editStepUps(edits: Edits, sources: readonly Source[], waitingURL: string): string[] {
  return sources.flatMap((source) => {
    const all = routesIn(source)
    const guarded = all.flatMap((route): Guarded[] => {
      const guard = source.partsOf(route.open).find(({ first, last }) => source.isWord(first) && source.token(first).text.length <= MAX_NAME && GUARD.test(source.token(first).text) && (first === last || source.token(first + 1).pair === last))
      return guard === undefined ? [] : [{ route, guard }]
    })
    const sensitive = guarded.filter(({ route }) => SENSITIVE.test(route.path) && !/reset|forgot/i.test(route.path))
    const paths = new Set(sensitive.map(({ route }) => route.path))
    if (sensitive.every(({ route }) => route.method === 'get')) return []
    // If every route of the file has a login guard, every route gets `requireSecondFactor`, also the GET routes with forms. The user is then asked for the
    // second factor before filling in a form, not after.
    const chosen = guarded.length === all.length ? guarded : guarded.filter(({ route }) => paths.has(route.path))
    const name = 'recentSecondFactor'
    if (chosen.length === 0 || source.tokens.some(({ text }) => text === name)) return []
    edits.use(source, 'requireSecondFactor')
    edits.declare(source, `const ${name} = requireSecondFactor({ maxAgeSeconds: 300, redirectTo: '${waitingURL}' })`)
    for (const { guard } of chosen) edits.insert(source, source.token(guard.last).end, `, ${name}`)
    return chosen.map(({ route }) => `${route.method.toUpperCase()} ${route.path} in ${source.path}`)
  })
}

function routesIn(source: Source): Route[] {
  return source.tokens.flatMap((_token, i) => {
    if (!source.is(i, '(') || !source.is(i - 2, '.')) return []
    const route = routeOf(source, i + 1)
    return route?.open === i && source.partsOf(i).length > 1 ? [route] : []
  })
}

/**
 * Adds a button for a code by SMS to the login form. Changes nothing unless the templates contain exactly one login form, and this form has one button.
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
  edits.replaceFile({ path: one.path, before: one.text, after: one.text.slice(0, end) + added + one.text.slice(end) })
  return one.path
}

/** The forms of a template, from `<form …>` to `</form>`. The loop instead of one regular expression takes linear time, also if no form has an end. */
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
  if (before === undefined) return false
  const end = before.index + before[0].length
  const added = `${before[3] === ',' ? '' : ','}\n${before[1]}"passport-nevis": "^${version}"${before[3]}`
  const changed = block.slice(0, end) + added + block.slice(end)
  edits.replaceFile({ path: 'package.json', before: manifest, after: manifest.replace(block, () => changed) })
  return true
}

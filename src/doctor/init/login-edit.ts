/**
 * Adds the second factor to two kinds of sign-in. On the password route, `passport.authenticate` gets `session: false`, and the second factor follows. If the
 * callback of a `req.login` ends with a redirect, the second factor replaces this redirect.
 *
 * Out of scope: finding the sign-ins (`sign-in-calls.ts`), and creating the strategy (`plan.ts`).
 */
import { covers, earlierRoutes } from './earlier-routes'
import type { Route } from './routes'
import { callOf } from './second-factor'
import { type SignInCall } from './sign-in-calls'
import type { Edits } from './edits'
import { readsForm } from './form-fields'
import type { Range, Source } from './source'
import { returnToOr, withWayBack } from './way-back'

/** Options with which Passport acts after the right password. `init` removes them, because after the password route, the second factor is still missing. */
const AT_SUCCESS = ['successRedirect', 'successReturnToOrRedirect', 'successFlash', 'successMessage']
const SHOWN_AT_SUCCESS = ['successFlash', 'successMessage']
/**
 * A handler that only redirects to a fixed path, or to the page that the session names: `(req, res) => res.redirect(req.session.returnTo || '/')`. Such a
 * handler needs nothing that other handlers have put into `req` or `res`.
 */
const FIXED_REDIRECT = /^(?:async\s+)?(?:function\s*\w*\s*)?\(\s*(\w+)\s*,\s*(\w+)\s*(?:,\s*\w+\s*)?\)\s*(?:=>\s*)?(?:\{\s*)?(?:return\s+)?\2\.redirect\(\s*(?:\1\.session\.\w+\s*(?:\|\||\?\?)\s*)?(?:'[^'\n]*'|"[^"\n]*")\s*\)\s*;?\s*\}?$/
const AT_FAILURE = ['failureRedirect', 'failureMessage', 'failureFlash']

export interface LoginChange {
  /** Options for `passport.authenticate('nevis', …)`, as source text, for example `failureRedirect: '/login'`. */
  readonly failure: readonly string[]
  /** The path of the page after a successful sign-in, as source text such as `'/'`; undefined if the app does not redirect by an option of Passport. */
  readonly home: string | undefined
  /** The path of the page with the login form, as source text such as `'/login'`; undefined if it is not known. */
  readonly signIn: string | undefined
  /** The handlers that run after the callback of the second factor, as source text. */
  readonly after: string
  /** True if the handlers in `after` redirect the user to the page on which the sign-in began, if there was such a page. */
  readonly returns: boolean
  /** The names of the removed options that show a message after the sign-in, such as `successFlash`. */
  readonly messages: readonly string[]
}

/**
 * Reads from the password route what must run after the second factor from now on: its success redirect, or the handlers behind `passport.authenticate`.
 * @returns these parts as source text, or why `init` does not change the route
 */
export function loginChange(sources: readonly Source[], signInCall: SignInCall, route: Route): LoginChange | string {
  const { source, at } = signInCall
  const options = source.partsOf(at + 1)[1]
  const properties = options === undefined ? new Map<string, Range>() : source.propertiesOf(options)
  if (properties === undefined) return 'its options are not written at the call'
  if (route.method !== 'post') return 'its route is not a POST'
  const call = callOf(source, at)
  const handlers = source.partsOf(route.open)
  const index = handlers.findIndex((part) => part.first === call.first && part.last === call.last)
  if (index === -1) return 'passport.authenticate is not an argument of the route itself'
  const behind = handlers.slice(index + 1)
  const end = behind.at(-1)
  const closing = source.token(route.open).pair as number
  // The source text of all handlers behind `passport.authenticate`, with the comments between them.
  const start = end && source.token(call.last + 1).end
  const text = end === undefined ? '' : source.text.slice(start, source.token(end.last).end).trim()
  const isLost = options !== undefined && partsAtSuccess(source, options).some(({ first, last }) => hasComment(source, first, source.is(last + 1, ',') ? last + 1 : last))
  if (isLost || hasComment(source, call.last, Math.min(call.last + 1, closing - 1)) || hasComment(source, end?.last ?? call.last, closing - 1)) return 'a comment is in the code that init would remove: move the comment above the route'
  // Handlers that read the login form cannot run in the callback of the second factor: the callback is another request, and its `req.body` does not contain the
  // form.
  const where = 'move them behind the callback yourself'
  const reads = behind.some((part) => /\bbody\b/.test(source.textOf(part))) || readsForm(sources, source, behind)
  const keep = `which the callback does not get: ${where}, and keep the field in the session (docs/guides/existing-app.md, "A form field that you need after the second factor")`
  if (reads === true) return `the handlers behind it read the form, or other data of its request, ${keep}`
  if (reads !== false) return `init did not find the code of ${reads.name}, which runs behind it and may read the form, ${keep}`
  if (end !== undefined && isPrepared(source, route, handlers.slice(0, index)) && !FIXED_REDIRECT.test(text)) return `other handlers run before it, and the handlers behind it may need what these put into req or res. The callback is another request: ${where}, and what they need, too`
  if (behind.some((part) => goesOn(source, part))) return `the handlers behind it go on to others: ${where}`
  const value = (name: string) => (properties.has(name) ? source.textOf(properties.get(name) as Range) : undefined)
  const target = properties.get('successReturnToOrRedirect') ?? properties.get('successRedirect')
  if (target !== undefined && end !== undefined) return 'it has a success redirect and handlers behind it'
  if (target === undefined && end === undefined) return 'it has neither a success redirect nor handlers behind it'
  const back = end && withWayBack(source, end)
  return {
    failure: AT_FAILURE.flatMap((name) => (properties.has(name) ? [`${name}: ${value(name)}`] : [])),
    home: target && source.textOf(target),
    signIn: value('failureRedirect'),
    after: target === undefined ? (back === undefined ? text : text.slice(0, -source.textOf(end as Range).length) + back) : `(req, res) => res.redirect(${returnToOr(source, 'req', target)})`,
    returns: target !== undefined || back !== undefined,
    messages: SHOWN_AT_SUCCESS.filter((option) => properties.has(option)),
  }
}

/** True if handlers run before the password check, in this route or an earlier one with the same path, but not before the second factor's callback. */
function isPrepared(source: Source, { owner, open, path }: Route, before: readonly Range[]): boolean {
  const callback = `${path.replace(/\/$/, '')}/2fa/callback`
  const isOther = ({ method, path: other }: Route) => (method === 'post' || (method === 'all' && !covers(other, callback))) && covers(other, path)
  return before.some(({ first }, i) => i > 0 || source.stringAt(first) === undefined) || earlierRoutes(source, owner, open - 1).some(isOther)
}

/** True if the code uses `next` other than as the name of a parameter or property. */
function goesOn(source: Source, { first, last }: Range): boolean {
  return source.tokens.slice(first, last + 1).some(({ kind, text, parent }, i) => {
    if (kind !== 'word' || text !== 'next' || source.is(first + i - 1, '.') || source.is(first + i - 1, '?.')) return false
    const close = source.tokens[parent]?.pair ?? -1
    return !source.is(close + 1, '=>') && !(source.is(close + 1, '{') && [parent - 1, parent - 2].some((at) => source.is(at, 'function')))
  })
}

function hasComment(source: Source, first: number, last: number): boolean {
  for (let i = first; i < last; i++) if (source.text.slice(source.token(i).end, source.token(i + 1).start).trim() !== '') return true
  return false
}

/**
 * Adds `session: false` to the options of `passport.authenticate` on the password route. Replaces the route's later handlers by the second factor.
 * @param factor the handlers of the second factor, as source text
 */
export function editLogin(edits: Edits, { source, at }: SignInCall, route: Route, factor: string): void {
  const [name, options] = source.partsOf(at + 1) as [Range, Range?]
  const close = source.token(at + 1).pair as number
  if (options === undefined) edits.insert(source, source.token(name.last).end, ', { session: false }')
  else editOptions(edits, source, options)
  edits.replace(source, source.token(close).end, source.token((source.token(route.open).pair as number) - 1).end, `, ${factor}`)
}

/** The options of `passport.authenticate` that `init` removes or replaces. */
function partsAtSuccess(source: Source, { first }: Range): Range[] {
  return source.partsOf(first).filter(({ first: name }) => [...AT_SUCCESS, 'session', 'keepSessionInfo'].includes(source.isWord(name) ? source.token(name).text : (source.stringAt(name) ?? '')))
}

function editOptions(edits: Edits, source: Source, { first, last }: Range): void {
  const parts = source.partsOf(first)
  const gone = partsAtSuccess(source, { first, last })
  const isOnLines = source.token(first).line !== source.token(last).line
  const kept = parts.filter((part) => !gone.includes(part)).map((part) => source.textOf(part))
  const all = [`session: false`, ...kept]
  if (!isOnLines && !hasComment(source, first, last)) return edits.replace(source, source.token(first).start, source.token(last).end, `{ ${all.join(', ')} }`)
  // If the options are on several lines, insert and remove single options instead of writing all of them again, so that the diff stays small.
  const [model] = parts
  const indent = model === undefined ? '  ' : source.indentAt(model.first)
  // If an option follows on the line of the opening brace, insert no line break and no comment: the comment would comment out that option.
  const isOnBrace = model !== undefined && source.token(model.first).line === source.token(first).line
  const added = isOnBrace || !isOnLines ? ' session: false,' : `\n${indent}session: false, // the password is right, but the user is not signed in yet`
  edits.insert(source, source.token(first).end, added)
  for (const { first: from, last: to } of groupsOf(source, gone)) {
    const [start, stop] = [source.token(from).start, source.token(to).end]
    // If something follows the removed option on its line, keep the line break before the option. Otherwise, the rest would move to the end of the line above,
    // and a `//` comment there would comment it out.
    const isLast = /^[ \t]*\r?\n/.test(source.text.slice(stop))
    if (isLast) edits.replace(source, source.text.slice(0, start).trimEnd().length, stop, '')
    else edits.replace(source, start, stop + (/^[ \t]*/.exec(source.text.slice(stop)) as RegExpExecArray)[0].length, '')
  }
}

/** Joins options that follow each other without a comment between them. Each range includes the comma behind the option. */
function groupsOf(source: Source, parts: readonly Range[]): Range[] {
  const groups: Range[] = []
  for (const part of parts) {
    const last = source.is(part.last + 1, ',') ? part.last + 1 : part.last
    const before = groups.at(-1)
    if (before !== undefined && before.last + 1 === part.first && !hasComment(source, before.last, part.first)) groups[groups.length - 1] = { first: before.first, last }
    else groups.push({ first: part.first, last })
  }
  return groups
}

/**
 * Changes `req.login(user, (err) => { …; res.redirect(…) })`: adds `session: false`, so that the call does not sign the user in, and replaces the redirect by
 * the second factor.
 * @param returns true if the route file has the error handler `afterFailure`, which answers after a failed second factor
 * @param moved called with the target of the redirect that is replaced, as source text
 * @returns why the call is not changed; undefined if it was changed
 */
export function editSignUp(edits: Edits, { source, at }: SignInCall, returns: boolean, moved: (target: string) => void): string | undefined {
  const parts = source.partsOf(at + 1)
  const [user, callback] = parts
  if (user === undefined || callback === undefined || parts.length !== 2) return 'it has no callback'
  const brace = source.is(callback.last, '}') ? (source.token(callback.last).pair as number) : -1
  if (brace === -1 || !source.isBlock(brace) || source.parametersOf(brace) === undefined) return 'the callback has no form that init changes'
  const handler = handlerAround(source, at)
  if (handler === undefined) return 'the handler around it does not have the parameters (req, res, next)'
  const [request, response, next] = handler
  const statement = source.statementOf(callback.last - 1)
  const from = source.is(statement.first, 'return') ? statement.first + 1 : statement.first
  const isRedirect = statement.first > brace && source.is(from, response) && source.is(from + 1, '.') && source.is(from + 2, 'redirect') && source.is(from + 3, '(')
  if (!isRedirect) return 'its callback does not end with a redirect'
  if (hasComment(source, from, source.token(from + 3).pair as number)) return 'a comment is in its redirect'
  moved(source.partsOf(from + 3).map((part) => source.textOf(part)).join(', '))
  edits.insert(source, source.token(user.last).end, ', { session: false }')
  edits.replace(source, source.token(from).start, source.token(source.token(from + 3).pair as number).end, `secondFactor(${request}, ${response}, ${returns ? `(err) => afterFailure(err, ${request}, ${response}, ${next})` : next})`)
  return undefined
}

/** The parameter names of the innermost function with three parameters around the source token at index `at`, for example `req`, `res` and `next`. */
function handlerAround(source: Source, at: number): [string, string, string] | undefined {
  for (let open = source.blockOf(at); open !== -1; open = source.blockOf(open)) {
    const names = source.parametersOf(open)
    if (names?.length === 3) return names as [string, string, string]
  }
  return undefined
}

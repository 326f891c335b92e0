/**
 * Changes the redirect after a sign-in, so that a user whose sign-in or step-up began on a page returns to this page: `req.authInfo.returnTo`.
 *
 * Out of scope: finding the handlers that redirect (`login-edit.ts`).
 */
import type { Range, Source } from './source'

/** Source text for the target of a redirect: the page from which the user came, or, if there is none, the app's own target. */
export function returnToOr(source: Source, request: string, target: Range): string {
  const text = source.textOf(target)
  // Without parentheses, an operator in the target could bind to the `??` or `||` in front of the target.
  const own = target.first === target.last ? text : `(${text})`
  return source.isTypeScript ? `${request}.authInfo?.returnTo ?? ${own}` : `${request}.authInfo.returnTo || ${own}`
}

/**
 * Changes the redirect at the end of a handler, such as `(req, res) => res.redirect('/')`, so that it leads to the page that the user wanted. A redirect in a
 * condition stays, because it may lead to a page for a special case.
 * @returns the changed source text; undefined if the handler does not end with a redirect, or is only a name
 */
export function withWayBack(source: Source, { first, last }: Range): string | undefined {
  const end = endOf(source, { first, last })
  if (end === undefined) return undefined
  const [request, response] = end.parameters
  const from = source.is(end.at, 'return') ? end.at + 1 : end.at
  const isRedirect = source.is(from, response ?? '') && source.is(from + 1, '.') && source.is(from + 2, 'redirect') && source.is(from + 3, '(')
  const target = isRedirect ? source.partsOf(from + 3).at(-1) : undefined
  // Change no handler whose request is destructured and so has no name, and none that calls `redirect(url, status)`, as Express 4 allows.
  if (target === undefined || request === undefined || !NAME.test(request) || /^\d+$/.test(source.textOf(target))) return undefined
  const [start, stop] = [source.token(target.first).start, source.token(target.last).end]
  return `${source.text.slice(source.token(first).start, start)}${returnToOr(source, request, target)}${source.text.slice(stop, source.token(last).end)}`
}

const NAME = /^[\w$]+$/

interface End {
  /** Index of the first token of the function's last statement, or of the expression that the function returns. */
  readonly at: number
  readonly parameters: readonly string[]
}

function endOf(source: Source, { first, last }: Range): End | undefined {
  const brace = source.is(last, '}') ? (source.token(last).pair as number) : -1
  if (brace > first) {
    const statement = source.statementOf(last - 1)
    const parameters = source.parametersOf(brace)
    // Change no handler with two redirects or with `if (…) return res.redirect(…)` without braces: each redirect may be for a special case.
    const redirects = source.tokens.slice(brace, last).filter(({ text }) => text === 'redirect')
    const isInCondition = redirects.length > 1 || [')', 'else'].some((text) => source.is(statement.first - 1, text))
    return statement.first > brace && parameters !== undefined && !isInCondition ? { at: statement.first, parameters } : undefined
  }
  // `(req, res) => res.redirect('/')`
  const open = source.is(first, 'async') ? first + 1 : first
  const arrow = source.is(open, '(') ? (source.token(open).pair as number) + 1 : -1
  if (!source.is(arrow, '=>')) return undefined
  return { at: arrow + 1, parameters: source.partsOf(open).map((part) => source.token(part.first).text) }
}

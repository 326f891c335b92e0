/**
 * Finds the route whose handlers contain a token: `app.post('/login', …)`.
 *
 * Out of scope: the path at which the application mounts the router (`mount.ts`).
 */
import type { Range, Source } from './source'

export interface Route {
  /** The variable on which the route is mounted, for example `app` or `router`; for `this.router`, the property `router`. */
  readonly owner: string
  readonly method: string
  /** The path as in the source, without its quotation marks. It may contain escapes, or be a template or a regular expression. */
  readonly path: string
  readonly statement: Range
  /** Index of the parenthesis that opens the arguments of `app.post(…)`. */
  readonly open: number
}

const MAX_PATH = 1000
/** A path as in Express. Other strings belong to other functions with the same name, as in `db.get('SELECT …')`. */
const PATH = /^(?:[/*:({].*)?$/s
export const METHODS = new Set(['get', 'post', 'put', 'patch', 'delete', 'all'])

/** Finds routes of both forms: `app.post('/login', …)` and `app.route('/login').post(…)`. */
export function routeOf(source: Source, at: number): Route | undefined {
  for (let open = source.token(at).parent; open !== -1; open = source.token(open).parent) {
    const method = source.tokens[open - 1]?.text ?? ''
    if (!source.is(open, '(') || !METHODS.has(method) || !source.is(open - 2, '.')) continue
    const statement = source.statementOf(open)
    const first = source.is(statement.first, 'this') && source.is(statement.first + 3, '.') ? statement.first + 2 : statement.first
    const isChain = source.is(first + 1, '.') && source.is(first + 2, 'route')
    const { kind = 'punct', text = '' } = source.tokens[isChain ? first + 4 : open + 1] ?? {}
    const isPath = /^(?:template|regex)$/.test(kind) || (kind === 'string' && PATH.test(text.slice(1, -1)))
    if (isPath && text.length <= MAX_PATH && source.isWord(first) && source.is(first + 1, '.')) return { owner: source.token(first).text, method, path: text.slice(1, -1), statement, open }
  }
  return undefined
}

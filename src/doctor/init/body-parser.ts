/**
 * Tells whether the app mounts a body parser for forms, such as `app.use(express.urlencoded({ extended: false }))`, for a path.
 *
 * Out of scope: the order of body parser and routes, and a body parser of a single route, which does not parse the requests of other routes.
 */
import { pathAmong, prefixOf } from './mount'
import type { Source } from './source'

export function parsesForms(sources: readonly Source[], path: string): boolean {
  return sources.some((source) => {
    const names = new Set(['urlencoded', ...source.tokens.flatMap(({ text }, at) => (text === 'urlencoded' ? nameOfVariable(source, at) : []))])
    return source.tokens.some(({ kind, text }, at) => kind === 'word' && names.has(text) && isMounted(sources, source, at, path))
  })
}

/** The name `parser` in `const parser = express.urlencoded(…)`; an empty list if the statement declares no variable. */
function nameOfVariable(source: Source, at: number): string[] {
  const { first } = source.statementOf(at)
  return /^(?:const|let|var)$/.test(source.token(first).text) && source.is(first + 2, '=') ? [source.token(first + 1).text] : []
}

function isMounted(sources: readonly Source[], source: Source, at: number, path: string): boolean {
  for (let open = source.token(at).parent; open !== -1; open = source.token(open).parent) {
    if (!source.is(open, '(') || !source.is(open - 1, 'use') || !source.is(open - 2, '.')) continue
    const parts = source.partsOf(open)
    const isFirst = parts[0] !== undefined && parts[0].first <= at && at <= parts[0].last
    const mountPath = isFirst ? '' : pathAmong(sources, source, parts)
    const prefix = prefixOf(sources, source, source.tokens[open - 3]?.text ?? '') ?? ''
    return mountPath !== undefined && `${path}/`.startsWith(`${prefix}${mountPath}`.replace(/\/?$/, '/'))
  }
  return false
}

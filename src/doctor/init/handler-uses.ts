/**
 * Finds the places that use a handler by its name: in its own file, and in the files that import it.
 *
 * Out of scope: methods of classes (`behind-sign-in.ts`), and what stands around these places.
 */
import { functionIn, usesInScope, wordsOf } from './definitions'
import { codeAt, exportedCode } from './exports'
import { resolved } from './relative-imports'
import type { Range, Source } from './source'

type Place = readonly [Source, Range]

/**
 * @param handler the code of a function, from its parameters (with `async` or `function` before them) to its closing brace
 * @returns undefined if not all uses are found
 */
export function usesOfHandler(sources: readonly Source[], source: Source, handler: Range): Place[] | undefined {
  const { first } = handler
  const start = source.is(first, 'async') ? first + 1 : first
  const declared = source.is(start, 'function') && source.isWord(start + 1) && source.statementOf(first).first === first ? start + 1 : source.is(first - 1, '=') && source.isWord(first - 2) ? first - 2 : undefined
  const isExports = (at: number) => source.is(at - 1, '.') || source.is(at, 'exports')
  const own = declared === undefined || isExports(declared) ? [] : usesInScope(source, source.token(declared).text, declared)
  const isExport = (at: number) => /^(?:module|exports|export)$/.test(source.token(source.statementOf(at).first).text)
  const places: Place[] = own.filter((at) => !isExport(at)).map((at) => [source, { first: at, last: at }])
  const isHandler = ([other, range]: Place) => other === source && functionIn(other, range)?.body.first === functionIn(source, handler)?.body.first
  for (const other of sources) {
    if (other === source) continue
    for (const [name, { from }] of other.imports) {
      if (resolved(sources, other, from) !== source) continue
      for (const at of wordsOf(other, name)) {
        if (other.is(at - 1, '.') || isImport(other, at)) continue
        const last = other.is(at + 1, '.') ? at + 2 : at
        const found = codeAt(sources, other, last)
        if (found.length === 0) return undefined
        if (found.some(isHandler)) places.push([other, { first: at, last }])
      }
    }
    if (wordsOf(other, 'from').some((at) => other.is(other.statementOf(at).first, 'export') && resolved(sources, other, other.stringAt(at + 1) ?? '') === source)) return undefined
    for (const at of wordsOf(other, 'require')) {
      if (!other.is(at + 1, '(') || isImport(other, at) || resolved(sources, other, other.stringAt(at + 2) ?? '') !== source) continue
      if (other.is(at - 1, '=') || other.is(at - 1, '...')) return undefined // may export the handler once more
      if (exportedCode(sources, source, undefined).some(isHandler)) places.push([other, { first: at, last: at + 3 }])
    }
  }
  return places
}

/** True for the tokens of `import … from` and `const … = require(…)`. */
function isImport(source: Source, at: number): boolean {
  const { first } = source.statementOf(at)
  if (source.is(first, 'import')) return true
  const close = source.tokens[source.token(at).parent]?.pair ?? -1
  return source.is(at, 'require') ? /^(?:const|let|var)$/.test(source.token(first).text) && source.is(at - 1, '=') : [at, close].some((end) => source.is(end + 1, '=') && source.is(end + 2, 'require'))
}

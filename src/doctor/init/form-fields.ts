/**
 * Finds handlers that read the fields of the login form, or other data of its request. `init` moves the handlers that follow the password check to the callback
 * route. The callback is another request, without these data.
 *
 * Also examines the functions that a handler names or calls, even in other files of the application. Out of scope: moving the handlers (`login-edit.ts`).
 */
import { valueIn } from './definitions'
import { codeAt } from './exports'
import { memberAt, nameAt } from './session-writes'
import { isTakenOff } from './sign-in-calls'
import { isFunction, type Range, type Source } from './source'

const MAX_DEPTH = 4
/** At most this many functions are examined. Without this limit, a function that calls many others would take too long to examine. */
const MAX_FUNCTIONS = 50
const REQUEST = /^_?(?:req|request|ctx|context)$/
/** Also matches less usual names of the request, such as `r`. Used only where the code reads a property of the request, such as `headers`. */
const LIKE_REQUEST = /^_*(?:r|rq|re?q\d?|request|ctx|context)$/
/** Properties and methods of the request that have another value in the request to the callback. */
const OF_FORM = /^(?:body|query|querystring|param|headers|rawHeaders|header|get|authInfo|url|originalUrl|path|method|files?)$/

/** The name of a function whose code was not found. Such a function may read the form. */
export interface NotFound {
  readonly name: string
}

/** @returns true if one of the handlers reads the form; `NotFound` if the code of one of them is not found; otherwise false */
export function readsForm(sources: readonly Source[], source: Source, handlers: readonly Range[]): boolean | NotFound {
  const search = new Search(sources)
  const answers = handlers.map((handler) => (isFunction(source, handler) ? search.inCode(source, handler, 0) : search.ofName(source, nameEnd(source, handler), 0)))
  return answers.includes(true) || (answers.find((answer) => typeof answer === 'object') ?? false)
}

class Search {
  private readonly seen = new Map<Source, Set<number>>()
  private count = 0

  constructor(private readonly sources: readonly Source[]) {}

  /** Examines the code of a function, and the functions to which it passes the request. */
  inCode(source: Source, { first, last }: Range, depth: number): boolean | NotFound {
    const answers: (boolean | NotFound)[] = []
    for (let at = first; at <= last; at++) {
      if (readsFormAt(source, at)) return true
      const isPassed = source.is(at, '(') && (source.isWord(at - 1) || source.is(at - 1, ')')) && !source.is(at - 2, 'function') && source.partsOf(at).some((part) => part.first === part.last && REQUEST.test(source.token(part.first).text))
      // In `(req, res) => …` and `function name(req, res) {`, the parentheses contain parameters, and not the arguments of a call.
      const end = source.tokens[at]?.pair ?? at
      if (isPassed && at > first && !source.is(end + 1, '=>') && !source.is(end + 1, '{') && !source.is(at - 1, 'async') && !source.is(at - 1, 'function')) answers.push(this.ofName(source, source.isWord(at - 1) ? at - 1 : -1, depth + 1))
    }
    return answers.includes(true) || (answers.find((answer) => typeof answer === 'object') ?? false)
  }

  /** Examines the function with the name at this token, for example `setRememberMe` in `remember.setRememberMe`. `at` is -1 if the handler is not a name. */
  ofName(source: Source, at: number, depth: number): boolean | NotFound {
    const name = at === -1 ? 'a handler' : source.token(at).text
    if (at === -1 || depth > MAX_DEPTH || ++this.count > MAX_FUNCTIONS) return { name }
    const found = codeAt(this.sources, source, at).map(([other, range]): boolean | NotFound => {
      const seen = this.seen.get(other) ?? new Set<number>()
      this.seen.set(other, seen)
      if (seen.has(range.first)) return false
      seen.add(range.first)
      return isFunction(other, range) ? this.inCode(other, range, depth) : this.ofName(other, nameEnd(other, valueIn(other, range)), depth + 1)
    })
    return found.length === 0 ? { name } : found.includes(true) || (found.find((answer) => typeof answer === 'object') ?? false)
  }
}

/** True for `body`, and for `req.query`, `req['headers']`, `const { authInfo } = req` and `({ query }, res) => …`. */
function readsFormAt(source: Source, at: number): boolean {
  const name = nameAt(source, at)
  if (name === undefined || !OF_FORM.test(name)) return false
  const member = memberAt(source, at)
  return name === 'body' || isTakenOff(source, at, LIKE_REQUEST) || LIKE_REQUEST.test(source.tokens[member?.owner ?? -1]?.text ?? '')
}

/** Index of the last token of the name of a handler, such as `setRememberMe`, `remember.set` or the call `setRememberMe('day')`; -1 without a name. */
function nameEnd(source: Source, { first, last }: Range): number {
  let end = last
  if (source.is(last, ')')) end = (source.token(last).pair as number) - 1
  for (let at = first; at <= end; at++) if ((at - first) % 2 === 0 ? !source.isWord(at) : !source.is(at, '.')) return -1
  return end < first ? -1 : end
}

/**
 * Follows the session into the functions of the application that get it as an argument: in `signIn(user, req.session)`, the function `signIn` may store the user
 * in the session under any name of its parameter.
 *
 * Out of scope: what the function writes there (`session-writes.ts`), and functions that get the whole request.
 */
import { functionIn, wordsOf } from './definitions'
import { codeAt } from './exports'
import { COPIES, SETS, noteSession } from './session-writes'
import type { Range, Source } from './source'

const REQUEST = /^_?(?:req|request|ctx|context)$/
const known = new WeakSet<readonly Source[]>()

/** Tells `sessionWriteAt` which parameters of the application's functions contain the session. */
export function noteSessionParameters(sources: readonly Source[]): void {
  if (known.has(sources)) return
  known.add(sources)
  for (const source of sources) {
    for (const at of wordsOf(source, 'session')) {
      const { open, index } = argumentAt(source, at) ?? {}
      if (open === undefined || index === undefined) continue
      for (const [other, range] of codeAt(sources, source, open - 1)) {
        const { parameters, body } = functionIn(other, range) ?? {}
        const name = parameters?.[index]
        if (name !== undefined && body !== undefined) noteSession(other, name, body)
      }
    }
  }
}

/**
 * True if this token calls a function that gets the session and a user, and whose code is not found: `auth.signIn(user, req.session)`. Such a function may store
 * the user in the session.
 * @param user matches the names of variables that contain a user
 */
export function mayStoreUser(sources: readonly Source[], source: Source, at: number, user: RegExp): boolean {
  const open = source.isWord(at) && source.is(at + 1, '(') ? at + 1 : -1
  if (open === -1 || COPIES.test(source.token(at).text) || SETS.test(source.token(at).text)) return false
  const parts = source.partsOf(open)
  const isUser = (part: Range) => source.isWord(part.last) && user.test(source.token(part.last).text) && !/^_?req(?:uest)?\??\.user$/.test(source.textOf(part))
  return parts.some(({ last }) => argumentAt(source, last)?.open === open) && parts.some(isUser) && codeAt(sources, source, at).length === 0
}

/** The call of which `session`, `req.session` or TypeScript's `req.session!` at this token is a whole argument. */
function argumentAt(source: Source, end: number): { open: number; index: number } | undefined {
  const at = source.is(end, '!') ? end - 1 : end
  const { parent: open } = source.token(at)
  if (!source.is(at, 'session') || !source.is(open, '(') || !source.isWord(open - 1)) return undefined
  const first = REQUEST.test(source.token(at - 2).text) && source.is(at - 1, '.') ? at - 2 : at
  const index = source.partsOf(open).findIndex((part) => part.first === first && (part.last === at || (part.last === at + 1 && source.is(at + 1, '!'))))
  return index === -1 ? undefined : { open, index }
}

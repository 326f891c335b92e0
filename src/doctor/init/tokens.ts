/**
 * Splits JavaScript and TypeScript into tokens, and matches brackets. `init` searches only for a few patterns, so it needs no parser as a dependency.
 *
 * Rejects a file whose brackets do not match or are nested too deeply. Takes time in proportion to the file's length, even if the file was made to slow `init`
 * down. Out of scope: JSX, and what the tokens mean (`source.ts`).
 */

export interface Token {
  readonly kind: 'word' | 'number' | 'string' | 'template' | 'regex' | 'punct'
  readonly text: string
  readonly start: number
  readonly end: number
  readonly line: number
  /** For an opening or closing bracket: the index of the matching bracket. */
  pair?: number
  /** Index of the innermost bracket that contains the token; -1 outside all brackets. */
  readonly parent: number
}

const WORD = /[\p{ID_Start}$_#@][\p{ID_Continue}$\u200c\u200d]*/uy
const NUMBER = /(?:0[xob][\da-f_]+|\d[\d_]*(?:\.[\d_]*)?(?:e[+-]?\d+)?|\.\d[\d_]*(?:e[+-]?\d+)?)n?/iy
const STRING = /'(?:[^'\\\n]|\\[^])*'|"(?:[^"\\\n]|\\[^])*"/y
const REGEX = /\/(?![*/])(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y
const SKIPPED = /(?:\s+|\/\/[^\n]*|\/\*[^]*?\*\/|^#![^\n]*)/y
const PUNCT = /=>|\?\.(?!\d)|\.\.\.|===|!==|==|!=|<=|>=|&&|\|\||\?\?|[^]/y
/** Deeper brackets are rejected. Each search for the code around a token costs time in proportion to the depth, and files written by hand are not so deep. */
const MAX_DEPTH = 100
/**
 * After a slash, the rest of the line is searched for the end of a regular expression. If the slash means division, this search is in vain. A file is rejected
 * if such vain searches read more characters than this, because a very long line with many slashes would take quadratic time.
 */
const MAX_SEARCHED_IN_VAIN = 1_000_000
const PAIRS: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }
/** After these words, a slash begins a regular expression. After other words, it means division. */
const BEFORE_REGEX = new Set(['return', 'typeof', 'case', 'in', 'of', 'delete', 'void', 'throw', 'new', 'else', 'do', 'instanceof', 'yield', 'await'])

export function tokensOf(source: string): Token[] | undefined {
  const tokens: Token[] = []
  const open: number[] = []
  let [at, line, counted, inVain] = [0, 1, 0, 0]
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const text = pattern.exec(source)?.[0]
    if (text === undefined && pattern === REGEX) inVain += (source.indexOf('\n', at) + 1 || source.length) - at
    return text
  }
  while (at < source.length) {
    const skipped = match(SKIPPED)
    if (skipped !== undefined) {
      at += skipped.length
      continue
    }
    if (source.startsWith('/*', at)) return undefined // a comment without an end
    while (counted < at) if (source[counted++] === '\n') line++
    const read = readToken(source, at, match, tokens.at(-1))
    if (read === undefined || inVain > MAX_SEARCHED_IN_VAIN) return undefined
    const { kind, text } = read
    const partner = kind === 'punct' ? PAIRS[text] : undefined
    const opening = partner === undefined ? undefined : open.pop()
    if (partner !== undefined && (opening === undefined || tokens[opening]?.text !== partner)) return undefined
    const index = tokens.length
    tokens.push({ kind, text, start: at, end: at + text.length, line, parent: open.at(-1) ?? -1, ...(opening !== undefined && { pair: opening }) })
    if (opening !== undefined) (tokens[opening] as Token).pair = index
    if (kind === 'punct' && '([{'.includes(text) && open.push(index) > MAX_DEPTH) return undefined
    at += text.length
  }
  return open.length === 0 ? tokens : undefined
}

function readToken(source: string, at: number, match: (pattern: RegExp) => string | undefined, last: Token | undefined): Pick<Token, 'kind' | 'text'> | undefined {
  const first = source[at] as string
  if (first === "'" || first === '"') {
    const text = match(STRING)
    return text === undefined ? undefined : { kind: 'string', text }
  }
  if (first === '`') {
    const end = endOfTemplate(source, at)
    return end === undefined ? undefined : { kind: 'template', text: source.slice(at, end) }
  }
  const regex = first === '/' && mayBeRegex(last) ? match(REGEX) : undefined
  if (regex !== undefined) return { kind: 'regex', text: regex }
  const word = match(WORD)
  if (word !== undefined) return { kind: 'word', text: word }
  const number = match(NUMBER)
  if (number !== undefined) return { kind: 'number', text: number }
  return { kind: 'punct', text: match(PUNCT) as string }
}

function mayBeRegex(last: Token | undefined): boolean {
  if (last === undefined) return true
  if (last.kind === 'word') return BEFORE_REGEX.has(last.text)
  return last.kind === 'punct' && !')]'.includes(last.text)
}

/**
 * Finds the end of a template literal. Skips the code in `${…}`.
 * @returns the offset after the closing backtick; undefined if there is none, or if templates are nested more than 100 deep
 */
function endOfTemplate(source: string, start: number, outer = 0): number | undefined {
  if (outer > MAX_DEPTH) return undefined
  for (let at = start + 1; at < source.length; at++) {
    if (source[at] === '\\') at++
    else if (source[at] === '`') return at + 1
    else if (source.startsWith('${', at)) {
      let depth = 1
      for (at += 2; at < source.length && depth > 0; at++) {
        const char = source[at] as string
        if (char === '`') {
          const end = endOfTemplate(source, at, outer + 1)
          if (end === undefined) return undefined
          at = end - 1
        } else if (char === "'" || char === '"') {
          STRING.lastIndex = at
          const text = STRING.exec(source)?.[0]
          if (text === undefined) return undefined
          at += text.length - 1
        } else if (char === '{') depth++
        else if (char === '}') depth--
      }
      at--
    }
  }
  return undefined
}

/**
 * Formats the difference of two texts as a unified diff, for `git apply` and `patch -p1`.
 *
 * Out of scope: deleted files.
 */

const CONTEXT = 3
/** If two texts differ in more lines than this, all lines from the first to the last difference count as replaced. The limit bounds time and memory. */
const MAX_DIFFERENCES = 1000

interface Line {
  readonly sign: ' ' | '-' | '+'
  readonly text: string
}

/** @param before undefined for a new file */
export function diffOf(path: string, before: string | undefined, after: string): string {
  const lines = compared(linesIn(before ?? ''), linesIn(after))
  const out = [before === undefined ? '--- /dev/null' : `--- a/${path}`, `+++ b/${path}`]
  let [old, now] = [before === undefined ? 0 : 1, 1]
  for (let i = 0; i < lines.length; ) {
    let next = i
    while (lines[next]?.sign === ' ') next++
    if (next === lines.length) break
    const start = Math.max(i, next - CONTEXT)
    let end = next
    // Join two changes into one hunk if at most six unchanged lines (two contexts) are between them.
    for (let at = next; at < lines.length && at - end <= 2 * CONTEXT; at++) if (lines[at]?.sign !== ' ') end = at
    const stop = Math.min(lines.length, end + CONTEXT + 1)
    const skipped = start - i
    old += skipped
    now += skipped
    const hunk = lines.slice(start, stop)
    const [olds, news] = [hunk.filter(({ sign }) => sign !== '+').length, hunk.filter(({ sign }) => sign !== '-').length]
    out.push([`@@ -${old},${olds} +${now},${news} @@`, ...hunk.map(({ sign, text }) => sign + text)].join('\n'))
    old += olds
    now += news
    i = stop
  }
  return `${out.join('\n')}\n`
}

/** Splits a text into lines. A last line without a line break gets the note that `git apply` expects, so it differs from the same line with a line break. */
function linesIn(text: string): string[] {
  const lines = text.split('\n')
  const last = lines.pop() as string
  return last === '' ? lines : [...lines, `${last}\n\\ No newline at end of file`]
}

function compared(a: readonly string[], b: readonly string[]): readonly Line[] {
  let head = 0
  while (head < Math.min(a.length, b.length) && a[head] === b[head]) head++
  let tail = 0
  while (tail < Math.min(a.length, b.length) - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++
  const [one, other] = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)]
  const between = fewestChanges(one, other) ?? [...one.map((text): Line => ({ sign: '-', text })), ...other.map((text): Line => ({ sign: '+', text }))]
  return [...a.slice(0, head).map(same), ...between, ...a.slice(a.length - tail).map(same)]
}

const same = (text: string): Line => ({ sign: ' ', text })

/**
 * Finds the fewest lines to remove from `a` and to add to it, so that it becomes `b` (E. W. Myers, An O(ND) Difference Algorithm, 1986).
 * @returns undefined if more than `MAX_DIFFERENCES` lines would have to be removed and added
 */
function fewestChanges(a: readonly string[], b: readonly string[]): Line[] | undefined {
  const max = Math.min(a.length + b.length, MAX_DIFFERENCES)
  // As in Myers's article, "on diagonal k" means: x lines of `a` and x - k lines of `b` are already compared. `furthest[zero + k]` is the greatest x that can
  // be reached on diagonal k with `changes` added and removed lines.
  const zero = max + 1
  const furthest = new Int32Array(2 * max + 3)
  const history: Int32Array[] = []
  for (let changes = 0; changes <= max; changes++) {
    history.push(furthest.slice(zero - changes - 1, zero + changes + 2))
    for (let k = -changes; k <= changes; k += 2) {
      const from = cameFrom(furthest, zero, k, changes)
      let x = (furthest[zero + from] as number) + (from < k ? 1 : 0)
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++
      furthest[zero + k] = x
      if (x >= a.length && x - k >= b.length) return linesOf(a, b, history)
    }
  }
  return undefined
}

/**
 * A step of Myers's algorithm for the shortest difference of two texts (`fewestChanges` explains the diagonals). Diagonal k is reached by adding a line of `b` on
 * diagonal k + 1, or by removing a line of `a` on diagonal k - 1.
 * @returns k + 1 or k - 1: the diagonal from which the step gets further in the texts
 */
function cameFrom(furthest: Int32Array, zero: number, k: number, changes: number): number {
  const isAdded = k === -changes || (k !== changes && (furthest[zero + k - 1] as number) < (furthest[zero + k + 1] as number))
  return isAdded ? k + 1 : k - 1
}

/**
 * Builds the lines of the diff from the path that `fewestChanges` has found: follows this path backwards, from the end of both texts to their beginning.
 * @param history `history[n]` is a copy of the part of `furthest` before change number n
 */
function linesOf(a: readonly string[], b: readonly string[], history: readonly Int32Array[]): Line[] {
  const lines: Line[] = []
  let [x, y] = [a.length, b.length]
  for (let changes = history.length - 1; changes > 0; changes--) {
    const furthest = history[changes] as Int32Array
    const from = cameFrom(furthest, changes + 1, x - y, changes)
    const before = furthest[changes + 1 + from] as number
    const isAdded = from > x - y
    while (x > (isAdded ? before : before + 1)) {
      lines.push(same(a[--x] as string))
      y--
    }
    lines.push(isAdded ? { sign: '+', text: b[--y] as string } : { sign: '-', text: a[--x] as string })
  }
  while (x > 0) lines.push(same(a[--x] as string))
  return lines.reverse()
}

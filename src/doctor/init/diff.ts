/**
 * Formats the difference of two texts as a unified diff, for `git apply` and `patch -p1`.
 *
 * Out of scope: new and deleted files.
 */

const CONTEXT = 3

interface Line {
  readonly sign: ' ' | '-' | '+'
  readonly text: string
}

export function diffOf(path: string, before: string, after: string): string {
  const lines = compared(before.split('\n'), after.split('\n'))
  const out = [`--- a/${path}`, `+++ b/${path}`]
  let [old, now] = [1, 1]
  for (let i = 0; i < lines.length; ) {
    const next = lines.findIndex((line, at) => at >= i && line.sign !== ' ')
    if (next === -1) break
    const start = Math.max(i, next - CONTEXT)
    let end = next
    // Join two changes into one hunk if at most six unchanged lines (two contexts) are between them.
    for (let at = next; at < lines.length && at - end <= 2 * CONTEXT; at++) if (lines[at]?.sign !== ' ') end = at
    const stop = Math.min(lines.length, end + CONTEXT + 1)
    const skipped = start - i
    old += skipped
    now += skipped
    const hunk = lines.slice(start, stop)
    // After a final line break, `split` returns an empty string, which is not a line.
    if (stop === lines.length && hunk.at(-1)?.text === '' && hunk.at(-1)?.sign === ' ') hunk.pop()
    const [olds, news] = [hunk.filter(({ sign }) => sign !== '+').length, hunk.filter(({ sign }) => sign !== '-').length]
    out.push(`@@ -${old},${olds} +${now},${news} @@`, ...hunk.map(({ sign, text }) => sign + text))
    if (stop === lines.length && lines.at(-1)?.text !== '') out.push('\\ No newline at end of file')
    old += olds
    now += news
    i = stop
  }
  return `${out.join('\n')}\n`
}

/** Compares two texts line by line: finds a longest common subsequence of the lines between the first and the last difference. */
function compared(a: readonly string[], b: readonly string[]): Line[] {
  let head = 0
  while (head < Math.min(a.length, b.length) && a[head] === b[head]) head++
  let tail = 0
  while (tail < Math.min(a.length, b.length) - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++
  const [one, other] = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)]
  const common = Array.from({ length: one.length + 1 }, () => new Uint32Array(other.length + 1))
  const at = (i: number, j: number) => common[i]?.[j] ?? 0
  for (let i = one.length - 1; i >= 0; i--) {
    for (let j = other.length - 1; j >= 0; j--) (common[i] as Uint32Array)[j] = one[i] === other[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  }
  const same = (text: string): Line => ({ sign: ' ', text })
  const lines = a.slice(0, head).map(same)
  for (let [i, j] = [0, 0]; i < one.length || j < other.length; ) {
    if (i < one.length && j < other.length && one[i] === other[j]) {
      lines.push(same(one[i] as string))
      i++
      j++
    } else if (j >= other.length || (i < one.length && at(i + 1, j) >= at(i, j + 1))) lines.push({ sign: '-', text: one[i++] as string })
    else lines.push({ sign: '+', text: other[j++] as string })
  }
  return [...lines, ...a.slice(a.length - tail).map(same)]
}

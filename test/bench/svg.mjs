// @ts-check
// Draws small plots as SVG, in colours that can be read on a light and on a dark page. Out of scope: the data of a plot.

/**
 * A function in a flame graph. `owner`: the package or other code to which the function belongs. `micros`: the time that it took, in microseconds. `children`:
 * the functions that it called.
 * @typedef {{ readonly name: string, readonly owner: string, micros: number, readonly children: Map<string, Flame> }} Flame
 */

const WIDTH = 720
const STYLE = `<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 15px; font-weight: 600 }
.quiet { fill: #59636e }
.axis { stroke: #59636e; fill: none }
.bar, .dot { fill: #8b98a5 }
.ours { fill: #0969da }
.line { stroke: #0969da; fill: none; stroke-width: 2 }
.limit { stroke: #bc4c00; stroke-dasharray: 5 4 }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc }
.quiet { fill: #9198a1 }
.axis { stroke: #9198a1 }
.bar, .dot { fill: #6e7b88 }
.ours { fill: #4493f8 }
.line { stroke: #4493f8 }
.limit { stroke: #f0883e }
}
</style>`

const escape = (/** @type {unknown} */ text) => String(text).replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`)
/**
 * Returns the SVG of a plot.
 * @param {number} height
 * @param {string} title
 * @param {readonly string[]} parts SVG elements
 */
const svg = (height, title, parts, width = WIDTH) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(title)}">\n${STYLE}\n<text class="title" x="8" y="22">${escape(title)}</text>\n${parts.join('\n')}\n</svg>\n`

/**
 * Draws horizontal bars. The longest bar takes the full width.
 * @param {string} title
 * @param {readonly { name: string, value: number, ours?: boolean, text?: string }[]} rows
 * @param {{ value: number, text: string }} [limit] a value to be marked
 */
export function bars(title, rows, limit) {
  const [left, right, top, step] = [270, 110, 44, 26]
  const most = Math.max(...rows.map(({ value }) => value), limit?.value ?? 0)
  const x = (/** @type {number} */ value) => left + (value / most) * (WIDTH - left - right)
  const bottom = top + rows.length * step
  const parts = rows.flatMap(({ name, value, ours, text }, i) => {
    const y = top + i * step
    return [
      `<text x="${left - 10}" y="${y + 15}" text-anchor="end">${escape(name)}</text>`,
      `<rect class="bar${ours ? ' ours' : ''}" x="${left}" y="${y + 2}" width="${(x(value) - left).toFixed(1)}" height="${step - 8}" rx="2"/>`,
      `<text x="${(x(value) + 6).toFixed(1)}" y="${y + 15}">${escape(text ?? value)}</text>`,
    ]
  })
  if (limit) {
    parts.push(`<line class="limit" x1="${x(limit.value).toFixed(1)}" x2="${x(limit.value).toFixed(1)}" y1="${top - 4}" y2="${bottom + 4}"/>`)
    parts.push(`<text class="quiet" x="${x(limit.value).toFixed(1)}" y="${bottom + 20}" text-anchor="middle">${escape(limit.text)}</text>`)
  }
  return svg(bottom + (limit ? 30 : 8), title, parts)
}

/**
 * Draws points over two axes that begin at zero. With `line`, a line joins them.
 * @param {string} title
 * @param {{ x: string, y: string, line?: boolean }} axes their names
 * @param {readonly { x: number, y: number, name?: string, ours?: boolean }[]} all the points; those of this package have `ours`
 */
export function points(title, { x: xName, y: yName, line = false }, all) {
  const [left, right, top, height, bottom] = [70, 40, 50, 240, 46]
  // Leave room for the names, which stand to the right of their points.
  const mostX = Math.max(...all.map(({ x }) => x)) * (line ? 1.1 : 1.4)
  const mostY = Math.max(...all.map(({ y }) => y)) * 1.25
  const px = (/** @type {number} */ value) => left + (value / mostX) * (WIDTH - left - right)
  const py = (/** @type {number} */ value) => top + height - (value / mostY) * height
  const tick = (/** @type {number} */ most) => {
    const rough = most / 5
    const power = 10 ** Math.floor(Math.log10(rough))
    return [1, 2, 2.5, 5].map((factor) => factor * power).find((one) => one >= rough) ?? 10 * power
  }
  const ticks = (/** @type {number} */ most) => Array.from({ length: Math.floor(most / tick(most)) + 1 }, (_, i) => Number((i * tick(most)).toPrecision(6)))
  const parts = [
    `<path class="axis" d="M${left} ${top}V${top + height}H${WIDTH - right}"/>`,
    ...ticks(mostX).map((value) => `<text class="quiet" x="${px(value).toFixed(1)}" y="${top + height + 18}" text-anchor="middle">${value}</text>`),
    ...ticks(mostY).map((value) => `<text class="quiet" x="${left - 8}" y="${(py(value) + 4).toFixed(1)}" text-anchor="end">${value}</text>`),
    `<text class="quiet" x="${(left + WIDTH - right) / 2}" y="${top + height + 38}" text-anchor="middle">${escape(xName)}</text>`,
    `<text class="quiet" x="8" y="42">${escape(yName)}</text>`,
  ]
  if (line) parts.push(`<path class="line" d="M${all.map(({ x, y }) => `${px(x).toFixed(1)} ${py(y).toFixed(1)}`).join('L')}"/>`)
  for (const { x, y, name, ours } of all) {
    parts.push(`<circle class="dot${ours || line ? ' ours' : ''}" cx="${px(x).toFixed(1)}" cy="${py(y).toFixed(1)}" r="5"/>`)
    if (name) parts.push(`<text x="${(px(x) + 10).toFixed(1)}" y="${(py(y) + 4).toFixed(1)}">${escape(name)}</text>`)
  }
  return svg(top + height + bottom, title, parts)
}

const FLAME_COLOURS = ['#e9973f', '#d1495b', '#8b98a5', '#c9b458', '#54aeff', '#c297ff', '#aceebb']

/**
 * Draws a flame graph: each function stands above its caller, and is as wide as the time that it takes.
 * @param {string} title
 * @param {Flame} root
 * @param {readonly (readonly [owner: string, share: number])[]} shares for each owner (the package or other code to which functions belong), its share of the
 * time. The owners get their colours in alphabetical order, so that each owner has the same colour in every picture
 * @param {number} leastShare functions with a smaller share are left out
 */
export function flames(title, root, shares, leastShare) {
  const [width, step, left, top] = [1200, 16, 8, 60]
  const owners = shares.map(([owner]) => owner).sort()
  const colourOf = (/** @type {string} */ owner) => FLAME_COLOURS[owners.indexOf(owner) % FLAME_COLOURS.length] ?? '#d0d7de'
  const scale = (width - 2 * left) / root.micros
  /** @type {(Flame & { x: number, depth: number })[]} */
  const boxes = []
  /**
   * Adds the box of a function, and above it those of the functions that it called.
   * @param {Flame} node
   * @param {number} x
   * @param {number} depth
   */
  const place = (node, x, depth) => {
    boxes.push({ ...node, x, depth })
    for (const child of [...node.children.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (child.micros >= leastShare * root.micros) place(child, x, depth + 1)
      x += child.micros * scale
    }
  }
  place(root, left, 0)
  const deepest = Math.max(...boxes.map(({ depth }) => depth))
  const legend = shares.flatMap(([owner, share], i) => {
    const x = left + i * 190
    return [
      `<rect x="${x}" y="32" width="12" height="12" rx="2" fill="${colourOf(owner)}"/>`,
      `<text class="quiet" x="${x + 17}" y="43">${escape(owner.split(':')[0])} ${(100 * share).toFixed(0)} %</text>`,
    ]
  })
  const parts = boxes.map(({ name, owner, micros, x, depth }) => {
    const y = top + (deepest - depth) * step
    const wide = micros * scale
    const letters = Math.floor((wide - 6) / 6.6)
    const text = letters < 4 ? '' : `<text x="${(x + 3).toFixed(1)}" y="${y + 12}" style="font-size:11px;fill:#1f2328">${escape(name.slice(0, letters))}</text>`
    const share = ((100 * micros) / root.micros).toFixed(1)
    return `<g><title>${escape(name)}: ${share} %</title><rect x="${x.toFixed(1)}" y="${y}" width="${Math.max(wide - 0.5, 0.2).toFixed(1)}" height="${step - 1}" fill="${depth === 0 ? '#d0d7de' : colourOf(owner)}"/>${text}</g>`
  })
  return svg(top + (deepest + 1) * step + 8, title, [...legend, ...parts], width)
}

/**
 * Describes a page as users of a screen reader or a keyboard perceive the page: Chromium's accessibility tree, and the order in which Tab reaches the controls.
 * Fails if a control cannot be reached by Tab, if Tab does not follow the order of the tree, or if the focus cannot be seen.
 *
 * Out of scope: the rules of axe, which other tests check.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import type { CDPSession, Page } from 'playwright-core'

interface Value {
  readonly value?: string | number | boolean
}

interface AxNode {
  readonly nodeId: string
  readonly backendDOMNodeId?: number
  readonly ignored: boolean
  readonly role?: Value
  readonly name?: Value
  readonly description?: Value
  readonly properties?: readonly { readonly name: string; readonly value: Value }[]
  readonly childIds?: readonly string[]
}

/** A node of the accessibility tree as text: its own line, and the lines of its children. */
interface Part {
  readonly line: string
  readonly text?: string
  readonly control?: number
  readonly parts: readonly Part[]
}

const MAX_STOPS = 100
const TRIES = 10
const PAUSE_MS = 300
const SILENT = ['none', 'generic', 'InlineTextBox', 'LineBreak', 'ListMarker', 'Abbr', 'LabelText']
const STATES = ['level', 'disabled', 'checked', 'required', 'invalid', 'expanded', 'live']

/** @returns two parts in Markdown: the elements that Tab reaches, in their order, and, if `hasTree`, the page's accessibility tree */
async function described(page: Page, hasTree: boolean): Promise<string> {
  const session = await page.context().newCDPSession(page)
  const parts = await treeOf(session)
  const controls = controlsIn(parts)
  const { first, stops } = await stopsOf(page, session)
  await session.send('Runtime.evaluate', { expression: 'document.activeElement.blur()' })
  if (first !== undefined) await session.send('DOM.focus', { backendNodeId: first })
  await session.detach()
  const start = controls.findIndex(({ control }) => control === stops[0])
  expect(stops).toEqual([...controls.slice(start), ...controls.slice(0, start)].map(({ control }) => control))
  const walk = controls.map(({ line }, i) => `${i + 1}. ${line}`)
  const found = controls.find(({ control }) => control === first)
  const tree = hasTree ? `\n\n\`\`\`text\n${linesOf(parts).join('\n')}\n\`\`\`` : ''
  return steady(`Focus at first: ${found?.line ?? 'the page'}. Tab:\n\n${walk.join('\n')}${tree}`)
}

interface WrittenOptions {
  /** False if the pages run no JavaScript. They must then have been drawn before. */
  readonly hasScript?: boolean
  /** False to write only the order of Tab, without the accessibility tree. */
  readonly hasTree?: boolean
}

/**
 * A file with one section for each page: the page's description by keyboard and screen reader. `WALK=1` writes the file again; every other run compares each page
 * with its section.
 */
export class WrittenPages {
  private readonly sections: string[] = []

  constructor(private readonly path: string, private readonly head: string, private readonly options: WrittenOptions = {}) {}

  /** Compares a page with its section. The page may still be loading, so if they differ, this function describes the page again, up to a few times. */
  async check(name: string, page: Page): Promise<void> {
    const { hasScript = true, hasTree = true } = this.options
    const sectionOf = (text: string) => `## ${name}\n\n${text}\n`
    // Chromium moves the focus to a field with `autofocus` only when it draws the loaded page.
    await page.waitForLoadState()
    if (hasScript) await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))')
    if (process.env['WALK'] !== undefined) return void this.sections.push(sectionOf(await described(page, hasTree)))
    const written = readFileSync(this.path, 'utf8').split(/^(?=## )/m).find((one) => one.startsWith(`## ${name}\n`))?.trimEnd().concat('\n')
    for (let left = TRIES - 1; left > 0; left--) {
      if ((await described(page, hasTree).then(sectionOf, () => undefined)) === written) return
      await page.waitForTimeout(PAUSE_MS)
    }
    expect(sectionOf(await described(page, hasTree))).toBe(written)
  }

  save(): void {
    if (process.env['WALK'] !== undefined) writeFileSync(this.path, `${this.head}\n\n${this.sections.join('\n')}`)
  }
}

async function treeOf(session: CDPSession): Promise<readonly Part[]> {
  const { nodes } = (await session.send('Accessibility.getFullAXTree')) as unknown as { nodes: AxNode[] }
  const byId = new Map(nodes.map((node) => [node.nodeId, node]))
  return partsOf(nodes[0] as AxNode, byId, '')
}

/** @param above the name of the element around this node: a text that only repeats this name is left out */
function partsOf(node: AxNode, byId: ReadonlyMap<string, AxNode>, above: string): readonly Part[] {
  const role = String(node.role?.value)
  const name = String(node.name?.value ?? '').trim()
  const isWritten = !node.ignored && !SILENT.includes(role)
  const inner = (node.childIds ?? []).flatMap((id) => partsOf(byId.get(id) as AxNode, byId, isWritten ? name : above))
  if (!isWritten) return inner
  if (role === 'StaticText') return name === '' || above.includes(name) ? [] : [{ line: `text "${name}"`, text: name, parts: [] }]
  const texts = inner.map(({ text }) => text)
  const isText = name === '' && texts.length > 0 && texts.every((text) => text !== undefined)
  const states = (node.properties ?? []).filter((one) => STATES.includes(one.name) && ![undefined, false, 'false', 'off', ''].includes(one.value.value as string)).map((one) => `${one.name}: ${String(one.value.value)}`)
  const description = String(node.description?.value ?? '')
  const line = [role, isText ? `"${texts.join(' ')}"` : name && `"${name}"`, states.length > 0 && `(${states.join(', ')})`, description && `described by "${description}"`].filter(Boolean).join(' ')
  // The heading and a message can get the focus by `autofocus`, but are no stops of Tab.
  const isControl = !['RootWebArea', 'status'].includes(role) && (node.properties ?? []).some((one) => one.name === 'focusable' && one.value.value === true) && !states.includes('level: 1')
  return [{ line, parts: isText ? [] : inner, ...(isControl && node.backendDOMNodeId !== undefined && { control: node.backendDOMNodeId }) }]
}

function controlsIn(parts: readonly Part[]): Part[] {
  return parts.flatMap((part) => [...(part.control === undefined ? [] : [part]), ...controlsIn(part.parts)])
}

function linesOf(parts: readonly Part[], indent = ''): string[] {
  return parts.flatMap(({ line, parts: inner }) => [`${indent}${line}`, ...linesOf(inner, `${indent}  `)])
}

/** Presses Tab until the focus is back at the first element. */
async function stopsOf(page: Page, session: CDPSession): Promise<{ first: number | undefined; stops: number[] }> {
  const first = await focusOf(session)
  const stops: number[] = []
  for (let i = 0; i < MAX_STOPS; i++) {
    await page.keyboard.press('Tab')
    const stop = await focusOf(session)
    // Skip the page itself (`undefined`): Tab can lead to it from the last control, even at the first press. Skip a frame, too: its own page shows the focus.
    if (stop === undefined) continue
    if (stop === stops[0]) break
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).not.toBe('none')
    stops.push(stop)
  }
  return { first, stops }
}

/** The number that the accessibility tree gives to the focused element; undefined if the page itself or a frame has the focus. */
async function focusOf(session: CDPSession): Promise<number | undefined> {
  const { result } = await session.send('Runtime.evaluate', { expression: 'document.activeElement' })
  const { node } = await session.send('DOM.describeNode', { objectId: result.objectId as string })
  return ['BODY', 'IFRAME'].includes(node.nodeName) ? undefined : node.backendNodeId
}

/** Replaces the parts of a description that differ from run to run, such as times. */
export function steady(text: string): string {
  return text
    .replace(/\b\d{1,2}:\d\d\b/g, 'm:ss')
    .replace(/\b(in|dans|tra) \d{1,2}\u00a0s\b/g, '$1 n s')
    .replace(/\b[\dA-Za-z]{4}(?:-[\dA-Za-z]{4}){3}\b/g, 'xxxx-xxxx-xxxx-xxxx')
    .replace(/\b[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}\b/g, 'id')
    .replace(/\b\d{1,2}\.?[ \u00a0][A-Z][a-zä]+[ \u00a0]20\d\d\b/g, 'date')
    .replace(/\b[A-Z][a-z]+[ \u00a0]\d{1,2}, 20\d\d\b/g, 'date')
    .replace(/\b[\da-f]{12}\b/g, 'password')
    .replace(/\b\d{6}\b/g, 'nnnnnn')
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1')
}

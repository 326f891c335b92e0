/**
 * Formats the findings of the command `doctor` for a terminal: lines of at most 100 columns, with colours if the terminal supports them.
 *
 * Out of scope: JSON output (`command-line.ts`).
 */
import type { Finding } from './findings'

const WORDS = { ok: 'ok', warning: 'WARNING', error: 'ERROR', unchecked: 'not checked' } as const
const LEVELS = ['ok', 'warning', 'error', 'unchecked'] as const
const LEVEL_WIDTH = 13
const CHECK_WIDTH = 28
const MAX_COLUMNS = 100

/** The terminal colour of each level: green, yellow, red and dim (ECMA-48, Select Graphic Rendition). */
const COLOURS = { ok: 32, warning: 33, error: 31, unchecked: 2 } as const

export function reportOf(findings: readonly Finding[], { hasColours = false } = {}): string {
  const lines: string[] = []
  for (const { finding, checks, level, remedy } of blocksOf(findings)) {
    const [first, ...others] = checks as [string, ...string[]]
    const isAlone = others.length === 0
    const indent = LEVEL_WIDTH + (isAlone ? CHECK_WIDTH : 0)
    // The name of a check can contain the name of a strategy. If such a name is too long for its column, the finding's text begins on the next line.
    const isWide = isAlone && first.length >= CHECK_WIDTH
    const head = isAlone && !isWide ? first.padEnd(CHECK_WIDTH) : ''
    const texts = [...(isAlone && !isWide ? [] : wrapped(checks.join(', '), LEVEL_WIDTH)), ...wrapped(finding, indent)]
    if (remedy !== undefined) texts.push(...wrapped(`→ ${remedy}`, indent, 2))
    const word = WORDS[level].padEnd(LEVEL_WIDTH)
    const [start = '', ...rest] = texts
    lines.push(`${hasColours ? `\u001b[${COLOURS[level]}m${word}\u001b[0m` : word}${head}${start.trimStart()}`, ...rest)
  }
  return [...lines, '', countsOf(findings)].join('\n')
}

/** Matches a command in a text. The user may copy the command, so it must stay on one line if it fits there. */
const COMMAND = /npx passport-nevis (?:doctor|init|probe)(?: [^\s<>→;,:]*[./][^\s<>→;,:]*| <[^<>]{1,60}>)?(?: --[a-z-]+)*|npm install(?: [\w@/.-]+)?/g

/**
 * Wraps a text at its spaces, but never in a command, and never between a number and its unit (`5 s`). Cuts a word that is longer than a line, such as a URL.
 * @param indent columns before each line
 * @param hanging additional columns before all lines but the first
 */
export function wrapped(text: string, indent: number, hanging = 0): string[] {
  const width = MAX_COLUMNS - indent - hanging
  const words = text.trimEnd().replace(COMMAND, (command) => command.replaceAll(' ', '\u00a0')).split(/ (?!s(?:[ ,;]|$))/).flatMap((word) => word.match(new RegExp(`.{1,${width}}`, 'gu')) ?? [''])
  const lines: string[] = []
  for (const word of words) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines.map((line, i) => `${' '.repeat(indent + (i === 0 ? 0 : hanging))}${line.replaceAll('\u00a0', ' ')}`)
}

interface Block {
  readonly level: Finding['level']
  readonly checks: string[]
  readonly finding: string
  readonly remedy: string | undefined
}

function blocksOf(findings: readonly Finding[]): Block[] {
  const blocks: Block[] = []
  for (const one of findings) {
    const check = one.strategy === undefined ? one.check : `${one.check} (${one.strategy})`
    const { level, finding, remedy } = one
    const last = blocks.at(-1)
    const isSame = level === 'unchecked' && last?.level === 'unchecked' && last.finding === finding && last.remedy === remedy
    if (isSame) last.checks.push(check)
    else blocks.push({ level, checks: [check], finding, remedy })
  }
  return blocks
}

function countsOf(findings: readonly Finding[]): string {
  const count = (level: Finding['level']) => findings.filter((one) => one.level === level).length
  const plural = { ok: 'ok', warning: 'warnings', error: 'errors', unchecked: 'not checked' }
  return LEVELS.map((level) => `${count(level)} ${count(level) === 1 ? WORDS[level].toLowerCase() : plural[level]}`).join(', ')
}

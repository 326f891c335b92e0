/**
 * Formats the findings as text for a terminal.
 *
 * Out of scope: JSON output (`command-line.ts`).
 */
import type { Finding } from './findings'

const WORDS = { ok: 'ok', warning: 'WARNING', error: 'ERROR', unchecked: 'not checked' } as const
const LEVELS = ['ok', 'warning', 'error', 'unchecked'] as const
const LEVEL_WIDTH = 13
const CHECK_WIDTH = 28

export function reportOf(findings: readonly Finding[]): string {
  const lines: string[] = []
  for (const { finding, checks, level, remedy } of blocksOf(findings)) {
    const [first, ...others] = checks as [string, ...string[]]
    const isAlone = others.length === 0
    lines.push(`${WORDS[level].padEnd(LEVEL_WIDTH)}${isAlone ? `${first.padEnd(CHECK_WIDTH)}${finding}` : checks.join(', ')}`)
    const indent = ' '.repeat(LEVEL_WIDTH + (isAlone ? CHECK_WIDTH : 0))
    if (!isAlone) lines.push(`${indent}${finding}`)
    if (remedy !== undefined) lines.push(`${indent}→ ${remedy}`)
  }
  return [...lines, '', countsOf(findings)].join('\n')
}

interface Block {
  readonly level: Finding['level']
  readonly checks: string[]
  readonly finding: string
  readonly remedy: string | undefined
}

/** Groups consecutive unchecked findings that have the same reason. */
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

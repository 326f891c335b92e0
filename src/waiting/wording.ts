/**
 * Picks the words for a factor and an operation, and writes the time that is left.
 *
 * Out of scope: the texts themselves (`texts/`).
 */
import type { Texts } from './texts/texts'
import type { WaitingView } from './view'

type Words = Readonly<Record<string, string> & { other: string }>

export function wordsFor({ operation }: WaitingView, texts: Texts): Record<'heading' | 'hint' | 'use', Words> {
  if (operation === 'approve') return texts
  return { heading: texts.enrollHeading, hint: texts.enrollHint, use: texts.enrollUse }
}

export function textFor(texts: Words, name: string | undefined): string {
  return name !== undefined && Object.hasOwn(texts, name) ? (texts[name] as string) : texts.other
}

export function secondsUntil(time: string): number {
  return Math.max(0, Math.ceil((Date.parse(time) - Date.now()) / 1000))
}

export function clock(expiresAt: string): string {
  const seconds = secondsUntil(expiresAt)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

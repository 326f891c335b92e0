/**
 * The type of one question that Nevis's documentation does not answer, and the function that several answers share.
 *
 * Out of scope: the questions themselves (`questions.ts`, `code-questions.ts`).
 */
import type { FactsReader } from './facts-reader'

export interface Answered {
  readonly question: string
  readonly answer: string
  /** What this package does if this answer is true for the Nevis instance. */
  readonly does: string
  /** The option to set because of this answer; or, after the word `not`, an option that must not be set. Undefined if no option depends on this answer. */
  readonly option?: string
}

/** The answer to a question. If the question has no answer because the instance refused a request: the step of this request. */
export type Reading = Omit<Answered, 'question'> | { readonly refused: string } | undefined

/** A question with the step that shows the answer. If several steps can show it, one step that got an answer is enough. */
export type Question = readonly [question: string, step: string | readonly string[], read: (facts: FactsReader) => Reading]

/** Leaves the question open if the instance refused one of these steps: an error does not show how the instance would answer without the error. */
export function ifAccepted(steps: readonly string[], read: (facts: FactsReader) => Reading): (facts: FactsReader) => Reading {
  return (facts) => {
    const refused = steps.find((step) => /^[45]/.test(facts.http(step)))
    return refused === undefined ? read(facts) : { refused }
  }
}

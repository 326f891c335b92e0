/** The types of the waiting page's script (`waiting.ts`). They have a file of their own, because `waiting.ts` would otherwise be too long. */

/** The `data-` attributes of the `main` element: see `page.ts`. */
interface PageData {
  readonly transaction: string
  readonly statusUrl: string
  readonly callbackUrl: string
  readonly secondsLeft: string
  readonly prompt: string
  readonly approved: string
  readonly elsewhere: string
  readonly nothingLeft: string
  readonly offline: string
  readonly endsSoon: string
}

/** A message between tabs that wait for the same approval. */
interface TabMessage {
  readonly transaction: string
  readonly says: 'hello' | 'hello to you' | 'gone on'
}

/** Replaces the text of an element. Sets `lang` if the text is English because the page's language has no translation. */
type Write = (element: HTMLElement, text: string) => void

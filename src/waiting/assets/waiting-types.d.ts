/** The types of the waiting page's script (`waiting.ts`). They have a file of their own, so that `waiting.ts` does not become too long. */

interface Window {
  /** Starts this script again, after htmx or Turbo has inserted another page. */
  nevisWaitingPage?: () => void
  /**
   * Starts the script for the page's forms. Returns a function that calls `leave`, which leaves the page. If the script has left a page shortly before, the
   * function first pauses. If the browser is sending a form, the function first waits for the answer. Defined in `leave-page.ts`.
   */
  nevisLeaving(main: HTMLElement): (leave: () => void) => void
  /** Starts the script that keeps the phone number that the user has typed. Defined in `typed-phone.ts`. */
  nevisTypedPhone(main: HTMLElement): void
  /** Defined in `remember.ts`. Returns a function that gives the user's choice, as a part of the callback's query. */
  nevisRemember(main: HTMLElement): () => string
  /**
   * Starts the script for the button "Get more time". Defined in `more-time.ts`.
   * @param say shows why the user got no more time
   * @returns a function that says whether the script waits for an answer
   */
  nevisMoreTime(main: HTMLElement, say: (text: string) => void, succeeded: (more: PageData) => void): () => boolean
  /** Starts the script for new recovery codes. Defined in `recovery-codes.ts`. */
  nevisRecoveryCodes(main: HTMLElement, write: Write): void
  /** Starts the script for Nevis's widget. Defined in `widget.ts`. */
  nevisWidget(main: HTMLElement, write: Write, isDone: () => boolean, finish: () => void): void
}

/** The `data-` attributes of the `main` element: see `page.ts`. */
interface PageData {
  readonly transaction: string
  readonly sharedName: string
  readonly statusUrl: string
  readonly callbackUrl: string
  readonly secondsLeft: string
  readonly prompt: string
  readonly approved: string
  readonly elsewhere: string
  readonly nothingLeft: string
  readonly offline: string
  readonly silent: string
  readonly endsSoon: string
}

/** The JSON of the status endpoint. */
interface StatusJson {
  readonly status: string
  readonly isSilent?: boolean
  readonly retryAfterSeconds?: number
}

/** A message between tabs that wait for the same approval. */
interface TabMessage {
  /** The tabs' `sharedName`. */
  readonly of: string
  readonly says: 'hello' | 'hello to you' | 'gone on'
}

/** Replaces the text of an element. Sets `lang` if the text is English because the page's language has no translation. */
type Write = (element: HTMLElement, text: string) => void

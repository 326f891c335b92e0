/**
 * Ends the probe early: after an hour, or if the person presses Ctrl-C, closes the terminal, or stops the process. Further signals do not end the process,
 * because the probe must first delete its test users.
 *
 * Out of scope: deleting the test users (`stages.ts`).
 */
import type { Interface } from 'node:readline/promises'

const MAX_MS = 60 * 60_000
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** Printed after each signal, whatever the probe is doing. So this sentence must be true in each stage, during the deletion, and during the comparison. */
const WHAT_FOLLOWS = 'Please wait: the probe deletes its test users, names those that may be left, and prints the report of the completed stages.'

export class Interruption {
  readonly #controller = new AbortController()
  readonly #timer = setTimeout(() => this.#stop('An hour has passed.'), MAX_MS)
  readonly #onSignal = () => this.#stop('Interrupted.')
  readonly #ignore = () => undefined

  /** Listens to the signals of the process and to Ctrl-C in the terminal. */
  constructor(
    terminal: Interface,
    private readonly say: (line: string) => void,
  ) {
    for (const name of SIGNALS) process.on(name, this.#onSignal)
    terminal.on('SIGINT', this.#onSignal)
    // After the terminal was closed, reading and writing fail. Without these listeners, the process would end before the test users are deleted.
    terminal.on('error', this.#onSignal)
    for (const stream of [process.stdout, process.stderr]) stream.on('error', this.#ignore)
  }

  /** An AbortSignal that is aborted by the first signal of the process, by Ctrl-C, or after an hour. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Stops listening to the signals of the process and to the terminal. */
  end(): void {
    clearTimeout(this.#timer)
    for (const name of SIGNALS) process.removeListener(name, this.#onSignal)
    for (const stream of [process.stdout, process.stderr]) stream.removeListener('error', this.#ignore)
  }

  #stop(why: string): void {
    this.#controller.abort()
    this.say(`${why} ${WHAT_FOLLOWS}`)
  }
}

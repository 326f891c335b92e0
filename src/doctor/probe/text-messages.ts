/**
 * The text messages that the command `probe` asks Nevis to send, and the codes that the person types from them. A code is a secret: the report never shows it.
 *
 * Out of scope: the requests to Nevis (`sms-stage.ts`, `wait-stage.ts`).
 */

/** The form of the code in a text message. Nevis documents no form. Input of another form is not sent, because each wrong code costs a text message. */
const CODE = /^(?=.*\d)[A-Za-z\d]{4,12}$/
/** How often the probe asks for the same code if the person only presses Enter, or types something that cannot be a code. */
export const MOST_QUESTIONS = 3

/** What this class uses of a `StageContext`. */
interface Conversation {
  readonly caller: { learn(value: unknown, label: string): void }
  readonly person: { typeCode(which: string): Promise<string> }
  readonly say: (line: string) => void
}

/** Counts the text messages that the probe asks Nevis to send. The number of a message tells the person from which message to type the code. */
export class TextMessages {
  private count = 0

  constructor(private readonly context: Conversation) {}

  announce(use: string): void {
    this.count++
    this.context.say(`Asking Nevis for text message ${this.count}: ${use}.`)
  }

  /**
   * @param again added to the question, if the person types the same code a second time
   * @returns the code of the newest text message, as the person has typed it; undefined if the person typed no code
   */
  async typedCode(again = ''): Promise<string | undefined> {
    const { caller, person, say } = this.context
    for (let questions = 0; questions < MOST_QUESTIONS; questions++) {
      const code = await person.typeCode(`text message ${this.count}, the one that came last, after the line "Asking Nevis for text message ${this.count}"${again}`)
      const plain = code.replace(/[\s-]/g, '')
      if (CODE.test(plain)) {
        caller.learn(plain, 'the code')
        return plain
      }
      const isLast = questions === MOST_QUESTIONS - 1
      if (plain !== '') say(`This cannot be a code: a code has 4 to 12 digits or letters, with at least one digit.${isLast ? '' : ' Type it again.'}`)
    }
    return undefined
  }

  /**
   * Has the person type the code twice, and compares the two. This is for a code whose answer would not show that the person has mistyped it.
   * @returns undefined if the person typed no code, or typed two different ones each time
   */
  async codeTypedTwice(): Promise<string | undefined> {
    for (let times = 0; times < MOST_QUESTIONS; times++) {
      const first = await this.typedCode()
      const second = first === undefined ? undefined : await this.typedCode(', once more')
      if (second === undefined || second === first) return second
      this.context.say('You have typed two different codes.')
    }
    return undefined
  }
}

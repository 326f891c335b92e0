/**
 * Asks the person at the terminal. Shows the QR code and the link in a file, because a terminal keeps its output and both are secret. Over SSH, a person may
 * have no browser on the same machine, and can have the link printed instead.
 *
 * Only the current system user can read the file, and the file is deleted after the scan. The link is printed only if the person asks for it.
 * Out of scope: choosing the questions (`*-stage.ts`).
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Interface } from 'node:readline/promises'
import { pictureIn } from '../../client/pictures'
import { ProbeEnded } from './caller'
import type { Person } from './stage-context'

/** Why the probe ended, if the input ended at a question, for example because the person pressed Ctrl-D. */
export const INPUT_ENDED = 'the input ended before the answer to a question'

export class TerminalPerson implements Person {
  /**
   * @param terminal reads what the person types
   * @param signal when it is aborted, a pending question is cancelled
   * @param say prints a line
   */
  constructor(
    private readonly terminal: Interface,
    private readonly signal: AbortSignal,
    private readonly say: (line: string) => void = () => undefined,
  ) {}

  async confirm(question: string): Promise<boolean> {
    try {
      return /^y(es)?$/i.test((await this.ask(`${question} [y/N, Enter means no] `)).trim())
    } catch (reason) {
      if (!isOfEnd(reason)) throw reason
      this.say('\nThe input ended at this question, which means no.')
      return false
    }
  }

  async scan(link: string | undefined, image: string | undefined, which?: string): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'passport-nevis-probe-'))
    try {
      const file = join(folder, 'scan.html')
      await writeFile(file, scanPage(link, image), { mode: 0o600 })
      const also = link === undefined ? '' : '\nWithout a browser, for example over SSH, type "link" and press Enter: this prints the link, to open on the phone.'
      const typed = await this.ask(`Open ${file} in a browser on this machine,\nscan the code with the Access App${which === undefined ? '' : ` (${which})`}, then press Enter.${also}\n> `)
      if (link !== undefined && /^\s*link\s*$/i.test(typed)) await this.ask(`Open this link on the phone with the Access App, then press Enter:\n  ${visible(link)}\n`)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  async answer(what: 'accept' | 'deny'): Promise<void> {
    await this.ask(`${what === 'accept' ? 'ACCEPT' : 'DENY'} the request on your phone, then press Enter. `)
  }

  async typeCode(which: string): Promise<string> {
    return (await this.ask(`Type the code of ${which}: `)).trim()
  }

  /** @throws ProbeEnded if the input ends before the answer (Ctrl-D). Without this error, the process would end, and the test users would remain */
  private async ask(question: string): Promise<string> {
    const ended = new AbortController()
    const end = () => ended.abort()
    this.terminal.once('close', end)
    try {
      return await this.terminal.question(question, { signal: AbortSignal.any([this.signal, ended.signal]) })
    } catch (reason) {
      throw this.signal.aborted ? reason : new ProbeEnded(INPUT_ENDED)
    } finally {
      this.terminal.removeListener('close', end)
    }
  }
}

function isOfEnd(reason: unknown): boolean {
  return reason instanceof ProbeEnded && reason.message === INPUT_ENDED
}

/** The link, with a question mark in place of each character that a terminal would interpret. The link is not cut off: the person needs all of it. */
function visible(link: string): string {
  return link.replace(/[^\x21-\x7e]/g, '?')
}

/** The HTML page with the QR code and the link. Nevis's response cannot add markup: the image is base64, and the link is escaped. */
function scanPage(link: string | undefined, image: string | undefined): string {
  const picture = pictureIn(image ?? '')
  const escaped = (link ?? '').replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
  return `<!doctype html><meta charset="utf-8"><title>passport-nevis probe</title>${picture === undefined ? '' : `<img alt="QR code" src="${picture}">`}<p>${escaped}</p>`
}

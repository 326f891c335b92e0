/**
 * Asks the person at the terminal. Shows the QR code and the link in a file, because they are as secret as a password and terminals keep their output. Only
 * the current system user can read the file, and it is deleted after the scan.
 *
 * Out of scope: what the person is asked for (`*-stage.ts`).
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Interface } from 'node:readline/promises'
import type { Person } from './scene'

const MAX_IMAGE_CHARACTERS = 500_000

export class TerminalPerson implements Person {
  /**
   * Reads the person's input from this stream.
   * @param signal when it is aborted, a pending question is cancelled
   */
  constructor(
    private readonly terminal: Interface,
    private readonly signal: AbortSignal,
  ) {}

  async confirm(question: string): Promise<boolean> {
    return /^y(es)?$/i.test((await this.ask(`${question} [y/N] `)).trim())
  }

  async scan(link: string | undefined, image: string | undefined): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'passport-nevis-probe-'))
    try {
      const file = join(folder, 'scan.html')
      await writeFile(file, scanPage(link, image), { mode: 0o600 })
      await this.ask(`Open ${file} in a browser on this machine and scan the code with the Access App, then press Enter. `)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  async answer(what: 'accept' | 'deny'): Promise<void> {
    await this.ask(`${what === 'accept' ? 'ACCEPT' : 'DENY'} the request on your phone, then press Enter. `)
  }

  async typeCode(): Promise<string> {
    return (await this.ask('Type the code of the newest text message: ')).trim()
  }

  private ask(question: string): Promise<string> {
    return this.terminal.question(question, { signal: this.signal })
  }
}

/** The HTML page with the QR code and the link. Nevis's response cannot add markup, because the image must be base64 and the link is escaped. */
function scanPage(link: string | undefined, image: string | undefined): string {
  const isImage = image !== undefined && image.length < MAX_IMAGE_CHARACTERS && /^data:image\/(png|jpeg|gif);base64,[A-Za-z0-9+/=\s]+$/.test(image)
  const escaped = (link ?? '').replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
  return `<!doctype html><meta charset="utf-8"><title>passport-nevis probe</title>${isImage ? `<img alt="QR code" src="${image.replace(/\s/g, '')}">` : ''}<p>${escaped}</p>`
}

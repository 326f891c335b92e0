/**
 * A user with a touch screen, in one tab: taps, types, reads, and records all of it. Every element that a step names must be visible.
 *
 * Out of scope: the route through the app (`example-walk.test.ts`).
 */
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { type WrittenPages } from './accessibility'
import { COLOUR_RULES, violations } from './axe'
import { lookOf, wrapped } from './buttons'
import { until } from '../support/redis-groups'
import { overflowing, wholePicture } from './support'

export const SCREENSHOTS = join(__dirname, 'screenshots')
const NARROWEST = 320
const WIDEST = 1280
const WIDTHS = [NARROWEST, 360, 768, WIDEST]

export class Walker {
  /** The accent colours of the app's pages that were looked at in this tab. */
  private readonly accents = new Set<string>()
  /** The text message that was read last. */
  private lastText: string | undefined

  /**
   * @param lines the record so far; this tab appends to it
   * @param pages checks the accessibility tree of each page (what a screen reader gets) against the file that an earlier run has written
   * @param where the text with which each line of the record begins
   */
  constructor(
    readonly page: Page,
    private readonly origin: string,
    private readonly lines: string[],
    private readonly pages: WrittenPages,
    private readonly where = '',
  ) {}

  async open(path: string): Promise<void> {
    this.note(`opens \`${path}\``)
    await this.page.goto(this.origin + path)
  }

  async tap(role: 'button' | 'link' | 'checkbox', name: string): Promise<void> {
    this.note(`taps **${name}**`)
    await this.page.getByRole(role, { name, exact: true }).filter({ visible: true }).first().tap()
  }

  /** Opens a collapsed section. */
  async tapText(name: string): Promise<void> {
    this.note(`taps **${name}**`)
    await this.page.locator('summary', { hasText: name }).tap()
  }

  async types(label: string, text: string): Promise<void> {
    this.note(`types \`${text}\` into **${label}**`)
    await this.field(label).fill(text)
  }

  /** @param shown what to write into the record (`lines`) instead of `text`, because `text` is different in each run */
  async typesSecret(label: string, text: string, shown: string): Promise<void> {
    this.note(`types ${shown} into **${label}**`)
    await this.field(label).fill(text)
  }

  /** Checks that a field still contains the typed text. */
  async finds(label: string, text: string): Promise<void> {
    this.note(`finds \`${text}\` in **${label}** still`)
    expect(await this.field(label).inputValue()).toBe(text)
  }

  async sees(heading: string): Promise<void> {
    this.note(`sees the page **${heading}**`)
    await this.page.getByRole('heading', { level: 1 }).filter({ hasText: loosely(heading) }).waitFor()
  }

  async reads(text: string): Promise<void> {
    this.note(`reads “${text}”`)
    await this.page.getByText(text).filter({ visible: true }).first().waitFor()
  }

  async tapOnPhone(name: string, button: 'Zustimmen' | 'Ablehnen'): Promise<void> {
    this.note(`taps **${button}** on the phone of ${name}`)
    await this.isUpToDate()
    const buttons = this.phone(name).getByRole('button', { name: button })
    await buttons.tap()
    await buttons.waitFor({ state: 'detached' })
  }

  /** Pastes an app link into the simulated phone. */
  async scan(name: string, link: string): Promise<void> {
    this.note(`scans ${link.startsWith('http') ? 'the link of the QR code' : `\`${link}\``} with the phone of ${name}`)
    await this.phone(name).getByLabel('Einrichten oder scannen').fill(link)
    await this.phone(name).getByRole('button', { name: 'Scannen', exact: true }).tap()
  }

  /** Waits for a text message that this user has not read yet, and reads its code. */
  async smsCode(name: string): Promise<string> {
    this.note(`reads the code of the SMS on the phone of ${name}`)
    const newest = this.phone(name).locator('.texts li').first()
    const text = await (this.lastText === undefined ? newest : newest.filter({ hasNotText: this.lastText })).innerText()
    this.lastText = text
    return codeIn(text)
  }

  async codeInRequest(name: string): Promise<string> {
    this.note(`reads the code of the request on the phone of ${name}`)
    await this.isUpToDate()
    return codeIn(await this.phone(name).locator('.message').first().innerText())
  }

  /**
   * Checks that the accessibility tree and the Tab order of the page are those in the recorded file (`pages`). The page must be accessible in light, dark and
   * forced colours, and have a button or link to continue. It must fit the narrowest screen, and, with text of twice the size, the tab's screen. Its buttons
   * must look alike, and have texts of one line on the widest screen. All pages of the app in this tab, and the waiting page, must have the same accent colour.
   */
  async look(name: string): Promise<void> {
    const { page } = this
    if (this.where !== '') await this.isUpToDate()
    await this.pages.check(name, page)
    expect([name, await violations(page)]).toEqual([name, []])
    expect([name, await page.locator('main').getByRole('button').or(page.locator('main').getByRole('link')).filter({ visible: true }).count()]).not.toEqual([name, 0])
    const { accents, unequal } = await lookOf(page)
    if (page.url().startsWith(this.origin)) for (const accent of accents) this.accents.add(accent)
    expect([name, unequal, [...this.accents]]).toEqual([name, [], [...this.accents].slice(0, 1)])
    if (process.env['SCREENSHOTS'] !== undefined) await this.picture(name)
    const size = page.viewportSize() as { width: number; height: number }
    await page.setViewportSize({ ...size, width: WIDEST })
    expect([name, await wrapped(page)]).toEqual([name, []])
    await page.setViewportSize({ ...size, width: NARROWEST })
    await this.fits(name)
    await page.setViewportSize(size)
    await page.evaluate('document.documentElement.style.fontSize = "200%"')
    await this.fits(`${name}, with text of twice the size`)
    await page.evaluate('document.documentElement.removeAttribute("style")')
    for (const media of [{ colorScheme: 'dark' }, { colorScheme: 'light', forcedColors: 'active' }] as const) {
      await page.emulateMedia(media)
      expect([name, media, await violations(page, { rules: COLOUR_RULES })]).toEqual([name, media, []])
    }
    await page.emulateMedia({ colorScheme: null, forcedColors: null })
  }

  /** Checks that the page does not scroll to the side, and that no text runs over the border of its element. */
  private async fits(name: string): Promise<void> {
    expect([name, await this.page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')]).toEqual([name, 0])
    expect([name, await overflowing(this.page)]).toEqual([name, []])
  }

  private async picture(name: string): Promise<void> {
    const size = this.page.viewportSize() as { width: number; height: number }
    for (const colorScheme of ['light', 'dark'] as const) {
      await this.page.emulateMedia({ colorScheme })
      for (const width of WIDTHS) {
        await wholePicture(this.page, join(SCREENSHOTS, `walk-${name}-${colorScheme}-${width}.png`), { width, height: 740 })
      }
    }
    await this.page.emulateMedia({ colorScheme: null })
    await this.page.setViewportSize(size)
  }

  /** Waits until the page of the phones shows the newest requests. It redraws them once a second, so it could still show a request that has expired. */
  private async isUpToDate(): Promise<void> {
    const isDrawn = "(async () => (await (await fetch('/_simulator/state')).json()).version === version)()"
    await until(() => this.page.evaluate<boolean>(isDrawn), 'the page of the phones shows the newest requests')
  }

  private phone(name: string): Locator {
    return this.page.getByRole('region', { name })
  }

  private field(label: string): Locator {
    return this.page.getByLabel(label, { exact: true }).filter({ visible: true })
  }

  private note(what: string): void {
    this.lines.push(`- ${this.where}${what}`)
  }
}

/** Ignores soft hyphens in a heading. */
function loosely(text: string): RegExp {
  return new RegExp(`^\\s*${[...text].map((character) => character.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('\u00ad?')}\\s*$`)
}

function codeIn(text: string): string {
  return /\d{4,}/.exec(text)?.[0] as string
}

/** Whether the buttons of a page look alike, whether their texts have one line, and which accent colours the page uses. */
import type { Page } from 'playwright-core'

export interface Look {
  /** The colours of main buttons and of links. A page should use only one colour. */
  readonly accents: readonly string[]
  /** Buttons whose font, corners or height differ from those of the first button, and buttons that are narrower than those beside them. */
  readonly unequal: readonly string[]
}

/** Finds the buttons whose text has more than one line. */
export function wrapped(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`[...document.querySelectorAll('main .button, main .nevis-button')].filter((one) => one.checkVisibility()).filter((one) => {
    const text = document.createRange()
    text.selectNodeContents(one)
    return new Set([...text.getClientRects()].map(({ top }) => Math.round(top))).size > 1
  }).map(({ textContent }) => textContent.trim())`)
}

/** Describes the buttons of a page. Ignores what does not look like a button: links within a sentence, and the links and buttons of a list of choices. */
export function lookOf(page: Page): Promise<Look> {
  return page.evaluate<Look>(`(() => {
    const visible = (selector) => [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility())
    const buttons = visible('main .button, main .nevis-button')
    const main = buttons.filter((one) => !one.matches('.second, .danger, :disabled'))
    const links = visible('main a').filter((one) => !one.matches('.button, .nevis-button'))
    const nameOf = (one) => one.textContent.trim()
    const lineOf = (one) => parseFloat(getComputedStyle(one).lineHeight)
    const heightOf = (one) => one.getBoundingClientRect().height - lineOf(one) * (Math.round(contentOf(one) / lineOf(one)) - 1)
    const contentOf = (one) => { const s = getComputedStyle(one); return one.getBoundingClientRect().height - parseFloat(s.paddingTop) - parseFloat(s.paddingBottom) - parseFloat(s.borderTopWidth) - parseFloat(s.borderBottomWidth) }
    const shapeOf = (one) => { const s = getComputedStyle(one); return [s.fontSize, s.fontWeight, s.borderRadius, Math.round(heightOf(one))].join(' ') }
    const unequal = buttons.filter((one) => shapeOf(one) !== shapeOf(buttons[0])).map((one) => nameOf(one) + ': ' + shapeOf(one) + ' instead of ' + shapeOf(buttons[0]))
    for (const group of visible('.buttons')) {
      const widths = [...group.querySelectorAll('.button')].map((one) => one.getBoundingClientRect().width)
      if (Math.max(...widths) - Math.min(...widths) > 1) unequal.push(nameOf(group) + ': widths ' + widths.join(', '))
    }
    const accents = new Set([...main.map((one) => getComputedStyle(one).backgroundColor), ...links.map((one) => getComputedStyle(one).color)])
    return { accents: [...accents], unequal }
  })()`)
}

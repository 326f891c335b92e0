/** Runs axe-core, which finds faults of accessibility. */
import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** The rules that depend on the colour scheme. They are checked in each scheme, all other rules in light colours only. */
export const COLOUR_RULES = ['color-contrast', 'link-in-text-block', 'target-size']

/**
 * Returns what axe finds on a page. `evaluate` loads axe despite the page's Content-Security-Policy.
 * @param rules the rules to check; default: all
 * @param iframes false: leave out the content of frames
 */
export async function violations(page: Page, { rules, iframes = true }: { rules?: readonly string[]; iframes?: boolean } = {}): Promise<string[]> {
  if (await page.evaluate<boolean>('globalThis.axe === undefined')) await page.evaluate(axe.source)
  // Return only the violations: axe also lists every element without one, which takes time.
  const options = JSON.stringify({ iframes, resultTypes: ['violations'], ...(rules !== undefined && { runOnly: rules }) })
  const found = await page.evaluate<axe.Result[]>(`axe.run(${options}).then(({ violations }) => violations)`)
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

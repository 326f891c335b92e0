/**
 * The HTML document around every page: its head, and the script and styles that it loads.
 *
 * Out of scope: the content of the page (`page.ts`, `notices.ts`).
 */
import { html, type Html, type Piece } from './html'
import type { Language } from './texts/languages'

/** What every page needs. */
export interface ShellParts {
  readonly language: Language
  readonly assets: { readonly script: string; readonly styles: readonly string[] }
  readonly nonce?: string | undefined
}

export interface PageParts extends ShellParts {
  readonly waitingURL: string
  /** URLs of Nevis's script and of the app's script that starts the widget. */
  readonly widgetScripts: readonly string[]
  readonly csrfToken?: string | undefined
}

export function shell(title: string, main: Html, parts: ShellParts, head?: Piece): Html {
  const { language, assets } = parts
  return html`<!doctype html>
<html lang="${language.tag}" dir="${language.texts.dir}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="robots" content="noindex">
    <meta name="color-scheme" content="light dark">
    <title>${title}</title>
    ${assets.styles.map((style) => html`<link rel="stylesheet" href="${style}"${nonceOf(parts)}>`)}
    ${scriptTag(assets.script, parts)}
    ${head}
  </head>
  <body>${main}
  </body>
</html>
`
}

export function scriptTag(src: string, parts: ShellParts): Html {
  return html`<script src="${src}" defer${nonceOf(parts)}></script>`
}

function nonceOf({ nonce }: ShellParts): Html | false {
  return nonce !== undefined && html` nonce="${nonce}"`
}

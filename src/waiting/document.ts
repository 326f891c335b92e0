/**
 * The HTML document around every page: title, logo, footer, and the links to script and style.
 *
 * Style and script are in the body of the document, because htmx and Turbo insert only the body of a page. Out of scope: the content of the page
 * (`page.ts`, `notices.ts`).
 */
import { withQuery } from '../host/url'
import type { OfferedAuthenticator } from './authenticators'
import { html, type Html, type Piece } from './html'
import type { Brand } from './page-options'
import type { Language } from './texts/languages'
import type { Texts } from './texts/texts'
import type { WaitingView } from './view'

export interface PageSettings {
  readonly language: Language
  readonly assets: { readonly script: string; readonly styles: readonly string[] }
  readonly nonce?: string | undefined
  readonly isSignedIn: boolean
  readonly brand: (Brand & { readonly href: string }) | undefined
  readonly offered: readonly Language[]
  readonly footerLinks: readonly { readonly text: string; readonly href: string }[]
  readonly homeURL: string
  readonly signInURL: string
  /** True if the app has set `signInURL`: then the footer links to it. */
  readonly hasSignInPage: boolean
  readonly helpURL: string | undefined
  readonly changePasswordURL: string | undefined
  readonly storeLinks: { readonly ios: string | undefined; readonly android: string | undefined }
  /** The sources of `form-action` in the page's Content-Security-Policy. */
  readonly formAction: string
  /** URL of the waiting page, with the language if the user has chosen one. */
  readonly waitingURL: string
  readonly callbackURL: string
}

export interface PageParts extends PageSettings {
  readonly widgetScripts: readonly string[]
  readonly csrfToken?: string | undefined
  readonly accountName?: string | undefined
  /**
   * A name by which the tabs that wait for the same transaction find each other. Unlike the handle in the URL, this name is the same in all these tabs. Absent
   * without a transaction.
   */
  readonly sharedName?: string | undefined
  /** The page of this site from which the signed-in user has started this step-up. */
  readonly returnTo?: string | undefined
  /** Language of the message, by the app's option `messageLanguage`. */
  readonly messageLanguage?: string | undefined
  /** After how many seconds the push or SMS may be sent again; absent on a page without a transaction. */
  readonly secondsUntilResend?: number | undefined
  /** Why the user could not start again after the transaction had ended. */
  readonly refusedAfterEnd?: Pick<WaitingView, 'failure' | 'missingFactor'> | undefined
  /** True if the user has pressed "Send again" too soon. */
  readonly isTooSoon?: boolean | undefined
  /** True if the user has sent the form for a code without a code. */
  readonly isCodeMissing?: boolean | undefined
  /** In how many seconds the user may try a code again; 0 if there is no wait. */
  readonly secondsUntilCode?: number | undefined
  /** True if the user has pressed "Check now", the link for browsers in which the script does not run. */
  readonly hasChecked?: boolean | undefined
  /** Present only if the push or SMS was sent again: the user's phones if the user has chosen one of them, otherwise an empty list. */
  readonly sentAgain?: readonly OfferedAuthenticator[] | undefined
}

export interface Content {
  readonly heading: string
  readonly main: Html
  /** Scripts that the page loads after this package's script. */
  readonly scripts?: Piece
  /** The query of this page's URL, for the footer's links to other languages. Undefined on a page without these links. */
  readonly query?: Readonly<Record<string, string>> | undefined
}

export function documentHtml({ heading, main, scripts, query }: Content, parts: PageSettings): Html {
  const { language, assets, brand } = parts
  const icon = brand?.icon ?? brand?.logo
  return html`<!doctype html>
<html lang="${language.tag}" dir="${language.texts.dir}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="robots" content="noindex">
    <meta name="color-scheme" content="light dark">
    <title>${heading}${brand !== undefined && html` – ${brand.name}`}</title>
    ${icon !== undefined && html`<link rel="icon" href="${icon}">`}
  </head>
  <body>
    ${assets.styles.map((style) => html`<link rel="stylesheet" href="${style}"${nonceOf(parts)}>`)}
    ${brand !== undefined && brandPart(brand)}${main}
    ${footerPart(parts, query)}
    ${scriptTag(assets.script, parts)}${scripts}
  </body>
</html>
`
}

export function scriptTag(src: string, parts: PageSettings): Html {
  return html`<script src="${src}" defer${nonceOf(parts)}></script>`
}

function nonceOf({ nonce }: PageSettings): Html | false {
  return nonce !== undefined && html` nonce="${nonce}"`
}

function brandPart({ name, logo, logoDark, href }: Brand & { readonly href: string }): Html {
  const dark = logoDark !== undefined && html`<source srcset="${logoDark}" media="(prefers-color-scheme: dark)">`
  const image = logo === undefined ? html`<bdi>${name}</bdi>` : html`<picture>${dark}<img src="${logo}" alt="${name}"></picture>`
  return html`<header class="nevis-brand"><a href="${href}">${image}</a></header>
    `
}

/** The footer: the links to the sign-in page and the help page, the app's own links, and the choice of a language. */
function footerPart(parts: PageSettings, query: Content['query']): Html | false {
  const { texts } = parts.language
  const { signInURL, helpURL, footerLinks, offered } = parts
  const links: readonly { text: string; href: string; isSignIn?: true }[] = [
    ...(parts.hasSignInPage && !parts.isSignedIn ? [{ text: texts.toSignIn, href: signInURL, isSignIn: true as const }] : []),
    ...(helpURL === undefined ? [] : [{ text: texts.help, href: helpURL }]),
    ...footerLinks,
  ]
  const isChoice = query !== undefined && offered.length > 1
  if (links.length === 0 && !isChoice) return false
  return html`<footer class="nevis-footer">
      ${links.length > 0 && html`<ul>${links.map(({ text, href, isSignIn }) => html`<li${isSignIn && html` data-sign-in`}>${isSignIn ? html`<a href="${href}">${text}</a>` : linkOut(text, href, texts)}</li>`)}</ul>`}
      ${isChoice && html`<nav aria-label="${texts.language}"><ul>${offered.map((one) => languageLink(one, parts, query))}</ul></nav>`}
    </footer>`
}

/**
 * The app's link to a help page or to a legal notice. This link opens a new tab on every page of this package, because some of these pages wait, and the user
 * must not leave them. A link such as `tel:` opens no page.
 */
function linkOut(text: string, href: string, { newTab }: Texts): Html {
  if (!/^(?:https?:|\/)/i.test(href)) return html`<a href="${href}">${text}</a>`
  return html`<a href="${href}" target="_blank" rel="noopener">${text} <span aria-hidden="true">\u2197\ufe0e</span><span class="nevis-unseen"> ${newTab}</span></a>`
}

function languageLink({ tag }: Language, { language, waitingURL }: PageSettings, query: Readonly<Record<string, string>>): Html {
  const name = html`<span lang="${tag}">${ownNameOf(tag)}</span>`
  if (tag === language.tag) return html`<li aria-current="true">${name}</li>`
  return html`<li><a href="${withQuery(waitingURL.replace(/[?&]language=[^&]*$/, ''), { ...query, language: tag })}" hreflang="${tag}">${name}</a></li>`
}

/** The name of a language in that language: Deutsch, Français. */
function ownNameOf(tag: string): string {
  const name = new Intl.DisplayNames([tag], { type: 'language', fallback: 'code' }).of(tag) ?? tag
  return name.charAt(0).toLocaleUpperCase(tag) + name.slice(1)
}

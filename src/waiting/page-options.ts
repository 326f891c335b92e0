/**
 * The options that the waiting page and the outage page share.
 *
 * Out of scope: resolving the options (`page-settings.ts`), and options that only one of the two pages has.
 */
import { refuseUnknown } from '../client/option-names'
import type { HostResponse } from '../host/answer'
import type { HostRequest } from '../host/request'
import type { Locales } from './texts/languages'

/** Your name and logo on the pages. */
export interface Brand {
  /** Your name: in the title of each page, and in place of the logo if there is none. */
  readonly name: string
  /** A path of your own site, or a `data:image/…` URL. Images of other sites are forbidden. */
  readonly logo?: string | undefined
  /** The logo for a dark page. Default: `logo`. */
  readonly logoDark?: string | undefined
  /** The icon of the browser tab: a path of your own site, or a `data:image/…` URL. Default: `logo`. */
  readonly icon?: string | undefined
  /** Your home page: the target of the logo. Pages for a signed-in user link to it as well. Default `/`. */
  readonly href?: string | undefined
}

/** A link in the footer of the pages, such as your imprint. */
export interface FooterLink {
  /** The text of the link: one string for all languages, or an object with one string per language tag, such as `{ en: 'Imprint' }`. */
  readonly text: string | Readonly<Record<string, string>>
  /** The target of the link: a path of your site, or an `https:`, `mailto:` or `tel:` URL. */
  readonly href: string
}

/** Links with which the user installs the app on the phone. */
export interface StoreLinks {
  /** Link to the app's page in Apple's App Store. */
  readonly ios?: string | undefined
  /** Link to the app's page on Google Play. */
  readonly android?: string | undefined
}

/** Options that {@link waitingPage} and {@link outagePage} share. */
export interface PageOptions<Req extends HostRequest = HostRequest, Res extends HostResponse = HostResponse> {
  /** Your name and logo. Default: none. */
  readonly brand?: Brand | undefined
  /**
   * Returns the user's language, as a tag such as `de-CH`. If it returns undefined or a language without texts, the browser's `Accept-Language`
   * decides. Default: `Accept-Language`.
   */
  readonly language?: { of(req: Req): string | undefined }['of'] | undefined
  /** Tags of the languages that the waiting page offers in its footer, such as `['de', 'fr', 'it', 'en']`. Default: no choice. */
  readonly languages?: readonly string[] | undefined
  /** Your sign-in page, to which the page sends users who must start again. Default `/`. */
  readonly signInURL?: string | undefined
  /** Your help page, or a `mailto:` or `tel:` URL. Every page links to it. Default: no link. */
  readonly helpURL?: string | undefined
  /** Your page for changing the password. The waiting page links to it if someone else may have entered the password. Default: no link. */
  readonly changePasswordURL?: string | undefined
  /** More links in the footer, such as your imprint. Default: none. */
  readonly footerLinks?: readonly FooterLink[] | undefined
  /** Name of the app on the phone, without an article. Default: the Access App. */
  readonly appName?: string | undefined
  /** Links with which users install the app on the phone. The waiting page shows them at an enrolment. Default: none. */
  readonly storeLinks?: StoreLinks | undefined
  /**
   * Other sites to which a form of the page may lead, because your callback or your `failureRedirect` redirects there: origins, or `https:` for any.
   * Browsers check `form-action` for these redirects too. Default: your own origin only.
   */
  readonly formAction?: string | readonly string[] | undefined
  /**
   * Returns the nonce for script and style tags. Needed if your Content-Security-Policy does not allow `'self'`. Default: no nonce.
   * @returns the nonce
   */
  readonly nonce?: { of(req: Req, res: Res): string }['of'] | undefined
  /** URL of your own stylesheet, loaded after this package's. It may set the CSS custom properties of this package's stylesheet. Default: none. */
  readonly stylesheet?: string | undefined
  /** Your own texts by language tag: they replace this package's texts or add a language. */
  readonly locales?: Locales | undefined
}

/**
 * The type of each option, for `checkOptions`.
 * @internal
 */
export const PAGE_TYPES = {
  brand: 'object', language: 'function', languages: 'object', signInURL: 'string', helpURL: 'string', changePasswordURL: 'string', footerLinks: 'object',
  appName: 'string', storeLinks: 'object', formAction: 'any', nonce: 'function', stylesheet: 'string', locales: 'object',
} as const satisfies Record<keyof PageOptions, string>

/**
 * Checks the types of options, and refuses unknown ones.
 * @throws TypeError that names the page and the option
 * @internal
 */
export function checkOptions(owner: string, options: object, types: Readonly<Record<string, string>>): void {
  refuseUnknown(owner, options, Object.keys(types))
  for (const [name, value] of Object.entries(options)) {
    const type = types[name] as string
    if (value !== undefined && type !== 'any' && (typeof value !== type || value === null)) throw new TypeError(`${owner}: ${name} must be of type ${type}`)
  }
}

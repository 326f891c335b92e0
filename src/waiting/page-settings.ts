/**
 * Resolves the options that the pages share into the values that every page needs: language, logo, links, Content-Security-Policy.
 *
 * Out of scope: the HTML (`document.ts`).
 */
import { refuseUnknown } from '../client/option-names'
import type { HostResponse } from '../host/answer'
import { address } from '../host/option-values'
import { queryFieldOf, userOf, type HostRequest } from '../host/request'
import { withQuery } from '../host/url'
import type { Settings } from '../strategy/settings'
import { linksOf } from './asset-files'
import type { PageSettings } from './document'
import type { Brand, FooterLink, PageOptions } from './page-options'
import { availableLanguages, languageOf, preferred, primary, type Language } from './texts/languages'

/**
 * @returns a function from a request to the values that every page needs
 * @throws TypeError that names the page and the option
 * @internal
 */
export function pageSettingsOf<Req extends HostRequest, Res extends HostResponse>(owner: string, settings: Settings, options: PageOptions<Req, Res>): (req: Req, res: Res) => PageSettings {
  const link = (name: string, value: string | undefined) => linkOf(owner, name, value)
  const brand = brandOf(owner, options.brand)
  const languages = pageLanguages(owner, options)
  const { offered } = languages
  const footerLinks = (options.footerLinks ?? []).map(({ text, href }) => ({ text, href: link('footerLinks', href) as string }))
  refuseUnknown(`${owner}: storeLinks`, options.storeLinks ?? {}, ['ios', 'android'])
  const storeLinks = { ios: link('storeLinks.ios', options.storeLinks?.ios), android: link('storeLinks.android', options.storeLinks?.android) }
  const common = {
    assets: linksOf(settings, options.stylesheet),
    brand,
    offered,
    homeURL: brand?.href ?? '/',
    signInURL: link('signInURL', options.signInURL) ?? '/',
    hasSignInPage: options.signInURL !== undefined,
    helpURL: link('helpURL', options.helpURL),
    changePasswordURL: link('changePasswordURL', options.changePasswordURL),
    storeLinks,
    formAction: formActionOf(owner, settings, options.formAction),
  }
  return (req, res) => {
    const chosen = chosenLanguage(req, offered)
    const { tag, markedTexts } = languages.of(req)
    const language = { tag, texts: markedTexts, markedTexts }
    const inLanguage = (url: string) => (chosen === undefined ? url : withQuery(url, { language: chosen.tag }))
    return {
      ...common,
      language,
      isSignedIn: userOf(req) !== undefined,
      waitingURL: inLanguage(settings.waitingURL),
      callbackURL: inLanguage(settings.callbackURL),
      footerLinks: footerLinks.map(({ text, href }) => ({ text: textIn(text, language), href })),
      nonce: options.nonce?.(req, res),
    }
  }
}

/**
 * The languages of a page, and a function that chooses one for a request: the user's choice on the page, else the app's option `language`, else what
 * the browser prefers.
 * @throws TypeError that names the page and the option
 * @internal
 */
export function pageLanguages<Req extends HostRequest, Res extends HostResponse>(owner: string, options: PageOptions<Req, Res>): { readonly offered: readonly Language[]; of(req: Req): Language } {
  const available = availableLanguages(options.locales, options.appName)
  const offered = (options.languages ?? []).map((tag) => {
    const language = languageOf(tag, available)
    if (language === undefined) throw new TypeError(`${owner}: languages has no texts for "${tag}"`)
    return language
  })
  return { offered, of: (req) => chosenLanguage(req, offered) ?? languageOf(options.language?.(req), available) ?? preferred(req.headers['accept-language'], available) }
}

/** The language that the user has chosen on the page. The choice is in the URL, because the page sets no cookie. */
function chosenLanguage(req: HostRequest, offered: readonly Language[]): Language | undefined {
  const tag = queryFieldOf(req, 'language')
  return offered.find((language) => language.tag === tag)
}

function textIn(text: FooterLink['text'], { tag }: Language): string {
  if (typeof text === 'string') return text
  return text[tag] ?? text[primary(tag)] ?? text['en'] ?? (Object.values(text)[0] as string)
}

function brandOf(owner: string, brand: Brand | undefined): (Brand & { readonly href: string }) | undefined {
  if (brand === undefined) return undefined
  refuseUnknown(`${owner}: brand`, brand, ['name', 'logo', 'logoDark', 'icon', 'href'])
  if (typeof brand.name !== 'string' || brand.name === '') throw new TypeError(`${owner}: brand.name must be a non-empty string`)
  for (const name of ['logo', 'logoDark', 'icon'] as const) if (brand[name] !== undefined) checkImage(owner, `brand.${name}`, brand[name])
  return { ...brand, href: linkOf(owner, 'brand.href', brand.href) ?? '/' }
}

/** Refuses images of other sites: such a site would learn when a user signs in. */
function checkImage(owner: string, option: string, value: unknown): void {
  const isPath = typeof value === 'string' && /^\/(?![/\\])\S*$/.test(value)
  const isData = typeof value === 'string' && /^data:image\/\S+$/.test(value)
  if (!isPath && !isData) throw new TypeError(`${owner}: ${option} must be a path of your own site such as "/logo.svg", or a data:image/ URL`)
}

/** Refuses links with `javascript:`, and paths such as `//host`, which a browser reads as another site. */
function linkOf(owner: string, option: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && /^(?:mailto|tel):\S+$/i.test(value)) return value
  if (typeof value === 'string' && /#/.test(value)) {
    const [page, fragment] = [value.slice(0, value.indexOf('#')), value.slice(value.indexOf('#'))]
    if (/^#[^\s#]*$/.test(fragment)) return address(option, page, owner) + fragment
  }
  return address(option, value, owner)
}

const SOURCE = /^https?:(?:\/\/[a-z0-9.*-]+(?::(?:\d+|\*))?)?$/i

/** The origins to which forms may lead: those of the app's own addresses, and those of the option `formAction`. */
function formActionOf(owner: string, { waitingURL, callbackURL }: Settings, value: unknown): string {
  const sources: unknown[] = value === undefined ? [] : Array.isArray(value) ? value : [value]
  for (const source of sources) {
    if (typeof source !== 'string' || !SOURCE.test(source)) throw new TypeError(`${owner}: formAction must be an origin such as "https://id.example", or a list of origins`)
  }
  const own = [waitingURL, callbackURL].filter((url) => !url.startsWith('/')).map((url) => new URL(url).origin)
  return [...new Set(["'self'", ...own, ...sources])].join(' ')
}

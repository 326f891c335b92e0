/** The HTML document around every page. */
import { html, type Html } from '../html.js'
import type { Language, Translate } from '../language.js'

/** What the HTML document shows around a page's own content. `user` is undefined if no user is signed in. */
export interface Frame {
  readonly language: Language
  readonly t: Translate
  readonly user?: Express.User | undefined
  /** The path of the page, to mark its link in the navigation. */
  readonly path?: string | undefined
  /** The path and query of the page, to which the link to the other language returns. Default: the home page. */
  readonly address?: string | undefined
  /** The page of the user's second factors, for the navigation; undefined in an app without a second factor. */
  readonly devicesURL?: string | undefined
  /** The help page for signing in; undefined in an app without a second factor. */
  readonly helpURL?: string | undefined
  /** Sentences about something that did not work. */
  readonly failures?: readonly string[]
  /** Sentences about something that the user has stopped on purpose. */
  readonly notices?: readonly string[]
  /** Sentences about something that worked. */
  readonly successes?: readonly string[]
  readonly csrfToken?: string
}

/** @param main the page's own HTML */
export function layout(title: string, frame: Frame, main: Html): Html {
  const { language, t, user, address = '/', helpURL, failures = [], notices = [], successes = [] } = frame
  const back = address === '/' ? '' : `?from=${encodeURIComponent(address)}`
  return html`<!doctype html>
<html lang="${language}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${title} – Alpine Mutual</title>
    <link rel="icon" href="/favicon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="/style.css">
    <script src="/times.js" defer></script>
  </head>
  <body>
    <a class="skip" href="#main">${t('Skip to the content')}</a>
    <header class="top">
      <a class="brand" href="/"><img src="/favicon.svg" alt="" width="32" height="32">Alpine Mutual</a>
      <nav aria-label="${t('Main menu')}">${user ? accountLinks(frame) : html`<a href="/login">${t('Sign in')}</a>`}</nav>
    </header>
    <main id="main">
      ${failures.map((failure) => html`<p class="message failure" role="alert">${failure}</p>`)}
      ${notices.map((notice) => html`<p class="message notice" role="status">${notice}</p>`)}
      ${successes.map((success) => html`<p class="message" role="status">${success}</p>`)}
      ${main}
    </main>
    <footer>
      <p>${t('Alpine Mutual is made up: this is the example app of passport-nevis.')}</p>
      <p>${helpURL !== undefined && html`<a href="${helpURL}">${t('Help')}</a> `}<a href="/imprint">${t('Imprint')}</a></p>
      <p>${language === 'de' ? html`<a href="/language/en${back}" lang="en" hreflang="en">English</a>` : html`<a href="/language/de${back}" lang="de" hreflang="de">Deutsch</a>`}</p>
    </footer>
  </body>
</html>
`
}

export function csrfField(csrfToken: string): Html {
  return html`<input type="hidden" name="_csrf" value="${csrfToken}">`
}

function accountLinks({ t, path, devicesURL, csrfToken = '' }: Frame): Html {
  const link = (href: string, text: string) => html`<a href="${href}"${path === href && html` aria-current="page"`}>${text}</a>`
  return html`${link('/account', t('Account'))}
        ${link('/invoices', t('Invoices'))}
        ${link('/transfer', t('Transfer'))}
        ${devicesURL && link(devicesURL, t('Devices and security'))}
        <form method="post" action="/logout">${csrfField(csrfToken)}<button class="plain">${t('Sign out')}</button></form>`
}

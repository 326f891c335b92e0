/** The HTML document around every page. */
import { html, type Html } from '../html.js'
import type { EveryPage } from '../pages.js'

/**
 * @param everyPage undefined for a page that shows nothing about the user, such as an error page
 * @param main the page's own HTML
 */
export function layout(title: string, everyPage: EveryPage | undefined, main: Html): Html {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${title} – Alpine Mutual</title>
    <link rel="icon" href="/favicon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="/style.css">
  </head>
  <body>
    <a class="skip" href="#main">Skip to the content</a>
    <header class="top">
      <a class="brand" href="/"><img src="/favicon.svg" alt="" width="32" height="32">Alpine Mutual</a>
      <nav aria-label="Account">${everyPage?.user ? accountLinks(everyPage.csrfToken) : html`<a href="/login">Sign in</a>`}</nav>
    </header>
    <main id="main">
      ${everyPage?.messages.map((message) => html`<p class="message" role="status">${message}</p>`)}
      ${main}
    </main>
    <footer><p>Alpine Mutual is made up: this is the example app of passport-nevis.</p></footer>
  </body>
</html>
`
}

export function csrfField(csrfToken: string): Html {
  return html`<input type="hidden" name="_csrf" value="${csrfToken}">`
}

function accountLinks(csrfToken: string): Html {
  return html`<a href="/account">Account</a>
        <a href="/invoices">Invoices</a>
        <a href="/transfer">Transfer</a>
        <form method="post" action="/logout">${csrfField(csrfToken)}<button class="plain">Sign out</button></form>`
}

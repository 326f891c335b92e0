/**
 * The HTML of the page with one phone per user, and of the page behind an app link.
 *
 * Out of scope: answering requests (`pages.ts`), and decisions (`phone.ts`).
 */
import { createHash } from 'node:crypto'
import type { Cloud } from './cloud'
import type { Transaction, User } from './model'
import { SCRIPT, STYLE } from './page-assets'
import { Phone, type PhoneRequest } from './phone'
import { userStatus } from './resources'

const TEXTS_SHOWN = 5
/** The page shows only this many users, the newest, because it is redrawn every second. */
const USERS_SHOWN = 100

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')

/**
 * Keeps the six allowed tags of a message in `<html>` and escapes everything else. The message was validated when it arrived, so it has no other
 * tags.
 */
function messageHtml(message: string): string {
  const formatted = /^<html>([^]*)<\/html>$/.exec(message)?.[1]
  if (formatted === undefined) return escaped(message)
  const tagged = escaped(formatted).replace(/&lt;(\/?)(b|br|em|i|strong|u)\s*\/?&gt;/g, '<$1$2>')
  // The message is HTML, so its entities are shown as the characters that they stand for.
  return tagged.replace(/&amp;(lt|gt|quot|#39|amp);/g, '&$1;')
}

const nameOf = (user: User): string => user.username ?? `User ${user.userId.slice(0, 8)}`

/** @param refreshes how the page is kept up to date: by the script only; by the script or, without JavaScript, by reloading its URL; or not at all */
function page(title: string, main: string, refreshes: 'script' | 'script or address' | 'never'): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<link rel="icon" href="data:,">
${refreshes === 'script or address' ? '<noscript><meta http-equiv="refresh" content="3"></noscript>' : ''}
<style>${STYLE}</style>
</head>
<body>
<main class="page">
${main}
</main>
${refreshes === 'never' ? '' : `<script>${SCRIPT}</script>`}
</body>
</html>
`
}

const hidden = (name: string, value: string): string => `<input type="hidden" name="${name}" value="${escaped(value)}">`

function choice(user: User, request: PhoneRequest, decision: 'approve' | 'deny'): string {
  const [style, label] = decision === 'approve' ? ['accept', 'Accept'] : ['deny', 'Deny']
  return `<form method="post" action="/_simulator/decide">${hidden('user', user.userId)}${hidden('transactionId', request.transactionId)}
<button class="${style}" id="${decision}-${request.transactionId}" name="decision" value="${decision}">${label}</button></form>`
}

function requestHtml(user: User, request: PhoneRequest): string {
  const { message, notificationMessage, expiresAt } = request
  const notification = notificationMessage === undefined ? '' : `<p class="quiet">${escaped(notificationMessage)}</p>`
  return `<div class="request">${notification}
<p class="message">${message === undefined ? 'Do you want to log in?' : messageHtml(message)}</p>
<p class="quiet">Until ${expiresAt.toISOString().slice(11, 19)} UTC</p>
<div class="choices">${choice(user, request, 'deny')}${choice(user, request, 'approve')}</div></div>`
}

function textsHtml(user: User): string {
  if (user.inbox.length === 0) return ''
  const newest = user.inbox.slice(-TEXTS_SHOWN).reverse()
  return `<h3>Text messages, newest first</h3>
<ul class="texts">${newest.map((text) => `<li>${escaped(text)}</li>`).join('')}</ul>`
}

function codesHtml(user: User): string {
  if (user.recoveryCodes.length === 0) return ''
  const codes = user.recoveryCodes.map((code) => `<li><code>${escaped(code)}</code></li>`).join('')
  return `<details id="codes-${user.userId}"><summary>Recovery codes left: ${String(user.recoveryCodes.length)}</summary>
<ul class="codes">${codes}</ul></details>`
}

function deviceLine(user: User): string {
  const names = user.authenticators.map(({ name }) => name)
  if (user.phone !== undefined) names.push(user.phone)
  return userStatus(user) === 'new' ? 'Nothing registered yet' : names.join(', ')
}

function phoneHtml(cloud: Cloud, user: User): string {
  const requests = new Phone(cloud, user.userId).waiting.filter(({ userId }) => userId === user.userId).toReversed()
  const field = `link-${user.userId}`
  return `<section class="phone" aria-label="${escaped(nameOf(user))}">
<h2>${escaped(nameOf(user))}</h2>
<p class="quiet">${escaped(deviceLine(user))}</p>
<h3>Requests</h3>
${requests.map((request) => requestHtml(user, request)).join('') || '<p class="quiet">Nothing is waiting.</p>'}
${textsHtml(user)}
<h3><label for="${field}">Paste the link behind “Open the Access App”</label></h3>
<form class="scan" method="post" action="/_simulator/scan">${hidden('user', user.userId)}
<input id="${field}" name="link" inputmode="url" autocomplete="off" required><button id="scan-${user.userId}">Scan</button></form>
${codesHtml(user)}
</section>`
}

/** The part of the page that changes, with a version that changes whenever this HTML does. */
export function phonesState(cloud: Cloud): { version: string; html: string } {
  const users = [...cloud.users.values()].slice(-USERS_SHOWN)
  const html =
    users.map((user) => phoneHtml(cloud, user)).join('\n') ||
    '<p>No users yet. They appear here when your application enrols them.</p>'
  return { version: createHash('sha256').update(html).digest('base64url'), html }
}

/** @param note an error message to show */
export function phonesPage(cloud: Cloud, note?: string): string {
  const { version, html } = phonesState(cloud)
  const warning = note === undefined ? '' : `<p class="note" role="alert">${escaped(note)}</p>`
  const main = `<h1>Phones</h1>
<p class="quiet">Nevis simulator at ${escaped(cloud.baseURL)}</p>
${warning}
<div class="phones" id="phones" data-version="${version}">${html}</div>`
  // A page with an error has the URL of the form's action. Reloading that URL would not show the page again, so the page does not reload itself.
  return page('Phones of the Nevis simulator', main, note === undefined ? 'script or address' : 'script')
}

/** @param transaction the transaction of the link; `undefined` if the link is unknown or has ended */
export function openPage(cloud: Cloud, link: string, transaction: Transaction | undefined): string {
  const back = '<p><a href="/">All phones</a></p>'
  if (transaction?.status !== 'pending') {
    return page('App link', `<h1>This link is not valid any more</h1>\n${back}`, 'never')
  }
  const others = [...cloud.users.values()].filter((user) => user !== transaction.user).slice(-USERS_SHOWN)
  const users = transaction.user === undefined ? others : [transaction.user, ...others]
  const forms = users.map(
    (user) => `<form method="post" action="/_simulator/scan">${hidden('user', user.userId)}${hidden('link', link)}
<button${user === transaction.user ? ' class="accept"' : ''}>Scan with ${escaped(nameOf(user))}’s phone</button></form>`,
  )
  const what = transaction.operation === 'enroll' ? 'It registers the phone.' : 'It asks for an approval.'
  const noUsers = forms.length === 0 ? '<p>There are no users yet.</p>' : ''
  return page(
    'App link',
    `<div class="open"><h1>This link was opened on the phone</h1>\n<p class="quiet">${what} Whose phone is it?</p>
${noUsers}${forms.join('\n')}\n${back}</div>`,
    'never',
  )
}

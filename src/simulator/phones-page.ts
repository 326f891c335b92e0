/**
 * The HTML of two pages: the page with the simulated phones, and the page for an app link that is opened in a browser.
 *
 * Out of scope: handling requests (`pages.ts`), and approving (`phone.ts`).
 */
import { createHash } from 'node:crypto'
import type { Cloud } from './cloud'
import type { Transaction, User } from './model'
import { OPEN_SCRIPT, SCRIPT, STYLE } from './page-assets'
import { Phone, type PhoneRequest } from './phone'
import type { PhoneTexts, Text, Translate } from './phones-texts'
import { userStatus } from './resources'

const TEXTS_SHOWN = 5
/** The page shows only the 100 newest users, because it is redrawn every second. */
const USERS_SHOWN = 100

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')

/** Shows Nevis's six formatting tags in an `<html>` message, and escapes everything else. The simulator has already rejected messages with other tags. */
function messageHtml(message: string): string {
  const formatted = /^<html>([^]*)<\/html>$/.exec(message)?.[1]
  if (formatted === undefined) return escaped(message)
  const tagged = escaped(formatted).replace(/&lt;(\/?)(b|br|em|i|strong|u)\s*\/?&gt;/g, '<$1$2>')
  // `escaped` has turned an entity such as `&amp;` in the message into `&amp;amp;`. Change these entities back.
  return tagged.replace(/&amp;(lt|gt|quot|#39|amp);/g, '&$1;')
}

/** A message as one line of escaped text without tags, to see whether a notification has the same text. */
const lineOf = (message: string): string => messageHtml(message).replace(/<br>/g, ' ').replace(/<[^>]+>/g, '').replace(/\s+/g, ' ').trim()

/** Groups the digits of a Swiss mobile number, as people in Switzerland write it. Numbers of other countries stay as they are. */
const grouped = (phone: string): string => phone.replace(/^\+41(\d\d)(\d{3})(\d\d)(\d\d)$/, '+41 $1 $2 $3 $4')

const nameOf = (user: User, t: Translate): string => user.username ?? t('User {id}', { id: user.userId.slice(0, 8) })

/** A form that could not be carried out: the reason, the user of the phone, and the link that was typed into the form. */
export interface Refused {
  readonly reason: Text
  /** The name of the phone's owner. It replaces `{name}` in `reason`. */
  readonly owner?: string
  readonly user?: User
  readonly link?: string
}

const reasonHtml = ({ reason, owner = '' }: Refused, t: Translate): string => escaped(t(reason, { name: owner }))

const START_AGAIN = 'Start again in your app, and use the new link.'
/** For each reason why a phone refuses a link: what the user can do. */
const ADVICE: ReadonlyMap<Text, Text> = new Map<Text, Text>([
  ['This is not an app link of this simulator.', 'On the page of your app, copy the link behind “Open the Access App”, and paste it here.'],
  ["{name}'s phone cannot answer this request: it is for another phone.", 'Paste the link at the other phone.'],
  ["The request on {name}'s phone was approved already.", START_AGAIN],
  ["The request on {name}'s phone has expired.", START_AGAIN],
  ["The request on {name}'s phone was denied.", START_AGAIN],
])

/** @param reloads true to reload the page every three seconds if the browser does not run scripts */
function page(title: string, main: string, script: string, language: PhoneTexts['language'], reloads = false): string {
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<link rel="icon" href="data:,">
${reloads ? '<noscript><meta http-equiv="refresh" content="3"></noscript>' : ''}
<style>${STYLE}</style>
</head>
<body>
<main class="page">
${main}
</main>
<script>${script}</script>
</body>
</html>
`
}

const hidden = (name: string, value: string): string => `<input type="hidden" name="${name}" value="${escaped(value)}">`

function choice(user: User, request: PhoneRequest, decision: 'approve' | 'deny', t: Translate): string {
  const [style, label] = decision === 'approve' ? (['accept', 'Accept'] as const) : (['deny', 'Deny'] as const)
  return `<form method="post" action="/_simulator/decide">${hidden('user', user.userId)}${hidden('transactionId', request.transactionId)}
<button class="${style}" id="${decision}-${request.transactionId}" name="decision" value="${decision}">${t(label)}</button></form>`
}

/** Shows a time in this machine's time zone. In the browser, the script changes it to the browser's time zone. */
function timeHtml(at: Date): string {
  const two = (number: number) => String(number).padStart(2, '0')
  return `<time datetime="${at.toISOString()}">${two(at.getHours())}:${two(at.getMinutes())}</time>`
}

function requestHtml(user: User, request: PhoneRequest, t: Translate): string {
  const { message, notificationMessage, expiresAt } = request
  const isSame = notificationMessage !== undefined && message !== undefined && lineOf(notificationMessage) === lineOf(message)
  const notification = notificationMessage === undefined || isSame ? '' : `<p class="quiet">${escaped(notificationMessage)}</p>`
  return `<div class="request">${notification}
<p class="message">${message === undefined ? t('Do you want to log in?') : messageHtml(message)}</p>
<p class="quiet">${t('Until {time}', { time: timeHtml(expiresAt) })}</p>
<div class="choices">${choice(user, request, 'deny', t)}${choice(user, request, 'approve', t)}</div></div>`
}

function textsHtml(user: User, t: Translate): string {
  if (user.inbox.length === 0) return ''
  const newest = user.inbox.slice(-TEXTS_SHOWN).reverse()
  return `<h3>${t('Text messages, newest first')}</h3>
<ul class="texts">${newest.map((text) => `<li>${escaped(text)}</li>`).join('')}</ul>`
}

function codesHtml(user: User, t: Translate): string {
  if (user.recoveryCodes.length === 0) return ''
  const codes = user.recoveryCodes.map((code) => `<li><code>${escaped(code)}</code></li>`).join('')
  return `<details id="codes-${user.userId}"><summary>${t('Recovery codes left: {n}', { n: String(user.recoveryCodes.length) })}</summary>
<ul class="codes">${codes}</ul></details>`
}

function deviceLine(user: User, t: Translate): string {
  const names = user.authenticators.map(({ name }) => name)
  if (user.phone !== undefined) names.push(grouped(user.phone))
  return userStatus(user) === 'new' ? t('Nothing registered yet') : names.join(', ')
}

function scanHtml(user: User, refused: Refused | undefined, t: Translate): string {
  const field = `link-${user.userId}`
  const isWrong = refused?.link !== undefined
  const advice = refused && ADVICE.get(refused.reason)
  const error = isWrong ? `<p class="error" id="error-${user.userId}">${reasonHtml(refused, t)}${advice === undefined ? '' : ` ${t(advice)}`}</p>` : ''
  return `<h3><label for="${field}">${t('Set up or scan: paste the link behind “Open the Access App”')}</label></h3>
<form class="scan" method="post" action="/_simulator/scan">${hidden('user', user.userId)}
<input id="${field}" name="link" inputmode="url" autocomplete="off" required value="${escaped(refused?.link ?? '')}"${
    isWrong ? ` aria-invalid="true" aria-describedby="error-${user.userId}" autofocus` : ''
  }><button id="scan-${user.userId}">${t('Scan')}</button></form>${error}
<button class="camera" id="camera-${user.userId}" data-user="${user.userId}" hidden>${t('Scan with the camera')}</button>`
}

const requestsOn = (cloud: Cloud, user: User) => new Phone(cloud, user.userId).waiting.filter(({ userId }) => userId === user.userId).toReversed()

function phoneHtml(cloud: Cloud, user: User, refused: Refused | undefined, t: Translate): string {
  const error = refused !== undefined && refused.link === undefined ? `<p class="error" role="alert">${reasonHtml(refused, t)}</p>` : ''
  const requests = requestsOn(cloud, user).map((request) => requestHtml(user, request, t))
  return `<section class="phone" aria-label="${escaped(nameOf(user, t))}">
<h2>${escaped(nameOf(user, t))}</h2>
<p class="quiet">${escaped(deviceLine(user, t))}</p>
${error}${requests.join('') || `<p class="nothing">${t('No requests')}</p>`}
${textsHtml(user, t)}
<div class="app">${scanHtml(user, refused, t)}
${codesHtml(user, t)}</div>
</section>`
}

/** The 100 newest users, the user of the newest transaction first. Ended transactions count, too: no phone moves when its request is answered. */
function usersShown(cloud: Cloud): User[] {
  const newest = new Map(cloud.transactions.all().map(({ user }, i) => [user, i]))
  const users = [...cloud.users.values()].slice(-USERS_SHOWN)
  return users.sort((one, other) => (newest.get(other) ?? -1) - (newest.get(one) ?? -1))
}

/**
 * The part of the page that changes. `version` is a hash of the HTML, from which the page's script sees that something has changed. `waiting` is the number
 * of approval requests on the phones that the user has not answered yet.
 */
export function phonesState(cloud: Cloud, { t }: PhoneTexts, refused?: Refused): { version: string; waiting: number; html: string } {
  const users = usersShown(cloud)
  const draw = (of?: Refused) => users.map((user) => phoneHtml(cloud, user, user === of?.user ? of : undefined, t)).join('\n')
  const html = draw() || `<p>${t('No users yet. They appear here when your application enrols them.')}</p>`
  const waiting = users.reduce((sum, user) => sum + requestsOn(cloud, user).length, 0)
  return { version: createHash('sha256').update(html).digest('base64url'), waiting, html: refused?.user === undefined ? html : draw(refused) }
}

const TITLE = 'Phones of the Nevis simulator'
const scannerHtml = (t: Translate): string => `<dialog id="scanner" aria-label="${t('Camera')}" data-hold="${t('Hold the QR code in front of the camera.')}" data-failed="${t('The camera cannot be used. Paste the link instead.')}"><video muted playsinline></video><p role="status"></p>
<form method="post" action="/_simulator/scan"><input type="hidden" name="user"><input type="hidden" name="link"><button type="button">${t('Cancel')}</button></form></dialog>`

/** @param isOff true while the simulated Nevis is switched off */
export function phonesPage(cloud: Cloud, isOff: boolean, texts: PhoneTexts, refused?: Refused): string {
  const { language, t } = texts
  const { version, waiting, html } = phonesState(cloud, texts, refused)
  const warning = refused === undefined || refused.user !== undefined ? '' : `<p class="note" role="alert">${reasonHtml(refused, t)}</p>`
  const off = isOff ? `<p class="note" role="status">${t('The cloud is switched off. Signing in and paying do not work now.')}</p>` : ''
  const main = `<h1>${t('Phones')}</h1>
<p>${t('Simulated phones: here you answer what the app asks.')}</p>
<p class="quiet">${t('Nevis simulator at {url}', { url: escaped(cloud.baseURL) })}</p>
<div class="tools"><button id="back" hidden>${t('Back to the page with the link')}</button>
<label class="sound" hidden><input type="checkbox" id="sound" autocomplete="off"> ${t('Sound')}</label>
<form method="post" action="/_simulator/outage"><button name="cloud" value="${isOff ? 'on' : 'off'}">${t(isOff ? 'Switch the cloud on' : 'Switch the cloud off')}</button></form></div>
${warning}${off}
<p class="hidden" role="status" id="news" data-requests="${t('Requests: {n}')}"></p>
<div class="phones" id="phones" data-version="${version}" data-waiting="${String(waiting)}" data-placeholder="${t('Link or picture')}">${html}</div>
${scannerHtml(t)}`
  // Do not reload a page that shows an error. Such a page has the URL of the form's action, which responds to GET with 404.
  return page(`${waiting > 0 ? `(${String(waiting)}) ` : ''}${t(TITLE)}`, main, SCRIPT, language, refused === undefined)
}

/**
 * Builds the page for an opened app link.
 * @param transaction the transaction of the link; `undefined` if the link is unknown or its transaction has ended
 */
export function openPage(cloud: Cloud, link: string, transaction: Transaction | undefined, { language, t }: PhoneTexts): string {
  const back = `<p><a href="/">${t('All phones')}</a></p>`
  if (transaction?.status !== 'pending') {
    return page(t('App link'), `<div class="open"><h1>${t('This link is not valid any more')}</h1>\n${back}</div>`, OPEN_SCRIPT, language)
  }
  const others = [...cloud.users.values()].filter((user) => user !== transaction.user).slice(-USERS_SHOWN)
  const users = transaction.user === undefined ? others : [transaction.user, ...others]
  const forms = users.map(
    (user) => `<form method="post" action="/_simulator/scan">${hidden('user', user.userId)}${hidden('link', link)}
<button${user === transaction.user ? ' class="accept"' : ''}>${t('Phone of {name}', { name: escaped(nameOf(user, t)) })}</button></form>`,
  )
  const what = t(transaction.operation === 'enroll' ? 'The link registers the phone.' : 'The link asks for an approval.')
  const noUsers = forms.length === 0 ? `<p>${t('There are no users yet.')}</p>` : ''
  return page(
    t('App link'),
    `<div class="open"><h1>${t('Which phone shall open this link?')}</h1>\n<p>${what} ${t('These phones are simulated: nothing is opened on a real phone.')}</p>
${noUsers}${forms.join('\n')}\n${back}</div>`,
    OPEN_SCRIPT,
    language,
  )
}

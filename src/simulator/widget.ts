/**
 * Replaces Nevis's widget in tests: the script that a page loads, and the iframe that the script creates.
 *
 * Nevis documents no names of functions or fields, so names such as `nevisSimulatorWidget` are invented. The widget asks by push, or by QR code if the
 * intent token does not allow push.
 * Out of scope: SMS, and looking like Nevis's widget.
 *
 * Sources: https://docs.nevis.net/authcloud/widget/auth-widget and …/widget/auth-widget-ref
 */
import { createHash } from 'node:crypto'
import { answer, type Answer } from './answer'
import type { Cloud } from './cloud'

/**
 * The script that runs in the application's page: `nevisSimulatorWidget({ intentToken, element, onResult })`. The script calls `onResult` once, with `{ code,
 * token?, data? }`. It sets a style attribute, so the page's CSP must allow `'unsafe-inline'` styles, as for Nevis's widget.
 */
const HOST_SCRIPT = `'use strict'
;(() => {
  const { origin } = new URL(document.currentScript.src)
  globalThis.nevisSimulatorWidget = ({ intentToken, element, onResult }) => {
    const frame = document.createElement('iframe')
    frame.src = origin + '/widget/frame'
    frame.title = 'Nevis widget'
    const size = (height) => frame.setAttribute('style', 'display: block; width: 100%; border: 0; height: ' + height + 'px')
    size(0)
    frame.onload = () => frame.contentWindow.postMessage({ intentToken }, origin)
    addEventListener('message', function listen(event) {
      if (event.source !== frame.contentWindow || event.origin !== origin) return
      if (event.data.height !== undefined) return size(event.data.height)
      removeEventListener('message', listen)
      frame.remove()
      onResult(event.data)
    })
    element.append(frame)
  }
})()
`

/**
 * The script that runs in the iframe. It uses the result codes that Nevis documents: success-001 registration, success-002 login, error-1000 unknown,
 * error-1001 no QR code for an enrolment (the intent token is invalid or expired), error-1002 the QR code was not scanned in time.
 */
const FRAME_SCRIPT = `'use strict'
addEventListener('message', (event) => {
  if (event.source !== parent) return
  new ResizeObserver(([{ target }]) => parent.postMessage({ height: target.offsetHeight }, event.origin)).observe(document.body)
  run(event.data.intentToken)
    .catch(() => ({ code: 'error-1000' }))
    .then((result) => parent.postMessage(result, event.origin))
}, { once: true })

async function run(intentToken) {
  const authorization = 'Bearer ' + intentToken
  const call = async (path, body) => {
    const headers = { authorization, 'content-type': 'application/json' }
    const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) })
    return { ok: response.ok, json: await response.json() }
  }
  const about = await call('/widget/intent', {})
  if (!about.ok) return { code: 'error-1001' }
  const { operation, channels } = about.json
  const isEnrolment = operation === 'enroll'
  const channel = (isEnrolment ? ['app', 'push'] : ['push', 'app']).find((each) => channels.includes(each))
  const begun = channel && (await call(isEnrolment ? '/api/v1/users/enroll' : '/api/v1/approval', { channel }))
  if (!begun?.ok) return { code: isEnrolment ? 'error-1001' : 'error-1000' }
  const { statusToken, qrCode, appLinkUri } = isEnrolment ? begun.json.enrollment : begun.json
  show(qrCode, appLinkUri)
  for (;;) {
    const { json } = await call('/api/v1/status', { statusToken })
    if (json.status === 'succeeded') {
      const done = isEnrolment ? { code: 'success-001', data: { userId: json.userId } } : { code: 'success-002' }
      return { ...done, token: json.token }
    }
    if (json.status !== 'pending') return { code: isEnrolment ? 'error-1002' : 'error-1000' }
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

function show(qrCode, appLinkUri) {
  document.querySelector('p').textContent = qrCode ? 'Scan this code with your phone.' : 'Accept the request on your phone.'
  if (!qrCode) return
  const image = document.querySelector('img')
  image.src = qrCode.dataUri
  image.hidden = false
  const link = document.querySelector('a')
  link.href = appLinkUri
  link.hidden = false
}
`

const STYLE = `:root { color-scheme: light dark; --ground: #f2f4f8; --text: #1c2430; --quiet: #5a6676; --line: #d5dbe4; --accent: #0b5cad }
@media (prefers-color-scheme: dark) { :root { --ground: #12161c; --text: #e8ecf2; --quiet: #a3afbf; --line: #38424f; --accent: #7ab8ff } }
* { box-sizing: border-box }
body { margin: 0; padding: 1rem; overflow: hidden; border: 1px solid var(--line); border-radius: .5rem; background: var(--ground);
  color: var(--text); font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; text-align: center }
h1 { margin: 0; color: var(--quiet); font-size: .8125rem; font-weight: 400 }
p { margin: .25rem 0 0; font-weight: 600; text-wrap: balance }
img { display: block; width: 12rem; max-width: 100%; height: auto; margin: .75rem auto 0; padding: .25rem; border-radius: .375rem; background: #fff; image-rendering: pixelated }
a { display: block; margin-top: .75rem; padding: .65rem 1rem; border: 1px solid var(--line); border-radius: .375rem; color: var(--accent); text-decoration: none }
a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
[hidden] { display: none }
`

const FRAME = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Nevis widget</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Simulated Nevis widget</h1>
<p role="status">One moment …</p>
<img alt="QR code" hidden>
<a target="_blank" hidden>Open the app</a>
<script>${FRAME_SCRIPT}</script>
</body>
</html>
`

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** The Content-Security-Policy of the iframe: only pages of this machine may embed it. Nevis's widget restricts embedding, too. */
const POLICY = [
  "default-src 'none'",
  `style-src ${hash(STYLE)}`,
  `script-src ${hash(FRAME_SCRIPT)}`,
  'img-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  'frame-ancestors http://127.0.0.1:* http://localhost:*',
].join('; ')

const content = (type: string, body: string, headers: Record<string, string> = {}): Answer => ({
  status: 200,
  headers: { 'content-type': `${type};charset=utf-8`, ...headers },
  body,
})

export const widgetScript = (): Answer => content('text/javascript', HOST_SCRIPT)

export const widgetFrame = (): Answer => content('text/html', FRAME, { 'content-security-policy': POLICY })

/** Returns the operation and the channels of an intent token to the iframe. Nevis does not document how its widget gets these values. */
export function widgetIntent(cloud: Cloud, authorization: string | undefined): Answer {
  const intent = cloud.intent(/^Bearer (\S+)$/.exec(authorization ?? '')?.[1] ?? '')
  if (intent === undefined) return answer(403, {})
  return answer(200, { operation: intent.operation, channels: intent.channels ?? ['app', 'push', 'sms'] })
}

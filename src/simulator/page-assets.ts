/**
 * The style and script of the page with the phones, and a Content-Security-Policy that allows only these two.
 *
 * Out of scope: the page itself (`phones-page.ts`).
 */
import { createHash } from 'node:crypto'

export const STYLE = `
:root { color-scheme: light dark; --ground: #eef1f4; --card: #fff; --text: #1a2129; --quiet: #5a6672; --line: #d5dbe1;
  --accept: #12693f; --deny: #a3261d; --on-colour: #fff; --screen: #f6f8fa; --link: #0b57a4 }
@media (prefers-color-scheme: dark) { :root { --ground: #12161b; --card: #1c2229; --text: #e8ecf0; --quiet: #9ba7b3;
  --line: #353e48; --accept: #6fd3a0; --deny: #ff9d94; --on-colour: #10151a; --screen: #151a20; --link: #8fc1ff } }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, sans-serif }
.page { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1rem 3rem }
h1 { margin: 0; font-size: 1.4rem } h2 { margin: 0; font-size: 1.1rem; overflow-wrap: anywhere }
h3 { margin: 1.25rem 0 .5rem; font-size: .8rem; font-weight: 600; color: var(--quiet) }
p { margin: .25rem 0; overflow-wrap: anywhere } a { color: var(--link) }
.quiet { color: var(--quiet); font-size: .875rem }
.note { margin: 1rem 0; padding: .75rem 1rem; border: 1px solid var(--deny); border-radius: .5rem; background: var(--card) }
.phones { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); gap: 1rem; align-items: start;
  margin-top: 1.5rem }
.phone { background: var(--card); border: 1px solid var(--line); border-radius: 1.5rem; padding: 1.25rem; min-width: 0 }
.request { background: var(--screen); border: 1px solid var(--line); border-radius: .75rem; padding: .875rem; margin-top: .5rem }
.request .message { font-size: 1.05rem; white-space: pre-line }
.choices { display: flex; gap: .5rem; margin-top: .75rem } .choices form { flex: 1 }
.texts { list-style: none; margin: 0; padding: 0 }
.texts li { background: var(--screen); border: 1px solid var(--line); border-radius: .75rem; padding: .5rem .75rem;
  margin-top: .5rem; overflow-wrap: anywhere; white-space: pre-line }
button, input { font: inherit; border-radius: .5rem; min-height: 2.75rem; padding: .5rem .875rem }
button { width: 100%; border: 1px solid var(--line); background: var(--card); color: var(--text); cursor: pointer }
button.accept { background: var(--accept); border-color: var(--accept); color: var(--on-colour); font-weight: 600 }
button.deny { border-color: var(--deny); color: var(--deny) }
button:hover { filter: brightness(1.08) }
input { width: 100%; min-width: 0; border: 1px solid var(--quiet); background: var(--screen); color: var(--text) }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px }
.scan { display: flex; gap: .5rem; margin-top: .25rem } .scan button { width: auto; flex: none }
.open { max-width: 28rem } .open form { margin-top: .75rem } .open p:last-child { margin-top: 1.25rem }
summary { cursor: pointer; margin-top: 1.25rem; font-size: .8rem; font-weight: 600; color: var(--quiet) }
code { font: .875rem/1.8 ui-monospace, monospace; overflow-wrap: anywhere }
.codes { margin: .25rem 0 0; padding: 0; list-style: none }
`

/** Redraws the phones when something has changed, and keeps what the user typed, opened and focused. */
export const SCRIPT = `
const phones = document.getElementById('phones')
let version = phones.dataset.version
async function look() {
  try {
    const answer = await fetch('/_simulator/state', { cache: 'no-store' })
    const state = await answer.json()
    if (state.version !== version) draw(state)
  } catch {}
  setTimeout(look, 1000)
}
function draw(state) {
  const open = [...phones.querySelectorAll('details[open]')].map((each) => each.id)
  const typed = [...phones.querySelectorAll('input[id]')].map((each) => [each.id, each.value])
  const focused = phones.contains(document.activeElement) ? document.activeElement.id : ''
  version = state.version
  phones.innerHTML = state.html
  for (const id of open) document.getElementById(id)?.setAttribute('open', '')
  for (const [id, value] of typed) { const input = document.getElementById(id); if (input) input.value = value }
  if (focused) document.getElementById(focused)?.focus()
}
setTimeout(look, 1000)
`

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** Usernames and messages are untrusted. With this policy, no script runs even if they could inject markup. */
export const POLICY = [
  "default-src 'none'",
  `style-src ${hash(STYLE)}`,
  `script-src ${hash(SCRIPT)}`,
  'img-src data:',
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

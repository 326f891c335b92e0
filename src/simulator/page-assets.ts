/**
 * The style and the scripts of the page that shows the simulated phones, and a Content-Security-Policy that allows only these.
 *
 * Out of scope: the HTML (`phones-page.ts`).
 */
import { createHash } from 'node:crypto'

export const STYLE = `
:root { color-scheme: light dark; --ground: #eef1f4; --card: #fff; --text: #1a2129; --quiet: #5a6672; --line: #d5dbe1;
  --accent: #0b57a4; --on-accent: #fff; --error: #a3261d; --screen: #f3f5f8; --case: #2b333c }
@media (prefers-color-scheme: dark) { :root { --ground: #12161b; --card: #1c2229; --text: #e8ecf0; --quiet: #9ba7b3;
  --line: #353e48; --accent: #8fc1ff; --on-accent: #10151a; --error: #ff9d94; --screen: #262e37; --case: #4a5562 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; hyphens: auto }
.page { max-width: 76rem; margin: 0 auto; padding: 1.5rem 1rem 3rem }
h1, h2 { margin: 0; font-size: 1.4rem; overflow-wrap: anywhere } h2 { font-size: 1.1rem }
h3 { margin: 1rem 0 .5rem; overflow-wrap: anywhere; font-size: .8rem; font-weight: 600; color: var(--quiet) }
p { margin: .25rem 0; overflow-wrap: anywhere } a { color: var(--accent) }
[hidden] { display: none !important }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
.quiet { color: var(--quiet); font-size: .875rem }
.note { display: flex; gap: .5rem; align-items: flex-start; margin: 1rem 0; padding: .75rem 1rem; border: 1px solid var(--error); border-radius: .5rem; background: var(--card) }
/* The icon of a warning. */
.note::before { content: '!' / ''; flex: none; width: 1.5rem; border-radius: 50%; background: var(--error); color: var(--card); font-weight: 700; text-align: center }
.error { color: var(--error); font-size: .875rem; font-weight: 600 }
.tools { display: flex; flex-wrap: wrap; gap: .75rem; align-items: center; margin-top: 1rem } .tools button { width: auto }
.sound { display: flex; gap: .5rem; align-items: center; min-height: 2.75rem; padding-inline: .25rem .5rem }
.sound input { width: 1.25rem; min-height: 0; height: 1.25rem; margin: 0; accent-color: var(--accent) }
.phones { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 17.5rem), 1fr)); gap: 1.5rem; margin-top: 1.5rem }
.phones > p { grid-column: 1 / -1 }
.phone { display: flex; flex-direction: column; width: 100%; max-width: 22rem; min-width: 0; min-height: 34rem; margin-inline: auto;
  padding: .75rem 1rem 1.25rem; background: var(--card); border: .625rem solid var(--case); border-radius: 2.5rem }
.phone::before { content: ''; flex: none; width: 5rem; height: .375rem; margin: 0 auto .75rem; border-radius: 1rem; background: var(--case) }
.nothing { margin: 1.5rem 0; color: var(--quiet); text-align: center }
.request { background: var(--screen); border: 1px solid var(--accent); border-radius: 1rem; padding: .875rem; margin-top: .75rem }
.request .message { font-size: 1.05rem; white-space: pre-line }
.choices { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: .75rem } .choices form { flex: 1 8rem; min-width: 0 }
/* Little padding, so that a German word fits into a button of half the width of a narrow phone. */
.choices button { padding-inline: .25rem }
.texts { list-style: none; margin: 0; padding: 0 }
.texts li { width: fit-content; max-width: 95%; background: var(--screen); border-radius: 1rem 1rem 1rem .25rem; padding: .5rem .75rem;
  margin-top: .5rem; overflow-wrap: anywhere; white-space: pre-line }
.app { margin-top: auto }
button, input { font: inherit; border-radius: .625rem; min-height: 2.75rem; padding: .5rem .875rem }
button { width: 100%; overflow-wrap: anywhere; border: 1px solid var(--accent); background: var(--card); color: var(--accent); font-weight: 600; cursor: pointer }
button.accept { background: var(--accent); color: var(--on-accent) }
button:hover { filter: brightness(1.08) }
input { width: 100%; min-width: 0; border: 1px solid var(--quiet); background: var(--screen); color: var(--text) }
[aria-invalid] { border: 2px solid var(--error) }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.scan { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: .25rem } .scan input { flex: 1 6rem } .scan button { width: auto; max-width: 100%; flex: none } .camera { margin-top: .5rem }
h1 + p { margin-top: .5rem }
.open { max-width: 28rem; margin-inline: auto; padding: 1.5rem; border: 1px solid var(--line); border-radius: 1rem; background: var(--card) } .open form { margin-top: .75rem } .open p:last-child { margin-top: 1.25rem }
summary { cursor: pointer; overflow-wrap: anywhere; padding-block: .75rem; font-size: .8rem; font-weight: 600; color: var(--quiet) }
code { font: .875rem/1.8 ui-monospace, monospace; overflow-wrap: anywhere }
.codes { margin: 0; padding: 0; list-style: none }
dialog { width: min(24rem, 100% - 2rem); padding: 1rem; border: 1px solid var(--line); border-radius: 1rem; background: var(--card); color: var(--text) }
dialog::backdrop { background: #000a } video { display: block; width: 100%; border-radius: .5rem }
`

/** The script of the page. Redraws the phones when something changes, without losing typed text, opened details or the focus. Scans QR codes. */
export const SCRIPT = `
const phones = document.getElementById('phones')
const title = document.title.replace(/^\\(\\d+\\) /, '')
let version = phones.dataset.version
let waiting = Number(phones.dataset.waiting)

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
  document.title = (state.waiting > 0 ? '(' + state.waiting + ') ' : '') + title
  if (state.waiting > waiting) {
    const news = document.getElementById('news')
    news.textContent = news.dataset.requests.replace('{n}', state.waiting)
    if (document.getElementById('sound').checked) beep()
  }
  waiting = state.waiting
  enhance()
}
/** Does what only the browser can do: shows times in the browser's time zone, and shows the camera button if the browser can read QR codes. */
function enhance() {
  for (const time of phones.querySelectorAll('time')) {
    time.textContent = new Date(time.dateTime).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
  }
  if (!reader) return
  for (const input of phones.querySelectorAll('[name=link]')) input.placeholder = phones.dataset.placeholder
  if (navigator.mediaDevices) for (const button of phones.querySelectorAll('.camera')) button.hidden = false
}
function beep() {
  const audio = new AudioContext()
  const tone = audio.createOscillator()
  tone.connect(audio.destination)
  tone.start()
  tone.stop(audio.currentTime + 0.15)
  tone.onended = () => audio.close()
}
document.querySelector('.sound').hidden = false

const reader = 'BarcodeDetector' in window ? new BarcodeDetector({ formats: ['qr_code'] }) : undefined
const scanner = document.getElementById('scanner')
const [video, said, form] = ['video', 'p', 'form'].map((name) => scanner.querySelector(name))
async function textIn(image) {
  return (await reader.detect(image).catch(() => []))[0]?.rawValue
}
async function scan(user) {
  said.textContent = scanner.dataset.hold
  scanner.showModal()
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } })
    await video.play()
  } catch {
    said.textContent = scanner.dataset.failed
  }
  while (scanner.open && video.srcObject) {
    const link = await textIn(video)
    if (link) {
      form.elements.user.value = user
      form.elements.link.value = link
      return form.submit()
    }
    await new Promise((done) => setTimeout(done, 200))
  }
  stop()
}
function stop() {
  for (const track of video.srcObject?.getTracks() ?? []) track.stop()
  video.srcObject = null
}
scanner.addEventListener('close', stop)
form.querySelector('button').addEventListener('click', () => scanner.close())
phones.addEventListener('click', ({ target }) => { if (target.dataset.user) scan(target.dataset.user) })
phones.addEventListener('paste', async (event) => {
  const file = event.clipboardData.files[0]
  if (!reader || !file || event.target.name !== 'link') return
  event.preventDefault()
  const link = await textIn(await createImageBitmap(file))
  if (link) event.target.value = link
})

/* How long the tab's history was before the user opened an app link: stored by OPEN_SCRIPT. */
const opened = Number(sessionStorage.getItem('opened'))
const back = document.getElementById('back')
if (opened > 0 && opened < history.length) {
  back.hidden = false
  back.addEventListener('click', () => { sessionStorage.removeItem('opened'); history.go(opened - history.length) })
}
enhance()
setTimeout(look, 1000)
`

/** Stores how long the tab's history was before an app link was opened, so that a button can go back to the application's page. */
export const OPEN_SCRIPT = `sessionStorage.setItem('opened', history.length - 1)`

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** Usernames and messages are untrusted. If one of them contains markup, this policy prevents the markup from running a script. */
export const POLICY = [
  "default-src 'none'",
  `style-src ${hash(STYLE)}`,
  `script-src ${hash(SCRIPT)} ${hash(OPEN_SCRIPT)}`,
  'img-src data:',
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

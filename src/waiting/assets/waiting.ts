/**
 * The script of the waiting page: learns when the user has decided, counts down, and goes on to the callback.
 *
 * Out of scope: signing in. The callback asks Nevis itself, whatever this script says. A plain script, not a module: the build compiles
 * it to `dist/waiting/assets/waiting.js`, and the page loads that file as it is.
 */

/*! passport-nevis: compiled from src/waiting/assets/waiting.ts */

/** What the page wrote into the `data-` attributes of its `main` element: `page.ts`. */
interface PageData {
  readonly transaction: string
  readonly statusUrl: string
  readonly callbackUrl: string
  readonly secondsLeft: string
  readonly prompt: string
  readonly approved: string
  readonly elsewhere: string
  readonly nothingLeft: string
  readonly offline: string
}

/** What tabs that wait for the same approval tell each other. */
interface TabMessage {
  readonly transaction: string
  readonly says: 'hello' | 'hello to you' | 'gone on'
}

interface Window {
  /** The script of the app starts Nevis's widget: option `widgetScript`. */
  startNevisWidget(widget: { intentToken: string; element: HTMLElement; succeeded(token?: string): void; failed(): void }): unknown
}

(() => {
  const found = document.querySelector<HTMLElement>('main[data-transaction]')
  if (!found) return
  const main: HTMLElement = found
  // A page that comes back from the browser's back/forward cache is out of date.
  addEventListener('pageshow', (event) => event.persisted && location.reload())
  sendOnce()
  if (main.dataset['status'] !== 'pending') return

  const { transaction, statusUrl, callbackUrl, secondsLeft, prompt, approved, elsewhere, nothingLeft, offline } = main.dataset as unknown as PageData
  const withTransaction = (url: string) => `${url}${url.includes('?') ? '&' : '?'}transaction=${encodeURIComponent(transaction)}`
  // Every pending page has these three: `page.ts`.
  const heading = main.querySelector('h1') as HTMLElement
  const note = main.querySelector('[data-note]') as HTMLElement
  const countdown = main.querySelector('[data-countdown]') as HTMLElement
  const resend = main.querySelector<HTMLButtonElement>('[data-resend]')
  const resendLabel = resend?.textContent
  // Only durations are measured with this clock. Its time may be minutes wrong.
  const startedAt = Date.now()
  // On a slow machine another tab may have gone on, and released the lock, before its message arrives here.
  const HEARING_MS = 20

  let stream: EventSource | undefined
  let errors = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  // Counts the pauses. An answer to a request from before the last pause is ignored.
  let round = 0
  let isOver = false

  // Writes only a new text, because a screen reader announces every write.
  function say(text: string) {
    if (note.textContent !== text) note.textContent = text
  }

  function sayWhetherOnline() {
    if (!isOver) say(navigator.onLine ? '' : offline)
  }

  function learn(status: string) {
    if (isOver) return
    if (status === 'pending') return sayWhetherOnline()
    isOver = true
    pause()
    if (status !== 'succeeded') return location.reload()
    if (!navigator.locks) return goOn()
    // Several tabs learn at the same moment. The tab that has the lock keeps it until the browser has left the page.
    void navigator.locks.request(`passport-nevis ${transaction}`, { ifAvailable: true }, (lock) => {
      if (lock === null) return leave()
      if (hasCompany) setTimeout(goOn, HEARING_MS)
      else goOn()
      return new Promise<never>(() => undefined)
    })
  }

  function goOn() {
    if (main.dataset['status'] !== 'pending') return
    main.dataset['status'] = 'succeeded'
    say(approved)
    tell('gone on')
    location.replace(withTransaction(callbackUrl))
  }

  // Only one of several tabs may go on, because an approval counts once.
  let hasCompany = false
  const tabs = 'BroadcastChannel' in window ? new BroadcastChannel('passport-nevis') : undefined
  if (tabs) {
    tabs.onmessage = ({ data }) => {
      const { transaction: of, says } = data as TabMessage
      if (of !== transaction || main.dataset['status'] !== 'pending') return
      if (says === 'gone on') return leave()
      hasCompany = true
      if (says === 'hello') tell('hello to you')
    }
    tell('hello')
  }

  function tell(says: TabMessage['says']) {
    tabs?.postMessage({ transaction, says } satisfies TabMessage)
  }

  function leave() {
    isOver = true
    pause()
    main.dataset['status'] = 'elsewhere'
    heading.textContent = document.title = nothingLeft
    for (const part of main.children) (part as HTMLElement).hidden = part !== heading && part !== note
    say(elsewhere)
  }

  function listen() {
    const opened = new EventSource(withTransaction(statusUrl))
    stream = opened
    opened.addEventListener('status', ({ data }) => learn((JSON.parse(data as string) as { status: string }).status))
    opened.onopen = () => {
      errors = 0
      sayWhetherOnline()
    }
    opened.onerror = () => {
      // Closed for good: the server has no free stream. Ask from time to time instead.
      if (opened.readyState === EventSource.CLOSED) return void ask()
      // Interrupted: the browser connects again by itself. Proxies end a long stream now and then, so one error is not shown.
      if (++errors > 1) say(offline)
    }
  }

  async function ask() {
    const asked = round
    let waitSeconds = 2
    try {
      const response = await fetch(withTransaction(statusUrl), { headers: { accept: 'application/json' }, cache: 'no-store' })
      const { status, retryAfterSeconds = waitSeconds } = (await response.json()) as { status: string; retryAfterSeconds?: number }
      waitSeconds = retryAfterSeconds
      if (asked === round) learn(status)
    } catch {
      if (asked === round) say(offline)
    }
    if (asked === round) timer = setTimeout(() => void ask(), waitSeconds * 1000)
  }

  function pause() {
    clearTimeout(timer)
    stream?.close()
    round += 1
  }

  // A hidden tab closes its stream: a browser has only a few connections to a server, and visible tabs need them.
  function resume() {
    pause()
    sayWhetherOnline()
    if (!isOver && prompt === 'wait' && document.visibilityState === 'visible') listen()
  }

  // Runs after all scripts of the page, so that the scripts of Nevis and of the app are loaded.
  function startWidget() {
    const element = main.querySelector<HTMLElement>('[data-intent-token]')
    if (!element) return
    const { intentToken = '' } = element.dataset
    const failed = () => {
      if (!isOver) (main.querySelector('[data-widget-failed]') as HTMLElement).hidden = false
    }
    const succeeded = (token?: string) => {
      if (isOver) return
      if (!token) return failed()
      isOver = true
      main.dataset['status'] = 'succeeded'
      say(approved)
      tell('gone on')
      const form = main.querySelector('[data-widget-result]') as HTMLFormElement
      ;(form.elements.namedItem('token') as HTMLInputElement).value = token
      form.submit()
    }
    Promise.resolve()
      .then(() => window.startNevisWidget({ intentToken, element, succeeded, failed }))
      .catch((error: unknown) => {
        console.error(error)
        failed()
      })
  }

  const left = (seconds: number) => Math.max(0, Math.ceil(seconds - (Date.now() - startedAt) / 1000))

  function tick() {
    const seconds = left(Number(secondsLeft))
    countdown.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
    if (resend) {
      const { resend: seconds, resendIn = '' } = resend.dataset
      const wait = left(Number(seconds))
      resend.disabled = wait > 0
      resend.textContent = wait > 0 ? resendIn.replace('{n}', String(wait)) : (resendLabel as string)
    }
    if (isOver) return
    if (seconds > 0) setTimeout(tick, 1000 - ((Date.now() - startedAt) % 1000))
    else if (prompt !== 'wait') location.reload()
  }

  // Ignores the second click of a double click: its start would end the first one.
  function sendOnce() {
    let sentAt = -Infinity
    main.addEventListener('submit', (event) => {
      if (event.timeStamp < sentAt + 3000) event.preventDefault()
      else sentAt = event.timeStamp
    })
  }

  // Buttons to keep recovery codes. A page without TLS has no clipboard.
  function offer(button: HTMLElement | null, action: () => void) {
    if (!button) return
    button.hidden = false
    button.addEventListener('click', action)
  }

  const codes = [...main.querySelectorAll('[data-codes] code')].map(({ textContent }) => textContent)
  const copyButton = main.querySelector<HTMLElement>('[data-copy]')
  const copied = () => say(copyButton?.dataset['copy'] ?? '')
  offer(main.querySelector('[data-print]'), () => window.print())
  if (navigator.clipboard) offer(copyButton, () => void navigator.clipboard.writeText(codes.join('\n')).then(copied, () => undefined))

  document.addEventListener('visibilitychange', resume)
  addEventListener('online', resume)
  addEventListener('offline', sayWhetherOnline)
  addEventListener('pagehide', pause)
  // Removes the spaces of a code that was pasted or filled in.
  const code = main.querySelector<HTMLInputElement>('input[name="code"]')
  code?.addEventListener('change', () => (code.value = code.value.replace(/\s/g, '')))
  addEventListener('DOMContentLoaded', startWidget)
  tick()
  resume()
})()

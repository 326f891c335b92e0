/**
 * The script of the waiting page: learns when the user has answered, counts down, and sends the browser to the callback.
 *
 * The folder `assets/` contains the scripts and the style of the pages, which run in the browser.
 * Out of scope: signing in. The callback asks Nevis itself and does not trust this script.
 */

/*! passport-nevis: compiled from src/waiting/assets/waiting.ts */

(() => {
  // htmx and Turbo can insert a new page into the document without running this script again. So the first run also starts all later pages.
  if (window.nevisWaitingPage) return window.nevisWaitingPage()
  const started = new WeakSet<HTMLElement>()
  window.nevisWaitingPage = () => {
    const main = document.querySelector<HTMLElement>('main[data-transaction]')
    if (!main || started.has(main)) return
    started.add(main)
    // After "Back", htmx and Turbo show a copy of the page as they have removed it. The copy may be out of date, so load the page again.
    if ('started' in main.dataset) return location.reload()
    main.dataset['started'] = ''
    start(main)
  }
  window.nevisWaitingPage()
  new MutationObserver(window.nevisWaitingPage).observe(document.documentElement, { childList: true, subtree: true })
  // A page from the browser's back/forward cache may be out of date, so load it again.
  addEventListener('pageshow', (event) => event.persisted && document.querySelector('main[data-transaction]') && location.reload())

  /** Every status of the status endpoint. */
  const STATUSES = ['pending', 'succeeded', 'failed', 'expired', 'unreadable', 'unknown']

  function start(main: HTMLElement): void {
    // The page shows these parts if this script does not start.
    for (const part of main.querySelectorAll('.nevis-unscripted')) part.remove()
    for (const part of main.querySelectorAll('.nevis-scripted')) part.classList.remove('nevis-scripted')
    const heading = main.querySelector('h1') as HTMLElement
    window.nevisTypedPhone(main)
    const leavePage = window.nevisLeaving(main)
    const rememberField = window.nevisRemember(main)
    // Focus the heading, so that a screen reader reads how the transaction ended, or that the typed code was right.
    if (main.dataset['status'] !== 'pending' || 'codeTyped' in main.dataset) {
      heading.tabIndex = -1
      heading.focus()
    }
    void attempt(() => {
      // After a reload, `history.state` contains the text that the page said before. If the text is the same, a screen reader must not announce it again.
      // Leave out empty and hidden parts: the script fills or shows them later.
      const parts = [...main.querySelectorAll('[role="alert"], [role="status"]')].filter((part) => part.textContent && !part.closest('[hidden]'))
      const said = parts.map(({ textContent }) => textContent).join(' ')
      const state = history.state as { readonly nevisSaid?: string } | null
      if (state?.nevisSaid !== undefined && !main.querySelector('[autofocus]')) {
        heading.tabIndex = -1
        heading.focus({ preventScroll: true })
      }
      if (state?.nevisSaid === said) for (const part of parts) part.removeAttribute('role')
      history.replaceState({ ...state, nevisSaid: said }, '')
    }).catch(() => undefined)
    if (main.dataset['status'] !== 'pending') return

    let { transaction, secondsLeft } = main.dataset as unknown as PageData
    const { sharedName, statusUrl, callbackUrl, prompt, approved, elsewhere, nothingLeft, offline, silent, endsSoon } = main.dataset as unknown as PageData
    const withTransaction = (url: string) => `${url}${url.includes('?') ? '&' : '?'}transaction=${encodeURIComponent(transaction)}`
    // Every pending page has `data-note`, `data-countdown` and `data-continue`: see `page.ts`.
    const note = main.querySelector('[data-note]') as HTMLElement
    const countdown = main.querySelector('[data-countdown]') as HTMLElement
    const resend = main.querySelector<HTMLButtonElement>('[data-resend]')
    const resendLabel = [...(resend?.childNodes ?? [])]
    const here = main.querySelector('[data-continue]') as HTMLElement
    // The browser's clock may be wrong by minutes. So use this clock only to measure durations.
    let startedAt = Date.now()
    const SOON_SECONDS = 30
    const moreTime = main.querySelector<HTMLFormElement>('[data-more-time]')
    // Stops the listeners and requests of this page when htmx or Turbo inserts another page.
    const departure = new AbortController()
    const { signal } = departure
    // If other tabs are open, this tab waits this many milliseconds before it goes to the callback, because another tab may report that it has gone there
    // already.
    const TAB_ANSWER_MS = 20
    // Time limit of a request for the status: a connection may have broken unnoticed.
    const ASK_MS = 20_000

    let stream: EventSource | undefined
    let errors = 0
    let timer: ReturnType<typeof setTimeout> | undefined
    // Counts how often the page has stopped asking for the status (`pause`). If the page has stopped since a request was sent, the answer to this request is
    // ignored.
    let round = 0
    let isOver = false
    let [warning, silence] = ['', '']

    // A screen reader announces every write. So write only if the text has changed.
    function say(text: string) {
      if (note.textContent !== text) write(note, text)
    }

    // If a text has no translation, the server sends the English text with a Unicode mark (U+2066) before it.
    function write(element: HTMLElement, text: string) {
      element.textContent = text
      if (text.startsWith('\u2066')) element.lang = 'en'
      else element.removeAttribute('lang')
    }

    function sayWhetherOnline() {
      if (!isOver) say(navigator.onLine ? warning || silence : offline)
    }

    /** @throws TypeError if the JSON is not of the status endpoint: a gateway before the app may have answered, for example with 429 */
    function learn({ status, isSilent }: StatusJson) {
      if (!STATUSES.includes(status)) throw new TypeError()
      if (isOver || isGone()) return
      silence = isSilent ? silent : ''
      if (status === 'pending') return sayWhetherOnline()
      isOver = true
      pause()
      if (status !== 'succeeded') return status === 'unreadable' ? goTo(withTransaction(callbackUrl)) : reload()
      // Only one tab may go to the callback: the one that gets the lock. It keeps the lock until it has left this page.
      const claim = async (lock: unknown) => {
        if (lock === null) return leave()
        if (hasCompany) setTimeout(goOn, TAB_ANSWER_MS)
        else goOn()
        return new Promise<never>(() => undefined)
      }
      attempt(() => navigator.locks.request(`passport-nevis ${sharedName}`, { ifAvailable: true }, claim))
        .catch(goOn)
    }

    // Turns an exception into a rejected promise: storage, locks and channels throw if the browser blocks them.
    async function attempt(action: () => unknown): Promise<void> {
      await action()
    }

    function goOn() {
      if (main.dataset['status'] !== 'pending') return
      finish()
      goTo(withTransaction(callbackUrl) + rememberField())
    }

    // True if another tab waits for the same approval. Only one of the tabs may go to the callback.
    let hasCompany = false
    let tabs: BroadcastChannel | undefined
    void attempt(() => {
      tabs = new BroadcastChannel('passport-nevis')
      tabs.onmessage = ({ data }) => {
        const { of, says } = data as TabMessage
        if (of !== sharedName || main.dataset['status'] !== 'pending') return
        if (says === 'gone on') return leave()
        hasCompany = true
        if (says === 'hello') tell('hello to you')
      }
      tell('hello')
    }).catch(() => undefined)

    function tell(says: TabMessage['says']) {
      tabs?.postMessage({ of: sharedName, says } satisfies TabMessage)
    }

    function isGone(): boolean {
      if (main.isConnected) return false
      pause()
      departure.abort()
      tabs?.close()
      return true
    }

    function leave() {
      isOver = true
      pause()
      end('elsewhere', nothingLeft, elsewhere)
    }

    // Shows that the transaction is over: leaves only the heading, the note and, if another tab has gone to the callback, a link to continue in this tab.
    function end(status: string, words: string, said: string) {
      main.dataset['status'] = status
      document.title = document.title.replace(heading.textContent, words)
      write(heading, words)
      for (const part of main.children) (part as HTMLElement).hidden = part !== heading && part !== note && !(part === here && status === 'elsewhere')
      // Hide the link to the sign-in page, which is in the footer, outside of `main`: the user has just confirmed, and must not sign in again.
      document.querySelector('[data-sign-in]')?.setAttribute('hidden', '')
      say(said)
    }

    function listen() {
      if (!('EventSource' in window)) return void ask()
      const opened = new EventSource(withTransaction(statusUrl))
      stream = opened
      const read = ({ data }: MessageEvent) => void attempt(() => learn(JSON.parse(data as string) as StatusJson)).catch(() => say(offline))
      for (const name of ['status', 'silence']) opened.addEventListener(name, read)
      opened.onopen = () => {
        errors = 0
        sayWhetherOnline()
      }
      opened.onerror = () => {
        // Too many streams are open, so the server has refused this one. Poll instead.
        if (opened.readyState === EventSource.CLOSED) return void ask()
        // The browser reconnects by itself. Proxies end long streams now and then, so a single error is not shown.
        if (++errors > 1) say(offline)
      }
    }

    async function ask() {
      const asked = round
      let seconds: unknown
      try {
        const response = await fetch(withTransaction(statusUrl), { headers: { accept: 'application/json' }, cache: 'no-store', signal: AbortSignal.timeout?.(ASK_MS) })
        seconds = response.headers.get('retry-after')
        const json = (await response.json()) as StatusJson
        seconds = json.retryAfterSeconds ?? seconds
        if (asked === round) learn(json)
      } catch {
        if (asked === round) say(offline)
      }
      // `Retry-After` may also be a date or negative, because a gateway may have sent it.
      if (asked === round) timer = setTimeout(() => void ask(), Math.min(Math.max(1, Number(seconds) || 2), 60) * 1000)
    }

    function pause() {
      clearTimeout(timer)
      stream?.close()
      round += 1
    }

    // Opens the stream anew, but only in a visible tab: a browser has only a few connections to a server, so a hidden tab closes its stream.
    function resume() {
      pause()
      if (isGone()) return
      sayWhetherOnline()
      if (!isOver && prompt === 'wait' && document.visibilityState === 'visible') listen()
    }

    function finish() {
      isOver = true
      end('succeeded', approved, approved)
      tell('gone on')
    }

    const left = (seconds: number) => Math.max(0, Math.ceil(seconds - (Date.now() - startedAt) / 1000))

    function tick() {
      if (isGone()) return
      const seconds = left(Number(secondsLeft))
      // After the widget has failed, the page hides the time, so a warning that the time ends soon would make no sense.
      const isShown = !(countdown.parentElement as HTMLElement).hidden
      if (!warning && isShown && seconds <= SOON_SECONDS && seconds > 0) {
        warning = endsSoon
        if (moreTime) moreTime.hidden = false
        sayWhetherOnline()
      }
      countdown.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
      if (resend) {
        const { resend: seconds, resendIn = '' } = resend.dataset
        const wait = left(Number(seconds))
        const wasDisabled = resend.disabled
        resend.disabled = wait > 0
        if (wait > 0) write(resend, resendIn.replace('{n}', String(wait)))
        else if (wasDisabled) {
          resend.replaceChildren(...resendLabel)
          resend.removeAttribute('lang')
        }
      }
      if (isOver) return
      if (seconds > 0 || isGettingMoreTime()) setTimeout(tick, 1000 - ((Date.now() - startedAt) % 1000))
      // The stream may have broken unnoticed. A new stream begins with the current status.
      else if (prompt === 'wait') resume()
      else reload()
    }

    const isGettingMoreTime = window.nevisMoreTime(main, say, (more) => {
      ;[transaction, secondsLeft, startedAt, warning] = [more.transaction, more.secondsLeft, Date.now(), '']
      ;(here.firstElementChild as HTMLAnchorElement).href = location.href
      sayWhetherOnline()
    })

    function reload() {
      leavePage(() => location.reload())
    }

    function goTo(url: string) {
      leavePage(() => location.replace(url))
    }

    window.nevisRecoveryCodes(main, write)
    document.addEventListener('visibilitychange', resume, { signal })
    addEventListener('online', resume, { signal })
    addEventListener('offline', sayWhetherOnline, { signal })
    addEventListener('pagehide', pause, { signal })
    const code = main.querySelector<HTMLInputElement>('input[name="code"]')
    code?.addEventListener('change', () => (code.value = code.value.replace(/\s/g, '')))
    window.nevisWidget(main, write, () => isOver || isGone(), finish)
    tick()
    resume()
  }
})()

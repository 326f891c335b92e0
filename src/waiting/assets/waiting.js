// The waiting page's script: learns when the transaction is decided, counts down, and goes on.
// Not its job: to sign anybody in. The callback asks Nevis itself.
'use strict'
;(() => {
  const main = document.querySelector('main[data-transaction]')
  if (!main) return
  // What the browser kept of a page that was left is out of date.
  addEventListener('pageshow', (event) => event.persisted && location.reload())
  sendOnce()
  if (main.dataset.status !== 'pending') return

  const { transaction, statusUrl, callbackUrl, secondsLeft, prompt, approved, elsewhere, nothingLeft, offline } = main.dataset
  const withTransaction = (url) => `${url}${url.includes('?') ? '&' : '?'}transaction=${encodeURIComponent(transaction)}`
  const heading = main.querySelector('h1')
  const note = main.querySelector('[data-note]')
  const countdown = main.querySelector('[data-countdown]')
  const resend = main.querySelector('[data-resend]')
  const resendLabel = resend?.textContent
  // Durations by this clock, not times: it may be minutes wrong.
  const startedAt = Date.now()
  // On a slow machine another tab may have had the lock and gone on before this one has heard of it.
  const HEARING_MS = 20

  let stream
  let errors = 0
  let timer
  // Counts the pauses: an answer from before one is late.
  let round = 0
  let isOver = false

  // Written only when it changes: a screen reader announces changes of state, not every look.
  function say(text) {
    if (note.textContent !== text) note.textContent = text
  }

  function sayWhetherOnline() {
    if (!isOver) say(navigator.onLine ? '' : offline)
  }

  function learn(status) {
    if (isOver) return
    if (status === 'pending') return sayWhetherOnline()
    isOver = true
    pause()
    if (status !== 'succeeded') return location.reload()
    if (!navigator.locks) return goOn()
    // Several tabs learn at the same moment. Whoever has the lock keeps it until it has gone on.
    navigator.locks.request(`passport-nevis ${transaction}`, { ifAvailable: true }, (lock) => {
      if (lock === null) return leave()
      if (hasCompany) setTimeout(goOn, HEARING_MS)
      else goOn()
      return new Promise(() => {})
    })
  }

  function goOn() {
    if (main.dataset.status !== 'pending') return
    main.dataset.status = 'succeeded'
    say(approved)
    tabs?.postMessage({ transaction, says: 'gone on' })
    location.replace(withTransaction(callbackUrl))
  }

  // Only one of several tabs may go on: the approval counts once.
  let hasCompany = false
  const tabs = 'BroadcastChannel' in window ? new BroadcastChannel('passport-nevis') : undefined
  if (tabs) {
    tabs.onmessage = ({ data: { transaction: of, says } }) => {
      if (of !== transaction || main.dataset.status !== 'pending') return
      if (says === 'gone on') return leave()
      hasCompany = true
      if (says === 'hello') tabs.postMessage({ transaction, says: 'hello to you' })
    }
    tabs.postMessage({ transaction, says: 'hello' })
  }

  function leave() {
    isOver = true
    pause()
    main.dataset.status = 'elsewhere'
    heading.textContent = document.title = nothingLeft
    for (const part of main.children) part.hidden = part !== heading && part !== note
    say(elsewhere)
  }

  function listen() {
    stream = new EventSource(withTransaction(statusUrl))
    stream.addEventListener('status', ({ data }) => learn(JSON.parse(data).status))
    stream.onopen = () => {
      errors = 0
      sayWhetherOnline()
    }
    stream.onerror = () => {
      // Closed for good: the server has no stream to spare.
      if (stream.readyState === EventSource.CLOSED) return void ask()
      // Gone for now: the browser tries again by itself. Proxies end a long stream now and then; that is no news.
      if (++errors > 1) say(offline)
    }
  }

  async function ask() {
    const asked = round
    let waitSeconds = 2
    try {
      const response = await fetch(withTransaction(statusUrl), { headers: { accept: 'application/json' }, cache: 'no-store' })
      const { status, retryAfterSeconds = waitSeconds } = await response.json()
      waitSeconds = retryAfterSeconds
      if (asked === round) learn(status)
    } catch {
      if (asked === round) say(offline)
    }
    if (asked === round) timer = setTimeout(ask, waitSeconds * 1000)
  }

  function pause() {
    clearTimeout(timer)
    stream?.close()
    round += 1
  }

  // A tab that nobody sees costs nothing, and leaves the few connections to those that somebody does.
  function resume() {
    pause()
    sayWhetherOnline()
    if (!isOver && prompt === 'wait' && document.visibilityState === 'visible') listen()
  }

  // Once all scripts of the page have run, Nevis's and the app's own among them.
  function startWidget() {
    const element = main.querySelector('[data-intent-token]')
    if (!element) return
    const { intentToken } = element.dataset
    const failed = () => !isOver && (main.querySelector('[data-widget-failed]').hidden = false)
    const succeeded = (token) => {
      if (isOver) return
      if (!token) return failed()
      isOver = true
      main.dataset.status = 'succeeded'
      say(approved)
      tabs?.postMessage({ transaction, says: 'gone on' })
      const form = main.querySelector('[data-widget-result]')
      form.elements.token.value = token
      form.submit()
    }
    Promise.resolve()
      .then(() => window.startNevisWidget({ intentToken, element, succeeded, failed }))
      .catch((error) => {
        console.error(error)
        failed()
      })
  }

  const left = (seconds) => Math.max(0, Math.ceil(seconds - (Date.now() - startedAt) / 1000))

  function tick() {
    const seconds = left(secondsLeft)
    countdown.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
    if (resend) {
      const wait = left(resend.dataset.resend)
      resend.disabled = wait > 0
      resend.textContent = wait > 0 ? resend.dataset.resendIn.replace('{n}', wait) : resendLabel
    }
    if (isOver) return
    if (seconds > 0) setTimeout(tick, 1000 - ((Date.now() - startedAt) % 1000))
    else if (prompt !== 'wait') location.reload()
  }

  // After a double click the second start would end the first.
  function sendOnce() {
    let sentAt = -Infinity
    main.addEventListener('submit', (event) => {
      if (event.timeStamp < sentAt + 3000) event.preventDefault()
      else sentAt = event.timeStamp
    })
  }

  // Recovery codes, to take along. A page without TLS has no clipboard.
  function offer(button, action) {
    if (!button) return
    button.hidden = false
    button.addEventListener('click', action)
  }

  const codes = [...main.querySelectorAll('[data-codes] code')].map(({ textContent }) => textContent)
  const copyButton = main.querySelector('[data-copy]')
  offer(main.querySelector('[data-print]'), () => window.print())
  if (navigator.clipboard) offer(copyButton, () => navigator.clipboard.writeText(codes.join('\n')).then(() => say(copyButton.dataset.copy), () => {}))

  document.addEventListener('visibilitychange', resume)
  addEventListener('online', resume)
  addEventListener('offline', sayWhetherOnline)
  addEventListener('pagehide', pause)
  // A code that is pasted or filled in with spaces in it is still a code.
  main.querySelector('input[name="code"]')?.addEventListener('change', ({ target }) => (target.value = target.value.replace(/\s/g, '')))
  addEventListener('DOMContentLoaded', startWidget)
  tick()
  resume()
})()

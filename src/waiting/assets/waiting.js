// The waiting page's script: learns when the transaction is decided, counts down, and goes on.
// Not its job: to sign anybody in. The callback asks Nevis itself.
'use strict'
;(() => {
  const main = document.querySelector('main[data-transaction]')
  if (!main || main.dataset.status !== 'pending') return
  const { transaction, statusUrl, callbackUrl, expiresAt, prompt, approved, elsewhere, offline } = main.dataset
  const withTransaction = (url) => `${url}${url.includes('?') ? '&' : '?'}transaction=${encodeURIComponent(transaction)}`
  const note = main.querySelector('[data-note]')
  // Written only when it changes: a screen reader announces changes of state, not every look.
  const say = (text) => {
    if (note.textContent !== text) note.textContent = text
  }

  let stream
  let timer
  let isOver = false

  function end(text) {
    isOver = true
    pause()
    say(text)
  }

  // Only one of several tabs may go on: the approval counts once.
  const tabs = 'BroadcastChannel' in window ? new BroadcastChannel('passport-nevis') : undefined
  if (tabs) {
    tabs.onmessage = ({ data }) => {
      if (data === transaction && !isOver) end(elsewhere)
    }
  }

  function learn({ status }) {
    if (isOver || status === 'pending') return say('')
    if (status !== 'succeeded') {
      end('')
      return location.reload()
    }
    end(approved)
    tabs?.postMessage(transaction)
    location.replace(withTransaction(callbackUrl))
  }

  function listen() {
    stream = new EventSource(withTransaction(statusUrl))
    stream.addEventListener('status', (event) => learn(JSON.parse(event.data)))
    stream.onopen = () => say('')
    stream.onerror = () => {
      if (isOver) return
      // Closed for good: the server has no stream to spare, or gone for now: the browser tries again by itself.
      if (stream.readyState === EventSource.CLOSED) return void ask()
      if (!navigator.onLine) say(offline)
    }
  }

  async function ask() {
    let wait = 2
    try {
      const response = await fetch(withTransaction(statusUrl), { headers: { accept: 'application/json' }, cache: 'no-store' })
      const answer = await response.json()
      learn(answer)
      wait = answer.retryAfterSeconds ?? wait
    } catch {
      if (!isOver) say(offline)
    }
    if (!isOver && document.visibilityState === 'visible') timer = setTimeout(ask, wait * 1000)
  }

  function pause() {
    clearTimeout(timer)
    stream?.close()
    stream = undefined
  }

  // A tab that nobody sees costs nothing, and leaves the few connections to those that somebody does.
  function resume() {
    pause()
    if (isOver || document.visibilityState !== 'visible') return
    if (prompt === 'wait') listen()
  }

  function tick() {
    const seconds = Math.max(0, Math.round((Date.parse(expiresAt) - Date.now()) / 1000))
    main.querySelector('[data-countdown]').textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
    if (seconds === 0 && prompt !== 'wait') return location.reload()
    if (!isOver && seconds > 0) setTimeout(tick, 1000)
  }

  function holdBack(button) {
    const label = button.textContent
    let left = Number(button.dataset.resend)
    button.disabled = true
    const step = () => {
      button.textContent = left > 0 ? button.dataset.resendIn.replace('{n}', left) : label
      button.disabled = left > 0
      if (left-- > 0) setTimeout(step, 1000)
    }
    step()
  }

  document.addEventListener('visibilitychange', resume)
  addEventListener('online', resume)
  addEventListener('offline', () => !isOver && say(offline))
  addEventListener('pagehide', pause)
  addEventListener('pageshow', (event) => event.persisted && location.reload())
  for (const button of main.querySelectorAll('[data-resend]')) holdBack(button)
  // A code that is pasted or filled in with spaces around it is still a code.
  main.querySelector('input[name="code"]')?.addEventListener('change', ({ target }) => (target.value = target.value.trim()))
  tick()
  resume()
})()

// The waiting page's script: asks the status endpoint until the transaction is decided, counts down, and goes on.
// Not its job: to sign anybody in. The callback asks Nevis itself.
'use strict'
;(() => {
  const main = document.querySelector('main[data-transaction]')
  if (!main) return
  const { transaction, statusUrl, callbackUrl, expiresAt, status, prompt } = main.dataset
  const note = main.querySelector('[data-note]')
  const countdown = main.querySelector('[data-countdown]')
  const withTransaction = (url) => `${url}${url.includes('?') ? '&' : '?'}transaction=${encodeURIComponent(transaction)}`
  const end = Date.parse(expiresAt)

  function tick() {
    const seconds = Math.max(0, Math.round((end - Date.now()) / 1000))
    countdown.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
    if (seconds > 0) setTimeout(tick, 1000)
    else location.reload()
  }

  async function ask() {
    let wait = 2
    try {
      const response = await fetch(withTransaction(statusUrl), { headers: { accept: 'application/json' }, cache: 'no-store' })
      const answer = await response.json()
      note.textContent = ''
      if (answer.status === 'succeeded') return location.replace(withTransaction(callbackUrl))
      if (answer.status !== 'pending') return location.reload()
      wait = answer.retryAfterSeconds
    } catch {
      note.textContent = note.dataset.unreachable
    }
    setTimeout(ask, wait * 1000)
  }

  if (status !== 'pending') return
  if (countdown) tick()
  if (prompt === 'wait') setTimeout(ask, 1000)
})()

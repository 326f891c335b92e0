/**
 * The script of the button "Get more time" on a page where the user types a code or saves recovery codes. The script loads no new page, because a new page
 * would lose what the user has typed and ticked.
 *
 * Out of scope: the countdown (`waiting.ts`). The build joins this script and `waiting.ts` into one file.
 */

/*! passport-nevis: compiled from src/waiting/assets/more-time.ts */

window.nevisMoreTime = (main, say, succeeded) => {
  const form = main.querySelector<HTMLFormElement>('[data-more-time]')
  const { prompt } = main.dataset
  // Time limit of the request: the button does nothing while the script waits for the answer.
  const ASK_MS = 20_000
  let isAsking = false
  form?.addEventListener('submit', (event) => {
    if (prompt !== 'code' && prompt !== 'confirm') return
    event.preventDefault()
    if (isAsking) return
    isAsking = true
    ask(form)
      .catch(() => say(form.dataset['moreTime'] as string))
      .finally(() => (isAsking = false))
  })
  return () => isAsking

  /**
   * @throws TypeError if the network fails, if no answer comes in time, or if the answer is not a page of this package. The button then stays, so that the user
   * can try again.
   */
  async function ask(form: HTMLFormElement): Promise<void> {
    const { response: page, responseURL } = await post(form)
    const fresh = page?.querySelector<HTMLElement>('main[data-transaction]')
    const error = page?.querySelector('[role="alert"]')?.textContent
    // The server has refused to give more time, and its page says why.
    if (error) return say(error)
    if (!fresh) throw new TypeError()
    for (const field of main.querySelectorAll<HTMLInputElement>('[name="transaction"], [name="_csrf"]')) {
      field.value = fresh.querySelector<HTMLInputElement>(`[name="${field.name}"]`)?.value ?? field.value
    }
    history.replaceState(history.state, '', responseURL)
    succeeded(fresh.dataset as unknown as PageData)
    form.hidden = true
    // The button had the focus and is hidden now, so move the focus.
    const heading = main.querySelector('h1') as HTMLElement
    heading.tabIndex = -1
    ;(main.querySelector<HTMLElement>('[name="code"]') ?? heading).focus()
  }

  /** `XMLHttpRequest` reads the page even if the app's Content-Security-Policy requires Trusted Types, which forbids `DOMParser`. */
  function post(form: HTMLFormElement): Promise<{ readonly response: Document | null; readonly responseURL: string }> {
    return new Promise((resolve) => {
      const request = new XMLHttpRequest()
      request.open('POST', form.action)
      request.responseType = 'document'
      request.setRequestHeader('Accept', 'text/html')
      request.onloadend = () => resolve(request)
      request.send(new URLSearchParams([...new FormData(form)] as [string, string][]))
      setTimeout(() => request.abort(), ASK_MS)
    })
  }
}

/**
 * Calls the app's script to start Nevis's widget, and sends the widget's result to the callback.
 *
 * Out of scope: everything else on the page (`waiting.ts`). That script calls this function; the page loads both as one file.
 */

/*! passport-nevis: compiled from src/waiting/assets/widget.ts */

interface Window {
  /** Defined by the app's script (option `widgetScript`): starts Nevis's widget. */
  startNevisWidget(widget: { intentToken: string; element: HTMLElement; succeeded(token?: string): void; failed(): void }): unknown
}

window.nevisWidget = (main, isDone, finish) => {
  const element = main.querySelector<HTMLElement>('[data-intent-token]')
  if (!element) return
  const { intentToken = '' } = element.dataset

  function failed() {
    if (!isDone()) (main.querySelector('[data-widget-failed]') as HTMLElement).hidden = false
  }

  function succeeded(token?: string) {
    if (isDone()) return
    if (!token) return failed()
    finish()
    const form = main.querySelector('[data-widget-result]') as HTMLFormElement
    ;(form.elements.namedItem('token') as HTMLInputElement).value = token
    form.submit()
  }

  // Starts the widget. Tries again after a pause: in a page inserted by htmx or Turbo, the scripts of Nevis and of the app may load later than this
  // script.
  function start(tries: number) {
    if (isDone()) return
    if (!('startNevisWidget' in window) && tries > 0) return void setTimeout(start, 100, tries - 1)
    Promise.resolve()
      .then(() => window.startNevisWidget({ intentToken, element: element as HTMLElement, succeeded, failed }))
      .catch((error: unknown) => {
        console.error(error)
        failed()
      })
  }

  // Start only when the document is complete, because the scripts of Nevis and of the app must be loaded before.
  if (document.readyState === 'complete') start(100)
  else addEventListener('DOMContentLoaded', () => start(0), { once: true })
}

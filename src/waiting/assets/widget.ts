/**
 * Starts Nevis's widget through the script of the app, and sends its result to the callback.
 *
 * Out of scope: everything else on the page (`waiting.ts`), which calls this function and is loaded in one file with it.
 */

/*! passport-nevis: compiled from src/waiting/assets/widget.ts */

interface Window {
  /** The script of the app starts Nevis's widget: option `widgetScript`. */
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

  // In a page that was swapped in, the scripts of Nevis and of the app may come later than this one.
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

  // After all scripts of the page, so that the scripts of Nevis and of the app are loaded.
  if (document.readyState === 'complete') start(100)
  else addEventListener('DOMContentLoaded', () => start(0), { once: true })
}

/**
 * Starts Nevis's widget with the function `startNevisWidget` of the app's script, and sends the widget's result to the callback.
 *
 * Out of scope: everything else on the page (`waiting.ts`). The build joins this script and `waiting.ts` into one file.
 */

/*! passport-nevis: compiled from src/waiting/assets/widget.ts */

interface Window {
  /** Starts Nevis's widget. The app's script (option `widgetScript`) defines this function. */
  startNevisWidget(widget: { intentToken: string; element: HTMLElement; succeeded(token?: string): void; failed(): void }): unknown
}

window.nevisWidget = (main, write, isDone, finish) => {
  const element = main.querySelector<HTMLElement>('[data-intent-token]')
  if (!element) return
  const { intentToken = '' } = element.dataset

  const hint = main.querySelector('[data-widget-hint]') as HTMLElement
  const failure = main.querySelector('[data-widget-failed]') as HTMLElement
  hint.hidden = false

  function failed() {
    if (isDone()) return
    hint.hidden = true
    failure.hidden = false
    const heading = main.querySelector('h1') as HTMLElement
    const { widgetFailed = '' } = failure.dataset
    document.title = document.title.replace(heading.textContent, widgetFailed)
    write(heading, widgetFailed)
    ;(main.querySelector('.nevis-time') as HTMLElement).hidden = true
    main.querySelector('[data-start-over]')?.classList.add('nevis-button')
  }

  function succeeded(token?: string) {
    if (isDone()) return
    if (!token) return failed()
    finish()
    const form = main.querySelector('[data-widget-result]') as HTMLFormElement
    ;(form.elements.namedItem('token') as HTMLInputElement).value = token
    form.submit()
  }

  // If htmx or Turbo has inserted the page, the scripts of Nevis and of the app may load later than this one. So try again.
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

  let hasStarted = false
  function startOnce(tries: number) {
    if (!hasStarted) start(tries)
    hasStarted = true
  }
  // If the document is `complete`, htmx or Turbo has inserted this page, so start now. Otherwise, wait for the scripts of Nevis and of the app, which have
  // loaded at `DOMContentLoaded`. But if htmx or Turbo inserts this page while the document is still loading, that event may be over. So also wait for `load`.
  if (document.readyState === 'complete') startOnce(100)
  addEventListener('DOMContentLoaded', () => startOnce(0), { once: true })
  addEventListener('load', () => startOnce(100), { once: true })
}

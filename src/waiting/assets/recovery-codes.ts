/**
 * The script for new recovery codes: lets the user copy, download or print them, and then enables the confirm button.
 *
 * The script cannot learn whether a download or printing succeeded: an in-app browser may ignore the download, and the user may cancel the printing. So the
 * script only enables the button, and leaves the box "saved" to the user.
 *
 * Out of scope: everything else on the page (`waiting.ts`). The build joins this script and `waiting.ts` into one file.
 */

/*! passport-nevis: compiled from src/waiting/assets/recovery-codes.ts */

window.nevisRecoveryCodes = (main, write) => {
  // Shows a button that is hidden without JavaScript. Without TLS, a script cannot use the clipboard, so "Copy" stays hidden.
  function offer(selector: string, action: (element: HTMLElement) => void) {
    const element = main.querySelector<HTMLElement>(selector)
    if (!element) return
    element.hidden = false
    element.addEventListener('click', () => action(element))
  }

  const box = main.querySelector<HTMLInputElement>('[data-saved]')
  const gate = () => {
    const button = box?.form?.querySelector('button')
    if (button) button.disabled = Boolean(box?.required && !box.checked)
  }
  box?.addEventListener('change', gate)
  gate()

  function enable() {
    if (box) box.required = false
    gate()
  }

  const said = main.querySelector<HTMLElement>('[data-said]')
  // The button "Copy" itself shows a success, and the browser shows a download and printing, so these texts are for screen readers only. The text of a failure
  // is for all users.
  function say(text: string, isError = false) {
    if (!said) return
    said.className = isError ? 'nevis-error' : 'nevis-unseen'
    write(said, text)
  }

  function copied(button: HTMLElement) {
    const { copy = '' } = button.dataset
    write(button, copy)
    tried(copy)
  }

  function tried(text: string) {
    say(text)
    enable()
  }

  const codes = [...main.querySelectorAll('[data-codes] code')].map(({ textContent }) => textContent)
  if (navigator.clipboard) offer('[data-copy]', (button) => void navigator.clipboard.writeText(codes.join('\n')).then(() => copied(button), () => say(said?.dataset['copyFailed'] ?? '', true)))
  offer('[data-download]', ({ dataset: { download = '' } }) => tried(download))
  offer('[data-print]', ({ dataset: { print = '' } }) => {
    window.print()
    tried(print)
  })
}

/**
 * The script of the box "Remember this browser" on a page without a form for a code or a widget. It shows the box, and adds the user's choice to what
 * the page sends.
 *
 * Out of scope: a box inside the form of a code or a widget, which the browser sends by itself; everything else on the page (`waiting.ts`).
 */

/*! passport-nevis: compiled from src/waiting/assets/remember.ts */

window.nevisRemember = (main) => {
  const box = main.querySelector<HTMLInputElement>('[data-remember] input')
  if (!box) return () => ''
  const choice = () => (box.checked ? '1' : '0')
  ;(box.closest('[data-remember]') as HTMLElement).hidden = false
  // Add the choice to the form, so that it is kept when the user chooses another factor.
  main.addEventListener('submit', (event) => {
    if (event.defaultPrevented) return
    const field = document.createElement('input')
    field.type = 'hidden'
    field.name = 'remember'
    field.value = choice()
    ;(event.target as HTMLFormElement).append(field)
  })
  return () => `&remember=${choice()}`
}

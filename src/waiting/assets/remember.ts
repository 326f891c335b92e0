/**
 * The script of the check box "Remember this browser", for a page that has no form for a code or a widget. The script shows the box. It adds the
 * user's choice to the forms of the page, and to the URL of the callback.
 *
 * Out of scope: a box inside the form of a code or a widget, which the browser sends by itself; everything else on the page (`waiting.ts`).
 */

/*! passport-nevis: compiled from src/waiting/assets/remember.ts */

window.nevisRemember = (main) => {
  const box = main.querySelector<HTMLInputElement>('[data-remember] input')
  if (!box) return () => ''
  const choice = () => (box.checked ? '1' : '0')
  ;(box.closest('[data-remember]') as HTMLElement).hidden = false
  // Add the choice to the form that the user sends. So the choice is kept when the user switches to another factor.
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

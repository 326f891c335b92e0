/**
 * The script of the box "Remember this browser" on a page without a form for a code: it adds the user's choice to the URL of the callback.
 *
 * Out of scope: a box inside a form, which the browser sends by itself.
 */

/*! passport-nevis: compiled from src/waiting/assets/remember.ts */

window.nevisRemember = (main) => {
  const box = main.querySelector<HTMLInputElement>('[data-remember] input')
  if (!box) return () => ''
  const choice = () => (box.checked ? '1' : '0')
  ;(box.closest('[data-remember]') as HTMLElement).hidden = false
  // The other forms of the page, such as the switch to another factor, must also send whether "Remember this browser" is ticked.
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

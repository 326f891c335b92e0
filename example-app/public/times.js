// @ts-check
// Shows each time in the user's own time zone. The server has written the times in the time zone of Switzerland.

for (const element of document.querySelectorAll('time')) {
  /** @type {Intl.DateTimeFormatOptions} */
  const style = element.dataset.style === 'day' ? { dateStyle: 'long' } : { dateStyle: 'long', timeStyle: 'short' }
  const locale = document.documentElement.lang === 'de' ? 'de-CH' : 'en-GB'
  element.textContent = new Intl.DateTimeFormat(locale, style).format(new Date(element.dateTime))
}

/** How a route answers with a page: who may see it, what every page shows, and what becomes of a mistake. */
import { csrfToken } from './security.js'
import { errorPage } from './views/error.js'

/**
 * @param view from `views/`
 * @param parts gives the view's own parts for a request
 */
export function page(view, parts = () => ({})) {
  return (req, res) => {
    const everyPage = {
      user: req.user,
      messages: takeMessages(req),
      // Read only where there is a form: whoever just looks around gets no session.
      get csrfToken() {
        return csrfToken(req)
      },
    }
    res.set('Cache-Control', 'no-store').send(view(everyPage, parts(req)).text)
  }
}

export function signedIn(req, res, next) {
  if (req.isAuthenticated()) next()
  else res.redirect(303, '/login')
}

export function signedOut(req, res, next) {
  if (req.isAuthenticated()) res.redirect(303, '/account')
  else next()
}

export function notFound(_req, res) {
  res.status(404).send(errorPage(404).text)
}

/** Tells nobody more than the status; the log gets the name and the code, never the message. */
export function handleError(error, _req, res, next) {
  const status = error.status >= 400 && error.status < 600 ? error.status : 500
  if (status >= 500) console.error(`${error.name} ${error.code ?? ''}`.trim())
  if (res.headersSent) return next(error)
  res.status(status).send(errorPage(status).text)
}

/** Passport and the routes leave messages in the session; each is shown once. */
function takeMessages(req) {
  const { messages = [] } = req.session
  delete req.session.messages
  return messages
}

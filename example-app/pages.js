/** How a route answers with a page: who may see it, what every page shows, and what becomes of a mistake. */
import { csrfToken } from './security.js'
import { errorPage } from './views/error.js'

/**
 * @param view from `views/`
 * @param parts gives the view's own parts for a request, or a promise of them
 */
export function page(view, parts = () => ({})) {
  return async (req, res) => {
    const everyPage = {
      user: req.user,
      messages: takeMessages(req),
      // Read only where there is a form: whoever just looks around gets no session.
      get csrfToken() {
        return csrfToken(req)
      },
    }
    res.set('Cache-Control', 'no-store').send(view(everyPage, await parts(req)).text)
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

/** The log gets the name and the code, never the message. */
export function logError(error, _req, _res, next) {
  if (statusOf(error) >= 500) console.error(`${error.name} ${error.code ?? ''}`.trim())
  next(error)
}

/** Tells nobody more than the status. */
export function handleError(error, _req, res, next) {
  if (res.headersSent) return next(error)
  const status = statusOf(error)
  res.status(status).send(errorPage(status).text)
}

function statusOf({ status }) {
  return status >= 400 && status < 600 ? status : 500
}

/** Passport and the routes leave messages in the session; each is shown once. */
function takeMessages(req) {
  const { messages = [] } = req.session
  delete req.session.messages
  return messages
}

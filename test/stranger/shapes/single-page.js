/**
 * A JSON API for a single-page app, to which the second factor is added, and a client that uses only `fetch`. docs/guides/existing-app.md shows the same
 * routes.
 */
const { waitingPage, recordSecondFactor } = require('passport-nevis')

/** @param parts `{ passport, nevis }`, with `waitingURL: '/api/login/2fa'` */
exports.apiRoutes = function apiRoutes(app, { passport, nevis }) {
  const json = (strategy, options) => (req, res, next) => {
    passport.authenticate(strategy, (err, user, info, status) => {
      if (err) return next(err)
      if (!user) return res.status(status || 401).json(info) // { code, message } of the second factor
      req.logIn(user, options, (err) => {
        req.authInfo = info // recordSecondFactor() reads it
        next(err)
      })
    })(req, res, next)
  }
  const password = json('local', { session: false })
  const secondFactor = json('nevis', { keepSessionInfo: true })

  app.post('/api/login', password, secondFactor)
  app.route('/api/login/2fa').get(waitingPage(nevis)).post(secondFactor)
  app.all('/api/login/2fa/callback', secondFactor, recordSecondFactor(), (req, res) => res.json({ user: req.user }))
}

/**
 * Runs in the browser: signs a user in, and returns the signed-in user.
 * @param account `{ username, password }`, and `factor` if the user has chosen one
 * @param show draws the view: `{ factor, prompt, message?, qrCode?, appLinkUri?, … }`
 */
exports.signIn = async function signIn({ username, password, factor }, show) {
  const send = (url, body) => fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json', Accept: 'application/json' }, body: JSON.stringify(body) })
  const answer = await send('/api/login', { username, password, factor }) // follows to the view of the waiting page
  const view = await answer.json()
  if (!answer.ok) throw Object.assign(new Error(view.message), view)
  const { transaction, prompt, statusURL, callbackURL } = view
  const code = await show(view) // for the prompt 'code', what was typed
  if (prompt === 'wait') await decided(statusURL, transaction)
  const end = await send(callbackURL, { transaction, ...(code && { code }) })
  const result = await end.json()
  if (!end.ok) throw Object.assign(new Error(result.message), result)
  return result.user
}

async function decided(statusURL, transaction) {
  for (;;) {
    const { status, retryAfterSeconds } = await (await fetch(`${statusURL}?transaction=${transaction}`)).json()
    if (status !== 'pending') return
    await new Promise((resolve) => setTimeout(resolve, retryAfterSeconds * 1000))
  }
}

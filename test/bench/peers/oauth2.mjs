// Measures passport-oauth2: a login is the redirect with a state, then the requests for the token and the profile.
import OAuth2Strategy from 'passport-oauth2'
import { clientId, clientSecret, fieldOf, run, Session } from '../contestants/shared.mjs'

class WithProfile extends OAuth2Strategy {
  userProfile(accessToken, done) {
    this._oauth2.useAuthorizationHeaderforGET(true)
    this._oauth2.get(`${this.origin}/userinfo`, accessToken, (error, body) => (error ? done(error) : done(null, JSON.parse(body))))
  }
}

export async function contestant(origin) {
  const strategy = new WithProfile(
    { authorizationURL: `${origin}/authorize`, tokenURL: `${origin}/token`, clientID: clientId, clientSecret, callbackURL: 'http://app.example/callback', state: true },
    (_access, _refresh, profile, done) => done(null, { id: profile.sub }),
  )
  strategy.origin = origin
  return async () => {
    const session = new Session()
    const started = await run(strategy, { method: 'GET', url: '/login', headers: {}, query: {}, session })
    const { user } = await run(strategy, { method: 'GET', url: '/callback', headers: {}, query: { code: 'c', state: fieldOf(started.url, 'state') }, session })
    if (!user.id) throw new Error('nobody is signed in')
  }
}

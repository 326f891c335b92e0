// Measures openid-client's Passport strategy: a login is the redirect with PKCE, then the request for the token, and the request for the profile in `verify`.
import * as client from 'openid-client'
import { Strategy } from 'openid-client/passport'
import { clientId, clientSecret, run, Session } from '../contestants/shared.mjs'

export async function contestant(origin) {
  const config = new client.Configuration(
    { issuer: origin, authorization_endpoint: `${origin}/authorize`, token_endpoint: `${origin}/token`, userinfo_endpoint: `${origin}/userinfo`, code_challenge_methods_supported: ['S256'] },
    clientId,
    { client_secret: clientSecret, id_token_signed_response_alg: 'HS256' },
  )
  client.allowInsecureRequests(config)
  const strategy = new Strategy({ config, scope: 'openid', callbackURL: 'http://app.example/callback' }, async (tokens, done) => {
    const profile = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)
    done(null, { id: profile.sub })
  })
  const request = (url, session) => ({ method: 'GET', protocol: 'http', host: 'app.example', url, originalUrl: url, headers: {}, session })
  return async () => {
    const session = new Session()
    await run(strategy, request('/login', session))
    const { user } = await run(strategy, request('/callback?code=c', session))
    if (!user.id) throw new Error('nobody is signed in')
  }
}

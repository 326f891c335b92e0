/**
 * The sentences that say what to do about a sign-in that `init` does not change.
 *
 * Out of scope: finding the sign-ins (`sign-in-calls.ts`).
 */
export const CALLBACK = "pass { session: false } to its req.logIn, then run passport.authenticate('nevis'): docs/guides/existing-app.md, \"A callback of your own\""
export const CALLBACK_ONLY = "the callback itself signs no user in. The code that gets the user from it must pass { session: false } to req.logIn, then run passport.authenticate('nevis'): docs/guides/existing-app.md, \"An async handler\""
export const LOGIN = "pass { session: false } as the second argument, then run passport.authenticate('nevis'), which signs in after the second factor"
export const OWN_USER = 'it is not clear that this runs only after the second factor, and signs in the same user: sign in only the user that this callback gets, behind if (!user) return …: docs/guides/existing-app.md, "A callback of your own"'
export const LOOK = `if this signs a user in: ${LOGIN}`
export const NOT_CALLED = "find each place that calls this function with a strategy. If the strategy has no second factor of its own: pass { session: false } without successRedirect to that call, and run passport.authenticate('nevis') right behind it"
export const ONE_OF_A_LIST = "each strategy of a list signs in by itself. Name one strategy that is not nevis, pass { session: false } without successRedirect, and run passport.authenticate('nevis') right behind it"
export const OTHER_STRATEGY = "if the strategy has no second factor of its own: pass { session: false } without successRedirect to this passport.authenticate, and run passport.authenticate('nevis') right behind it"
export const IN_GET = 'if the strategy has no second factor of its own: pass { session: false } without successRedirect to this passport.authenticate, then show a page with a form whose POST runs passport.authenticate(\'nevis\'), because a GET never starts a second factor: docs/guides/hosts/express.md, "After an OAuth 2 login"'
export const ACCEPTED_TOKEN = 'a request with such a token is not asked for a second factor: give out these tokens only on routes behind requireSecondFactor'
export const GUARD = "NestJS: if the strategy has no second factor of its own, remove this guard, and run its strategy and passport.authenticate('nevis') as middleware: docs/guides/hosts/nestjs.md"
export const NOT_ON_A_ROUTE = "if the strategy has no second factor of its own: use it on one route instead, with { session: false } and without successRedirect, and run passport.authenticate('nevis') right behind it"
export const REMEMBER = 'its cookie alone must never sign a user in, also not with session: false: remove it and use the option rememberBrowser of this package, or let the cookie replace the password on one route: docs/guides/existing-app.md, "A remember-me strategy of your own"'
export const NOT_FOLLOWED_LOGIN = "with session: false, every later handler of this request still gets the user in req.user, and no second factor was found behind it. Run passport.authenticate('nevis') right behind it, in the same handler or route"
export const REQUEST_USER = "every later handler of this request takes this user for signed in. Run passport.authenticate('nevis') right behind it, in the same handler or route, or set req.user in a handler behind the callback"
export const NOT_FOLLOWED_IN_GET = 'no second factor was found behind it, and a GET never starts one: the handlers behind it may only keep the user in the session and show a page with a form, whose POST runs passport.authenticate(\'nevis\'): docs/guides/hosts/express.md, "After an OAuth 2 login"'
export const NOT_FOLLOWED = 'no second factor was found behind it. Run passport.authenticate(\'nevis\') right behind it, and move the other handlers, for example one that gives out a token, behind the callback'
export const NOT_SEEN = 'init does not see which handlers run behind it. Look at each route that uses this line: passport.authenticate(\'nevis\') must run right behind it, in front of all other handlers, for example one that gives out a token'
export const REDIRECTED = "remove successRedirect (or successReturnToOrRedirect): with it, Passport redirects before the second factor, so no user can sign in. Redirect in the last handler of the callback"
export const SESSION_USER = 'sign in with Passport, after the second factor, or set this in a handler behind the callback'

/** The changes that turn the apps of the guides into apps with remembered browsers, as docs/guides/remembered-browsers.md tells the developer to make them. */

/** Turns the option `rememberBrowser` on. */
export const option = (text: string) => text.replace("waitingURL: '/login/2fa',", "waitingURL: '/login/2fa',\n    rememberBrowser: { days: 30 },")

/** For each app, the edits that docs/guides/remembered-browsers.md tells the developer to make. */
export const changes: readonly (readonly [app: string, change: (text: string) => string])[] = [
  ['koa/app', (text) => changed(option(text), [
    ["  passport.authenticate('nevis', failed)) // start → waiting page", `  passport.authenticate('nevis', failed), // start → waiting page, or the next line
  mounted(recordSecondFactor()),
  (ctx) => {
    ctx.redirect(ctx.state.authInfo.returnTo ?? '/')
    ctx.status = 303
  })`],
  ])],
  ...['fastify/app', 'fastify/secure-session'].map((app): [string, (text: string) => string] => [app, (text) => changed(option(text), [
    ["app.post('/login', { preValidation: [password, passport.authenticate('nevis', failed)] }, redirected)", `app.post('/login', { preValidation: [password, passport.authenticate('nevis', failed), mounted(recordSecondFactor())] },
    async (request, reply) => reply.redirect(request.authInfo?.['returnTo'] ?? '/', 303))`],
  ])]),
  ['nestjs/app', (text) => changed(option(text), [
    ["passport.authenticate('nevis', onFailure)).forRoutes(post('login'))", "passport.authenticate('nevis', { ...onFailure, keepSessionInfo: true }), recordSecondFactor(), (request: Request, response: Response) => response.redirect(303, request.authInfo?.returnTo ?? '/')).forRoutes(post('login'))"],
  ])],
]

/** Replaces texts of the one file of an app that contains them. */
export function changed(text: string, pairs: readonly (readonly [from: string, to: string])[]): string {
  // Only one file of the app contains the texts to replace. Leave its other files unchanged.
  if (!text.includes(pairs[0]?.[0] as string)) return text
  return pairs.reduce((all, [from, to]) => {
    if (!all.includes(from)) throw new Error(`the app has no ${from}`)
    return all.replace(from, to)
  }, text)
}

/**
 * Tests what the commands `init` and `doctor` say about code that signs a user in for one request: `req.login` with `session: false`, and `req.user = …`. In a
 * middleware for all pages, such code lets users in without the second factor.
 */
import { join } from 'node:path'
import { sourceReport } from '../../../src/doctor/source-check'
import { folderWith, init, removeFolders } from './support'

afterEach(removeFolders)

const HEAD = "const passport = require('passport')\nconst secondFactor = passport.authenticate('nevis')\n"
const REMEMBER = 'its cookie alone must never sign a user in, also not with session: false: remove it and use the option rememberBrowser of this package, or let the cookie replace the password on one route: docs/guides/existing-app.md, "A remember-me strategy of your own"'
const OFF = 'req.login(user, { session: false }'

const flat = (text: string) => text.replace(/\n +/g, ' ')
const handler = (code: string) => `async (req, res, next) => {\n  const user = await users.byCookie(req)\n  if (!user) return next()\n  ${code}\n}`
const route = (code: string, behind = '') => `app.post('/in', ${handler(code)}${behind})`

/** Code that signs a user in, and the beginning of what `init` prints about it. */
const SIGN_INS: readonly [string, string][] = [
  [`${OFF}, next)`, 'req.login(…) without a session'],
  [`await new Promise((ok, no) => ${OFF}, (e) => (e ? no(e) : ok())))\n  next()`, 'req.login(…) without a session'],
  ['req.user = user\n  next()', 'req.user = …, a sign-in without Passport'],
  ["req['user'] = user\n  next()", 'req.user = …, a sign-in without Passport'],
  ['Object.assign(req, { user })\n  next()', 'assign(req, { user }), a sign-in without Passport'],
  ["Object.defineProperty(req, 'user', { value: user })\n  next()", 'defineProperty(req, { user }), a sign-in without Passport'],
]

describe('a middleware for all pages', () => {
  it.each(SIGN_INS)('with %j › is left, and is no door that the doctor calls closed', (code, what) => {
    const folder = folderWith({ 'server.js': `${HEAD}require('./enter')(app)\n`, 'enter.js': `module.exports = (app) => app.use(${handler(code)})\n` })
    const { exitCode, out } = init(folder)
    expect([exitCode, out]).toEqual([1, expect.stringContaining(`  LEFT          enter.js:4  sign-in: ${what}`)])
    expect(flat(out)).toContain("Run passport.authenticate('nevis') right behind it, in the same handler or route")
    expect(sourceReport(join(folder, 'server.js')).open).toEqual([expect.stringMatching(/^sign-in: .*enter\.js:4$/)])
  })

  it.each(SIGN_INS)('for a remember-me cookie, with %j › gets the advice of the guide', (code, what) => {
    for (const files of [{ 'remember.js': `exports.enter = ${handler(code)}\n` }, { 'app.js': `${HEAD}app.use(rememberMe)\nasync function rememberMe${handler(code).slice(6).replace(' =>', '')}\n` }, { 'app.js': `const rememberMe = ${handler(code)}\napp.use(rememberMe)\n` }]) {
      const { exitCode, out } = init(folderWith(files))
      expect([exitCode, out]).toEqual([1, expect.stringMatching(/^1 place signs users in/)])
      expect(flat(out)).toContain(`remember me: ${what}`)
      expect(flat(out)).toContain(REMEMBER)
      expect(out).not.toContain('as the second argument')
    }
  })

  it('for a remember-me cookie that signs in with a session › gets the same advice', () => {
    const { out } = init(folderWith({ 'remember.js': `module.exports = ${handler('req.login(user, next)')}\n` }))
    expect(flat(out)).toContain(`remember.js:4 ${REMEMBER}`)
  })
})

describe('a handler of one route', () => {
  it.each(SIGN_INS)('with %j › is ok only if the second factor follows in the route', (code, what) => {
    const stateOf = (text: string) => init(folderWith({ 'app.js': `${HEAD}${text}\n` })).out.split('\n').find((line) => line.includes(what.split(' ')[0] as string))?.trim().split(' ')[0]
    expect(stateOf(route(code, ', secondFactor'))).toBe('ok')
    expect(stateOf(`const limit = (req, res, next) => next()\n${route(code, ', limit, secondFactor')}`)).toBe('ok')
    expect(stateOf(route(code, ', limit, secondFactor'))).toBe('LEFT')
    expect(stateOf(`const check = ${handler(code)}\napp.post('/in', check, secondFactor)`)).toBe('ok')
    expect(stateOf(`async function check${handler(code).slice(6).replace(' =>', '')}\napp.post('/in', check, secondFactor)`)).toBe('ok')
    expect(stateOf(route(code))).toBe('LEFT')
    expect(stateOf(route(code, ', (req, res, next) => (req.user.isExempt ? next() : secondFactor(req, res, next))'))).toBe('LEFT')
    expect(stateOf(route(code, ', (req, res) => res.json(tokenFor(req.user)), secondFactor'))).toBe('LEFT')
    expect(stateOf(route(code.replace(/next(?:\(\))?(\)?)$/, "() => res.json(1)$1"), ', secondFactor'))).toBe('LEFT')
    expect(stateOf(`const check = ${handler(code)}\napp.post('/in', check, secondFactor)\napp.post('/out', check, enter)`)).toBe('LEFT')
    expect(stateOf(`async function check${handler(code).slice(6).replace(' =>', '')}\napp.post('/in', check, secondFactor)\napp.use(check)`)).toBe('LEFT')
    expect(stateOf(`exports.check = ${handler(code)}`)).toBe('LEFT')
  })

  it.each([
    ['if (err || !user) return next(err)\n      req.user = user\n      secondFactor(req, res, next)', 'ok'],
    ['if (err || !user) return next(err)\n      req.user = user\n      res.json(tokenFor(user))', 'LEFT'],
    ['if (err || !user) return next(err)\n      req.user = user\n      next()', 'LEFT'],
  ])('with the callback of a password check, %j › is %s', (code, state) => {
    for (const parameters of ['(err, user, info)', '(error, user, info, status)', 'function (e, user, info)']) {
      const callback = `${parameters}${parameters.startsWith('f') ? '' : ' =>'} {\n      ${code}\n    }`
      const { out } = init(folderWith({ 'app.js': `${HEAD}app.post('/in', (req, res, next) => check(req, ${callback}))\n` }))
      expect(out).toContain(`\n  ${state.padEnd(14)}app.js:5  sign-in: req.user = …`)
    }
  })

  it.each([
    [`${OFF}, (err) => {\n    if (err) return next(err)\n    secondFactor(req, res, next)\n  })`, 'ok'],
    [`${OFF}, (err) => {\n    if (err) return res.status(500).send('no')\n    secondFactor(req, res, next)\n  })`, 'ok'],
    [`${OFF}, (err) => (err ? next(err) : secondFactor(req, res, next)))`, 'ok'],
    [`await new Promise((ok, no) => ${OFF}, (e) => (e ? no(e) : ok())))\n  secondFactor(req, res, next)`, 'ok'],
    ['req.user = user\n  secondFactor(req, res, next)', 'ok'],
    ['req.user = user\n  if (user.isExempt) return next()\n  secondFactor(req, res, next)', 'LEFT'],
    ["req.user = user\n  if (user.isExempt) return next('route')\n  secondFactor(req, res, next)", 'LEFT'],
    ['req.user = user\n  if (user.isExempt) return setImmediate(next)\n  secondFactor(req, res, next)', 'LEFT'],
    [`${OFF}, (err) => {\n    if (user.isExempt) return next()\n    secondFactor(req, res, next)\n  })`, 'LEFT'],
    [`${OFF}, (err) => {\n    if (user.isExempt) return res.json(tokenFor(user))\n    secondFactor(req, res, next)\n  })`, 'LEFT'],
    [`await new Promise((ok, no) => ${OFF}, (e) => (e ? no(e) : ok())))\n  user.isExempt ? next() : secondFactor(req, res, next)`, 'LEFT'],
    [`${OFF}, next)\n  secondFactor`, 'LEFT'],
  ])('with %j › is %s', (code, state) => {
    const { out } = init(folderWith({ 'app.js': `${HEAD}${route(code)}\n` }))
    expect(out).toContain(`\n  ${state.padEnd(14)}app.js:6  sign-in: req.`)
  })
})

it.each([
  ['ctx.state.user = user', 'ctx.state.user = …', 'await next()', 'LEFT'],
  ['ctx.state = { ...ctx.state, user }', 'ctx.state = { user }', 'await next()', 'LEFT'],
  ['Object.assign(ctx.state, { user })', 'assign(req, { user })', 'await next()', 'LEFT'],
  ['ctx.state.user = user', 'ctx.state.user = …', 'return secondFactor(ctx, next)', 'ok'],
])('on Koa, %s is the sign-in %s, and followed by %s it is %s', (code, what, then, state) => {
  const folder = folderWith({ 'server.js': `${HEAD}router.post('/in', async (ctx, next) => {\n  const user = await users.find(ctx.request.body)\n  ${code}\n  ${then}\n})\n` })
  expect(init(folder).out).toContain(`\n  ${state.padEnd(14)}server.js:5  sign-in: ${what}, a sign-in without Passport\n`)
  expect(sourceReport(join(folder, 'server.js')).open).toHaveLength(state === 'ok' ? 0 : 1)
})

it.each(['ctx.state.user = null', 'ctx.state = { cart }', 'req.user = null', 'req.user = undefined', 'const one = req.user', 'if (req.user === user) next()', 'Object.assign(req, { user: undefined })', 'Object.assign(req, { cart })', 'Object.assign(req.body, { user })', 'form.user = user', 'req.user.name = name'])('%s › signs no user in', (code) => {
  expect(init(folderWith({ 'app.js': `${HEAD}app.use(${handler(code)})\n` })).out).toMatch(/^No place was found that signs users in\./)
})

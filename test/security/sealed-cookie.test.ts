/**
 * The attack: an old copy of a session that is kept in an encrypted cookie, as with iron-session in Express. Such a session has a method `save`, which sets the
 * cookie. Sessions in a store have this method, too, so the strategy could mistake this session for one in a store. The difference matters: an old copy of the
 * cookie restores a session in a cookie, but not a session in a store. The attacker has a copy of the cookie from the time when the victim was waiting for the
 * phone. The victim signs in and logs out. Then the attacker starts another factor with the copy, without a password.
 *
 * A fault that needs no attacker: a session is too large for a cookie, and `save` fails only after Nevis was called. Then each try sends another push to the
 * user's phone, but the user gets no page.
 */
import express, { type RequestHandler } from 'express'
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Passport } from 'passport'
import { NevisStrategy } from '../../src'
import { callbackOf, handleIn, listen, strategyOptions } from '../support/app'
import { Browser } from '../support/browser'
import { lab } from './support/lab'

const world = lab()

/**
 * A session like iron-session's: all data in one encrypted cookie. `save` sets the cookie, and throws if the cookie is too large for browsers. The app adds
 * `regenerate`, which Passport needs.
 */
function sealedCookie(): RequestHandler {
  const key = randomBytes(32)
  const seal = (data: object) => {
    const [iv, text] = [randomBytes(12), JSON.stringify(data)]
    const cipher = createCipheriv('aes-256-gcm', key, iv)
    return Buffer.concat([iv, cipher.update(text), cipher.final(), cipher.getAuthTag()]).toString('base64url')
  }
  const open = (cookie: string) => {
    const bytes = Buffer.from(cookie, 'base64url')
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAuthTag(bytes.subarray(-16))
    return JSON.parse(Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString()) as object
  }
  return (req, res, next) => {
    const cookie = /sealed=([\w-]+)/.exec(req.headers.cookie ?? '')?.[1]
    const session = cookie === undefined ? {} : open(cookie)
    const save = async (done?: () => void) => {
      const value = seal(session)
      if (value.length > 4096) throw new Error('Cookie length is too big')
      res.setHeader('Set-Cookie', `sealed=${value}; HttpOnly`)
      done?.()
    }
    Object.defineProperties(session, { save: { value: save }, regenerate: { value: (done: () => void) => done() } })
    Object.assign(req, { session })
    next()
  }
}

let browser: Browser

beforeEach(async () => {
  const passport = new Passport()
  passport.serializeUser((user, done) => done(null, (user as { username: string }).username))
  passport.deserializeUser((username, done) => done(null, { username: username as string }))
  passport.use(new NevisStrategy({ ...strategyOptions(world.simulator), data: ({ body }) => (body as { data?: string }).data }, async ({ username }) => ({ username: username as string })))
  const server = createServer(
    express()
      .use(express.urlencoded({ extended: false }), sealedCookie(), passport.session())
      .post('/login', (req, _res, next) => {
        const { username, nevisUserId } = req.body as { username: string; nevisUserId?: string }
        req.user = { username, ...(nevisUserId !== undefined && { nevisUserId }) }
        next()
      }, passport.authenticate('nevis') as RequestHandler)
      .post('/login/2fa', passport.authenticate('nevis') as RequestHandler)
      .get('/login/2fa/callback', passport.authenticate('nevis', { successRedirect: '/' }) as RequestHandler)
      .post('/logout', (req, res, next) => req.logout((error) => (error ? next(error) : res.end('out'))))
      .get('/me', (req, res) => void res.json(req.user ?? null))
      .use(((error: { status: number; code: string }, _req, res, _next) => void res.status(error.status).json(error.code)) as express.ErrorRequestHandler),
  )
  await listen(server)
  world.defer(() => void server.close())
  world.defer(() => server.closeAllConnections())
  browser = new Browser(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})

const start = (fields: Record<string, string> = {}) => browser.post('/login', { username: 'anna', ...fields })

describe('a session in an encrypted cookie that has a method save', () => {
  // Shows: T-old-session-6
  it.each(['sms', 'app'])('a copy from before the sign-in › starts nothing without a password after the log-out: %s', async (factor) => {
    const handle = handleIn((await start()).location)
    const kept = browser.clone()
    await world.simulator.phone('anna').approve()
    expect((await browser.get(callbackOf(handle))).location).toBe('/')
    expect((await browser.get('/me')).json()).toEqual({ username: 'anna' })
    await browser.post('/logout')
    const before = world.operations().length
    expect((await kept.post('/login/2fa', { transaction: handle, factor })).status).toBe(403)
    expect(world.operations().length).toBe(before)
    expect((await kept.get('/me')).json()).toBeNull()
  })

  // Shows: T-old-session-6
  it('a copy from after a denial › starts nothing without a password, once the user has signed in with another factor', async () => {
    const handle = handleIn((await start()).location)
    await world.simulator.phone('anna').deny()
    expect((await browser.get(callbackOf(handle))).status).toBe(401)
    const kept = browser.clone()
    const text = handleIn((await browser.post('/login/2fa', { transaction: handle, factor: 'sms' })).location)
    const code = /\d{6}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string
    expect((await browser.get(`${callbackOf(text)}&code=${code}`)).location).toBe('/')
    await browser.post('/logout')
    const before = world.operations().length
    expect((await kept.post('/login/2fa', { transaction: handle, factor: 'app' })).status).toBe(403)
    expect(world.operations().length).toBe(before)
  })

  // Shows: T-old-session-6
  it.each([['userId', 'username'], ['username', 'userId']])('a copy from after a denial, when the app named the user by %s › starts nothing without a password, once the user has signed in by %s', async (before, after) => {
    const names = { username: {}, userId: { nevisUserId: world.simulator.users.find(({ username }) => username === 'anna')?.userId as string } }
    const handle = handleIn((await start(names[before as 'userId'])).location)
    await world.simulator.phone('anna').deny()
    expect((await browser.get(callbackOf(handle))).status).toBe(401)
    const kept = browser.clone()
    const own = handleIn((await start(names[after as 'userId'])).location)
    await world.simulator.phone('anna').approve()
    expect((await browser.get(callbackOf(own))).location).toBe('/')
    const asked = world.operations().length
    expect((await kept.post('/login/2fa', { transaction: handle, factor: 'sms' })).status).toBe(403)
    expect(world.operations().length).toBe(asked)
  })

  it('another factor can be tried while the phone is asked', async () => {
    const handle = handleIn((await start()).location)
    expect((await browser.post('/login/2fa', { transaction: handle, factor: 'sms' })).status).toBe(303)
  })

  it('data that does not fit into a cookie is refused before anybody is asked', async () => {
    const page = await start({ data: 'x'.repeat(3000) })
    expect([page.status, page.json()]).toEqual([500, 'SESSION_TOO_LARGE'])
    expect(world.operations()).toEqual([])
  })
})

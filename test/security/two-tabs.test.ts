/**
 * Two tabs and one approval: no attack, but a fault that locked an honest user out.
 *
 * A user who enters the password in two tabs is asked only once on the phone. After the approval, both tabs open their callbacks at the same moment. One
 * callback signs the user in, and its answer has a new cookie. In an earlier version, the other callback created a new session for its failure message. The
 * cookie of that session replaced the cookie of the signed-in session. So the approval was used up, but the user was not signed in.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { guideApps } from '../hosts/apps'
import { callbackOf, PASSWORD, signIn } from '../support/app'
import type { Browser } from '../support/browser'
import { lab, outcomeOf } from './support/lab'

const world = lab()
jest.setTimeout(60_000)

describe.each(guideApps)('two tabs that go to their callbacks at almost the same time: %s', (_name, start) => {
  // Shows: T-outage-6
  it.each([0, 2, 5, 10, 20])('end signed in, the second %i ms later', async (laterMs) => {
    const { userId } = world.simulator.addUser({ username: 'otto' })
    const app = await start(world.simulator, [{ username: 'otto', userId }])
    world.defer(() => app.close())
    const browser = app.browser()
    const { location = '' } = await browser.post('/login', { username: 'otto', password: PASSWORD })
    const callback = location.replace('/login/2fa?', '/login/2fa/callback?')
    await world.simulator.phone('otto').approve()
    const tabs = [browser.clone(), browser.clone()]
    const before = new Map(browser.cookies)
    // Both tabs belong to one browser, which stores the cookies of each answer in the order in which the answers arrive.
    const taken = (tab: Browser) => {
      for (const name of new Set([...before.keys(), ...tab.cookies.keys()])) {
        const value = tab.cookies.get(name)
        if (value === before.get(name)) continue
        if (value === undefined) browser.cookies.delete(name)
        else browser.cookies.set(name, value)
      }
    }
    await Promise.all(tabs.map(async (tab, place) => {
      if (place === 1) await pause(laterMs)
      await tab.get(callback)
      taken(tab)
    }))
    expect((await browser.get('/')).text).toMatch(/otto/)
  })
})

describe('two tabs, where the app sends the session cookie with every answer (rolling: true)', () => {
  it('end signed in: the callback that fails sends no cookie', async () => {
    const app = await world.start({ session: { rolling: true, cookie: { maxAge: 3_600_000 } }, callback: { failureMessage: true } })
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    await world.simulator.phone('anna').approve()
    const tabs = [browser.clone(), browser.clone()]
    const answers = await Promise.all(tabs.map((tab) => tab.get(callbackOf(handle))))
    expect(answers.map(outcomeOf).sort()).toEqual(['success', 'used_transaction'])
    expect(answers.map((answer) => [outcomeOf(answer), answer.headers.getSetCookie().length > 0])).toEqual(expect.arrayContaining([['success', true], ['used_transaction', false]]))
  })
})

describe('a code that is sent twice, because of a double click without JavaScript or a reload', () => {
  it.each(['sms', 'recovery'])('signs in the request whose browser is still there (%s)', async (factor) => {
    const app = await world.start()
    const browser = app.browser()
    const handle = await signIn(browser, 'anna', { factor })
    const code = factor === 'recovery' ? 'AAAA-1111' : (/\d{6}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string)
    world.simulator.faults.add({ on: 'verifyCode', delayMs: 300 })
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const first = new AbortController()
    const dropped = fetch(`${app.origin}/login/2fa/callback`, {
      method: 'POST', redirect: 'manual', signal: first.signal, headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' }, body: `transaction=${handle}&code=${code}`,
    }).catch(() => undefined)
    await until(() => world.asked('verifyCode') === 1)
    first.abort()
    await dropped
    expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction: handle, code }))).toBe('success')
    expect((await browser.get('/me')).json()).toEqual({ user: { username: 'anna' } })
    expect(world.asked('verifyCode')).toBe(1)
  })
})

async function until(isTrue: () => boolean): Promise<void> {
  for (let tries = 0; !isTrue(); tries++) {
    if (tries > 200) throw new Error('it did not come true')
    await pause(5)
  }
}

/**
 * The attack: reading the session store.
 *
 * Sessions are in backups, replicas and support tools, so more people can read them than passwords. In an earlier version, a session contained the QR code, the
 * app link and the intent token of an enrolment unencrypted. An attacker who could read the sessions could scan the QR code in the victim's place. Then the
 * attacker's phone belonged to the victim's account. The session still contains the status token: with it, an attacker can only read the status of the
 * transaction.
 */
import session from 'express-session'
import { app as appFactor, push, sms, widget } from '../../src'
import { callbackOf, handleIn, PASSWORD, waitingOf, type AppOptions } from '../support/app'
import { lab, outcomeOf } from './support/lab'

const world = lab()
jest.setTimeout(30_000)

const routes: NonNullable<AppOptions['routes']> = (web, { passport }) => {
  web.post('/enrol', passport.authenticate('local', { session: false }), passport.authenticate('nevis', { operation: 'enroll' }))
}

/** Everything that a store contains, and the same with every base64 text decoded. */
function textOf(store: session.MemoryStore): string {
  const text = Object.values((store as unknown as { sessions: Record<string, string> }).sessions).join('\n')
  const decoded = [...text.matchAll(/[\w+/-]{16,}/g)].map(([word]) => Buffer.from(word, 'base64').toString('latin1'))
  return [text, ...decoded].join('\n')
}

// Shows: T-reader-3
it.each(['app', 'widget'])('finds neither QR code, app link nor intent token of an enrolment by %s, which the page shows', async (factor) => {
  const store = new session.MemoryStore()
  const app = await world.start({ routes, session: { store }, strategy: { factors: [push(), appFactor(), sms(), widget()] } })
  const browser = app.browser()
  const handle = handleIn((await browser.post('/enrol', { username: 'newcomer', password: PASSWORD, factor })).location)
  const view = (await browser.get(waitingOf(handle), { accept: 'application/json' })).json() as Record<string, string>
  const shown = ['qrCode', 'appLinkUri', 'intentToken'].map((name) => view[name]).filter((value) => value !== undefined)
  expect(shown).toHaveLength(factor === 'app' ? 2 : 1)
  const kept = textOf(store)
  expect(kept).toContain('newcomer')
  for (const value of shown) {
    expect(kept).not.toContain(value)
    expect(kept).not.toContain(value.slice(-40))
    expect(kept).not.toContain(Buffer.from(value.replace(/^data:[^,]*,/, ''), 'base64').toString('latin1').slice(0, 40))
  }
})

// Shows: ASVS V11.3.3
it('cannot move what is shown from one transaction to another', async () => {
  const store = new session.MemoryStore()
  const app = await world.start({ routes, session: { store } })
  const [attacker, victim] = [app.browser(), app.browser()]
  const own = handleIn((await attacker.post('/enrol', { username: 'attacker', password: PASSWORD, factor: 'app' })).location)
  await victim.post('/enrol', { username: 'newcomer', password: PASSWORD, factor: 'app' })
  const { sessions } = store as unknown as { sessions: Record<string, string> }
  const [attackers, victims] = ['attacker', 'newcomer'].map((name) => Object.keys(sessions).find((id) => sessions[id]?.includes(`"${name}"`)) as string) as [string, string]
  const boxIn = (id: string) => /"encryptedShown":"([^"]+)"/.exec(sessions[id] as string)?.[1] as string
  sessions[attackers] = (sessions[attackers] as string).replace(boxIn(attackers), boxIn(victims))
  const view = (await attacker.get(waitingOf(own), { accept: 'application/json' })).json() as Record<string, string>
  expect(view['qrCode']).toBeUndefined()
  expect(view['appLinkUri']).toBeUndefined()
})

it('leaves the enrolment itself as it was: the phone scans, and the user is in', async () => {
  const app = await world.start({ routes })
  const browser = app.browser()
  const handle = handleIn((await browser.post('/enrol', { username: 'newcomer', password: PASSWORD, factor: 'app' })).location)
  const { appLinkUri } = (await browser.get(waitingOf(handle), { accept: 'application/json' })).json() as { appLinkUri: string }
  await world.simulator.phone('newcomer').scan(appLinkUri)
  expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
})

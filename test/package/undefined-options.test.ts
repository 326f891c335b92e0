/** Tests that an option of value undefined counts as absent. An app has such options if, for example, its configuration does not set a value. */
import {
  app, NevisStrategy, outagePage, push, recordSecondFactor, RedisLedger, requireSecondFactor, sms, statusEndpoint, waitingPage, widget,
} from '../../src'
import { NevisSimulator } from '../../src/simulator/simulator'
import { closing } from '../support/closing'

const options = { baseURL: 'http://127.0.0.1:1', accessKey: 'key', factors: [push()], waitingURL: '/2fa', callbackURL: '/2fa/callback', statusURL: '/2fa/status' }
const strategy = (more: object = {}) => new NevisStrategy({ ...options, ...more }, () => undefined)
const page = {
  brand: { name: 'Shop', logo: undefined, logoDark: undefined, icon: undefined, href: undefined }, language: undefined, languages: undefined, signInURL: undefined, helpURL: undefined,
  changePasswordURL: undefined, footerLinks: undefined, appName: undefined, storeLinks: { ios: undefined, android: undefined }, formAction: undefined, nonce: undefined,
  stylesheet: undefined, locales: undefined,
}

describe('an option that is undefined', () => {
  it.each<[string, () => unknown]>([
    ['push', () => push({ typedCode: undefined })],
    ['app', () => app({ channel: undefined, anyAuthenticator: undefined, linkSchemes: undefined })],
    ['sms', () => sms({ message: undefined, requireIntrospection: undefined, refusedPrefixes: undefined, sendChannelWithVerification: undefined })],
    ['widget', () => widget({ channels: undefined })],
    ['the token claims of NevisStrategy', () => strategy({ transactionTokens: { acceptAudienceApi: undefined, acceptMissingIssuer: undefined, subject: undefined } })],
    ['waitingPage', () => waitingPage(strategy(), { ...page, csrfToken: undefined, details: undefined, messageLanguage: undefined, accountName: undefined, maskedPhone: undefined, widgetScript: undefined })],
    ['outagePage', () => outagePage(strategy(), page)],
    ['statusEndpoint', () => statusEndpoint(strategy(), { maxStreams: undefined })],
    ['requireSecondFactor', () => requireSecondFactor({ maxAgeSeconds: 300, sessionKey: undefined, factors: undefined, amr: undefined, acrValues: undefined, typedCode: undefined, redirectTo: undefined })],
    ['recordSecondFactor', () => recordSecondFactor({ sessionKey: undefined })],
    ['RedisLedger', () => new RedisLedger({ status: 'ready', call: async () => 'OK' }, { prefix: undefined })],
  ])('is treated as absent: %s', (_name, make) => {
    expect(make).not.toThrow()
  })

  it('of a factor leaves its default', () => {
    expect(app({ channel: undefined, anyAuthenticator: undefined, linkSchemes: undefined })).toMatchObject({ takesAuthenticator: true, instanceOptions: { channel: 'app', linkSchemes: [] } })
    expect(sms({ requireIntrospection: undefined, sendChannelWithVerification: undefined }).instanceOptions).toEqual({ requireIntrospection: false, sendChannelWithVerification: false })
  })

  it('of the simulator leaves its default', async () => {
    const simulator = closing(await NevisSimulator.start({ port: 0, host: undefined, instance: undefined, accessKey: undefined, seed: undefined, dialect: undefined }))
    expect(new URL(simulator.baseURL).hostname).toBe('127.0.0.1')
    expect(simulator.addUser({ username: 'eva', phone: undefined, authenticators: undefined, recoveryCodes: undefined }).username).toBe('eva')
  })
})

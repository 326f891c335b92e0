/**
 * Checks the loaded application: Passport, the session, and each Nevis strategy with its Nevis instance, its ledger (the store that all processes share) and
 * its routes.
 *
 * Out of scope: loading the application (`loaded-app.ts`).
 */
import { cloudFindings } from './cloud-checks'
import { instanceFindings } from './instance-checks'
import { withUnchecked, error, ok, unchecked, warning, type Finding } from './findings'
import { ledgerFindings } from './ledger-checks'
import { STRATEGY_MS, type LoadedApp } from './loaded-app'
import type { Reply } from './probe'
import type { ReportOfProbe } from './probe-report'
import { routeFindings } from './route-checks'
import { sessionFindings, withUncheckedSession } from './session-checks'
import { withTriedStore } from './store-check'
import type { PassportModule, Registered } from './app-observer'
import { LOAD_MS, type Step } from './steps'

/**
 * Runs all checks of a loaded application.
 * @param isProduction true if NODE_ENV is `production`; some checks are then stricter
 * @param begin called with the name of each step when the step begins, and with the findings of the earlier steps
 * @param report the report of a probe, with which the options of each strategy are compared
 */
export async function appFindings({ origin, observer, source }: LoadedApp, isProduction: boolean, begin: (step: Step, found: readonly Finding[]) => void = () => undefined, report?: ReportOfProbe): Promise<Finding[]> {
  const { registered, passports } = observer
  // The doctor cannot observe the package `passport` if a bundler has put it into the file of the application. Such a Passport counts as not seen.
  const isSeen = registered.some((one) => one.passport) || (passports.length > 0 && (observer.isPassportUsed || registered.length === 0))
  const loaded = ok('app.loaded', 'the app was started, and listens on loopback only')
  const passport = passportFinding(registered.find((one) => one.passport)?.passport ?? (isSeen ? passports[0] : undefined), registered.length > 0)
  if (registered.length === 0) {
    const remedy = `if the app has no second factor yet, npx passport-nevis init adds it: docs/guides/init.md. Otherwise call passport.use(nevis), or export the strategy next to the app. The doctor waits ${STRATEGY_MS / 1000} s for the strategy; if you name the file that starts the app, and its code uses passport-nevis, the doctor waits ${LOAD_MS / 1000} s`
    return withUnchecked([loaded, passport, error('app.strategy', 'the app registers no NevisStrategy', remedy)], 'there is no strategy to check', 'see app.strategy')
  }
  const findings: Finding[] = [loaded, passport]
  // If the app uses several Nevis instances, do not compare the options of its strategies with the probe's report: the report does not say which instance
  // it describes.
  const isOneInstance = new Set(registered.map(({ strategy }) => strategy.settings.client.baseURL)).size === 1
  if (report !== undefined && !isOneInstance) {
    findings.push(unchecked('cloud.probe', 'the app uses several Nevis instances, and the doctor does not know which one the report describes', 'see what the report says with npx passport-nevis doctor --report <the report>, and compare it with the options of the right strategy'))
  }
  let callback: Reply | undefined
  for (const one of registered) {
    const { settings } = one.strategy
    const own: Finding[] = [strategyFinding(one, isSeen)]
    const named = () => (registered.length === 1 ? own : own.map((finding) => ({ ...finding, strategy: one.name })))
    begin('routes', [...findings, ...named()])
    const routes = await routeFindings(origin, observer, one, source)
    callback ??= routes.callback
    own.push(...routes.findings)
    begin('cloud', [...findings, ...named()])
    own.push(...(await cloudFindings(settings.client, settings.issuers)))
    begin('ledger', [...findings, ...named()])
    own.push(...(await ledgerFindings(one, registered, isProduction)), ...(report !== undefined && isOneInstance ? instanceFindings(report, settings) : []))
    findings.push(...named())
  }
  begin('session', findings)
  const session = await withTriedStore(sessionFindings(observer, { isProduction, isTls: origin.startsWith('https:'), callback }), observer)
  const ofSession = withUncheckedSession(session, observer).filter(({ check }) => check.startsWith('session.'))
  return [...findings, ...ofSession]
}

function passportFinding(passport: PassportModule | undefined, isRegistered: boolean): Finding {
  const check = 'app.passport'
  if (passport === undefined) {
    if (isRegistered) return unchecked(check, 'the doctor saw no use of Passport: perhaps a bundler has put Passport into the file of the app', 'run the doctor on the app before it is bundled')
    return unchecked(check, 'the doctor found no Passport in the app', 'npm install passport')
  }
  const { name, version } = passport
  if (name !== 'passport') return ok(check, `the app uses ${name} ${version}`)
  const [major, minor] = version.split('.').map(Number) as [number, number]
  if (major === 0 && minor < 6) return error(check, `Passport ${version} does not change the session id at sign-in (CVE-2022-25896)`, 'npm install passport@0.7')
  if (major === 0 && minor <= 7) return ok(check, `Passport ${version}`)
  return warning(check, `Passport ${version} is newer than the versions that this package was tested with`, 'sign in once with each factor, or use Passport 0.7')
}

function strategyFinding({ name, strategy, passport }: Registered, isSeen: boolean): Finding {
  const factors = strategy.settings.factors.map((factor) => factor.name).join(', ')
  if (passport !== undefined) return ok('app.strategy', `a NevisStrategy is registered as "${name}", with the factors ${factors}`)
  if (!isSeen) return unchecked('app.strategy', `a NevisStrategy with the factors ${factors} is exported; the doctor cannot see whether the app passes it to Passport`, 'run the doctor on the app before it is bundled')
  return warning('app.strategy', `a NevisStrategy with the factors ${factors} is exported, but the app did not pass it to Passport`, 'passport.use(nevis)')
}

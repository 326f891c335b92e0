/**
 * Checks the loaded app as a whole: Passport, each Nevis strategy with its cloud, ledger and routes, and the session.
 *
 * Out of scope: loading the app (`loaded-app.ts`).
 */
import { randomUUID } from 'node:crypto'
import { cloudFindings } from './cloud-checks'
import { withUnchecked, error, ok, unchecked, warning, type Finding } from './findings'
import type { LoadedApp } from './loaded-app'
import type { Reply } from './probe'
import { routeFindings } from './route-checks'
import { sessionFindings, withUncheckedSession } from './session-checks'
import type { PassportModule, Registered } from './app-observer'

/**
 * Checks the app and returns the findings.
 * @param isProduction true to apply the rules for production (NODE_ENV)
 */
export async function appFindings({ origin, observer }: LoadedApp, isProduction: boolean): Promise<Finding[]> {
  const { registered, passports } = observer
  const loaded = ok('app.loaded', 'the app was started, and listens on loopback only')
  const passport = passportFinding(registered.find((one) => one.passport)?.passport ?? passports[0])
  if (registered.length === 0) {
    const remedy = 'call passport.use(nevis), or export the strategy next to the app'
    return withUnchecked([loaded, passport, error('app.strategy', 'the app registers no NevisStrategy', remedy)], 'there is no strategy to check', 'see app.strategy')
  }
  const findings: Finding[] = [loaded, passport]
  let callback: Reply | undefined
  for (const one of registered) {
    const { settings } = one.strategy
    const routes = await routeFindings(origin, observer, one)
    callback ??= routes.callback
    const own = [
      strategyFinding(one),
      ...(await cloudFindings(settings.client, settings.issuers)),
      ...(await ledgerFindings(one, isProduction)),
      ...routes.findings,
    ]
    findings.push(...(registered.length === 1 ? own : own.map((finding) => ({ ...finding, strategy: one.name }))))
  }
  const session = sessionFindings(observer, { isProduction, isTls: origin.startsWith('https:'), callback })
  return [...findings, ...withUncheckedSession(session, observer).filter(({ check }) => check.startsWith('session.'))]
}

function passportFinding(passport: PassportModule | undefined): Finding {
  const check = 'app.passport'
  if (passport === undefined) return unchecked(check, 'the doctor found no Passport in the app', 'npm install passport')
  const { name, version } = passport
  if (name !== 'passport') return ok(check, `the app uses ${name} ${version}`)
  const [major, minor] = version.split('.').map(Number) as [number, number]
  if (major === 0 && minor < 6) return error(check, `Passport ${version} does not change the session id at sign-in (CVE-2022-25896)`, 'npm install passport@0.7')
  if (major === 0 && minor <= 7) return ok(check, `Passport ${version}`)
  return warning(check, `Passport ${version} is newer than the versions that this package was tested with`, 'sign in once with each factor, or use Passport 0.7')
}

function strategyFinding({ name, strategy, passport }: Registered): Finding {
  const factors = strategy.settings.factors.map((factor) => factor.name).join(', ')
  if (passport !== undefined) return ok('app.strategy', `a NevisStrategy is registered as "${name}", with the factors ${factors}`)
  return warning('app.strategy', `a NevisStrategy with the factors ${factors} is exported, but the app did not pass it to Passport`, 'passport.use(nevis)')
}

async function ledgerFindings({ strategy: { settings } }: Registered, isProduction: boolean): Promise<Finding[]> {
  const { ledger } = settings
  const kind = ['', 'Object'].includes(ledger.kind) ? 'custom ledger' : ledger.kind
  const isOwn = ledger.isInMemory
  const kindFinding = !isOwn
    ? ok('ledger.kind', `the strategy uses a ${kind}`)
    : isProduction
      ? warning('ledger.kind', 'the strategy uses the MemoryLedger, which works for a single process only', 'set ledger: new RedisLedger(redis) or new PostgresLedger(pool), unless the app always runs as one process')
      : ok('ledger.kind', 'the strategy uses the MemoryLedger: fine for development')
  const key = `doctor:${randomUUID()}`
  const claims = await Promise.all([ledger.claim(key, 1), ledger.claim(key, 1)]).catch(() => undefined)
  if (claims === undefined) return [kindFinding, error('ledger.claims', 'the ledger does not answer, so no user can sign in', 'check the connection of the ledger')]
  const isOnce = claims.filter(Boolean).length === 1
  // Count one after the other, as for two starts of one user: the second count must include the first.
  const counts = [await ledger.count(`${key}:count`, 1).catch(() => 0), await ledger.count(`${key}:count`, 1).catch(() => 0)]
  const isCounted = counts[0] === 1 && counts[1] === 2
  const isForgotten = await ledger.forget(key).then(() => ledger.look(key)).then((left) => left === 0, () => false)
  return [
    kindFinding,
    isOnce
      ? ok('ledger.claims', 'of two simultaneous claims exactly one succeeds')
      : error('ledger.claims', `of two simultaneous claims ${claims[0] ? 'both succeed' : 'none succeeds'}`, 'claim() must return true to exactly one caller: use RedisLedger, or fix your own ledger'),
    isCounted
      ? ok('ledger.counts', 'two counts of one key are 1 and 2')
      : error('ledger.counts', 'the ledger does not count, so requests and codes are not limited', 'check the permissions of the database user of the ledger, or fix count() of your own ledger'),
    isForgotten
      ? ok('ledger.forget', 'a deleted key can be claimed again')
      : error('ledger.forget', 'the ledger does not delete keys, so approved starts still count and legitimate users are refused', 'check the permissions of the database user of the ledger: forget() deletes a key (DEL in Redis)'),
  ]
}

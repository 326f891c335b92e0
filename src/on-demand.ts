/**
 * What `require('passport-nevis')` gives: the names of `index.ts`, each loaded when it is first asked for.
 *
 * An app that needs the client alone, or two factors of five, does not load the others. ES modules name all that they want
 * at once: `import` gets `index.ts`. Both give the same objects.
 */
import type * as index from './index'

const onDemand: typeof index = {
  get app() { return require('./factors').app },
  get atLeast() { return require('./factors/strength').atLeast },
  get defaultSchedule() { return require('./watch/schedule').defaultSchedule },
  get failures() { return require('./factors/failures').failures },
  get htmlMessage() { return require('./client/html-message').htmlMessage },
  get languages() { return require('./waiting/texts/languages').languages },
  get liftLimits() { return require('./strategy/limits').liftLimits },
  get MemoryLedger() { return require('./ledger/ledger').MemoryLedger },
  get NevisClient() { return require('./client/client').NevisClient },
  get NevisError() { return require('./client/errors').NevisError },
  get NevisStrategy() { return require('./strategy/strategy').NevisStrategy },
  get outagePage() { return require('./waiting/outage-page').outagePage },
  get ownAuthenticator() { return require('./strategy/authenticators').ownAuthenticator },
  get push() { return require('./factors').push },
  get recordSecondFactor() { return require('./session/second-factor').recordSecondFactor },
  get recovery() { return require('./factors').recovery },
  get RedisLedger() { return require('./ledger/redis-ledger').RedisLedger },
  get requireSecondFactor() { return require('./session/second-factor').requireSecondFactor },
  get secondFactorOf() { return require('./session/second-factor').secondFactorOf },
  get sms() { return require('./factors').sms },
  get statusEndpoint() { return require('./waiting/status-endpoint').statusEndpoint },
  get StorageError() { return require('./host/storage').StorageError },
  get waitingPage() { return require('./waiting/waiting-page').waitingPage },
  get watchTransaction() { return require('./waiting/watch-transaction').watchTransaction },
  get widget() { return require('./factors').widget },
}

export = onDemand

/**
 * Which tests must notice when a source file is broken: first `tests`, quick and close to the files; what those let live
 * is tried once more with the tests of `more`.
 *
 * Every file of src belongs to one slice, or to `exempt` with the reason; the driver fails for one that is in neither.
 */

export const slices = {
  binding: {
    files: ['binding', 'digest', 'recovery-codes', 'result-token'],
    tests: ['binding', 'digest', 'recovery-codes', 'result-token'],
  },
  handle: {
    files: ['handle', 'seals'],
    tests: ['handle', 'seals', 'recovery-codes'],
  },
  proof: {
    files: ['proof'],
    tests: ['proof', 'strategy/callback'],
  },
  strategy: {
    files: ['strategy'],
    tests: ['exchange', 'strategy/rules', 'verify'],
    more: ['options', 'security/events'],
  },
  exchange: {
    files: ['exchange'],
    tests: ['exchange'],
  },
  failures: {
    files: ['failures'],
    tests: ['failures'],
  },
  events: {
    files: ['events', 'challenge', 'authenticators', 'enrolment'],
    tests: ['enrolment', 'exchange'],
    more: ['security/events', 'strategy/existing-app'],
  },
  request: {
    files: ['wanted', 'request', 'url', 'strength'],
    tests: ['wanted', 'request', 'strength'],
    more: ['strategy/existing-app'],
  },
  verify: {
    files: ['verify'],
    tests: ['verify'],
  },
  sessions: {
    files: ['transactions', 'session', 'storage', 'return-to'],
    tests: ['transactions', 'session', 'storage', 'return-to'],
  },
  ledger: {
    files: ['ledger', 'redis-ledger', 'remembered', 'health'],
    tests: ['ledger', 'redis-ledger', 'health'],
  },
  budgets: {
    files: ['budgets'],
    tests: ['budgets'],
  },
  options: {
    files: ['options', 'option-values'],
    tests: ['options'],
  },
  'second-factor': {
    files: ['second-factor', 'answer'],
    tests: ['answer', 'second-factor'],
    more: ['security/step-up', 'waiting/stream', 'waiting/outage-page'],
  },
  factors: {
    files: ['factors/app', 'factors/factor', 'factors/push', 'factors/recovery', 'factors/shared', 'factors/sms', 'factors/widget'],
    tests: ['factors'],
  },
  client: {
    files: [
      'client/access-key', 'client/agents', 'client/answer', 'client/checks', 'client/client', 'client/deadline', 'client/decode', 'client/errors', 'client/fields',
      'client/html-message', 'client/http', 'client/introspection', 'client/loopback', 'client/messages', 'client/options', 'client/requests', 'client/results',
    ],
    tests: ['client/options', 'client/methods', 'client/requests', 'client/html-message', 'client/http', 'client/agents', 'client/answers', 'client/pauses'],
    more: ['client/decisions', 'client/secrets', 'options', 'factors', 'health', 'doctor/cloud'],
  },
  waiting: {
    files: [
      'waiting/authenticators', 'waiting/schedule', 'waiting/status-endpoint', 'waiting/status', 'waiting/watch-transaction', 'waiting/watch', 'waiting/watched-transaction',
    ],
    tests: ['waiting/schedule', 'waiting/watch', 'waiting/status-endpoint', 'waiting/authenticators'],
    more: ['waiting/watch-transaction', 'waiting/stream', 'waiting/waiting-page', 'strategy/callback'],
  },
  pages: {
    files: [
      'waiting/html', 'waiting/outage-page', 'waiting/page', 'waiting/view', 'waiting/waiting-page', 'waiting/texts/languages', 'waiting/texts/texts',
    ],
    tests: ['waiting/html', 'waiting/page', 'waiting/waiting-page', 'waiting/languages', 'waiting/outage-page'],
    more: ['answer', 'waiting/status-endpoint', 'waiting/authenticators', 'strategy/enrol', 'strategy/widget'],
  },
  doctor: {
    files: ['doctor/app-checks', 'doctor/cloud-checks', 'doctor/command-line', 'doctor/environment', 'doctor/findings', 'doctor/probe', 'doctor/report', 'doctor/route-checks', 'doctor/session-checks', 'doctor/app-observer'],
    tests: ['doctor/report', 'doctor/probe', 'doctor/app-observer', 'doctor/command-line', 'doctor/cloud', 'doctor/app'],
  },
}

/** Files, or folders with a slash at the end. */
export const exempt = {
  'index': 'names only', 'on-demand': 'names only',
  'factors/index': 'names only',
  'client/wire': 'types only',
  'factors/names': 'types only',
  'doctor/app-process': 'runs in a process of its own', 'doctor/command': 'runs in a process of its own', 'doctor/run-checks': 'starts one', 'doctor/loaded-app': 'runs in one',
  'simulator/': 'the fake cloud is no part of what is trusted',
  'waiting/texts/de': 'sentences', 'waiting/texts/en': 'sentences', 'waiting/texts/fr': 'sentences', 'waiting/texts/it': 'sentences',
}

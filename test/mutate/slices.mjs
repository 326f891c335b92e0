// @ts-check
/**
 * Defines which tests must fail when a file of src is broken (mutation testing). A slice is a part of src, usually one folder, with the tests for it.
 *
 * `tests` run first: quick tests of these files. A mutant that survives `tests` is tried once more with the tests of `more`. Names are below `src`
 * and `test`, without `.ts` and `.test.ts`. A name with a slash at its end is a whole folder; a name after `!` is left out. So a file that is
 * renamed inside its folder needs no change here. `names.mjs` refuses a file of src that is neither in a slice nor in `exempt`.
 */

/**
 * For each slice (a part of src): its files, the tests that run first, and in `more` the tests that run only if the first tests all pass with a mutant (a
 * broken file).
 * @type {Record<string, { files: string[], tests: string[], more?: string[] }>}
 */
export const slices = {
  trust: { files: ['trust/'], tests: ['trust/', '!trust/random-secrets'], more: ['strategy/callback'] },
  ledger: { files: ['ledger/'], tests: ['ledger/', '!ledger/pglite', '!ledger/redis-cluster', '!ledger/redis-sentinel'], more: ['security/push-bombing', 'strategy/start'] },
  session: { files: ['session/'], tests: ['session/'], more: ['security/step-up', 'security/half-logged-in'] },
  watch: { files: ['strategy/watch/'], tests: ['strategy/watch/'], more: ['waiting/status-endpoint', 'waiting/watch-transaction', 'waiting/stream', 'strategy/callback'] },
  factors: { files: ['factors/'], tests: ['factors/'], more: ['strategy/factors', 'strategy/widget', 'strategy/verify'] },
  host: { files: ['host/'], tests: ['host/', '!host/nginx'], more: ['session/', 'strategy/rules', 'strategy/options', 'waiting/stream', 'waiting/outage-page', 'security/pipelined-streams'] },
  client: { files: ['client/'], tests: ['client/options', 'client/methods', 'client/', '!client/proxy'], more: ['factors/', 'strategy/options', 'strategy/health', 'doctor/cloud'] },
  waiting: { files: ['waiting/'], tests: ['waiting/'], more: ['host/answer', 'strategy/enrol', 'strategy/widget'] },
  strategy: { files: ['strategy/', '!strategy/watch/'], tests: ['strategy/strategy-request', 'strategy/purpose', 'strategy/start-parameters', 'strategy/enrolment', 'strategy/'], more: ['security/cross-site-posts', 'security/cross-site-links', 'security/remembered-browsers', 'security/remembered-before-forget', 'security/events', 'security/step-up', 'security/enrolment', 'security/enrolment-rights', 'security/codes-prove', 'security/logged-out-meanwhile', 'security/planted-session', 'security/stolen-session', 'security/two-browsers', 'security/two-strategies', 'security/parallel-starts', 'security/cancelled-meanwhile', 'security/after-denial', 'hosts/instances', 'security/secure-session', 'security/codes', 'security/hidden-denials', 'waiting/metrics'] },
  simulator: { files: ['simulator/'], tests: ['simulator/', '!simulator/command', '!simulator/memory'] },
  doctor: { files: ['doctor/'], tests: ['doctor/', '!doctor/command', '!doctor/guide'] },
}

/**
 * Files and folders (with a slash at the end) that are not mutated, each with the reason.
 * @type {Record<string, string>}
 */
export const exempt = {
  'index': 'names only',
  'factors/index': 'names only',
  'simulator/index': 'names only',
  'factors/names': 'types only',
  'client/wire': 'types only',
  'client/proxy': 'its tests are processes with an environment of their own (test/client/proxy.test.ts)',
  'client/tunnel': 'its tests are processes with an environment of their own (test/client/proxy.test.ts)',
  'doctor/app-process': 'runs in a process of its own',
  'doctor/loaded-app': 'runs in a process of its own',
  'doctor/run-checks': 'starts a process',
  'doctor/command': 'runs in a process of its own',
  'simulator/command': 'runs in a process of its own',
  'simulator/page-assets': 'style and script of a page, as text',
  'waiting/assets/': 'runs in a browser (test/browser)',
  'waiting/texts/de': 'sentences',
  'waiting/texts/en': 'sentences',
  'waiting/texts/fr': 'sentences',
  'waiting/texts/it': 'sentences',
}

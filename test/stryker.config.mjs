// Mutation testing: every line of src outside the simulator is broken in turn, and some test must fail.
// npx stryker run test/stryker.config.mjs [--mutate src/binding.ts]
import { readFileSync } from 'node:fs'

const { jest } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url)))

export default {
  mutate: ['src/**/*.ts', '!src/simulator/**', '!src/waiting/texts/{en,de,fr,it}.ts', '!src/index.ts', '!src/client/wire.ts'],
  testRunner: 'jest',
  coverageAnalysis: 'perTest',
  jest: {
    config: {
      ...jest,
      coverageThreshold: undefined,
      collectCoverageFrom: undefined,
      // Those that start processes and browsers, or run for minutes, tell nothing that these do not.
      testPathIgnorePatterns: ['/simulator/', '/example/', '/browser/', '/docs.test', '/architecture.test', '/exactly-once', '/fail-closed', '/package.test'],
    },
  },
  ignorePatterns: ['dist', 'coverage', 'reports', 'example-app', 'test/browser', 'test/bench'],
  concurrency: 2,
  timeoutMS: 20_000,
  reporters: ['clear-text', 'json'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: 'reports/mutation.json' },
  thresholds: { high: 95, low: 90, break: 90 },
  tempDirName: '.stryker-tmp',
}

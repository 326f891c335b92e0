// @ts-check
import js from '@eslint/js'
import tseslint from 'typescript-eslint'

/** Declares global variables that the code may read but not set. @type {(names: string[]) => Record<string, 'readonly'>} */
const readonly = (names) => Object.fromEntries(names.map((name) => [name, 'readonly']))
const nodeGlobals = readonly(
  ['process', 'console', 'URL', 'URLSearchParams', 'fetch', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Buffer', 'performance', 'globalThis', 'AbortController', 'TextDecoder', 'Response', 'Headers'],
)
const browserGlobals = readonly(
  ['document', 'location', 'fetch', 'setTimeout', 'clearTimeout', 'EventSource', 'addEventListener', 'navigator', 'window', 'URLSearchParams', 'history', 'BroadcastChannel', 'console'],
)

export default tseslint.config(
  { ignores: ['**/dist/', 'coverage/', '**/node_modules/', 'example-app/data/', 'reports/', '.stryker-tmp/', 'test/hosts/.built/', 'site/', '.vitepress/pages/', '.vitepress/cache/', '.vitepress/.temp/', 'test/given/'] },
  js.configs.recommended,
  { rules: { 'no-restricted-properties': ['error', { object: 'URL', property: 'canParse', message: 'wrong in Node 20: see src/client/parse-url.ts' }] } },
  {
    files: ['src/**/*.ts', 'src/index.mts', 'src/waiting/browser/*.mts', 'example-app/src/**/*.ts', 'test/**/*.ts', 'test/hosts/**/*.mts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: ['./tsconfig.json', './src/waiting/assets/tsconfig.json', './example-app/tsconfig.json', './scripts/tsconfig.json', './test/tsconfig.json', './test/types/tsconfig.json', './test/hosts/tsconfig.json', './test/stranger/shapes/typescript/tsconfig.json'], tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-require-imports': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      '@typescript-eslint/no-empty-object-type': ['error', { allowInterfaces: 'with-single-extends' }],
    },
  },
  {
    files: ['test/**/*.ts', 'test/hosts/**/*.mts'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-implied-eval': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-misused-promises': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  { files: ['test/stranger/**/*.js', 'test/kit/**/*.js', 'test/ledger/own/*.js', 'test/single-page/server.js'], languageOptions: { sourceType: 'commonjs', globals: { ...nodeGlobals, __dirname: 'readonly' } } },
  { files: ['test/kit/jest/*.js'], languageOptions: { globals: readonly(['jest', 'test', 'expect', 'beforeEach', 'afterEach']) } },
  { files: ['test/stranger/**/*.js', 'test/single-page/*.js'], rules: { 'no-unused-vars': ['error', { argsIgnorePattern: '^(_|req|res|next)' }] } },
  {
    files: ['example-app/src/**/*.ts'],
    rules: {
      '@typescript-eslint/no-namespace': ['error', { allowDeclarations: true }], // needed to extend Express's own types, which are in a namespace
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }], // Express 5 awaits async handlers
      '@typescript-eslint/no-unsafe-argument': 'off', // `passport.authenticate` returns `any`
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
  // The rule would report `interface Window`, which extends the browser's own type. tsc reports unused variables, too.
  { files: ['src/waiting/assets/*.ts'], rules: { '@typescript-eslint/no-unused-vars': 'off' } },
  { files: ['test/**/*.mjs', 'scripts/*.mjs', '.ci/*.mjs', '.vitepress/**/*.mjs', 'eslint.config.mjs'], languageOptions: { globals: nodeGlobals } },
  { files: ['test/hosts/**/*.js'], languageOptions: { sourceType: 'commonjs', globals: nodeGlobals } },
  { files: ['**/*.mjs'], rules: { 'no-unused-vars': ['error', { argsIgnorePattern: '^_' }] } },
  { files: ['example-app/public/**/*.js'], languageOptions: { sourceType: 'script', globals: browserGlobals } },
)

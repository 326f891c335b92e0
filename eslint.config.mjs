import js from '@eslint/js'
import tseslint from 'typescript-eslint'

const nodeGlobals = Object.fromEntries(
  ['process', 'console', 'URL', 'URLSearchParams', 'fetch', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Buffer', 'performance', 'globalThis', 'AbortController', 'TextDecoder', 'Response', 'Headers'].map((name) => [name, 'readonly']),
)
const browserGlobals = Object.fromEntries(
  ['document', 'location', 'fetch', 'setTimeout', 'clearTimeout', 'EventSource', 'addEventListener', 'navigator', 'window', 'URLSearchParams', 'history', 'BroadcastChannel', 'console'].map(
    (name) => [name, 'readonly'],
  ),
)

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', '**/node_modules/', 'example-app/data/', 'reports/', '.stryker-tmp/', 'test/hosts/.built/', 'site/', '.vitepress/pages/', '.vitepress/cache/', 'test/given/'] },
  js.configs.recommended,
  { rules: { 'no-restricted-properties': ['error', { object: 'URL', property: 'canParse', message: 'wrong in Node 20: see src/client/parse-url.ts' }] } },
  {
    files: ['src/**/*.ts', 'test/**/*.ts', 'test/hosts/**/*.mts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: ['./tsconfig.json', './test/tsconfig.json', './test/types/tsconfig.json', './test/hosts/tsconfig.json', './test/stranger/shapes/typescript/tsconfig.json'], tsconfigRootDir: import.meta.dirname } },
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
  { files: ['test/stranger/**/*.js', 'test/kit/**/*.js'], languageOptions: { sourceType: 'commonjs', globals: { ...nodeGlobals, __dirname: 'readonly' } } },
  { files: ['test/kit/jest/*.js'], languageOptions: { globals: Object.fromEntries(['jest', 'test', 'expect', 'beforeEach', 'afterEach'].map((name) => [name, 'readonly'])) } },
  { files: ['test/stranger/**/*.js'], rules: { 'no-unused-vars': ['error', { argsIgnorePattern: '^(_|req|res|next)' }] } },
  { files: ['example-app/**/*.js', 'test/**/*.mjs', '.ci/*.mjs', '.vitepress/**/*.mjs', 'eslint.config.mjs'], languageOptions: { globals: nodeGlobals } },
  { files: ['test/hosts/**/*.js'], languageOptions: { sourceType: 'commonjs', globals: nodeGlobals } },
  { files: ['**/*.mjs', 'example-app/**/*.js'], rules: { 'no-unused-vars': ['error', { argsIgnorePattern: '^_' }] } },
  { files: ['src/waiting/assets/*.js', 'example-app/public/**/*.js'], languageOptions: { sourceType: 'script', globals: browserGlobals } },
)

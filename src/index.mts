/**
 * What `import` finds: the names of `index.ts`, and the strategy as the default. They are the same objects that `require` gives.
 * Out of scope: the names themselves.
 */
export * from './index.js'
export { NevisStrategy as default } from './index.js'

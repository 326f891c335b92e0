/**
 * The entry for `import`: exports the same objects as `index.ts`, with the strategy class as the default.
 * Out of scope: which names are exported (`index.ts`).
 */
export * from './index.js'
export { NevisStrategy as default } from './index.js'

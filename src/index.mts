/**
 * The entry for `import`: exports the same objects as `index.ts`, with the strategy class as the default. If an app imported `index.js` itself, Node would make
 * the whole module the default. This file contains no other code, so an app that uses both `require` and `import` gets the same classes.
 * Out of scope: which names are exported (`index.ts`).
 */
export * from './index.js'
export { NevisStrategy as default } from './index.js'

// @ts-check
// The three calls of bare-axios.mjs, with `proxy: false`: passport-nevis must set this option, because axios would otherwise send https requests to a
// proxy of the environment in its own way. With this option, axios 1.21 stores a function in each request that V8 allocates in the old generation, so
// the request survives until the next full garbage collection.
import { contestant as bare } from './bare-axios.mjs'

/** @param {string} origin of the upstream */
export const contestant = (origin) => bare(origin, { proxy: false })

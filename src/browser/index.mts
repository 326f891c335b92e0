/**
 * For single-page apps: a second factor by `fetch`, and a `fetch` that asks for a fresh one. It runs in browsers.
 * @module passport-nevis/browser
 * @group Reference
 */
export { secondFactor } from './second-factor.mjs'
export { SecondFactorError } from './requests.mjs'
export { stepUpFetch } from './step-up-fetch.mjs'

export type {
  FactorName, FailureCode, SecondFactorErrorCode, SecondFactorFields, SecondFactorOptions, SecondFactorStep, SecondFactorView, StepUpOptions,
} from './contract.mjs'

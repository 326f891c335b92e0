/**
 * For single-page apps: `secondFactor` signs a user in with `fetch`; `stepUpFetch` is a `fetch` that asks for a recent second factor when your server
 * requires one. Runs in browsers.
 * @module passport-nevis/browser
 * @group Reference
 */
export { secondFactor } from './second-factor.mjs'
export { SecondFactorError } from './requests.mjs'
export { stepUpFetch } from './step-up-fetch.mjs'

export type {
  FactorName, FailureCode, SecondFactorErrorCode, SecondFactorFields, SecondFactorOptions, SecondFactorStep, SecondFactorView, StepUpOptions,
} from './contract.mjs'

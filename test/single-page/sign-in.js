/** A sign-in without a framework. docs/guides/single-page-apps.md shows this file unchanged. */
import { secondFactor, SecondFactorError } from 'passport-nevis/browser'

export async function signIn(username, password, show) {
  try {
    return await secondFactor('/api/login', { username, password }, { show })
  } catch (error) {
    if (!(error instanceof SecondFactorError)) throw error
    return { failed: error.code } // and error.message, error.status, error.retryAfterSeconds
  }
}

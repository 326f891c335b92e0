/** The types of the browser entry must equal those of the server: if they differ, this file does not compile. */
import type { FailureCode as OfBrowser, SecondFactorView } from 'passport-nevis/browser'
import type { FailureCode, WaitingView } from 'passport-nevis'

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never

export const sameView: Same<SecondFactorView, WaitingView> = true
export const sameFields: Same<keyof SecondFactorView, keyof WaitingView> = true
export const sameCodes: Same<OfBrowser, FailureCode> = true

/** The state of the second factor, and the step-up, in Vue. docs/guides/single-page-apps.md shows this file unchanged. */
import { shallowRef } from 'vue'
import { secondFactor, stepUpFetch } from 'passport-nevis/browser'

export function useSecondFactor() {
  const step = shallowRef()
  const show = (next) => (step.value = next)
  return { step, api: stepUpFetch('/api/step-up', { show }), signIn: (account) => secondFactor('/api/login', account, { show }) }
}

/** A sign-in with a second factor in React, in ten lines. docs/guides/single-page-apps.md shows this file unchanged. */
import { useState } from 'react'
import { secondFactor } from 'passport-nevis/browser'

export function SignIn({ account, done, failed }) {
  const [step, show] = useState()
  const start = () => secondFactor('/api/login', account, { show }).finally(show).then(done, failed)
  if (!step) return <button onClick={start}>Sign in</button>
  return <form onSubmit={step.submit}><p role="status">{step.view.failure ?? 'Check your phone'}</p>
    {step.view.prompt === 'code' && <label>Code <input name="code" /></label>}
    <button>Continue</button> <button type="button" onClick={step.cancel}>Cancel</button></form>
}

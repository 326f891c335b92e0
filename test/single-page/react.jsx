/** Each kind of step, and the step-up, in React. docs/guides/single-page-apps.md shows this file unchanged. */
import { useState } from 'react'
import { secondFactor, stepUpFetch } from 'passport-nevis/browser'

export function useSecondFactor() {
  const [step, show] = useState()
  const [api] = useState(() => stepUpFetch('/api/step-up', { show }))
  return { step, api, signIn: (account) => secondFactor('/api/login', account, { show }) }
}

export function SecondFactor({ view, error, send, submit, cancel }) {
  return (
    <form onSubmit={submit}>
      <p role="status">{error?.message ?? view.failure ?? view.message ?? 'Check your phone'}</p>
      {view.status === 'pending' && <>
        {view.qrCode && <img src={view.qrCode} alt="Scan with the Access App" />}
        {view.appLinkUri && <a href={view.appLinkUri}>Open the Access App</a>}
        {view.prompt === 'code' && <><label>Code <input name="code" autoComplete="one-time-code" /></label> <button>Continue</button></>}
      </>}
      {view.factors.map((factor) => <button type="button" key={factor} onClick={() => send({ factor })}>{factor}</button>)}
      <button type="button" onClick={cancel}>Cancel</button>
    </form>
  )
}

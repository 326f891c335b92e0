/** TypeScript code of a single-page app that uses the browser entry. It is compiled, here and in `test/package/consumers.test.ts`, but never run. */
import {
  SecondFactorError, secondFactor, stepUpFetch,
  type FailureCode, type SecondFactorErrorCode, type SecondFactorFields, type SecondFactorOptions, type SecondFactorStep, type SecondFactorView, type StepUpOptions,
} from 'passport-nevis/browser'

let shown: SecondFactorStep | undefined
const options: StepUpOptions = { show: (step) => (shown = step), headers: async () => ({ 'X-CSRF-Token': 'token' }) }
const stoppable: SecondFactorOptions = { ...options, signal: AbortSignal.timeout(60_000) }

export const api: typeof fetch = stepUpFetch('/api/step-up', options)
export const transfer = async (): Promise<number> => (await api('/api/transfer', { method: 'POST', body: '{}' })).status

export async function signIn(account: { username: string; password: string }): Promise<string> {
  try {
    const { username } = await secondFactor<{ username: string }>(new URL('https://app.example/api/login'), account, stoppable)
    return username
  } catch (error) {
    if (!(error instanceof SecondFactorError)) throw error
    const code: SecondFactorErrorCode = error.code
    const seconds: number | undefined = error.retryAfterSeconds
    return code === 'too_many_starts' ? `in ${String(seconds)} seconds` : `${error.message} ${error.status}`
  }
}

export function draw({ view, send, cancel }: SecondFactorStep): void {
  const failure: FailureCode | undefined = view.failure
  const fields: SecondFactorFields = { code: '123456' }
  if (failure === 'not_approved') cancel()
  else if (view.prompt === 'code') send(fields)
  else if (view.recoveryCodes) send()
  else for (const factor of view.factors) send({ factor })
}
/** The event `submit` of the browser, and an event with which a framework wraps it. */
export const onSubmit = ({ submit }: SecondFactorStep) => (event: Event) => submit(event)
export const onWrapped = ({ submit }: SecondFactorStep) => (event: { preventDefault(): void; target: EventTarget; nativeEvent: Event }) => submit(event)
/** Optional fields accept undefined, even with the compiler option `exactOptionalPropertyTypes`. */
export const fromForm = (code: string | undefined): SecondFactorFields => ({ code, token: undefined, factor: undefined, phone: undefined, remember: undefined })
export const plain: SecondFactorOptions = { ...options, headers: undefined, signal: undefined }
export const newest = (): SecondFactorView | undefined => shown?.view

// @ts-expect-error the function that shows the steps to the user is missing
export const blind = stepUpFetch('/api/step-up', {})
// @ts-expect-error no prompt has the value sleep
export const wrongPrompt = ({ prompt }: SecondFactorView) => prompt === 'sleep'
// @ts-expect-error a failure code is one of a closed list
export const wrongCode: FailureCode = 'tired'
// @ts-expect-error a field is misspelt
export const misspelt = ({ send }: SecondFactorStep) => send({ kode: '1' })
// @ts-expect-error the result of `secondFactor` is `unknown` if the app does not give its type
export const unknownResult = async (): Promise<string> => (await secondFactor('/api/login', {}, options)).username

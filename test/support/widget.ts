/**
 * Plays Nevis's widget for the tests: sends the requests that the widget sends from a browser. Like the widget, it knows of the transaction only the intent
 * token. Also contains the script with which a page starts the simulator's substitute for the widget.
 *
 * Out of scope: checking the results.
 */
import type { NevisSimulator } from '../../src/simulator'
import { waitingOf } from './app'
import type { Browser } from './browser'

/** The script for `waitingPage`'s option `widgetScript`. */
export const WIDGET_SCRIPT = `window.startNevisWidget = ({ intentToken, element, succeeded, failed }) =>
  window.nevisSimulatorWidget({ intentToken, element, onResult: ({ code, token }) => (code.startsWith('success-') ? succeeded(token) : failed()) })`

export async function intentTokenOf(browser: Browser, handle: string): Promise<string> {
  const { intentToken } = (await browser.get(waitingOf(handle), { accept: 'application/json' })).json() as { intentToken: string }
  return intentToken
}

export interface Begun {
  readonly statusToken: string
  readonly appLinkUri: string
}

/** Starts an approval with the intent token, as the widget does. */
export async function begin({ baseURL }: NevisSimulator, intentToken: string, channel = 'push'): Promise<Begun> {
  const answer = await post(`${baseURL}/api/v1/approval`, { channel }, intentToken)
  return answer as unknown as Begun
}

export async function beginEnrolment({ baseURL }: NevisSimulator, intentToken: string): Promise<Begun & { userId: string }> {
  const { userId, enrollment } = (await post(`${baseURL}/api/v1/users/enroll`, { channel: 'app' }, intentToken)) as unknown as { userId: string; enrollment: Begun }
  return { userId, ...enrollment }
}

/** Returns the token in Nevis's current status answer, for any status. */
export async function tokenOf({ baseURL }: NevisSimulator, { statusToken }: Begun): Promise<string> {
  return (await post(`${baseURL}/api/v1/status`, { statusToken }))['token'] as string
}

/** Approves on the user's phone, and returns the token of that approval. */
export async function approvedToken(simulator: NevisSimulator, intentToken: string, username: string): Promise<string> {
  const begun = await begin(simulator, intentToken)
  await simulator.phone(username).approve()
  return tokenOf(simulator, begun)
}

async function post(url: string, body: object, token?: string): Promise<Record<string, unknown>> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...authorization }, body: JSON.stringify(body) })
  const json = (await response.json()) as Record<string, unknown>
  if (response.status >= 300 && response.status !== 412) throw new Error(`${url} answers ${response.status}`)
  return json
}

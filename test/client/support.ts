/**
 * What the tests of the client share: samples of the Nevis documents, a client, and real servers on port 0.
 *
 * The samples are from https://docs.nevis.net/apidoc/authcloud/. The documents shorten some values, which are completed here: a QR code's data
 * URI (there `"...YII"`), the host of a deep link (there `{instance}`), and the ids of an approval by SMS (there `"d9db4760-...-5cbe533389e3"`).
 */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { NevisClient, type NevisClientOptions } from '../../src/client/client'
import { NevisError } from '../../src/client/errors'

export const INSTANCE = 'my-instance-abc123'
export const CLOUD = `https://${INSTANCE}.mauth.nevis.cloud`
export const ACCESS_KEY = 'eyJhbGciOiJIUzUxMiJ9.canary-access-key.sig'
export const USER_ID = '7e16ba00-92e2-4fcb-b30e-1af8fdc843aa'
export const AUTHENTICATOR_ID = 'f3ef70fc-9231-48f8-8e81-8eef7826d594'
export const DATA_URI = 'data:image/png;base64,iVBORw0KGgo/+AAAANSUhEUgYII='

export const AUTHENTICATOR = {
  authenticatorId: AUTHENTICATOR_ID,
  name: "Anna's iPhone X",
  type: 'ios',
  enrolledAt: '2020-10-09T08:44:36Z',
  updatedAt: '2020-10-09T08:44:36Z',
}
export const USER = {
  userId: USER_ID,
  username: 'u12345',
  status: 'active',
  createdAt: '2020-06-16T16:42:44Z',
  updatedAt: '2020-06-16T16:42:44Z',
  authenticators: [AUTHENTICATOR],
}
export const ENROLLMENT = {
  userId: USER_ID,
  username: 'u12345',
  status: 'new',
  createdAt: '2020-10-09T12:13:11.845958Z',
  updatedAt: '2020-10-09T12:13:11.845958Z',
  authenticators: [],
  enrollment: {
    transactionId: '67cae36e-e3d5-4d67-9aa6-ab7ae3050576',
    statusToken: 'eyJhbGciO...PxOZZYow',
    qrCode: { type: 'image/png', size: 300, dataUri: DATA_URI },
    appLinkUri: `${CLOUD}/open?dispatchTokenResponse=eyJub...IxIn0`,
  },
}
export const PUSH_APPROVAL = {
  transactionId: 'e7c4328a-5497-4768-ac49-471db85defd4',
  userId: USER_ID,
  statusToken: 'eyJhb...CGJNfkA',
}
export const APP_APPROVAL = {
  ...PUSH_APPROVAL,
  qrCode: { type: 'image/png', size: 300, dataUri: DATA_URI },
  appLinkUri: `https://${INSTANCE}-app.mauth.nevis.cloud/open?dispatchTokenResponse=eyJub...AQIn3`,
}
export const SMS_APPROVAL = {
  statusToken: 'eyJhbGciOiJIUzUxMiJ9.eyJhd...hInHRfSw',
  transactionId: 'd9db4760-8f3a-4c1e-9b7d-5cbe533389e3',
  userId: '7a342fb4-1c2d-4e5f-8a9b-bb837ed32d9d',
}
export const STATUS = {
  transactionId: 'b7d44592-91f3-4f4b-9e37-202a3061edc3',
  status: 'pending',
  userId: USER_ID,
  token: 'eyJhb...Fl9bpEXGGw',
  createdAt: '2020-10-09T12:52:48Z',
  lastUpdatedAt: '2020-10-09T12:52:48Z',
}
/** Nevis's answer to a wrong access key. */
export const FORBIDDEN = { error: 'Forbidden', path: '/api/v1/users/enroll', status: 403, timestamp: 1600863157593 }
/** The answer to a request that breaks a rule. */
export const BAD_REQUEST = {
  error: 'Bad Request',
  message: "The username '%%%%%' contains invalid characters ...",
  path: '/api/v1/users/enroll',
  status: 400,
  timestamp: '2020-09-23T12:15:23Z',
}
export const NOT_FOUND = { error: 'Not Found', path: '/api/v1/approval', status: 404, timestamp: 1600863157593 }

/** A client without retries, unless a test asks for them. */
export function newClient(options: Partial<NevisClientOptions> = {}): NevisClient {
  const at = options.baseURL === undefined ? { instance: INSTANCE } : {}
  return new NevisClient({ ...at, accessKey: ACCESS_KEY, retries: 0, ...options })
}

/** @returns the NevisError with which the promise rejects; any other outcome fails the test */
export async function nevisError(promise: Promise<unknown>): Promise<NevisError> {
  const outcome = await promise.then(
    () => 'it resolved',
    (error: unknown) => error,
  )
  if (outcome instanceof NevisError) return outcome
  throw new Error(`expected a NevisError, got ${String(outcome)}`)
}

const servers: Server[] = []

/** Starts a real server on port 0, which {@link closeServers} closes. */
export async function serve(listener: RequestListener): Promise<{ baseURL: string; server: Server }> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

export async function closeServers(): Promise<void> {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

/**
 * The endpoints of the simulated API: method, path, authorisation, media type and operation.
 *
 * Out of scope: reading requests (`server.ts`), and the operations themselves.
 */
import { answer, type Answer } from './answer'
import { approve } from './approval'
import type { Call } from './call'
import { deleteAuthenticator, deleteUser, findUserByUsername, getUser, renameAuthenticator } from './directory'
import { enroll } from './enroll'
import { createIntent } from './intent'
import { getStatus, introspect } from './results'
import { verifyCode } from './verification'

/** The API operation of a simulated fault or of a recorded request. The operation has the name of the method of `NevisClient` that calls it. */
export type OperationName =
  | 'ping'
  | 'enroll'
  | 'approve'
  | 'verifyCode'
  | 'getStatus'
  | 'introspect'
  | 'getUser'
  | 'findUserByUsername'
  | 'deleteUser'
  | 'renameAuthenticator'
  | 'deleteAuthenticator'
  | 'createIntent'

export const OPERATIONS: readonly OperationName[] = [
  'ping',
  'enroll',
  'approve',
  'verifyCode',
  'getStatus',
  'introspect',
  'getUser',
  'findUserByUsername',
  'deleteUser',
  'renameAuthenticator',
  'deleteAuthenticator',
  'createIntent',
]

export interface Route {
  readonly operation: OperationName
  readonly method: string
  readonly path: RegExp
  readonly media: 'json' | 'form' | 'none'
  /**
   * What the Authorization header must contain. `key`: the access key. `key or intent`: the access key or an unused intent token. `key or used intent`: the
   * access key or an intent token, used or unused.
   */
  readonly authorization: 'key' | 'key or intent' | 'key or used intent' | 'none'
  run(call: Call): Answer
}

const route = (
  operation: OperationName,
  method: string,
  path: RegExp,
  media: Route['media'],
  authorization: Route['authorization'],
  run: Route['run'],
): Route => ({ operation, method, path, media, authorization, run })

/** The endpoints. Nevis does not document whether `/ping` needs the access key; the simulator requires the key. */
const ROUTES: readonly Route[] = [
  route('ping', 'GET', /^\/ping$/, 'none', 'key', () => answer(200, 'PONG')),
  route('enroll', 'POST', /^\/api\/v1\/users\/enroll\/?$/, 'json', 'key or intent', enroll),
  route('approve', 'POST', /^\/api\/v1\/approval$/, 'json', 'key or intent', approve),
  route('verifyCode', 'POST', /^\/api\/v1\/users\/([^/]+)\/verification$/, 'json', 'key or used intent', verifyCode),
  route('getStatus', 'POST', /^\/api\/v1\/status$/, 'json', 'none', getStatus),
  route('introspect', 'POST', /^\/api\/v1\/introspect$/, 'form', 'key', introspect),
  route('createIntent', 'POST', /^\/api\/v1\/intent$/, 'json', 'key', createIntent),
  route('findUserByUsername', 'GET', /^\/api\/v1\/users$/, 'none', 'key', findUserByUsername),
  route('getUser', 'GET', /^\/api\/v1\/users\/([^/]+)$/, 'none', 'key', getUser),
  route('deleteUser', 'DELETE', /^\/api\/v1\/users\/([^/]+)$/, 'none', 'key', deleteUser),
  route('renameAuthenticator', 'PATCH', /^\/api\/v1\/authenticators\/([^/]+)$/, 'json', 'key', renameAuthenticator),
  route('deleteAuthenticator', 'DELETE', /^\/api\/v1\/authenticators\/([^/]+)$/, 'none', 'key', deleteAuthenticator),
]

/**
 * Finds the endpoint of a request.
 * @returns the endpoint and the id in the path; `undefined` for an unknown path, to which Nevis responds "405, the API endpoint does not exist"
 */
export function findRoute(method: string, path: string): { route: Route; id: string } | undefined {
  for (const each of ROUTES) {
    const match = each.method === method ? each.path.exec(path) : null
    if (match !== null) return { route: each, id: match[1] ?? '' }
  }
  return undefined
}

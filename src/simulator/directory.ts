/**
 * The endpoints `/api/v1/users` and `/api/v1/authenticators`: find and delete users; rename and delete authenticators.
 *
 * Out of scope: registration (`enroll.ts`).
 *
 * Source: https://docs.nevis.net/apidoc/authcloud/ (Users and Authenticators)
 */
import { answer, type Answer } from './answer'
import type { Call } from './call'
import { requiredText } from './inputs'
import { authenticatorJson, userJson } from './resources'

export function getUser({ cloud, id }: Call): Answer {
  return answer(200, userJson(cloud, cloud.get({ userId: id })))
}

/** Finds a user by username. Responds with one user, not with a list. */
export function findUserByUsername({ cloud, query }: Call): Answer {
  const username = requiredText({ username: query.get('username') }, 'username')
  return answer(200, userJson(cloud, cloud.get({ username })))
}

export function deleteUser({ cloud, id }: Call): Answer {
  cloud.deleteUser(cloud.get({ userId: id }))
  return answer(204)
}

export function renameAuthenticator({ cloud, body, id }: Call): Answer {
  const { authenticator } = cloud.authenticator(id)
  authenticator.name = requiredText(body, 'name')
  authenticator.updatedAt = cloud.clock.now()
  return answer(200, authenticatorJson(authenticator))
}

export function deleteAuthenticator({ cloud, id }: Call): Answer {
  const { user, authenticator } = cloud.authenticator(id)
  user.authenticators = user.authenticators.filter((each) => each !== authenticator)
  user.updatedAt = cloud.clock.now()
  return answer(204)
}

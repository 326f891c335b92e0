// users.mts
/** Stands for your database. Every user has the same password here. */
export interface User {
  readonly username: string
  nevisUserId?: string // the id that Nevis gave this user, once you know it
}

const users = JSON.parse(process.env['USERS'] ?? '[{ "username": "anna" }]') as User[]

export const findByUsername = (username: string): User | undefined => users.find((user) => user.username === username)

export const findByPassword = (username: string, password: string): User | undefined =>
  password === 'correct horse' ? findByUsername(username) : undefined

/** Finds the user who approved: by the Nevis id, or at the first approval by the username. The first approval stores the Nevis id. */
export function findByNevis({ id, username = '' }: { readonly id: string; readonly username?: string }): User | undefined {
  const linked = users.find((user) => user.nevisUserId === id)
  if (linked !== undefined) return linked
  const user = findByUsername(username)
  if (user === undefined || user.nevisUserId !== undefined) return undefined // unknown, or linked to another id
  user.nevisUserId = id
  return user
}

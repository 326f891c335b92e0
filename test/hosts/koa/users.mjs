// users.mjs
/** Stands for your database. Every user has the same password here. */
const users = JSON.parse(process.env.USERS ?? '[{ "username": "anna" }]')

export const findByUsername = (username) => users.find((user) => user.username === username)

export const findByPassword = (username, password) => (password === 'correct horse' ? findByUsername(username) : undefined)

/** Finds the user who approved: by the Nevis id, or at the first approval by the username. The first approval stores the Nevis id. */
export function findByNevis({ id, username }) {
  const linked = users.find((user) => user.nevisUserId === id)
  if (linked !== undefined) return linked
  const user = findByUsername(username)
  if (user === undefined || user.nevisUserId !== undefined) return undefined // unknown, or linked to another id
  user.nevisUserId = id
  return user
}

/** Takes the place of your user database: all users have the same password, and the users' ids at Nevis come from the environment. */
export interface User {
  readonly username: string
  readonly nevisUserId: string
}

const users = JSON.parse(process.env['USERS'] ?? '[]') as User[]

export const findByUsername = (username: string): User | undefined => users.find((user) => user.username === username)

export const findByNevisId = (nevisUserId: string): User | undefined => users.find((user) => user.nevisUserId === nevisUserId)

export const findByPassword = (username: string, password: string): User | undefined =>
  password === 'correct horse' ? findByUsername(username) : undefined

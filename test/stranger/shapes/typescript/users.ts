/** The accounts of this app. */
export interface Account {
  readonly id: number
  readonly email: string
  readonly password: string
}

const accounts: Account[] = [{ id: 7, email: 'anna+notes@example.com', password: 'correct horse' }]

export const users = {
  findById: (id: number) => accounts.find((account) => account.id === id),
  findByEmail: (email: string) => accounts.find((account) => account.email === email),
}

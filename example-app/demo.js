/** The demo: a simulated Nevis cloud in this process, and accounts whose passwords are made anew at each start. */
import { randomBytes } from 'node:crypto'
import { NevisSimulator } from 'passport-nevis/simulator'
import { hashPassword } from './password.js'

const USUAL_PORT = 4001

const PEOPLE = [
  { username: 'anna', has: 'phone with the app, SMS, recovery codes', phone: '+41795550001', recoveryCodes: 3 },
  { username: 'ben', has: 'phone with the app' },
  { username: 'clara', has: 'SMS, recovery codes', authenticators: 0, phone: '+41795550003', recoveryCodes: 3 },
]

/** @param port undefined for the usual one, or any other where that is taken */
export async function startSimulator(port) {
  if (port !== undefined) return NevisSimulator.start({ port })
  return NevisSimulator.start({ port: USUAL_PORT }).catch(() => NevisSimulator.start({ port: 0 }))
}

/** @returns what the first page shows: `{ phonesURL, accounts }` */
export async function addDemoAccounts(simulator, users) {
  const accounts = await Promise.all(PEOPLE.map((person) => addAccount(simulator, users, person)))
  return { phonesURL: `${simulator.baseURL}/`, accounts }
}

async function addAccount(simulator, users, { has, ...person }) {
  const { userId, username, recoveryCodes } = simulator.addUser(person)
  const factors = [...(person.phone ? ['sms'] : []), ...(recoveryCodes.length > 0 ? ['recovery'] : [])]
  const password = randomBytes(6).toString('hex')
  await users.putDemo({ username, passwordHash: await hashPassword(password), nevisUserId: userId, factors })
  return { username, password, has, recoveryCodes }
}

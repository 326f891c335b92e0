/** The demo: starts a simulated Nevis cloud in this process, and creates accounts with new passwords at each start. */
import { randomBytes } from 'node:crypto'
import { NevisSimulator, type NewUser } from 'passport-nevis/simulator'
import type { Text } from './german.js'
import { hashPassword } from './password.js'
import type { Users } from './users.js'

const USUAL_PORT = 4001
/**
 * How long the simulator accepts the user's answer, in seconds: as long as the strategy's default lifetime of an enrolment. Approvals expire earlier, because
 * the strategy limits their lifetime itself.
 */
const LIFETIME_SECONDS = 600

interface Person extends NewUser {
  /** The second factors of this account, in words. */
  readonly has: Text
}

const PEOPLE: readonly Person[] = [
  { username: 'anna', has: 'phone with the app, SMS, recovery codes', authenticators: ['iPhone'], phone: '+41 79 555 00 01', recoveryCodes: 3 },
  { username: 'ben', has: 'phone with the app', authenticators: ['Pixel'] },
  { username: 'clara', has: 'SMS, recovery codes', authenticators: 0, phone: '+41 79 555 00 03', recoveryCodes: 3 },
]

export interface DemoAccount {
  readonly username: string
  readonly password: string
  readonly has: Text
  readonly recoveryCodes: readonly string[]
}

/** Accounts and phones of the demo, which the home page shows. */
export interface Demo {
  readonly phonesURL: string
  readonly accounts: readonly DemoAccount[]
}

/** @param port if undefined, the simulator listens on port 4001, or on any free port when 4001 is taken */
export async function startSimulator(port: number | undefined): Promise<NevisSimulator> {
  const options = { lifetimeSeconds: LIFETIME_SECONDS }
  if (port !== undefined) return NevisSimulator.start({ ...options, port })
  return NevisSimulator.start({ ...options, port: USUAL_PORT }).catch(() => NevisSimulator.start({ ...options, port: 0 }))
}

export async function addDemoAccounts(simulator: NevisSimulator, users: Users): Promise<Demo> {
  const accounts = await Promise.all(PEOPLE.map((person) => addAccount(simulator, users, person)))
  return { phonesURL: `${simulator.baseURL}/`, accounts }
}

async function addAccount(simulator: NevisSimulator, users: Users, { has, ...person }: Person): Promise<DemoAccount> {
  const { userId, username = '', recoveryCodes } = simulator.addUser(person)
  const factors = [...(person.phone ? ['sms'] : []), ...(recoveryCodes.length > 0 ? ['recovery'] : [])]
  const password = randomBytes(6).toString('hex')
  await users.putDemo({ username, passwordHash: await hashPassword(password), nevisUserId: userId, factors, maskedPhone: maskedPhoneOf(person.phone) })
  return { username, password, has, recoveryCodes }
}

function maskedPhoneOf(phone: string | undefined): string | undefined {
  return phone && `•••• ${phone.replaceAll(' ', '').slice(-4)}`
}

/**
 * The attacks: what an attacker with a user's password does, while the simulator answers in a dialect (one of the ways in which Nevis may answer). The outcome
 * of an attack that fails is `not in`. Otherwise the outcome begins with `UNSAFE`.
 *
 * Out of scope: what users do (`flows.ts`).
 */
import { callNevis, HERE, Person, widgetToken } from './person'

type Attack = (victim: Person) => Promise<string>

const THIEFS_NUMBER = '+41790006666'

const factorsOf = ({ user }: Person): string => JSON.stringify([user?.authenticators, user?.phone, user?.recoveryCodes])

/**
 * Returns an attack in which the attacker enrols a factor of their own for a user who has the Access App. A user who has only a phone number or recovery codes
 * may look like a new user, for example in the dialect `active-only-with-app`: docs/cross-device.md, N-oob-12, says what follows.
 * @param enrol returns the outcome of the callback
 */
const thief = (factor: string, enrol: (victim: Person) => Promise<string>): Attack => async (victim) => {
  victim.add(1)
  const before = factorsOf(victim)
  const refused = await victim.login(factor, { phone: THIEFS_NUMBER })
  const outcome = refused === undefined ? await enrol(victim) : 'refused'
  if (outcome === 'success' || outcome.startsWith('UNSAFE')) return `UNSAFE: a thief is in (${outcome})`
  return factorsOf(victim) === before ? 'not in' : 'UNSAFE: a thief has enrolled a factor'
}

const byApp = thief('app', async (victim) => {
  await victim.scan(phoneOfThief(victim)).catch(() => undefined)
  return victim.callback()
})

const bySms = thief('sms', async (victim) => {
  const { phone, code = '' } = victim.transaction ?? {}
  return victim.bring({ code: phone === THIEFS_NUMBER ? code : '000000' })
})

const byWidget = thief('widget', async (victim) => {
  const token = await widgetToken(victim, 'enroll', undefined, phoneOfThief(victim)).catch(() => '')
  return victim.bring({ token: token === '' ? (victim.transaction?.token ?? '') : token })
})

const phoneOfThief = ({ username }: Person) => `${username}-thief`

/** The ways in which an attacker begins something that a token of the widget can end: a sign-in, and a step-up in a stolen session. */
const BEGINNINGS: readonly ((person: Person) => Promise<string | undefined>)[] = [
  (person) => person.login('widget'),
  async (person) => {
    await person.prove()
    return person.start('/pay', { factor: 'widget' })
  },
]

/** The attacker begins a sign-in and then a step-up in the victim's name (`BEGINNINGS`), and brings a token of the widget to each. */
async function bringTo(victim: Person, tokenFor: () => Promise<string>): Promise<string> {
  for (const begin of BEGINNINGS) {
    const attacker = new Person(victim.world, victim.username, victim.setup)
    if ((await begin(attacker)) !== undefined) continue
    const outcome = await attacker.bring({ token: await tokenFor() })
    if (outcome === 'success' || outcome.startsWith('UNSAFE')) return `UNSAFE: in with a token that is not for this (${outcome})`
  }
  return 'not in'
}

/** The attacker is a user, too, and brings a token that Nevis's widget has just given to the attacker. */
const tokenOfOther: Attack = async (victim) => {
  victim.add(1)
  const attacker = new Person(victim.world, otherName(victim.username))
  attacker.add(1)
  return bringTo(victim, async () => {
    const { simulator } = victim.world
    const body = { userId: attacker.user?.userId, operation: 'approve' }
    const intent = /[tT]oken":"([^"]+)"/.exec(await callNevis(simulator, '/api/v1/intent', body, simulator.accessKey))?.[1]
    const token = await widgetToken(attacker, 'approve', intent ?? '')
    return token === '' ? (attacker.transaction?.token ?? '') : token
  })
}

/** The name of the second user whom an attack needs. */
export const otherName = (username: string): string => `${username}-other`

/** The attacker has seen the token with which the user has signed in, and brings it again. */
const usedToken: Attack = async (victim) => {
  victim.add(1)
  const user = new Person(victim.world, victim.username, HERE)
  if ((await user.login('widget')) !== undefined) return 'not in'
  const given = await widgetToken(user, 'approve')
  const token = given === '' ? (user.transaction?.token ?? '') : given
  const outcome = await user.bring({ token })
  return outcome.startsWith('UNSAFE') ? outcome : bringTo(victim, () => Promise.resolve(token))
}

export const ATTACKS: Readonly<Record<string, Attack>> = {
  'V app': byApp,
  'V sms': bySms,
  'V wid': byWidget,
  'T other': tokenOfOther,
  'T old': usedToken,
}

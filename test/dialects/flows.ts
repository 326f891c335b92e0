/**
 * The flows: what users do with a browser and a phone, while the simulator answers in a dialect (one of the ways in which Nevis may answer). The outcome of
 * each flow is a text. It begins with `UNSAFE` if something happened that must never happen.
 *
 * Out of scope: which outcome is right, and what attackers do (`attacks.ts`).
 */
import { ATTACKS } from './attacks'
import { CODES, HERE, Person, PHONE, widgetToken, type Setup, type World } from './person'

export type Flow = (world: World, username: string) => Promise<string>
type Steps = (person: Person) => Promise<string>
/** Starts a transaction. Returns the outcome as text if Nevis or the app refuses the start. */
type Begin = (person: Person) => Promise<string | undefined>

const inOr = (outcome: string): string => (outcome === 'success' ? 'in' : outcome.startsWith('UNSAFE') ? outcome : `callback: ${outcome}`)

/** Returns the steps that sign in, or confirm a step-up, with this factor. */
function sign(factor: string, begin: Begin): Steps {
  return async (person) => {
    person.add()
    const refused = await begin(person)
    if (refused !== undefined) return refused
    switch (factor) {
      case 'push':
        return inOr(await person.wait(person.approve))
      case 'app':
        return inOr(await person.wait(() => person.scanAndApprove()))
      case 'sms':
        return inOr(await person.bringCode())
      case 'recovery':
        return inOr(await person.bring({ code: person.world.factors?.recoveryCodes?.[0] ?? (CODES[0] as string) }))
      default:
        return inOr(await person.bring({ token: await widgetToken(person, 'approve') }))
    }
  }
}

const byPassword = (factor: string, more = {}) => (person: Person) => person.login(factor, more)
const stepUp = (factor: string, more = {}) => async (person: Person) => {
  await person.prove()
  return person.start('/pay', { factor, ...more })
}

/** Returns the steps that enrol a further factor, from the start to the waiting page. The user is signed in. */
const addition = (factor: string) => async (person: Person) => {
  await person.prove()
  return person.start('/factors', { factor, phone: person.world.phone ?? '+41790000009' })
}
const firstEnrolment = (factor: string) => (person: Person) => person.login(factor, { phone: person.world.phone ?? PHONE })

/** Returns the steps that enter a wrong code, and then the right one. */
function wrongFirst(factor: 'sms' | 'recovery', begin: Begin = byPassword(factor), isNew = false): Steps {
  return async (person) => {
    if (!isNew) person.add()
    const refused = await begin(person)
    if (refused !== undefined) return refused
    const first = await person.bring({ code: factor === 'sms' ? '000' : 'ZZZZ-9999-zzzz-9999' })
    if (first === 'success') return 'UNSAFE: a wrong code lets in'
    if (first.startsWith('UNSAFE')) return first
    const right = factor === 'sms' ? person.code : (CODES[1] as string)
    const then = inOr(await person.bring({ code: right }))
    return then.startsWith('UNSAFE') ? then : `${first}, then ${then}`
  }
}

async function finishEnrolment(person: Person, factor: string): Promise<string> {
  switch (factor) {
    case 'app':
      return person.wait(() => person.scan())
    case 'sms':
      return person.bringCode()
    case 'widget':
      return person.bring({ token: await widgetToken(person, 'enroll') })
    default: {
      const { recoveryCodes } = await person.view()
      if (JSON.stringify(recoveryCodes) !== JSON.stringify(person.user?.recoveryCodes)) return 'UNSAFE: other strings are shown as codes'
      return person.callback()
    }
  }
}

/** Returns the steps that enrol the first factor, right after the password. */
const first = (factor: string): Steps => async (person) => {
  const refused = await firstEnrolment(factor)(person)
  return refused ?? inOr(await finishEnrolment(person, factor))
}

/** Returns the steps of a signed-in user who enrols a further factor. */
const further = (factor: string): Steps => async (person) => {
  person.add()
  const refused = await addition(factor)(person)
  return refused ?? inOr(await finishEnrolment(person, factor))
}

/** Returns the steps of a user who denies on the phone. With the factor `app`, only a request with a message can be denied: a scan approves all others. */
const denial = (factor: 'push' | 'app', begin: typeof byPassword = byPassword): Steps => async (person) => {
  person.add()
  const refused = await begin(factor, factor === 'app' ? { message: 'Sign in?' } : {})(person)
  if (refused !== undefined) return refused
  const outcome = await person.wait(async () => {
    if (factor === 'app') await person.scan()
    await person.world.simulator.phone(person.username).deny()
  })
  return outcome === 'success' ? 'UNSAFE: a denial lets in' : outcome
}

/** Calls the callback before the user has answered. */
const unanswered: Steps = async (person) => {
  person.add()
  const refused = await person.login('push')
  if (refused !== undefined) return refused
  const outcome = await person.callback()
  return outcome === 'success' ? 'UNSAFE: in without an answer' : outcome.startsWith('UNSAFE') ? outcome : 'not in'
}

const STEPS: Readonly<Record<string, Steps>> = {
  'L push': sign('push', byPassword('push')),
  'L app': sign('app', byPassword('app')),
  'L sms': sign('sms', byPassword('sms')),
  'L rec': sign('recovery', byPassword('recovery')),
  'L wid': sign('widget', byPassword('widget')),
  'W sms': wrongFirst('sms'),
  'W rec': wrongFirst('recovery'),
  'W sms at step-up': wrongFirst('sms', stepUp('sms')),
  'W rec at step-up': wrongFirst('recovery', stepUp('recovery')),
  'W sms at enrolment': wrongFirst('sms', firstEnrolment('sms'), true),
  'W sms at further enrolment': wrongFirst('sms', addition('sms')),
  'D push': denial('push'),
  'D app': denial('app'),
  'D push at step-up': denial('push', stepUp),
  'D app at step-up': denial('app', stepUp),
  'S push': sign('push', stepUp('push')),
  'S app': sign('app', stepUp('app')),
  'S sms': sign('sms', stepUp('sms')),
  'S rec': sign('recovery', stepUp('recovery')),
  'S wid': sign('widget', stepUp('widget')),
  'E app': first('app'),
  'E sms': first('sms'),
  'E rec': first('recovery'),
  'E wid': first('widget'),
  'A app': further('app'),
  'A sms': further('sms'),
  'A rec': further('recovery'),
  'A wid': further('widget'),
  'N push': unanswered,
  ...ATTACKS,
}

/** The setups other than `HERE`, each with the text that is added to the name of a flow in this setup. */
const SETUPS: Readonly<Record<string, Setup>> = {
  ', JSON': { ...HERE, asks: 'json' },
  ', two processes': { ...HERE, callback: 1 },
  ', page in the second': { ...HERE, page: 1, callback: 1 },
  ', late code': { ...HERE, isCodeLate: true },
  ', long message': { ...HERE, message: 'x'.repeat(201) },
}

/** The flow's name without its setup: `L push` for `L push, two processes`. */
export const stepsOf = (flow: string): string => flow.split(',')[0] as string

const inSetup = (suffix: string, names: readonly string[]): Record<string, Flow> =>
  Object.fromEntries(names.map((name) => [name + suffix, (world, username) => (STEPS[name] as Steps)(new Person(world, username, SETUPS[suffix] ?? HERE))]))

/** Flows that are useful with dialects of every kind. */
const EVERYWHERE = { ...inSetup('', Object.keys(STEPS)), ...inSetup(', JSON', ['L push', 'L app', 'D push', 'D app', 'S push', 'S app', 'E app', 'A app']), ...inSetup(', two processes', ['L push', 'L app', 'L sms', 'L rec', 'W sms', 'W rec']) }

/**
 * Flows that begin in one process of the app and end in the other. They are played only with dialects that affect what the processes must share: answers that
 * come once, tokens, and ids. The waiting page is shown by the first process (`two processes`) or by the second one (`page in the second`).
 */
export const IN_TWO_PROCESSES: Readonly<Record<string, Flow>> = {
  ...inSetup(', two processes', ['L wid', 'D push', 'D app', 'D push at step-up', 'W sms at step-up', 'W rec at step-up', 'W sms at enrolment', 'W sms at further enrolment', 'S push', 'S app', 'S sms', 'S rec', 'S wid', 'E app', 'E sms', 'E wid', 'A app', 'A sms', 'A rec', 'A wid', 'T old']),
  ...inSetup(', page in the second', ['L push', 'L app', 'D push', 'D app', 'S push', 'S app', 'E app', 'A app', 'A rec']),
}

/** Flows with a code that comes too late, or with a long message. They are played only with dialects that say what Nevis answers then. */
export const LATE_OR_LONG: Readonly<Record<string, Flow>> = {
  ...inSetup(', late code', ['L sms', 'S sms', 'E sms', 'A sms']),
  ...inSetup(', long message', ['L push', 'L app', 'L sms', 'S push', 'S app', 'S sms']),
}

export const FLOWS: Readonly<Record<string, Flow>> = { ...EVERYWHERE, ...IN_TWO_PROCESSES, ...LATE_OR_LONG }

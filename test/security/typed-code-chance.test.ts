/**
 * The attack: thousands of sign-ins with stolen passwords, each accepted by mistake.
 *
 * The attacker has the passwords of many users and starts a sign-in for each. Each victim accepts the push without reading it, and the attacker
 * guesses the typed code: five different codes of six digits, as many as one sign-in allows. Each guess is right with a chance of one in a million,
 * so in n sign-ins the attacker gets into about 5 n / 1,000,000 accounts. The test shows that the strategy gives no better chance.
 *
 * The test gives plain request objects to the real strategy, which calls the simulator over HTTP. One run makes a thousand sign-ins. Run ten thousand sign-ins
 * (about six minutes on two busy cores) with this command:
 *
 *     TYPED_CODE_SIGN_INS=10000 npx jest -i test/security/typed-code-chance.test.ts
 */
import { randomInt } from 'node:crypto'
import { NevisStrategy, push } from '../../src'
import { NevisSimulator } from '../../src/simulator'
import { handleIn, strategyOptions } from '../support/app'
import { codeOn } from '../support/typed-code'
import { act, codeOf } from './support/act'

const SIGN_INS = Number(process.env['TYPED_CODE_SIGN_INS'] ?? 1000)
const GUESSES = 5
const CODES = 1_000_000
/** Users per simulator. More would be slow, because a simulator searches all its phones to find the phone of one user. */
const PER_SIMULATOR = 250
const AT_ONCE = 25
jest.setTimeout(600_000)

interface Attack {
  readonly outcomes: readonly string[]
  /** The outcomes of two requests after the guesses: one with the right code, and one callback without a code. */
  readonly afterwards: readonly string[]
}

/** Generates different codes, because a repeated code would waste a guess. */
function guesses(): string[] {
  const codes = new Set<string>()
  while (codes.size < GUESSES) codes.add(String(randomInt(CODES)).padStart(6, '0'))
  return [...codes]
}

async function attack(nevis: NevisStrategy, simulator: NevisSimulator, username: string): Promise<Attack> {
  const session = {}
  const request = (body: object, user?: object) => act(nevis, { method: 'POST', url: '/login/2fa/callback', headers: {}, body, session, ...(user && { user }) })
  const started = await request({}, { username })
  expect(started.action).toBe('redirect')
  const transaction = handleIn(started.args[0] as string)
  const shown = codeOn(simulator, username)
  await simulator.phone(username).approve()

  const outcomes: string[] = []
  for (const code of guesses()) outcomes.push(codeOf(await request({ transaction, code })))
  const afterwards = [codeOf(await request({ transaction, code: shown })), codeOf(await request({ transaction }))]
  return { outcomes, afterwards }
}

async function attackMany(count: number): Promise<Attack[]> {
  const simulator = await NevisSimulator.start()
  try {
    const { passReqToCallback: _none, ...options } = strategyOptions(simulator)
    const nevis = new NevisStrategy({ ...options, factors: [push({ typedCode: true })] }, async ({ username }) => ({ username }))
    const attacks: Attack[] = []
    const victims = Array.from({ length: count }, (_, i) => simulator.addUser({ username: `victim${i}` }).username)
    for (let next = 0; next < count; next += AT_ONCE) {
      attacks.push(...(await Promise.all(victims.slice(next, next + AT_ONCE).map((username) => attack(nevis, simulator, username)))))
    }
    return attacks
  } finally {
    await simulator.close()
  }
}

/**
 * The highest number of guessed sign-ins that can still be chance. A run has more of them with a probability below one in a million (tail of the binomial
 * distribution).
 */
function most(signIns: number, chance: number): number {
  let probability = (1 - chance) ** signIns
  let tail = 1 - probability
  let successes = 0
  while (tail > 1e-6) {
    probability *= ((signIns - successes) / (successes + 1)) * (chance / (1 - chance))
    tail -= probability
    successes += 1
  }
  return successes
}

describe('the bound', () => {
  // Shows: T-blind-1
  it.each([[1000, 2], [10_000, 3], [1_000_000, 19]])('for %i sign-ins is %i', (signIns, expected) => {
    expect(most(signIns, GUESSES / CODES)).toBe(expected)
  })
})

describe(`${SIGN_INS} sign-ins that are accepted blindly, with five guesses each`, () => {
  // Shows: T-blind-1
  it('let in no more than chance allows, and every other transaction is closed', async () => {
    const attacks: Attack[] = []
    while (attacks.length < SIGN_INS) attacks.push(...(await attackMany(Math.min(PER_SIMULATOR, SIGN_INS - attacks.length))))
    const successes = attacks.filter(({ outcomes }) => outcomes.includes('success'))
    const others = attacks.filter(({ outcomes }) => !outcomes.includes('success'))
    if (process.env['TYPED_CODE_SIGN_INS'] !== undefined) process.stdout.write(`${attacks.length} sign-ins: ${successes.length} successes\n`)
    expect(attacks).toHaveLength(SIGN_INS)
    expect(successes.length).toBeLessThanOrEqual(most(SIGN_INS, GUESSES / CODES))
    const closed = { outcomes: Array<string>(GUESSES).fill('wrong_code'), afterwards: ['too_many_attempts', 'too_many_attempts'] }
    expect(others.filter((one) => JSON.stringify(one) !== JSON.stringify(closed))).toEqual([])
  })
})

/**
 * Dialects of the simulator (variants of Nevis's behaviour) in which Nevis's clock is seconds or minutes ahead of or behind the machine's clock.
 *
 * Out of scope: applying a dialect (`apply.ts`).
 */
import { isRecord } from '../answer'
import type { Dialect, DialectGroup } from './dialect'

const BECAUSE = 'Clocks differ; nothing says by how much.'
const LIFE_MS = 60_000

const off = (seconds: number): Dialect => ({
  name: `clock-${Math.abs(seconds)}-${seconds < 0 ? 'behind' : 'ahead'}`,
  says: `The cloud's clock is ${Math.abs(seconds)} seconds ${seconds < 0 ? 'behind' : 'ahead'}.`,
  because: BECAUSE,
  clockMs: seconds * 1000,
})

/** Creates a dialect in which Nevis's clock differs from the machine's clock by this many seconds, and a transaction token is valid for only one minute. */
const strict = (seconds: number): Dialect => {
  const { name, says, ...rest } = off(seconds)
  return {
    ...rest,
    name: `${name}-strict`,
    says: `${says.slice(0, -1)}, and a transaction token is valid for a minute from \`nbf\` on.`,
    rewrites(answer, { operation, cloud, body, original }) {
      if (operation !== 'introspect' || !isRecord(answer.body) || !isRecord(original.body) || cloud.tokens.kindOf(String(body['token'])) !== 'transaction') return answer
      const iat = Number(original.body['iat'])
      const isOver = cloud.clock.now() >= iat + LIFE_MS
      return { ...answer, body: isOver ? { active: false } : { ...answer.body, exp: iat + LIFE_MS } }
    },
  }
}

export const clock: DialectGroup = {
  title: 'Clock',
  dialects: [
    ...[-600, -120, -90, -60, -55, 30, 55, 120, 300, 600].map(off),
    ...[-600, -300, -120, -90, -30, 30, 55, 120, 300, 600].map(strict),
  ],
}

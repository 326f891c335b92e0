// @ts-check
// Computes how many status calls a poll schedule makes and how long users wait, for log-normal answer times (median 8 s, 0.1 % beyond 120 s).
import { defaultSchedule } from 'passport-nevis'
import { quantile, seeded, spreadAnswers } from '../processes.mjs'

const PEOPLE = 8000
const LIFETIME_SECONDS = 120
const SCHEDULES = [
  { name: 'every 2 s', steps: [{ untilSeconds: Infinity, everySeconds: 2 }] },
  { name: 'every 1 s until 20 s, then every 2 s until 60 s, then every 4 s', steps: [{ untilSeconds: 20, everySeconds: 1 }, { untilSeconds: 60, everySeconds: 2 }, { untilSeconds: Infinity, everySeconds: 4 }] },
  { name: 'first after 2 s, then every 1 s until 20 s, then every 2 s until 60 s, then every 4 s', steps: [{ untilSeconds: 2, everySeconds: 2 }, { untilSeconds: 20, everySeconds: 1 }, { untilSeconds: 60, everySeconds: 2 }, { untilSeconds: Infinity, everySeconds: 4 }] },
  { name: '`defaultSchedule`', steps: defaultSchedule },
]

/**
 * Simulates the status calls for one user. `calls`: how many calls are made until one finds the user's answer. `late`: how many seconds after the answer this
 * last call comes.
 * @param {number} answer how many seconds after the start the user answers
 * @param {readonly import('passport-nevis').PollStep[]} steps
 * @param {() => number} random makes each pause up to 10 % shorter or longer
 */
function wait(answer, steps, random) {
  let at = 0
  for (let calls = 1; ; calls++) {
    const { everySeconds } = /** @type {import('passport-nevis').PollStep} */ (steps.find(({ untilSeconds }) => at < untilSeconds))
    at += everySeconds * (0.9 + 0.2 * random())
    if (at >= answer) return { calls, late: at - answer }
  }
}

/** @returns for each schedule, the status calls of a login, and the seconds from the user's answer to the status call that finds the answer */
export async function measure() {
  const answers = spreadAnswers(PEOPLE, seeded(7)).filter((seconds) => seconds < LIFETIME_SECONDS)
  const rows = SCHEDULES.map(({ name, steps }) => {
    const random = seeded(3)
    const waits = answers.map((answer) => wait(answer, steps, random))
    const late = waits.map((one) => one.late)
    return { name, calls: waits.reduce((sum, { calls }) => sum + calls, 0) / waits.length, median: quantile(late, 0.5), p95: quantile(late, 0.95) }
  })
  return { people: PEOPLE, meanAnswerSeconds: answers.reduce((sum, answer) => sum + answer, 0) / answers.length, rows }
}

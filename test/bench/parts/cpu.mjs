// @ts-check
// Measures the CPU time that a strategy needs for a whole login, and compares it with the CPU time of the three HTTP calls of this login, made with axios
// alone. Each contestant runs in its own process, and so does the upstream, a server in place of Nevis. Each process is started several times, because V8
// compiles the same code differently in each process.
import { contest, median, medianRatio, rounds, seeded, startUpstream, stop } from '../processes.mjs'

const CONTESTANTS = [
  { name: 'three bare axios calls', calls: 3, file: './contestants/bare-axios.mjs' },
  { name: 'the axios calls, once more (control)', calls: 3, file: './contestants/bare-axios.mjs' },
  { name: 'passport-nevis, push', calls: 3, file: './contestants/nevis.mjs' },
  { name: 'three bare node:http calls', calls: 3, file: './contestants/bare-http.mjs' },
  { name: 'openid-client, Passport strategy', calls: 2, file: './peers/openid-client.mjs' },
  { name: '@duosecurity/duo_universal', calls: 2, file: './peers/duo.mjs' },
  { name: 'passport-oauth2', calls: 2, file: './peers/oauth2.mjs' },
  { name: '@node-saml/passport-saml', calls: 0, file: './peers/saml.mjs' },
  { name: 'passport-totp', calls: 0, file: './peers/totp.mjs' },
  { name: 'passport-local', calls: 0, file: './peers/local.mjs' },
]
const GENERATIONS = 6
/** Logins before the first measurement: V8 optimises code that runs once per login only after some thousands of logins. */
const WARM_UP = 6000
/**
 * Logins of one turn of the warm-up. The contestants are warmed up in turns, so that none idles for half a minute: an idle contestant loses its connection,
 * and V8 then discards compiled code of this contestant.
 */
const WARM_UP_TURN = 500
const ROUNDS = 5
const LOGINS = 200
/** Logins before each measured turn, so that the turn measures a busy process, and not one that wakes up. */
const RUN_UP = 50
/**
 * V8 discards compiled code and the young generation after a few idle seconds. Each contestant idles while the others run, so without this
 * flag larger packages would be penalised. A server that signs users in is not idle.
 */
const FLAGS = ['--no-memory-reducer']

/**
 * @param {{ log: (line: string) => void }} tools
 * @returns microseconds of CPU per login, and the ratio of each contestant to the bare axios calls. These calls are measured twice: if the two results
 * differ, the measurement is not reliable
 */
export async function measure({ log }) {
  const results = CONTESTANTS.map(({ name, calls }) => ({ name, calls, micros: /** @type {number[]} */ ([]) }))
  const random = seeded(GENERATIONS)
  try {
    for (let generation = 1; generation <= GENERATIONS; generation++) {
      log(`generation ${generation} of ${GENERATIONS}`)
      const upstream = await startUpstream()
      const racers = []
      for (const { file } of CONTESTANTS) racers.push(await contest(file, [upstream.address], { flags: FLAGS }))
      for (let warm = 0; warm < WARM_UP; warm += WARM_UP_TURN) {
        // For passport-saml, which signs XML, a tenth of these logins is enough to warm up.
        for (const { file, ask } of racers) await ask({ logins: file.includes('saml') ? WARM_UP_TURN / 10 : WARM_UP_TURN })
      }
      const turn = async (/** @type {(message: object) => Promise<import('../processes.mjs').Answer>} */ ask) => {
        await ask({ logins: RUN_UP })
        return (await ask({ logins: LOGINS })).cpuMicros
      }
      const answers = await rounds(ROUNDS, racers.map(({ ask }) => () => turn(ask)), random)
      answers.forEach((row, i) => results[i]?.micros.push(...row))
      stop()
    }
  } finally {
    stop()
  }
  const [first = [], second = []] = results.map(({ micros }) => micros)
  const bare = first.map((value, round) => (value + Number(second[round])) / 2)
  const generations = (/** @type {number[]} */ row) => Array.from({ length: GENERATIONS }, (_, i) => medianRatio(row.slice(i * ROUNDS, (i + 1) * ROUNDS), bare.slice(i * ROUNDS, (i + 1) * ROUNDS)))
  return {
    rounds: first.length,
    loginsPerRound: LOGINS,
    control: medianRatio(second, first),
    rows: results.map(({ name, calls, micros }) => ({ name, calls, micros: median(micros), ratio: medianRatio(micros, bare), generations: generations(micros) })),
  }
}

/**
 * Runs every dialect of the simulator against every flow that it affects: sign-in, wrong code, denial, step-up, first and later enrolment, with each factor;
 * with one and with two processes of the app; with a page that uses events, and with a page that polls JSON.
 *
 * Nevis's documents leave some answers of the cloud open. Each plausible reading is a dialect, and `table.ts` has the expected outcome of each flow in this
 * dialect. In no dialect may a user get in, be enrolled or see data without being allowed to.
 */
import fc from 'fast-check'
import { DIALECT_GROUPS } from '../../src/simulator/dialects'
import { Dialects } from '../../src/simulator/dialects/apply'
import { FLOWS } from './flows'
import { DEFAULT_IDS, DIALECT_OF_ID } from './ids'
import { settingOf } from './mix'
import { play, pooled, type Setting } from './run'
import { situationOf, type Situation } from './settings'
import { expectedOf, isAttack, normalised, TABLE, type Expected, type Verdict } from './table'

const NAMES = DIALECT_GROUPS.flatMap(({ dialects }) => dialects).map(({ name }) => name)
/** How many dialects run at a time; the flows of each dialect also run in parallel. */
const WIDTH = 6
/**
 * These dialects run alone, because they fail if more than five seconds pass between the approval and the callback. While other dialects run, the callback can
 * come that late. A token that lives five seconds has then expired, and a success that Nevis reports only once is too old to be used.
 */
const IN_A_HURRY = ['token-lives-5-seconds', 'status-succeeded-once']
const PER_DIALECT_MS = 60_000
jest.setTimeout(600_000)

/** Orders the dialects so that few of one group run at the same time: all of one group take equally long, and those of the group Status the longest. */
const spread = (names: readonly string[]): string[] => [...names.keys()].sort((one, other) => (one % 15) - (other % 15) || one - other).map((at) => names[at] as string)

type Cells = Readonly<Record<string, string>>

const isUnsafe = (outcome: string | undefined) => outcome?.startsWith('UNSAFE') === true
const expectedCells = (name: string, cells: Cells): Cells => Object.fromEntries(Object.keys(cells).map((flow) => [flow, expectedOf(name, flow).outcome]))

/** Plays the flows in the situation in which the dialect has an effect. */
async function cellsOf(dialect: readonly string[], { flows, ...setting }: Situation): Promise<Cells> {
  const cells = await play({ dialect, ...setting }, flows)
  return Object.fromEntries(Object.entries(cells).map(([flow, outcome]) => [flow, normalised(flow, outcome)]))
}

/** Freezes the simulator's answer, so that a dialect throws if it changes the answer in place. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Buffer.isBuffer(value)) Object.values(Object.freeze(value)).forEach(frozen)
  return value
}

let played: Map<string, Cells>
beforeAll(async () => {
  const { rewritten } = Dialects.prototype
  jest.spyOn(Dialects.prototype, 'rewritten').mockImplementation(function (this: Dialects, answer, ...more) {
    return rewritten.call(this, frozen(structuredClone(answer)), ...more)
  })
  const playOne = async (name: string) => [name, await cellsOf([name], situationOf(name))] as const
  const others = spread(NAMES.filter((name) => !IN_A_HURRY.includes(name)))
  played = new Map([...(await pooled(IN_A_HURRY, 1, playOne)), ...(await pooled(others, WIDTH, playOne))])
}, NAMES.length * PER_DIALECT_MS)

describe('without a dialect', () => {
  it('every flow ends as users expect', async () => {
    const cells = await cellsOf([], { flows: Object.keys(FLOWS) })
    expect(cells).toEqual(expectedCells('none', cells))
  })
})

describe.each(DIALECT_GROUPS.map(({ title, dialects }) => [title, dialects] as const))('%s', (_title, dialects) => {
  it.each(dialects.map(({ name }) => name))('%s', (name) => {
    const cells = played.get(name) as Cells
    expect(cells).toEqual(expectedCells(name, cells))
  })
})

describe('the table', () => {
  interface Cell extends Expected {
    readonly name: string
    readonly flow: string
  }
  const cells = (verdict?: Verdict): Cell[] =>
    [...played]
      .flatMap(([name, outcomes]) => Object.keys(outcomes).map((flow) => ({ name, flow, ...expectedOf(name, flow) })))
      .filter((cell) => verdict === undefined || cell.verdict === verdict)
  const unsafe = () => [...played].flatMap(([name, outcomes]) => Object.entries(outcomes).filter(([, outcome]) => isUnsafe(outcome)).map(([flow]) => `${name}: ${flow}`))
  /** The outcomes as lines of text. One line contains all flows of a dialect that end alike for the same reason. */
  const listed = (some: readonly Cell[]) => {
    const flows = new Map<string, string[]>()
    for (const { name, flow, outcome, because } of some) {
      const key = `${name}: ${outcome} | ${because}`
      flows.set(key, [...(flows.get(key) ?? []), flow])
    }
    return [...flows].map(([key, names]) => `  ${key} | ${names.join('; ')}\n`).join('')
  }
  /** The cells (a cell is one flow in one dialect) without the attacks and the pushes that nobody answers: these are right in every dialect that is safe. */
  const ofUsers = () => cells().filter(({ flow }) => !isAttack(flow))
  const shareOfRight = (some: readonly Cell[]) => some.filter(({ verdict }) => verdict === 'right').length / some.length
  const percent = (some: readonly Cell[]) => `${(100 * shareOfRight(some)).toFixed(2)} % of ${some.length} cells`
  const show = () => {
    const [right, design, wrong] = [cells('right'), cells('design'), cells('wrong')]
    process.stdout.write(
      `${NAMES.length} dialects, ${cells().length} cells: ${right.length} right, ${design.length} refused by design, ${wrong.length} wrong, ${unsafe().length} unsafe\n` +
        `right: ${percent(cells())}; without attacks and requests that nobody answers: ${percent(ofUsers())}\n` +
        `refused by design:\n${listed(design)}wrong:\n${listed(wrong)}`,
    )
  }

  it('covers the 207 readings that version 0.1.0 was played against', () => {
    const ids = [...Object.keys(DIALECT_OF_ID), ...DEFAULT_IDS]
    expect([ids.length, new Set(ids).size]).toEqual([207, 207])
    expect(Object.values(DIALECT_OF_ID).filter((name) => !NAMES.includes(name))).toEqual([])
    expect(new Set(NAMES).size).toBe(NAMES.length)
  })

  it('names only dialects that exist', () => {
    expect(Object.keys(TABLE).filter((name) => !NAMES.includes(name))).toEqual([])
  })

  it('has no unsafe cell', () => {
    expect(unsafe()).toEqual([])
  })

  it('is right in at least 95 of 100 cells, also without the cells that only check that somebody does not get in', () => {
    if (process.env['SHOW_TABLE'] !== undefined) show()
    expect(shareOfRight(cells())).toBeGreaterThanOrEqual(0.95)
    expect(shareOfRight(ofUsers())).toBeGreaterThanOrEqual(0.95)
  })
})

describe('a dialect for which there is an option', () => {
  const WITH_OPTION = NAMES.filter((name) => situationOf(name).options !== undefined && !name.startsWith('ping-') && name !== 'link-custom-scheme')

  it.each(WITH_OPTION)('signs no user in without it: %s', async (name) => {
    const { flows, options: _options, ...setting } = situationOf(name)
    const cells = await cellsOf([name], { ...setting, flows: flows.filter((flow) => /^(L push|L app|L sms|L wid|W sms)$/.test(flow)) })
    expect(Object.values(cells).filter((outcome) => /^(in|.*then in)$/.test(outcome) || isUnsafe(outcome))).toEqual([])
  })
})

describe('three dialects at a time', () => {
  /** `DIALECT_MIXES=300` plays 300 mixes. `DIALECT_SEED=19` plays other mixes. */
  const COUNT = Number(process.env['DIALECT_MIXES'] ?? 40)
  const SEED = Number(process.env['DIALECT_SEED'] ?? 18)
  /**
   * The dialects to mix. Left out are those of a redirect, a gateway or a firewall that answers every call in Nevis's place, and of an access key that has
   * expired: with them, each flow ends at its first call.
   */
  const MIXED = NAMES.filter((name) => !/^(redirect|gateway|firewall|key-ended)-/.test(name))
  const FLOWS_OF_MIXES = [
    'L push', 'L wid', 'W sms', 'W rec', 'D push', 'D app', 'N push', 'S app, page in the second', 'E app', 'E sms, two processes', 'A rec',
    'V app', 'V sms', 'V wid', 'T other', 'T old',
  ]

  it('are as safe: no user gets in, is enrolled or sees what they must not, and no page waits for ever', async () => {
    const dialects = fc.uniqueArray(fc.constantFrom(...MIXED), { minLength: 3, maxLength: 3 })
    const mix = fc.tuple(dialects, fc.option(fc.constantFrom(...MIXED.filter((name) => situationOf(name).options !== undefined))))
    // Make three times as many mixes as needed, because mixes of dialects that contradict each other are left out.
    const samples = fc.sample(mix, { seed: SEED, numRuns: 3 * COUNT }).map(([names, optionOf]) => ({ names, optionOf, setting: settingOf(names, optionOf, FLOWS_OF_MIXES) }))
    const mixes = samples.filter(({ setting }) => setting !== undefined).slice(0, COUNT)
    expect(mixes).toHaveLength(COUNT)
    const results = await pooled(mixes, WIDTH, async ({ names, optionOf, setting }) => {
      const cells = await play(setting as Setting, FLOWS_OF_MIXES)
      return { names, optionOf, cells: Object.entries(cells).filter(([, outcome]) => isUnsafe(outcome) || /waits/.test(outcome)) }
    })
    expect(results.filter(({ cells }) => cells.length > 0)).toEqual([])
  }, 600_000 + 15_000 * COUNT)
})

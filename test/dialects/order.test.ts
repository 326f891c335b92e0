/**
 * A dialect is a possible behaviour of Nevis, which the simulator imitates. These tests check that two dialects that change different fields of a response do
 * not cancel each other, in whichever order they are listed. The command `probe` finds out which dialects an instance of Nevis has, and its report lists them
 * in alphabetical order. With the dialects in this order, a simulator must answer like the instance.
 *
 * The responses are those of the simulator to a whole run of the probe. The tests apply every pair of dialects to each kind of response, in both orders.
 */
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'
import { runOnSimulator } from '../../src/doctor/probe/recognise'
import { STAGES } from '../../src/doctor/probe/stages'
import { isRecord, type Answer } from '../../src/simulator/answer'
import { DIALECT_GROUPS } from '../../src/simulator/dialects'
import { Dialects } from '../../src/simulator/dialects/apply'
import type { Dialect, DialectRequest } from '../../src/simulator/dialects/dialect'
import type { ProblemReason } from '../../src/simulator/problem'

jest.setTimeout(300_000)

type Fields = ReadonlyMap<string, string>

const ALL: readonly Dialect[] = DIALECT_GROUPS.flatMap(({ dialects }) => dialects)
const DECODERS: Readonly<Record<string, (bytes: Buffer) => Buffer>> = { gzip: gunzipSync, br: brotliDecompressSync, deflate: inflateSync }

/** The response as a list of fields: the status, each header, and each value of the body with its path. */
function fieldsOf(answer: Answer): Fields {
  const fields = new Map<string, string>([['status', String(answer.status)]])
  for (const [name, value] of Object.entries(answer.headers)) fields.set(`headers.${name}`, value)
  const visit = (value: unknown, path: string): void => {
    const entries = Array.isArray(value) ? [...value.entries()] : isRecord(value) ? Object.entries(value) : []
    for (const [name, inner] of entries) visit(inner, `${path}.${name}`)
    // Leave out the time of an error: the dialects make a new error each time they are applied, so its time may differ.
    if (entries.length === 0 && !path.endsWith('.timestamp')) fields.set(path, JSON.stringify(value) ?? 'undefined')
  }
  visit(decoded(answer), 'body')
  return fields
}

function decoded({ body, headers }: Answer): unknown {
  const encoding = headers['content-encoding']
  const text = Buffer.isBuffer(body) && encoding !== undefined ? DECODERS[encoding]?.(body).toString() : body
  if (typeof text !== 'string') return text
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

/** The fields that a dialect changes, each with its new value; undefined for a field that the dialect removes. */
function changesOf(changed: Fields, original: Fields): Map<string, string | undefined> {
  const names = [...new Set([...changed.keys(), ...original.keys()])]
  return new Map(names.filter((name) => changed.get(name) !== original.get(name)).map((name) => [name, changed.get(name)]))
}

/** True if two dialects give different values to the same field, or if one changes a field and the other a part of this field. */
function isSameField(one: ReadonlyMap<string, string | undefined>, other: ReadonlyMap<string, string | undefined>): boolean {
  return [...one].some(([name, value]) => [...other].some(([against, set]) => (name === against ? value !== set : isWithin(name, against) || isWithin(against, name))))
}

/** The values of `layer` of dialects that move fields or replace the whole response. Two dialects of one such layer exclude each other. */
const EXCLUSIVE = ['shape', 'gateway']
/** The values of `layer` of dialects that change single fields. Two such dialects must not undo each other's changes. */
const OF_FIELDS = [undefined, 'addition', 'field', 'header']

/**
 * True for two dialects that differ only in a status, such as `wrong-code-400` and `wrong-code-404`. `isSameField` does not find this conflict if one of the
 * two sets the status that the simulator sends anyway: this dialect then does not change the status.
 */
const isSameQuestion = (one: string, other: string) => one.replace(/-\d+$/, '') === other.replace(/-\d+$/, '')

const isWithin = (name: string, outer: string) => name.startsWith(`${outer}.`)
/** The fields as one text. All UUIDs count as equal, because a dialect may make up a new UUID each time. */
const textOf = (fields: Fields) => JSON.stringify([...fields].sort()).replace(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, 'a UUID')

/** Applies dialects to a response that is the second of its kind for its token: some dialects change only such a response. */
function apply(dialects: readonly Dialect[], given: readonly [Answer, DialectRequest, ProblemReason | undefined]): Fields {
  const applied = new Dialects(dialects)
  applied.rewritten(...given)
  return fieldsOf(applied.rewritten(...given))
}

interface Pair {
  readonly names: string
  readonly isConflict: boolean
  readonly isAlike: boolean
  /** True if the response with both dialects has every change that each dialect makes alone. Always true for pairs that are not checked, such as conflicts. */
  readonly isWhole: boolean
}

const pairs: Pair[] = []
const kinds = new Set<string>()

function pairsOf(given: readonly [Answer, DialectRequest, ProblemReason | undefined]): void {
  const [answer, { operation, body, cloud }, refusal] = given
  const { status, active } = isRecord(answer.body) ? answer.body : {}
  const kind = JSON.stringify([operation, body['channel'], answer.status, refusal, status, active, cloud.tokens.kindOf(String(body['token'] ?? body['statusToken']))])
  if (kinds.has(kind)) return
  kinds.add(kind)
  const original = fieldsOf(answer)
  const alone = ALL.map((dialect) => ({ dialect, changes: changesOf(apply([dialect], given), original) })).filter(({ changes }) => changes.size > 0)
  for (const [at, one] of alone.entries()) {
    for (const other of alone.slice(at + 1)) {
      const [forth, back] = [apply([one.dialect, other.dialect], given), apply([other.dialect, one.dialect], given)]
      const isConflict = isSameField(one.changes, other.changes) || isSameQuestion(one.dialect.name, other.dialect.name) || (one.dialect.layer === other.dialect.layer && EXCLUSIVE.includes(String(one.dialect.layer)))
      const isOfFields = [one, other].every(({ dialect }) => OF_FIELDS.includes(dialect.layer))
      const isWhole = isConflict || !isOfFields || [...one.changes, ...other.changes].every(([name, value]) => textOf(new Map([[name, forth.get(name) ?? '']])) === textOf(new Map([[name, value ?? '']])))
      pairs.push({ names: `${one.dialect.name} + ${other.dialect.name}`, isConflict, isAlike: textOf(forth) === textOf(back), isWhole })
    }
  }
}

beforeAll(async () => {
  const { rewritten } = Dialects.prototype
  const spy = jest.spyOn(Dialects.prototype, 'rewritten').mockImplementation(function (this: Dialects, ...given) {
    const isOuter = (this as unknown as { dialects: readonly Dialect[] }).dialects.length === 0
    if (isOuter) pairsOf(given)
    return rewritten.apply(this, given)
  })
  // Comparing many dialects takes seconds, and a dialect's tokens may live only seconds. So the clock of this process stands still meanwhile.
  const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now())
  await runOnSimulator([], STAGES)
  clock.mockRestore()
  spy.mockRestore()
})

const namesOf = (some: readonly Pair[]) => [...new Set(some.map(({ names }) => names))].sort()

it('every operation of the simulator takes part', () => {
  expect(kinds.size).toBeGreaterThan(25)
  expect(namesOf(pairs).length).toBeGreaterThan(2000)
})

it('two dialects that do not set the same field answer alike in both orders', () => {
  expect(namesOf(pairs.filter(({ isConflict, isAlike }) => !isConflict && !isAlike))).toEqual([])
})

it('two dialects that do not set the same field keep all their changes', () => {
  expect(namesOf(pairs.filter(({ isWhole }) => !isWhole))).toEqual([])
})

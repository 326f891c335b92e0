/** Checks the numbers of dialects and flows in the documents. They follow from the table of expected outcomes, so no flow needs to run here. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DIALECT_GROUPS } from '../../src/simulator/dialects'
import { situationOf } from './settings'
import { expectedOf, type Verdict } from './table'

it('the guide says how many flows end as they should, are refused on purpose, and end wrong', () => {
  const names = DIALECT_GROUPS.flatMap(({ dialects }) => dialects).map(({ name }) => name)
  const verdicts: Verdict[] = names.flatMap((name) => situationOf(name).flows.map((flow) => expectedOf(name, flow).verdict))
  const count = (verdict: Verdict) => verdicts.filter((one) => one === verdict).length
  const guide = readFileSync(join(__dirname, '../../docs/guides/dialects.md'), 'utf8').replace(/\s+/g, ' ')
  const inGuide = /tests (\d+) dialects with (\d+) flows.*?, (\d+) flows ended as they should\. In (\d+) flows, .*? (\d+) flows ended with another/.exec(guide)?.slice(1).map(Number)
  expect(inGuide).toEqual([names.length, verdicts.length, count('right'), count('design'), count('wrong')])
})

it.each(['CONTRIBUTING.md', 'docs/guides/probe.md'])('%s says how many dialects the probe was run with', (file) => {
  const text = readFileSync(join(__dirname, '../..', file), 'utf8').replace(/\s+/g, ' ')
  expect(Number(/(?:the simulator's|simulator in each of its) (\d+) dialects/.exec(text)?.[1])).toBe(DIALECT_GROUPS.flatMap(({ dialects }) => dialects).length)
})

/** How the simulator's dialects are named, listed and selected. `test/dialects/` tests flows in each dialect. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { NevisSimulator } from '../../src/simulator'
import { main } from '../../src/simulator/command-line'
import { DIALECT_GROUPS } from '../../src/simulator/dialects'
import { started, type Caller } from './http'
import { closing } from '../support/closing'

const all = DIALECT_GROUPS.flatMap(({ dialects }) => dialects)
let nevis: Caller | undefined
afterEach(() => nevis?.simulator.close())

const output = () => {
  const lines: string[] = []
  return { lines, log: (text: string) => void lines.push(text), error: (text: string) => void lines.push(text) }
}

describe('the list of dialects', () => {
  it('has a name in kebab-case, one sentence and a reason for each', () => {
    for (const { name, says, because, refuses, rewrites, clockMs } of all) {
      expect(name).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/)
      for (const sentence of [says, because]) expect([name, sentence]).toEqual([name, expect.stringMatching(/^\S.*\.$/)])
      expect([name, refuses ?? rewrites ?? clockMs]).not.toEqual([name, undefined])
    }
  })

  it('is printed by --list-dialects', async () => {
    const { lines, ...out } = output()
    expect(await main(['--list-dialects'], out)).toEqual({ exitCode: 0 })
    const listed = lines.join('\n')
    for (const { name, says } of all) expect(listed).toContain(`${name.padEnd(44)} ${says}`)
  })
})

describe('the guide', () => {
  it('names dialects that there are, in its code and in its command', () => {
    const guide = readFileSync(join(__dirname, '../../docs/guides/dialects.md'), 'utf8')
    const named = [...guide.matchAll(/dialect: \[([^\]]+)\]|--dialect (?!\S+\.json)(\S+)/g)].flatMap(([, code = '', command = '']) => `${code},${command}`.match(/[a-z][\w-]+/g) ?? [])
    expect(named).toHaveLength(4)
    expect(named.filter((name) => !all.some((dialect) => dialect.name === name))).toEqual([])
  })
})

describe('the option dialect', () => {
  it.each<[string, NonNullable<Parameters<typeof NevisSimulator.start>[0]>['dialect']]>([
    ['a name', 'user-in-a-list'],
    ['a list of names', ['enrolment-200', 'user-in-a-list']],
    ['the report of a probe', { dialects: ['user-in-a-list'], more: 1 } as { dialects: string[] }],
  ])('takes %s', async (_what, dialect) => {
    nevis = await started({ dialect: dialect ?? [] })
    nevis.simulator.addUser({ username: 'anna' })
    expect((await nevis.call('GET', '/api/v1/users?username=anna')).text).toMatch(/^\[\{/)
  })

  it.each(['sms-not-polable', 'SMS-NOT-POLLABLE'])('refuses the unknown name %s, and proposes the nearest', async (dialect) => {
    await expect(NevisSimulator.start({ dialect })).rejects.toThrow(
      new TypeError(`NevisSimulator: the dialect "${dialect}" is unknown, did you mean "sms-not-pollable"?`),
    )
  })

  it.each([7, null, [7], {}, { dialects: 'x' }, { dialects: [], obstacle: 'nothing answered' }])('refuses %j', async (dialect) => {
    await expect(NevisSimulator.start({ dialect: dialect as never })).rejects.toThrow(TypeError)
  })

  it.each([
    ['/tmp/report.json', /is a path: pass the report itself/],
    [JSON.stringify({ probe: 1, dialects: ['chunked'] }), /is the text of a report: pass the object/],
    ['\uFEFF{"dialects":[]}', /is the text of a report: pass the object/],
    ['sms-not-pollable,token-consumable', /is a text with commas: pass a list/],
    ['x'.repeat(5000), /^NevisSimulator: the dialect "x{60}…" is unknown, did you mean/],
    [{ dialects: [], isCompared: false }, /interrupted before the comparison/],
    [[{ dialects: ['chunked'] }, 'ping-json'] as unknown as string[], /is a list with a report in it: pass the names in the report, \[\.\.\.report\.dialects, 'name'\]$/],
  ])('refuses value %# in a short sentence that helps', async (dialect, message) => {
    const error = await NevisSimulator.start({ dialect }).then(() => undefined, (reason: unknown) => reason as TypeError)
    expect([error?.name, error?.message]).toEqual(['TypeError', expect.stringMatching(message)])
    expect(error?.message.length).toBeLessThan(180)
  })

  it('is --dialect on the command line, with commas or again', async () => {
    const { lines, ...out } = output()
    const outcome = await main(['--port', '0', '--dialect', 'ping-json,ping-204', '--dialect', 'user-in-a-list'], out)
    if ('exitCode' in outcome) throw new Error(lines.join('\n'))
    const simulator = closing(outcome.simulator)
    const answer = await fetch(`${simulator.baseURL}/ping`, { headers: { authorization: `Bearer ${simulator.accessKey}` } })
    expect([answer.status, await answer.text()]).toEqual([204, ''])
    expect(await main(['--port', '0', '--dialect', 'nonsense'], out)).toEqual({ exitCode: 2 })
  })
})

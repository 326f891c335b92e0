/** What the command `doctor` has found, as text for a terminal. */
import { error, ok, unchecked, warning } from '../../src/doctor/findings'
import { showsColours } from '../../src/doctor/output'
import { reportOf } from '../../src/doctor/report'

const lines = (...args: Parameters<typeof reportOf>) => reportOf(...args).split('\n')

describe('a report', () => {
  it('has lines of at most 100 columns, even with an address that is longer', () => {
    const findings = [error('routes.callback', `GET /${'a'.repeat(150)} ${'word '.repeat(30)}`, `mount ${'it '.repeat(60)}`), { ...ok('routes.status', 'there'), strategy: 'x'.repeat(150) }, ...['session.store', 'session.resave', 'session.secret', 'session.secure', 'session.same-site', 'session.trust-proxy', 'session.http-only'].map((check) => unchecked(check as 'session.store', 'no session', 'mount one'))]
    const all = lines(findings)
    expect(all.filter((line) => line.length > 100)).toEqual([])
    expect(all.join('').replace(/\s+/g, '')).toContain('a'.repeat(150))
    expect(all.join('\n')).not.toMatch(/ $/m)
  })

  it.each(['npx passport-nevis doctor app.mjs --app-output', 'npx passport-nevis doctor <the file that starts your app>', 'npx passport-nevis init', 'npm install passport@0.7'])('keeps the command %s on one line', (command) => {
    for (let words = 1; words < 12; words++) expect(lines([error('app.loaded', 'a', `${'word '.repeat(words)}${command} shows what the app prints`)]).some((line) => line.includes(command))).toBe(true)
  })

  it('has the word of each level in a colour, if the terminal shows colours', () => {
    const findings = [ok('app.loaded', 'a'), warning('app.loaded', 'b', 'c'), error('app.loaded', 'd', 'e'), unchecked('app.loaded', 'f', 'g')]
    const words = [[32, 'ok           '], [33, 'WARNING      '], [31, 'ERROR        '], [2, 'not checked  ']] as const
    const coloured = words.reduce((text, [colour, word]) => text.replace(word, `\u001b[${colour}m${word}\u001b[0m`), reportOf(findings))
    expect(reportOf(findings, { hasColours: true })).toBe(coloured)
  })

  it('has a line for each finding, its remedy below, and the counts at the end', () => {
    const findings = [
      ok('cloud.settings', 'the API is there'),
      warning('cloud.clock', 'a little late', 'mend the clock'),
      error('routes.callback', 'nobody there', 'mount it'),
      unchecked('routes.start', 'not tried', 'try it'),
    ]
    expect(reportOf(findings)).toBe(`ok           cloud.settings              the API is there
WARNING      cloud.clock                 a little late
                                         → mend the clock
ERROR        routes.callback             nobody there
                                         → mount it
not checked  routes.start                not tried
                                         → try it

1 ok, 1 warning, 1 error, 1 not checked`)
  })

  it('says once why several checks were not made', () => {
    const findings = [unchecked('session.store', 'no session', 'mount one'), unchecked('session.resave', 'no session', 'mount one'), unchecked('session.secret', 'no session', 'mount one')]
    expect(reportOf(findings)).toBe(`not checked  session.store, session.resave, session.secret
             no session
             → mount one

0 ok, 0 warnings, 0 errors, 3 not checked`)
  })

  it.each([
    ['another reason', unchecked('routes.start', 'not tried', 'mount one')],
    ['another remedy', unchecked('routes.start', 'no session', 'try it')],
    ['a warning', warning('routes.start', 'no session', 'mount one')],
  ])('keeps %s apart, before and after', (_name, other) => {
    const gap = unchecked('session.store', 'no session', 'mount one')
    const findings = [gap, other, gap]
    expect(lines(findings).filter((line) => line.includes('→'))).toHaveLength(findings.length)
  })

  it('says two warnings twice, even if they are alike', () => {
    const found = [error('routes.status', 'nobody there', 'mount it'), error('routes.status', 'nobody there', 'mount it')]
    expect(lines([...found, ok('app.loaded', 'there'), ok('app.passport', 'there')])).toEqual([
      ...Array.from({ length: 2 }, () => ['ERROR        routes.status               nobody there', '                                         → mount it']).flat(),
      'ok           app.loaded                  there',
      'ok           app.passport                there',
      '',
      '2 ok, 0 warnings, 2 errors, 0 not checked',
    ])
  })

  it('names the strategy, where there are several', () => {
    const findings = ['nevis', 'payments'].map((strategy) => ({ ...ok('routes.status', 'there'), strategy }))
    expect(lines(findings).slice(0, 2)).toEqual([
      'ok           routes.status (nevis)       there',
      'ok           routes.status (payments)    there',
    ])
  })
})

describe('colours', () => {
  it.each<[string, boolean, { isTTY?: boolean }, Record<string, string>]>([
    ['a terminal', true, { isTTY: true }, { TERM: 'xterm', NO_COLOR: '' }],
    ['a file or a pipe', false, {}, { TERM: 'xterm' }],
    ['a terminal whose user has set NO_COLOR', false, { isTTY: true }, { TERM: 'xterm', NO_COLOR: '1' }],
    ['a terminal that can show none', false, { isTTY: true }, { TERM: 'dumb' }],
  ])('for %s › %p', (_name, shown, stream, env) => {
    expect(showsColours(stream, env)).toBe(shown)
  })
})

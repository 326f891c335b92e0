/**
 * Tests that the command `init` takes little time for each file, even for a file that an attacker has written to slow `init` down. Tests also that `init` names
 * the files that it cannot read.
 */
import { execFileSync } from 'node:child_process'
import { diffOf } from '../../../src/doctor/init/diff'
import { DB, folderWith, init, ONE_FILE, removeFolders, textsIn } from './support'

afterEach(removeFolders)

/** Repeats a text, up to almost the size of the largest file that `init` reads. */
const filled = (text: string, bytes = 199_000) => text.repeat(Math.floor(bytes / text.length))

/** The time limit of `init` for one file. An earlier version of `init` took minutes for most files of this test. Ten seconds leave room for a slow computer. */
const MAX_MS = 10_000

const flat = (out: string) => out.replace(/\n {4}/g, ' ')

describe('the attack: a file that takes long to read', () => {
  it.each<[string, string]>([
    ['regular expressions without an end', filled('/\\')],
    ['comments without an end', filled('/* ')],
    ['nested calls of passport.authenticate', 'passport.authenticate('.repeat(8000) + ')'.repeat(8000)],
    ['nested calls of login', 'x.login('.repeat(20_000) + ')'.repeat(20_000)],
    ['nested templates', '`${'.repeat(40_000) + '}`'.repeat(40_000)],
  ])('with %s › is named as not read, and the exit code is 1', (_name, code) => {
    const folder = folderWith({ 'app.js': ONE_FILE, 'db.js': DB, 'a.js': code })
    const start = performance.now()
    const { exitCode, out } = init(folder)
    expect(performance.now() - start).toBeLessThan(MAX_MS)
    expect([exitCode, flat(out)]).toEqual([1, expect.stringContaining('Not read\n\n  a.js is not JavaScript or TypeScript that this command can read: look for sign-ins there yourself')])
  })

  it.each<[string, string, string, number]>([
    ['calls in one long statement', 'a.js', filled("a.get('/x',req.login(u)),"), 1],
    ['keys in one long argument list', 'a.js', `Object.assign(session,${filled('{},', 100_000)}${filled('{passport:{user:1}},', 90_000)})`, 1],
    ['a long path around many calls', 'a.js', `app.get('/${filled('a', 100_000)}',${filled('req.login(u),', 98_000)}0)`, 1],
    ['many imports from one statement', 'a.js', `import a ${filled("from 'x' ")}`, 0],
    ['a long name of a login guard', 'a.js', `app.post('/password', is${filled('log')}$, h)`, 1],
    ['many exclamation marks', 'a.js', `session${filled('!')}.userId = 1`, 1],
    ['many changes on one line', 'a.js', filled("a.post('/password',isAuth,f);"), 0],
    ['passwords without a second factor', 'a.js', `app.post(${filled("passport.authenticate('local',{session:false}),f(),")}0)`, 1],
    ['sign-ins in one callback', 'a.js', `passport.authenticate('local',(err,user)=>{${filled('if(err)return req.login(u);')}})`, 1],
    ['users of a request in one handler', 'a.js', `app.use((req,res,next)=>{${filled('req.user=u;')}})`, 1],
    ['sign-ins without a session in one handler', 'a.js', `app.use((req,res,next)=>{${filled('req.login(u,{session:false},f);')}})`, 1],
    ['sign-ins without a session in nested functions', 'a.js', `${'function f(req,res,next){req.login(u,{session:false},f);'.repeat(60)}${'}'.repeat(60)}`, 1],
    ['uses of a handler that signs in', 'a.js', `function f(req,res,next){${filled('req.user=u;', 90_000)}}${filled('a.get(f,f);', 90_000)}`, 1],
    ['forms without an end', 'a.html', filled('<form>'), 0],
    ['buttons without an end', 'a.html', `<form action="/login" method="post"><input type="password">${filled('<button\n')}</form>`, 0],
  ])('with %s › is read', (_name, file, code, expected) => {
    const folder = folderWith({ 'app.js': ONE_FILE, 'db.js': DB, [file]: code })
    const start = performance.now()
    const { exitCode, out } = init(folder)
    expect(performance.now() - start).toBeLessThan(MAX_MS)
    expect([exitCode, out]).toEqual([expected, expect.not.stringContaining('Not read')])
  })
})

describe('a file that is too large', () => {
  it.each([['a.js', 'sign-ins'], ['a.ejs', 'a login form']])('such as %s › is named, and the exit code is 1', (name, what) => {
    const files = { 'app.js': ONE_FILE, 'db.js': DB }
    expect(init(folderWith({ ...files, [name]: ' '.repeat(200_000) })).exitCode).toBe(0)
    const { exitCode, out } = init(folderWith({ ...files, [name]: ' '.repeat(200_001) }))
    expect([exitCode, flat(out)]).toEqual([1, expect.stringContaining(`Not read\n\n  ${name} is larger than 200 kB: look for ${what} there yourself`)])
  })

  it('such as package.json › is not changed', () => {
    const manifest = `{ "dependencies": {\n  "a": "1"\n} }${' '.repeat(200_000)}`
    const { out } = init(folderWith({ 'app.js': ONE_FILE, 'db.js': DB, 'package.json': manifest }))
    expect(out).toContain('add passport-nevis to the dependencies of package.json')
    expect(out).not.toContain('+++ b/package.json')
  })

  it('with many others › ends the command', () => {
    const large = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`${i}.js`, ' '.repeat(199_000)]))
    expect(init(folderWith(large))).toMatchObject({ exitCode: 2, err: expect.stringContaining('the files of the folder have more than 10 MB: name the folder of the app') as string })
  })
})

describe('the diff of a long file', () => {
  const applied = (before: string, after: string) => {
    const folder = folderWith({ 'a.txt': before })
    const diff = diffOf('a.txt', before, after)
    execFileSync('git', ['apply', '-'], { cwd: folder, input: diff })
    expect(textsIn(folder)['a.txt']).toBe(after)
    return diff
  }
  const lines = (count: number, name: string) => Array.from({ length: count }, (_, i) => `${name} ${i}\n`).join('')

  it('with many lines between two changes › shows only the changes', () => {
    const between = lines(60_000, 'same')
    const start = performance.now()
    expect(applied(`a\n${between}b\n`, `A\n${between}B\n`).split('\n')).toHaveLength(2 + 6 + 6 + 1)
    expect(performance.now() - start).toBeLessThan(MAX_MS)
  })

  it('with very many changes › replaces all lines between the first and the last one in one hunk', () => {
    const start = performance.now()
    const [before, after] = [lines(60_000, 'old'), lines(60_000, 'new')]
    const diff = applied(`head\n${before}tail\n`, `head\n${after}tail\n`)
    expect(diff.startsWith('--- a/a.txt\n+++ b/a.txt\n@@ -1,60002 +1,60002 @@\n head\n-old 0\n-old 1\n')).toBe(true)
    expect(performance.now() - start).toBeLessThan(MAX_MS)
  })

  it.each([['', 'a\n'], ['a', 'b'], ['a\nb\nc\n', 'c\na\nb\n'], ['a\nb\na\nb\n', 'b\nb\na\na\nb'], ['a\n\n\nb\n', 'b\n\na\n'], ['x\ny\nz\nx\ny\nz\nq\n', 'z\ny\nx\nz\ny\nx\n']])('from %j to %j › can be applied', (before, after) => {
    const padded = (text: string) => `${lines(9, 'above')}${text}`
    applied(padded(before), padded(after))
  })

  it('with random changes › can be applied', () => {
    let seed = 7
    const random = (max: number) => (seed = (seed * 48_271) % 2_147_483_647) % max
    for (let i = 0; i < 20; i++) {
      const one = Array.from({ length: 40 }, () => 'abcde'[random(5)] as string)
      const other = one.flatMap((line) => [[line], [], [line, 'x'], [line], [line]][random(5)] as string[])
      applied(`top\n${one.join('\n')}\n`, `top\n${other.join('\n')}\n`)
    }
  })
})

/** Tests that the command `init --write` changes all files or none, and changes nothing in them but the lines that it shows. */
import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BEFORE, DB, folderWith, init, ONE_FILE, removeFolders, textsIn } from './support'
import { notOnWindows } from '../../support/windows'

const COMMAND = join(__dirname, '../../../dist/doctor/command.js')

afterEach(() => {
  jest.restoreAllMocks()
  removeFolders()
})

const before = () => folderWith({}, BEFORE)

describe('if a file cannot be written', () => {
  // This test starts the command in `dist`, because only a process of its own can have a limit for the size of its files.
  notOnWindows(it, 'the shell sh and its command ulimit')('because the disk is full › all files stay as they were', () => {
    const folder = before()
    const file = join(folder, 'routes/auth.js')
    writeFileSync(file, `${readFileSync(file, 'utf8')}// ${'x'.repeat(20_000)}\n`)
    const texts = textsIn(folder)
    // `ulimit -f` counts blocks of 512 or 1024 bytes. If the signal XFSZ is ignored, a write that exceeds the limit writes only a part, as on a full disk.
    const { status, stdout, stderr } = spawnSync('sh', ['-c', 'trap "" XFSZ; ulimit -f 16; exec "$0" "$@"', process.execPath, COMMAND, 'init', folder, '--write'], { encoding: 'utf8' })
    expect([status, stderr]).toEqual([2, expect.stringContaining('EFBIG')])
    expect(stdout).not.toContain('Written')
    expect(textsIn(folder)).toEqual(texts)
  })

  it('because one file cannot be replaced › the files before it are restored', () => {
    const folder = before()
    const texts = textsIn(folder)
    const { renameSync } = fs
    let count = 0
    jest.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
      if (++count === 3) throw new Error('EBUSY: resource busy or locked')
      renameSync(from, to)
    })
    expect(init(folder, '--write')).toMatchObject({ exitCode: 2, err: expect.stringContaining('EBUSY') as string })
    expect(count).toBe(5)
    expect(textsIn(folder)).toEqual(texts)
  })

  it('and a file before it cannot be restored › the others are restored, and the error names the copy of its old text', () => {
    const folder = before()
    const texts = textsIn(folder)
    const { renameSync } = fs
    const renamed: string[] = []
    jest.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
      // The third file cannot be replaced, and the first one cannot be restored.
      if (renamed.push(String(to)) === 3 || (String(from).endsWith('.old.tmp') && to === renamed[0])) throw new Error('EBUSY: resource busy or locked')
      renameSync(from, to)
    })
    const { exitCode, err } = init(folder, '--write')
    const [copy = '', ...others] = Object.keys(textsIn(folder)).filter((path) => path.endsWith('.tmp'))
    const path = copy.replace(/\.[\da-f]{8}\.old\.tmp$/, '')
    expect([exitCode, renamed.length, others, join(folder, path)]).toEqual([2, 5, [], renamed[0]])
    expect(err.replace(/\s+/g, ' ')).toContain(`EBUSY: resource busy or locked; not all files could be restored: the old text of ${path} is in ${copy}`)
    const { [path]: changed, [copy]: old, ...restored } = textsIn(folder)
    expect(changed).not.toBe(texts[path])
    expect({ ...restored, [path]: old }).toEqual(texts)
  })
})

describe('the owner of a file', () => {
  const refuse = () => jest.spyOn(fs, 'chownSync').mockImplementation(() => {
    throw Object.assign(new Error('EPERM: operation not permitted'), { code: 'EPERM' })
  })
  const asOf = (owner: (known: fs.Stats) => Partial<fs.Stats>) => {
    const { fstatSync } = fs
    jest.spyOn(fs, 'fstatSync').mockImplementation(((file: number) => {
      const known = fstatSync(file)
      return Object.assign(known, owner(known))
    }))
  }

  it('who runs the command › is not set again, which some file systems refuse', () => {
    const folder = before()
    refuse()
    expect(init(folder, '--write').out).toContain('Written: ')
  })

  it.each<[string, (known: fs.Stats) => Partial<fs.Stats>, string]>([
    ['another user', ({ uid }) => ({ uid: uid + 1 }), 'another user, so nothing was changed: run the command as this user'],
    ['a group without this user', ({ gid }) => ({ gid: gid + 1 }), 'a group that you are not in, so nothing was changed: change the group of the file'],
  ])('if it is %s › is named, and nothing is changed', (_name, owner, told) => {
    const folder = before()
    const texts = textsIn(folder)
    refuse()
    asOf(owner)
    const { exitCode, err } = init(folder, '--write')
    expect([exitCode, err.replace(/\s+/g, ' ')]).toEqual([2, `passport-nevis init: app.js belongs to ${told}`])
    expect(textsIn(folder)).toEqual(texts)
  })

  it('if it is another one that may be set › is kept', () => {
    const chown = jest.spyOn(fs, 'chownSync').mockImplementation(() => undefined)
    asOf(({ uid }) => ({ uid: uid + 1 }))
    const folder = before()
    const { uid, gid } = statSync(join(folder, 'app.js'))
    expect(init(folder, '--write').out).toContain('Written: ')
    expect(chown).toHaveBeenCalledWith(expect.stringMatching(/app\.js\.[\da-f]{8}\.new\.tmp$/), uid + 1, gid)
  })
})

notOnWindows(it, 'file modes (chmod)')('a changed file keeps its mode, and no temporary file stays', () => {
  const folder = before()
  chmodSync(join(folder, 'app.js'), 0o640)
  const names = Object.keys(textsIn(folder)).sort()
  expect(init(folder, '--write').exitCode).toBe(0)
  expect(statSync(join(folder, 'app.js')).mode & 0o777).toBe(0o640)
  expect(Object.keys(textsIn(folder)).sort()).toEqual(names)
})

describe('a file that is not UTF-8', () => {
  it.each<[string, string, string]>([
    ['auth.js', "// Fran\xe7ais\nrequire('passport')\n", 'sign-ins'],
    ['login.ejs', '<form>Passwort \xe4ndern</form>\n', 'a login form'],
  ])('such as %s › is named as not read, and stays as it is', (name, text, what) => {
    const folder = folderWith({ 'app.js': ONE_FILE, 'db.js': DB })
    writeFileSync(join(folder, name), text, 'latin1')
    const { exitCode, out } = init(folder, '--write')
    expect([exitCode, out]).toEqual([1, expect.stringContaining(`Not read\n\n  ${name} is not UTF-8: look for ${what} there yourself`)])
    expect(readFileSync(join(folder, name), 'latin1')).toBe(text)
  })

  it('with the password route › is not changed', () => {
    const folder = folderWith({ 'db.js': DB })
    writeFileSync(join(folder, 'app.js'), ONE_FILE.replace('// Sessions', '// Gr\xf6\xdfe. Sessions'), 'latin1')
    const bytes = readFileSync(join(folder, 'app.js'))
    expect(init(folder, '--write').exitCode).toBe(1)
    expect(readFileSync(join(folder, 'app.js')).equals(bytes)).toBe(true)
  })

  it('such as package.json › is not changed', () => {
    const folder = folderWith({ 'app.js': ONE_FILE, 'db.js': DB })
    writeFileSync(join(folder, 'package.json'), '{\n  "author": "Jos\xe9",\n  "dependencies": {\n    "express": "5"\n  }\n}\n', 'latin1')
    const bytes = readFileSync(join(folder, 'package.json'))
    expect(init(folder, '--write').out).toContain('add passport-nevis to the dependencies of package.json')
    expect(readFileSync(join(folder, 'package.json')).equals(bytes)).toBe(true)
  })
})

it('a file with CRLF line breaks › gets only such line breaks, and a diff that git applies', () => {
  const login = '<form action="/login" method="post">\n  <input type="password" name="password">\n  <button>Sign in</button>\n</form>\n'
  const manifest = '{\n  "dependencies": {\n    "express": "5"\n  }\n}\n'
  const texts = { 'app.js': ONE_FILE, 'db.js': DB, 'login.html': login, 'package.json': manifest }
  const withCrlf = Object.fromEntries(Object.entries(texts).map(([path, text]) => [path, text.replaceAll('\n', '\r\n')]))
  const [one, other, plain] = [folderWith(withCrlf), folderWith(withCrlf), folderWith(texts)]
  const { out } = init(one)
  expect(out).not.toContain('?\n')
  execFileSync('git', ['apply', '-'], { cwd: one, input: out.slice(out.indexOf('--- a/'), out.indexOf('\nWhat changes')) })
  for (const folder of [other, plain]) expect(init(folder, '--write').out).toContain('Written: app.js, login.html, package.json')
  expect(textsIn(one)).toEqual(textsIn(other))
  expect(textsIn(other)).toEqual(Object.fromEntries(Object.entries(textsIn(plain)).map(([path, text]) => [path, text.replaceAll('\n', '\r\n')])))
})

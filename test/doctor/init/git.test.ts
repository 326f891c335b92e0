/** Tests that the command `init --write`, which asks git for uncommitted changes, runs no program that the application's folder names or contains. */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { BEFORE, folderWith, init, removeFolders, textsIn } from './support'
import { notOnWindows } from '../../support/windows'

afterEach(removeFolders)

const git = (folder: string, ...args: string[]) => execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 10_000 })

/** A repository in which all is committed, and a program in its folder `.git`. If git runs the program, the file `mark` exists. */
function repository() {
  const folder = folderWith({ '.gitattributes': '*.js filter=evil\n' }, BEFORE)
  git(folder, 'init')
  git(folder, 'add', '.')
  git(folder, 'commit', '-m', 'all')
  const mark = join(folder, '.git/ran')
  const program = join(folder, '.git/program')
  writeFileSync(program, `#!/bin/sh\ntouch '${mark}'\nexit 1\n`)
  chmodSync(program, 0o755)
  // Change the file's time, so that it differs from the time in git's index. `git status` must then read the file, and applies the filter in `.gitattributes`.
  utimesSync(join(folder, 'app.js'), 1, 1)
  return { folder, mark, program }
}

type Repository = ReturnType<typeof repository>

const written = { exitCode: 0, out: expect.stringContaining('Written: ') as string, err: '' }
const refused = (why: string) => ({ exitCode: 2, err: expect.stringContaining(why) as string })
const UNKNOWN = refused('nothing was written: git does not say whether everything is committed')

notOnWindows(describe, 'programs in the language of sh that chmod makes executable')('the attack: git would run a program for git status, because', () => {
  it.each<[string, (app: Repository) => void, object]>([
    ['a filter cleans each file', ({ folder, program }) => git(folder, 'config', 'filter.evil.clean', program), written],
    ['a required filter cleans each file', ({ folder, program }) => [git(folder, 'config', 'filter.evil.clean', program), git(folder, 'config', 'filter.evil.required', 'true')], written],
    ['a filter is a process', ({ folder, program }) => git(folder, 'config', 'filter.evil.process', program), written],
    ['a filter has an unusual name', ({ folder, program }) => [writeFileSync(join(folder, '.git/info/attributes'), '*.js filter=E.v:i-l\n'), git(folder, 'config', 'filter.E.v:i-l.clean', program)], written],
    ['a filter is in another file of the configuration', ({ folder, program }) => [writeFileSync(join(folder, '.git/more'), `[filter "evil"]\nclean = ${program}\n`), git(folder, 'config', 'include.path', 'more')], written],
    ['a filter is in the configuration of the worktree', ({ folder, program }) => [git(folder, 'config', 'extensions.worktreeConfig', 'true'), git(folder, 'config', '--worktree', 'filter.evil.clean', program)], written],
    ['there is a hook for a changed index', ({ folder, program }) => writeFileSync(join(folder, '.git/hooks/post-index-change'), readFileSync(program), { mode: 0o755 }), written],
    ['there is a folder of hooks', ({ folder, program }) => {
      mkdirSync(join(folder, '.git/other'))
      writeFileSync(join(folder, '.git/other/post-index-change'), readFileSync(program), { mode: 0o755 })
      git(folder, 'config', 'core.hooksPath', '.git/other')
    }, written],
    ['there is a monitor of changed files', ({ folder, program }) => git(folder, 'config', 'core.fsmonitor', program), written],
    ['an object is missing, which a program fetches', ({ folder, program }) => {
      const tree = git(folder, 'rev-parse', 'HEAD^{tree}').trim()
      rmSync(join(folder, '.git/objects', tree.slice(0, 2), tree.slice(2)))
      for (const [name, value] of [['core.repositoryFormatVersion', '1'], ['extensions.partialClone', 'origin'], ['remote.origin.promisor', 'true'], ['remote.origin.url', 'ssh://127.0.0.1/x'], ['core.sshCommand', program]] as const) git(folder, 'config', name, value)
    }, UNKNOWN],
    ['a filter has a name that the command line of git cannot contain', ({ folder, program }) => [writeFileSync(join(folder, '.git/info/attributes'), '*.js filter=a=b\n'), git(folder, 'config', 'filter.a=b.clean', program)], UNKNOWN],
    ['a filter has a name that is not ASCII', ({ folder, program }) => [writeFileSync(join(folder, '.git/info/attributes'), '*.js filter=\u00fc\n'), git(folder, 'config', 'filter.\u00fc.clean', program)], UNKNOWN],
  ])('%s › the program does not run', (_name, attack, result) => {
    const app = repository()
    attack(app)
    try {
      git(app.folder, 'status')
    } catch {
      // Git fails if the program does not answer as git expects.
    }
    // The attack is real: git itself has run the program.
    expect(existsSync(app.mark)).toBe(true)
    rmSync(app.mark)
    utimesSync(join(app.folder, 'app.js'), 2, 2)
    const texts = textsIn(app.folder)
    expect(init(app.folder, '--write')).toMatchObject(result)
    expect(existsSync(app.mark)).toBe(false)
    if (result === UNKNOWN) expect(textsIn(app.folder)).toEqual(texts)
  })

  it.each(['git', 'node_modules/.bin/git'])('the search path leads to %s in the folder › that program does not run', (name) => {
    const { folder, mark, program } = repository()
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), readFileSync(program), { mode: 0o755 })
    writeFileSync(join(folder, '.git/info/exclude'), 'git\nnode_modules\n')
    const path = process.env['PATH'] ?? ''
    process.env['PATH'] = `${name === 'git' ? '.' : dirname(join(folder, name))}${delimiter}${path}`
    try {
      expect(init(folder, '--write')).toMatchObject(written)
    } finally {
      process.env['PATH'] = path
    }
    expect(existsSync(mark)).toBe(false)
  })
})

it('with more filters than init can turn off › nothing is written', () => {
  const { folder } = repository()
  const filters = Array.from({ length: 101 }, (_, i) => `[filter "f${i}"]\nclean = cat\n`)
  writeFileSync(join(folder, '.git/config'), readFileSync(join(folder, '.git/config'), 'utf8') + filters.join(''))
  expect(init(folder, '--write')).toMatchObject(UNKNOWN)
})

it('with a changed file and a filter that is turned off › the change is seen', () => {
  const { folder } = repository()
  git(folder, 'config', 'filter.evil.clean', 'git show HEAD:%f')
  writeFileSync(join(folder, 'users.js'), '// changed\n')
  expect(init(folder, '--write')).toMatchObject(refused('git has uncommitted changes in this folder'))
})

it('with a variable that names another configuration for git config › a filter is still found', () => {
  const { folder, mark, program } = repository()
  git(folder, 'config', 'filter.evil.clean', program)
  writeFileSync(join(folder, '.git/empty'), '')
  process.env['GIT_CONFIG'] = join(folder, '.git/empty')
  try {
    expect(init(folder, '--write')).toMatchObject(written)
  } finally {
    delete process.env['GIT_CONFIG']
  }
  expect(existsSync(mark)).toBe(false)
})

it('with a new file, and a git that does not show new files › the file is seen', () => {
  const { folder } = repository()
  git(folder, 'config', 'status.showUntrackedFiles', 'no')
  writeFileSync(join(folder, 'routes', 'new.js'), '// not in git\n')
  expect(init(folder, '--write')).toMatchObject(refused('git has uncommitted changes in this folder'))
})

it.each<[string, (other: string) => Record<string, string>]>([
  ['GIT_DIR and GIT_WORK_TREE', (other) => ({ GIT_DIR: join(other, '.git'), GIT_WORK_TREE: other })],
  ['GIT_DIR', (other) => ({ GIT_DIR: join(other, '.git') })],
])('with a changed file, and %s of another repository in the environment › the change is seen', (_name, variables) => {
  const [{ folder }, other] = [repository(), repository()]
  // The other repository has committed the same change. So if git looked at the other repository, it would find no uncommitted change.
  for (const one of [folder, other.folder]) writeFileSync(join(one, 'users.js'), '// changed\n')
  git(other.folder, 'commit', '-am', 'changed')
  const known = { ...process.env }
  Object.assign(process.env, variables(other.folder))
  try {
    expect(init(folder, '--write')).toMatchObject(refused('git has uncommitted changes in this folder'))
  } finally {
    for (const name of Object.keys(variables(other.folder))) delete process.env[name]
    Object.assign(process.env, known)
  }
})

it('with a changed file, and GIT_INDEX_FILE of an index that hides it in the environment › the change is seen', () => {
  const { folder } = repository()
  const index = join(folder, '.git/other-index')
  writeFileSync(index, readFileSync(join(folder, '.git/index')))
  process.env['GIT_INDEX_FILE'] = index
  try {
    execFileSync('git', ['update-index', '--assume-unchanged', 'users.js'], { cwd: folder, env: process.env })
    writeFileSync(join(folder, 'users.js'), '// changed\n')
    expect(init(folder, '--write')).toMatchObject(refused('git has uncommitted changes in this folder'))
  } finally {
    delete process.env['GIT_INDEX_FILE']
  }
})

/**
 * Asks git whether all changes in the folder of the application are committed, for the command `init --write`.
 *
 * The developer may have got the folder, with its folder `.git`, from another person. The configuration in `.git` can name programs that `git status` runs, so
 * this file turns each of these programs off. If it cannot turn off all of them, the answer is `unknown`, and `init` writes nothing. Out of scope: submodules,
 * into which `git status` does not look.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { delimiter, dirname, isAbsolute, join, sep } from 'node:path'

const MAX_FILTERS = 100
/** Variables that make git look at another repository, index or working tree than those of the folder, for example if `init` runs in a git hook. */
const OTHER_REPOSITORY = ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_COMMON_DIR', 'GIT_OBJECT_DIRECTORY', 'GIT_ALTERNATE_OBJECT_DIRECTORIES', 'GIT_NAMESPACE', 'GIT_PREFIX']
const TIMEOUT_MS = 60_000

/** Settings that turn off programs that `git status` would run: the monitor of changed files, and the hook `post-index-change`. */
const NO_PROGRAMS = ['core.fsmonitor=false', 'core.hooksPath=/dev/null']

export function gitState(root: string): 'clean' | 'dirty' | 'none' | 'unknown' {
  let folder = root
  while (!existsSync(join(folder, '.git'))) {
    if (dirname(folder) === folder) return 'none'
    folder = dirname(folder)
  }
  const git = (settings: readonly string[], ...args: string[]) => gitIn(root, pathOutside(folder), settings, args)
  try {
    const filters = filtersIn(git(NO_PROGRAMS, 'config', '--list', '--name-only', '-z'))
    if (filters === undefined) return 'unknown'
    const off = filters.flatMap((name) => [`filter.${name}.clean=`, `filter.${name}.smudge=`, `filter.${name}.process=`, `filter.${name}.required=false`])
    return git([...NO_PROGRAMS, ...off], 'status', '--porcelain', '--untracked-files=all', '--ignore-submodules=all', '--', '.').trim() === '' ? 'clean' : 'dirty'
  } catch {
    return 'unknown'
  }
}

/**
 * The names of all filters in git's configuration. `git status` runs a filter's program for each file to which `.gitattributes` assigns the filter.
 * @param names the names of all settings, each with a NUL after it
 * @returns undefined if a filter cannot be turned off, because of its name or because there are too many
 */
function filtersIn(names: string): string[] | undefined {
  const filters = new Set(names.split('\0').flatMap((name) => /^filter\.([^]*)\.[^.]*$/.exec(name)?.[1] ?? []))
  // `git -c filter.<name>.clean=` turns a filter off. For two kinds of names, this setting does not work: a name with `=`, because git ends the name there, and
  // a name that is not ASCII, because this process may have decoded it in another way than git. With a name of these kinds, `init` writes nothing.
  return filters.size > MAX_FILTERS || [...filters].some((name) => !/^[ -<>-~]*$/.test(name)) ? undefined : [...filters]
}

function gitIn(root: string, path: string, settings: readonly string[], args: readonly string[]): string {
  return execFileSync('git', ['-C', root, '--no-pager', ...settings.flatMap((setting) => ['-c', setting]), ...args], {
    // Windows searches for the program `git` in the current folder first. So the current folder must not be the application's, which may contain a `git.exe`.
    cwd: dirname(process.execPath),
    env: {
      ...process.env,
      ...Object.fromEntries(OTHER_REPOSITORY.map((name) => [name, undefined])),
      PATH: path,
      // Remove this variable: otherwise, `git config` would read only the file that the variable names.
      GIT_CONFIG: undefined,
      GIT_OPTIONAL_LOCKS: '0',
      // If an object is missing in a partial clone, git fetches it with programs that the configuration names, such as `core.sshCommand`. The first variable
      // forbids this. Older versions of git know only the second variable, which allows only the protocol `none`, a protocol that does not exist.
      GIT_NO_LAZY_FETCH: '1',
      GIT_ALLOW_PROTOCOL: 'none',
    },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: TIMEOUT_MS,
  })
}

/** The search path for programs, without the folders in `folder`. For example, npm adds `node_modules/.bin` of the application to the path. */
function pathOutside(folder: string): string {
  const isOutside = (path: string) => isAbsolute(path) && existsSync(path) && !realpathSync(path).concat(sep).startsWith(folder + sep)
  return (process.env['PATH'] ?? '').split(delimiter).filter(isOutside).join(delimiter)
}

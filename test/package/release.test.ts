/** CONTRIBUTING.md and the workflows agree with the release scripts, and a release consists of the right files. */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { ROOT, runtimeClosure } from '../support/installed'
import { notOnWindows } from '../support/windows'

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const { version, scripts, dependencies } = JSON.parse(read('package.json')) as { version: string; scripts: Record<string, string>; dependencies: object }
const workflows = readdirSync(join(ROOT, '.github/workflows')).map((name) => [name, read(`.github/workflows/${name}`)] as const)
const ci = read('.github/workflows/ci.yml')
const release = read('.github/workflows/release.yml')

/** Returns the command if it names a script or file that this repository does not have. Other parts of the command are not checked. */
function lost(command: string): string | undefined {
  const [program = '', ...rest] = command.trim().replace(/\s+#.*$/, '').replace(/^sudo /, '').split(/\s+/)
  const args = rest.filter((word) => !word.startsWith('-'))
  if (program === 'npm') {
    const [verb = '', script = ''] = args
    if (verb === 'run') return Object.hasOwn(scripts, script) ? undefined : command
    return ['start', 'test'].includes(verb) ? (Object.hasOwn(scripts, verb) ? undefined : command) : undefined
  }
  if (program === 'npx') return args.slice(1).every((path) => !path.includes('/') || existsSync(join(ROOT, path))) ? undefined : command
  const file = program === 'node' ? args[0] : program
  if (file === undefined || !/^[.\w]+\//.test(file)) return undefined
  if (!existsSync(join(ROOT, file))) return command
  return program === 'node' || (statSync(join(ROOT, file)).mode & 0o100) !== 0 ? undefined : command
}

/** The text of each job in a workflow. */
function jobsOf(workflow: string): Record<string, string> {
  const [, jobs = ''] = workflow.split(/^jobs:\n/m)
  return Object.fromEntries(jobs.split(/^ {2}(?=[\w-]+:$)/m).slice(1).map((job) => [job.slice(0, job.indexOf(':')), job]))
}

interface Step {
  readonly uses?: string
  readonly run?: string
  readonly 'timeout-minutes'?: number
  readonly env?: Record<string, string>
}
interface Job {
  readonly needs?: string | string[]
  readonly permissions?: Record<string, string>
  readonly outputs?: Record<string, string>
  readonly steps: readonly Step[]
}
/** The jobs of the release workflow, parsed as the runner parses them. */
const released = (parse(release) as { jobs: Record<string, Job> }).jobs
const jobNamed = (name: string) => released[name] as Job

const stepsOf = (job: string) => [...job.matchAll(/^ +- run: (.+)$/gm)].map(([, command]) => command as string)

describe('CONTRIBUTING.md', () => {
  const text = read('CONTRIBUTING.md')

  it('names commands that there are', () => {
    const blocks = [...text.matchAll(/^```sh\n([^]*?)^```$/gm)].flatMap(([, block]) => (block as string).trim().split('\n'))
    const spans = [...text.matchAll(/`((?:npm|npx|node|\.ci\/)[^`]*)`/g)].map(([, span]) => span as string)
    const commands = [...blocks, ...spans]
    expect(commands).toEqual(expect.arrayContaining(['.ci/run', '.ci/on-node 24', 'npm run lint', 'sudo .ci/install-tools']))
    expect(commands.map(lost).filter(Boolean)).toEqual([])
    expect(['npm run nothing', 'sudo .ci/nothing', 'npx jest -i test/nothing/', 'node test/nothing.mjs'].filter(lost)).toHaveLength(4)
  })

  it('says what is not repeated on another Node, and so does the script', () => {
    const [, without = ''] = /^without=\((.+)\)$/m.exec(read('.ci/on-node')) ?? []
    const paths = without.split(' ').map((path) => (path.endsWith('/') ? path : `${path}.test.ts`))
    expect(paths.length).toBeGreaterThan(0)
    const [said] = /^`\.ci\/on-node` skips the tests that do not depend on the Node version:[^]*?\. To run/m.exec(text) ?? ['']
    expect([...said.matchAll(/`(test\/[^`]+)`/g)].map(([, path]) => path)).toEqual(paths)
    expect(read('.ci/on-node')).toContain('not repeated: ${without[*]}')
  })

  it('has the versions of Node that CI runs', () => {
    const told = [...text.matchAll(/^\| ([\d, ]+) \|/gm)].flatMap(([, list]) => (list as string).split(', '))
    const [, matrix = ''] = /node: \[([\d, ]+)\]/.exec(ci) ?? []
    const [, newest = ''] = /^suite \.ci\/on-node (\d+) test\//m.exec(read('.ci/run')) ?? []
    const [, oldest = ''] = /node-version: (\d+)\n *- run: sudo \.ci\/install-tools\n *- run: \.ci\/run/.exec(ci) ?? []
    expect(told).toEqual([oldest, newest, ...matrix.split(', ')])
    expect(told).toEqual(['20', '26', '22', '24', '26'])
  })
})

describe('CHANGELOG.md', () => {
  it('begins with this version, and goes back from one version to the one before', () => {
    const heads = [...read('CHANGELOG.md').matchAll(/^## (.+)$/gm)].map(([, head]) => /^(\d+)\.(\d+)\.(\d+) \((unreleased|\d{4}-\d\d-\d\d)\)$/.exec(head as string))
    expect(heads).not.toContain(null)
    const versions = heads.map((head) => (head as RegExpExecArray).slice(1, 4).map(Number))
    expect(versions[0]?.join('.')).toBe(version)
    const ordered = [...versions].sort(([a = 0, b = 0, c = 0], [d = 0, e = 0, f = 0]) => d - a || e - b || f - c)
    expect(versions).toEqual(ordered)
    expect(heads.slice(1).map((head) => head?.[4])).not.toContain('unreleased')
  })
})

describe('the workflows', () => {
  it.each(workflows)('%s pins every action to a commit, and names its version', (_name, text) => {
    const uses = [...text.matchAll(/uses: (.*)$/gm)].map(([, action]) => action as string)
    expect(uses.length).toBeGreaterThan(0)
    expect(uses.filter((action) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual([])
  })

  it.each(workflows)('%s runs commands that there are, each job within a time', (_name, text) => {
    const jobs = Object.values(jobsOf(text))
    expect(jobs.flatMap(stepsOf).map(lost).filter(Boolean)).toEqual([])
    expect(jobs.filter((job) => !/^ {4}timeout-minutes: \d+$/m.test(job))).toEqual([])
  })

  it('may read, and what may do more runs nothing of this repository', () => {
    expect(ci).toMatch(/^permissions:\n {2}contents: read\n\n/m)
    expect(release).toMatch(/^permissions: \{\}$/m)
    const { publish = '', attach = '' } = jobsOf(release)
    expect(Object.entries(released).map(([name, { permissions }]) => [name, permissions])).toEqual([
      ['test', { contents: 'read' }], ['pack', { contents: 'read' }], ['publish', { 'id-token': 'write' }], ['attach', { contents: 'write' }],
    ])
    for (const job of [publish, attach]) expect(job).not.toMatch(/checkout|npm (ci|install|run)|\.ci\/|secrets\./)
    expect(Object.values(jobsOf(ci)).filter((job) => job.includes('permissions:'))).toEqual([])
    for (const [, text] of workflows) expect(text.match(/actions\/checkout/g)?.length).toBe(text.match(/persist-credentials: false/g)?.length)
  })

  it.each(workflows)('%s is YAML, with steps in every job that use or run something', (_name, text) => {
    const { jobs } = parse(text) as { jobs: Record<string, Job> }
    expect(Object.keys(jobs)).toEqual(Object.keys(jobsOf(text)))
    expect(Object.values(jobs).flatMap(({ steps }) => steps).filter(({ uses, run }) => (uses === undefined) === (run === undefined))).toEqual([])
  })

  /**
   * The attack: a development dependency, or its install script, changes files while the suite runs. Then the package that is packed and signed afterwards
   * is not the code that was reviewed. Or the tarball is changed between two jobs.
   */
  it('pack on a machine on which no code of development has run but the compiler', () => {
    expect(jobNamed('pack').needs).toBeUndefined()
    expect(jobNamed('pack').steps.map(({ uses, run }) => run ?? uses?.split('@')[0])).toEqual([
      'actions/checkout', 'actions/setup-node', 'npm ci --ignore-scripts', 'node .ci/release.mjs "$GITHUB_REF_NAME"', 'actions/upload-artifact',
    ])
    expect(jobNamed('test').steps.map(({ run }) => run)).toContain('.ci/run')
    expect(jobNamed('test').steps.filter(({ uses }) => /artifact|cache/.test(uses ?? ''))).toEqual([])
    expect(jobNamed('publish').needs).toEqual(['test', 'pack'])
  })

  notOnWindows(describe, 'bash and sha512sum, as the jobs have')('take over from the job that packs', () => {
    let folder: string
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'passport-nevis-'))
      for (const name of ['passport-nevis-0.0.0.tgz', 'sbom.cdx.json']) writeFileSync(join(folder, name), name)
    })
    afterEach(() => rmSync(folder, { recursive: true, force: true }))

    /** Runs the job's step that checks the checksums, in a folder that contains the downloaded files, as the CI runner does. */
    const check = (job: string, sums: string) => {
      const steps = jobNamed(job).steps.filter(({ env }) => env?.['SUMS'] !== undefined)
      expect(steps.map(({ env }) => env)).toEqual([{ SUMS: '${{ needs.pack.outputs.sums }}' }])
      return spawnSync('bash', ['-e', '-c', steps[0]?.run as string], { cwd: folder, env: { PATH: process.env['PATH'] as string, SUMS: sums } }).status
    }
    const digests = () => execFileSync('sha512sum', readdirSync(folder), { cwd: folder, encoding: 'utf8' }).trim()

    it.each(['publish', 'attach'])('%s › before anything else, exactly the files that were packed', (job) => {
      expect(jobNamed('pack').outputs).toEqual({ sums: '${{ steps.release.outputs.sums }}' })
      expect([jobNamed(job).needs].flat()).toContain('pack')
      const at = jobNamed(job).steps.findIndex(({ env }) => env?.['SUMS'] !== undefined)
      expect(jobNamed(job).steps.slice(0, at).filter(({ run }) => run !== undefined)).toEqual([])
      const sums = digests()
      expect(check(job, sums)).toBe(0)
      writeFileSync(join(folder, 'passport-nevis-0.0.1.tgz'), 'one more')
      expect(check(job, sums)).not.toBe(0)
      rmSync(join(folder, 'passport-nevis-0.0.1.tgz'))
      writeFileSync(join(folder, 'passport-nevis-0.0.0.tgz'), 'changed')
      expect(check(job, sums)).not.toBe(0)
      expect(check(job, '')).not.toBe(0)
    })
  })

  it('publish with provenance, after a dry run of the same', () => {
    const [rehearsal, publication, ...others] = stepsOf(jobsOf(release)['publish'] as string)
    expect(publication).toBe('npm publish ./passport-nevis-*.tgz --provenance --access public')
    expect(rehearsal).toBe(`${String(publication)} --dry-run`)
    expect(others).toEqual([])
  })

  it('run once a week what is too slow for each change', () => {
    const { on, jobs } = parse(read('.github/workflows/weekly.yml')) as { on: { schedule?: unknown[] }; jobs: Record<string, Job> }
    expect(on.schedule).toHaveLength(1)
    const steps = Object.values(jobs).flatMap((job) => job.steps)
    const slow = steps.filter(({ run = '' }) => /^npm run (shapes|proxies)$/.test(run) || / test\/(doctor\/probe|dialects|monitoring)$/.test(run))
    expect(slow.map(({ run, env }) => [run, env])).toEqual([
      ['npx jest -i --coverage=false test/doctor/probe', { EVERY_DIALECT: 1 }],
      ['npx jest -i --coverage=false test/dialects', { DIALECT_MIXES: 300 }],
      ['npx jest -i --coverage=false test/monitoring', { SIGN_INS: 1000 }],
      ['npm run shapes', undefined],
      ['npm run proxies', undefined],
    ])
  })

  it('stop the checks of a change after 30 minutes', () => {
    const { jobs } = parse(ci) as { jobs: Record<string, Job> }
    const checks = Object.values(jobs).flatMap((job) => job.steps).filter(({ run }) => run === '.ci/run')
    expect(checks.map((step) => step['timeout-minutes'])).toEqual([30])
  })

  it('audit what an application gets', () => {
    expect(stepsOf(jobsOf(ci)['audit'] as string)).toContain('npm audit --omit=dev')
  })
})

notOnWindows(describe, 'npm as a program, as the job has')('a release', () => {
  let folder: string
  const git = (...args: string[]) => execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.example', ...args], { cwd: folder, encoding: 'utf8' })
  const commit = () => {
    git('add', '--all')
    git('commit', '--quiet', '--allow-empty', '--message', 'x')
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'passport-nevis-'))
    for (const path of ['.ci', 'scripts/run.mjs', '.gitignore', 'CHANGELOG.md', 'package-lock.json']) cpSync(join(ROOT, path), join(folder, path), { recursive: true })
    setScripts({})
    dateIt('2026-11-30')
    git('init', '--quiet')
    commit()
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const make = (tag = `v${version}`, env: Record<string, string> = {}) => {
    const { GITHUB_REPOSITORY: _repository, GITHUB_OUTPUT: _output, ...own } = process.env
    return spawnSync(process.execPath, [join(folder, '.ci/release.mjs'), tag], { cwd: folder, encoding: 'utf8', env: { ...own, ...env } })
  }
  function dateIt(date: string): void {
    const text = readFileSync(join(folder, 'CHANGELOG.md'), 'utf8')
    writeFileSync(join(folder, 'CHANGELOG.md'), text.replace(/^(## \S+) \(.*\)$/m, `$1 (${date})`))
  }
  function setScripts(scripts: Record<string, string>): void {
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'passport-nevis', version, dependencies, scripts, files: ['CHANGELOG.md', 'dist'] }))
  }
  const isThere = () => existsSync(join(folder, 'release'))

  it('is refused for a tag of another version', () => {
    expect(make('v99.0.0').stderr).toContain(`the tag is v99.0.0, the version in package.json ${version}`)
    expect(isThere()).toBe(false)
  })

  it('is refused while the changelog does not date it', () => {
    dateIt('unreleased')
    commit()
    expect(make().stderr).toContain(`it needs ${version} with its date`)
    expect(isThere()).toBe(false)
  })

  it.each<[string, string, () => void]>([
    ['a changed file', ' M .ci/sbom.mjs', () => writeFileSync(join(folder, '.ci/sbom.mjs'), 'changed')],
    ['a file that was not committed', '?? dropped/in.js', () => { mkdirSync(join(folder, 'dropped')); writeFileSync(join(folder, 'dropped/in.js'), '') }],
    ['a deleted file', ' D package-lock.json', () => rmSync(join(folder, 'package-lock.json'))],
    ['a change that is staged', 'M  .ci/sbom.mjs', () => { writeFileSync(join(folder, '.ci/sbom.mjs'), 'changed'); git('add', '--all') }],
  ])('is refused with %s in the tree, and names it', (_name, line, change) => {
    change()
    const { status, stderr } = make()
    expect(status).not.toBe(0)
    expect(stderr).toContain(`before packing, the tree is not what was committed:\n${line}`)
    expect(isThere()).toBe(false)
  })

  it('is refused outside of a repository', () => {
    rmSync(join(folder, '.git'), { recursive: true })
    expect(make(undefined, { GIT_CEILING_DIRECTORIES: tmpdir() }).status).not.toBe(0)
    expect(isThere()).toBe(false)
  })

  it('is refused, and is gone, if the build has changed what was committed', () => {
    setScripts({ prepack: 'echo more >> CHANGELOG.md' })
    commit()
    expect(make().stderr).toContain('after packing, the tree is not what was committed:\n M CHANGELOG.md')
    expect(isThere()).toBe(false)
  }, 120_000)

  it('is the tarball and its bill of materials, with the digests of both for the next job', () => {
    const output = join(folder, '.git/output')
    const { status } = make(undefined, { GITHUB_OUTPUT: output, GITHUB_SERVER_URL: 'https://forge.example', GITHUB_REPOSITORY: 'somebody/something' })
    expect(status).toBe(0)
    const names = [`passport-nevis-${version}.tgz`, 'sbom.cdx.json']
    expect(readdirSync(join(folder, 'release')).sort()).toEqual(names)
    const sums = execFileSync('sha512sum', names, { cwd: join(folder, 'release'), encoding: 'utf8' })
    expect(readFileSync(output, 'utf8')).toBe(`sums<<END_OF_SUMS\n${sums}END_OF_SUMS\n`)
    const packed = JSON.parse(execFileSync('tar', ['-xzOf', join(folder, 'release', names[0] as string), 'package/package.json'], { encoding: 'utf8' })) as { repository: object }
    expect(packed.repository).toEqual({ type: 'git', url: 'git+https://forge.example/somebody/something.git' })
    expect(git('status', '--porcelain')).toBe('')
  }, 120_000)
})

describe('the bill of materials', () => {
  it('names what an installation consists of, each with its digest, and nothing else', () => {
    const bill = JSON.parse(execFileSync(process.execPath, [join(ROOT, '.ci/sbom.mjs')], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })) as {
      bomFormat: string
      metadata: { component: { purl: string } }
      components: { name: string; version: string; purl: string; hashes?: { alg: string }[] }[]
    }
    expect(bill.bomFormat).toBe('CycloneDX')
    expect(bill.metadata.component.purl).toBe(`pkg:npm/passport-nevis@${version}`)
    const installed = [...runtimeClosure()].map(([path, locked]) => `${path.split('node_modules/').at(-1)}@${locked.version}`)
    expect(bill.components.map((one) => `${one.name}@${one.version}`).sort()).toEqual(installed.sort())
    expect(bill.components.filter(({ purl, hashes }) => !purl.startsWith('pkg:npm/') || hashes?.[0]?.alg !== 'SHA-512')).toEqual([])
  }, 120_000)
})

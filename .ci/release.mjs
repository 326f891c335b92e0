// @ts-check
// Makes the two files of a release in release/: the tarball and its bill of materials. Refuses a tag that does not match the version, a
// version without a date in CHANGELOG.md, and a tree that differs from the commit. In a workflow it also sets the output `sums`,
// the digests of both files, so that later jobs can check what they receive.
// Usage: node .ci/release.mjs vX.Y.Z
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const folder = join(root, 'release')
const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_OUTPUT } = process.env
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const [tag] = process.argv.slice(2)
if (tag !== `v${version}`) throw new Error(`the tag is ${tag}, the version in package.json ${version}`)
const [, newest, date] = /^## (\S+) \(([^)]*)\)$/m.exec(readFileSync(join(root, 'CHANGELOG.md'), 'utf8')) ?? []
if (newest !== version || date === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(date)) throw new Error(`CHANGELOG.md begins with ${newest} (${date}): it needs ${version} with its date`)
refuseChanges('before packing')

rmSync(folder, { recursive: true, force: true })
mkdirSync(folder)
writeFileSync(join(folder, 'sbom.cdx.json'), execFileSync(process.execPath, [join(import.meta.dirname, 'sbom.mjs')]))
try {
  // Set the repository in package.json: npm compares it with the repository in the provenance (the signed statement of where the package was built).
  if (GITHUB_REPOSITORY) run('npm', 'pkg', 'set', 'repository.type=git', `repository.url=git+${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}.git`)
  run('npm', 'pack', '--pack-destination', folder)
} finally {
  if (GITHUB_REPOSITORY) run('git', 'checkout', '--quiet', '--', 'package.json')
}
// Check again that no file differs from the commit: if the build has changed a file, the tarball may contain that change, which nobody has reviewed.
refuseChanges('after packing')

const sums = readdirSync(folder).map((file) => `${createHash('sha512').update(readFileSync(join(folder, file))).digest('hex')}  ${file}`)
console.log(sums.join('\n'))
if (GITHUB_OUTPUT) appendFileSync(GITHUB_OUTPUT, `sums<<END_OF_SUMS\n${sums.join('\n')}\nEND_OF_SUMS\n`)

/**
 * Runs a program in the folder of the repository, and shows its output.
 * @param {string} program
 * @param {string[]} args
 */
function run(program, ...args) {
  execFileSync(program, args, { cwd: root, stdio: 'inherit' })
}

/** @param {string} when */
function refuseChanges(when) {
  const changes = execFileSync('git', ['status', '--porcelain', '--untracked-files=all'], { cwd: root, encoding: 'utf8' })
  if (changes === '') return
  rmSync(folder, { recursive: true, force: true })
  throw new Error(`${when}, the tree is not what was committed:\n${changes}`)
}

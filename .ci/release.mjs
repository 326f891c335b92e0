// Makes in release/ what a release consists of: the tarball and its bill of materials. Refuses a tag that is not that of
// the version, and a version that CHANGELOG.md does not date.
// node .ci/release.mjs vX.Y.Z
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const [tag] = process.argv.slice(2)
if (tag !== `v${version}`) throw new Error(`the tag is ${tag}, the version in package.json ${version}`)
const [, newest, date] = /^## (\S+) \(([^)]*)\)$/m.exec(readFileSync(join(root, 'CHANGELOG.md'), 'utf8')) ?? []
if (newest !== version || !/^\d{4}-\d{2}-\d{2}$/.test(date)) throw new Error(`CHANGELOG.md begins with ${newest} (${date}): it needs ${version} with its date`)

const folder = join(root, 'release')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'sbom.cdx.json'), execFileSync(process.execPath, [join(import.meta.dirname, 'sbom.mjs')]))
execFileSync('npm', ['pack', '--pack-destination', folder], { cwd: root, stdio: 'inherit' })

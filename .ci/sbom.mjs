// @ts-check
// Prints what an installation of the package consists of, as CycloneDX: the versions that package-lock.json has, and with
// which the tests ran. Only dependencies at run time: the lock file is cut down to them in a folder of its own.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const { name, version, description, license, engines, dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const above = mkdtempSync(join(tmpdir(), 'passport-nevis-sbom-'))
try {
  // npm names the package after its folder.
  const folder = join(above, name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version, description, license, engines, dependencies }))
  copyFileSync(join(root, 'package-lock.json'), join(folder, 'package-lock.json'))
  const npm = (/** @type {string[]} */ ...args) => execFileSync('npm', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  npm('install', '--package-lock-only', '--offline', '--ignore-scripts', '--silent')
  process.stdout.write(npm('sbom', '--package-lock-only', '--sbom-format', 'cyclonedx', '--sbom-type', 'library', '--omit', 'dev'))
} finally {
  rmSync(above, { recursive: true, force: true })
}

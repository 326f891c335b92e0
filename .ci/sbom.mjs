// @ts-check
// Prints the package's bill of materials (CycloneDX): the run-time dependencies, in the versions of package-lock.json. For this, npm removes all other
// dependencies from a copy of the lock file in a temporary folder.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { npmCommand } from '../scripts/run.mjs'

const root = join(import.meta.dirname, '..')
const { name, version, description, license, engines, dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const above = mkdtempSync(join(tmpdir(), 'passport-nevis-sbom-'))
try {
  // Use a folder with the package's name, because npm writes the name of the folder into the bill of materials.
  const folder = join(above, name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version, description, license, engines, dependencies }))
  copyFileSync(join(root, 'package-lock.json'), join(folder, 'package-lock.json'))
  const npm = (/** @type {string[]} */ ...args) => execFileSync(...npmCommand(args), { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  npm('install', '--package-lock-only', '--offline', '--ignore-scripts', '--silent')
  process.stdout.write(npm('sbom', '--package-lock-only', '--sbom-format', 'cyclonedx', '--sbom-type', 'library', '--omit', 'dev'))
} finally {
  rmSync(above, { recursive: true, force: true })
}

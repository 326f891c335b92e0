// @ts-check
// Measures an installation: counts the packages in the lock file that this package needs, and the bytes of their installed files.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { npmCommand } from '../../../scripts/run.mjs'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/**
 * Collects a package of the lock file and all packages that it needs.
 * @param {Record<string, { dependencies?: object, optionalDependencies?: object }>} packages all packages of the lock file, by path
 * @param {string} path of the package
 * @param {Set<string>} [found] the paths that are already collected
 * @returns {Set<string>} the paths of the package and of all that it needs
 */
function needed(packages, path, found = new Set()) {
  if (found.has(path)) return found
  found.add(path)
  for (const name of Object.keys({ ...packages[path]?.dependencies, ...packages[path]?.optionalDependencies })) {
    // Look for a package as Node does: in the nearest folder upwards that contains it.
    for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
      const candidate = `${at && `${at}/`}node_modules/${name}`
      if (packages[candidate]) {
        needed(packages, candidate, found)
        break
      }
      if (at === '') break
    }
  }
  return found
}

/** @type {(folder: string) => number} */
const bytesIn = (folder) =>
  readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    if (entry.name === 'node_modules') return sum
    const path = join(folder, entry.name)
    return sum + (entry.isDirectory() ? bytesIn(path) : statSync(path).size)
  }, 0)

/**
 * @returns the size of this package's tarball, packed and unpacked; and how many packages with how many bytes npm installs for it: in total, and for each
 * direct dependency
 */
export async function measure() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const all = needed(packages, '')
  all.delete('')
  const rows = Object.keys(packages[''].dependencies).map((name) => {
    const paths = [...needed(packages, `node_modules/${name}`)]
    return { name, packages: paths.length, bytes: paths.reduce((sum, path) => sum + bytesIn(join(root, path)), 0) }
  })
  const [{ size, unpackedSize }] = JSON.parse(execFileSync(...npmCommand(['pack', '--dry-run', '--json', '--ignore-scripts']), { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  return { tarball: size, unpacked: unpackedSize, packages: all.size, bytes: [...all].reduce((sum, path) => sum + bytesIn(join(root, path)), 0), rows }
}

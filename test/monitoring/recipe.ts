/** Runs the files of the guide "Monitoring", as an app would. */
import * as passportNevis from '../../src'
import type { NevisStrategy } from '../../src'
import { snippetWith } from '../support/markdown'

export const GUIDE = 'docs/guides/monitoring.md'

export function recipe(file: string): { monitor(strategies: readonly NevisStrategy[]): void } {
  const module = { exports: {} as ReturnType<typeof recipe> }
  const load = (name: string): unknown => (name === 'passport-nevis' ? passportNevis : require(name))
  new Function('require', 'module', snippetWith(GUIDE, `// ${file}\n`))(load, module)
  return module.exports
}

/** Tests that the browser entry in an app's bundle is small, imports no other packages, and contains no code that the app does not use. */
import { buildSync } from 'esbuild'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { ROOT } from '../support/installed'

const DIST = join(ROOT, 'dist/waiting/browser')

/** Bundles code that imports the installed package. */
function bundled(code: string): string {
  const { outputFiles, warnings } = buildSync({ stdin: { contents: code, resolveDir: ROOT }, bundle: true, minify: true, write: false, format: 'esm', platform: 'browser', target: 'es2022' })
  expect(warnings).toEqual([])
  return (outputFiles[0] as { text: string }).text
}

const bytesOf = (text: string) => gzipSync(text, { level: 9 }).length

describe('passport-nevis/browser', () => {
  it('is smaller than 2,100 bytes, minified and gzipped, as the guide says', () => {
    expect(bytesOf(bundled(`export * from 'passport-nevis/browser'`))).toBeLessThan(2100)
  })

  it('leaves out the step-up where only sign-ins are used, and everything where nothing is', () => {
    const signIns = bundled(`export { secondFactor } from 'passport-nevis/browser'`)
    expect(signIns).toContain('foreign_origin')
    expect(signIns).not.toContain('insufficient_user_authentication')
    expect(bundled(`import { SecondFactorError, secondFactor, stepUpFetch } from 'passport-nevis/browser'`)).toBe('')
  })

  it.each(readdirSync(DIST))('imports only its own files, by their full names: %s', (file) => {
    const imported = [...readFileSync(join(DIST, file), 'utf8').matchAll(/(?:from|import)\s*\(?['"]([^'"]+)['"]/g)].map(([, name]) => name)
    expect(imported.filter((name) => !/^\.\/[\w-]+\.mjs$/.test(name as string))).toEqual([])
    expect(readFileSync(join(DIST, file), 'utf8')).not.toMatch(/reference types|require\(|process\.|console\./)
  })
})

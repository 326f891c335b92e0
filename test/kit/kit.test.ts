/**
 * The simulator as a test kit: jest, vitest and node:test run the same tests of a small app, each in its own process, with loopback as the
 * only network.
 */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

jest.setTimeout(120_000)

const root = join(__dirname, '../..')
const bin = (path: string) => join(root, 'node_modules', path)

/** Ends the process if it connects to another machine. */
const LOOPBACK_ONLY = `
import net from 'node:net'
const { connect } = net.Socket.prototype
net.Socket.prototype.connect = function (...args) {
  const host = [args].flat(2).find((arg) => typeof arg === 'object' && arg !== null)?.host
  if (host === undefined || ['127.0.0.1', '::1', 'localhost'].includes(host)) return connect.apply(this, args)
  console.error('talks to ' + host)
  process.exit(1)
}`

interface Report {
  readonly testResults: readonly { readonly assertionResults: readonly { readonly title: string; readonly status: string }[] }[]
}

const passedIn = (json: string) =>
  (JSON.parse(json) as Report).testResults.flatMap(({ assertionResults }) => assertionResults).filter(({ status }) => status === 'passed').map(({ title }) => title)

const runners: Record<string, { file: string; args: string[]; passed(stdout: string): string[] }> = {
  jest: {
    file: 'jest/sign-in.test.js',
    args: [bin('jest/bin/jest.js'), '--rootDir=test/kit/jest', '--config={"testEnvironment":"node"}', '--json'],
    passed: passedIn,
  },
  vitest: {
    file: 'vitest/sign-in.test.mjs',
    args: [bin('vitest/vitest.mjs'), 'run', '--root=test/kit/vitest', '--reporter=json'],
    passed: passedIn,
  },
  'node:test': {
    file: 'node-test/sign-in.test.js',
    args: ['--test', '--test-reporter=tap', 'test/kit/node-test/sign-in.test.js'],
    passed: (stdout) => [...stdout.matchAll(/^ *ok \d+ - (.+)$/gm)].map(([, title]) => title as string).filter((title) => !title.endsWith('.js')),
  },
}

async function run(args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const env = { PATH: process.env['PATH'], NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(LOOPBACK_ONLY)}` }
  return promisify(execFile)(process.execPath, args, { cwd: root, env, encoding: 'utf8' })
}

describe('a suite that uses the simulator', () => {
  describe.each(Object.entries(runners))('under %s', (_name, { file, args, passed }) => {
    const titles = [...readFileSync(join(__dirname, file), 'utf8').matchAll(/^test\('([^']+)'/gm)].map(([, title]) => title as string)

    it('passes, test by test, and connects only to this machine', async () => {
      expect(titles.length).toBeGreaterThan(5)
      expect(passed((await run(args)).stdout).sort()).toEqual([...titles].sort())
    })
  })

  describe('that talks to another machine', () => {
    it('would be found out', async () => {
      await expect(run(['-e', 'fetch("http://192.0.2.1")'])).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('talks to 192.0.2.1') })
    })
  })
})

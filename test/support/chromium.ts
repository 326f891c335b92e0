/**
 * A real Chromium for a test file. On a machine without Chromium, the tests that need it are skipped; in CI they must run.
 *
 * Out of scope: what a test does in Chromium (`test/browser/support.ts`).
 */
import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'

/** `chromium-headless-shell` is Chromium without windows. It needs less than half of the CPU time of `chromium`. */
const PATHS = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium']
const PATH = PATHS.find((path) => existsSync(path))
const QUIET = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
]

export const describeWithChromium = PATH !== undefined || process.env['CI'] !== undefined ? describe : describe['skip']

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: PATH ?? PATHS[1] as string, args: QUIET })
}

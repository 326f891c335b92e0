/**
 * A real Chromium for a test file. On a machine without Chromium the tests that need it are shown as skipped; in CI
 * they must run.
 *
 * Not its job: what is done with it (`test/browser/support.ts`).
 */
import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'

const PATH = '/usr/bin/chromium'
const QUIET = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
]

export const describeWithChromium = existsSync(PATH) || process.env['CI'] !== undefined ? describe : describe['skip']

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: PATH, args: QUIET })
}

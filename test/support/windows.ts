/**
 * Skips tests that cannot run on Windows, and says why.
 *
 * Out of scope: programs that are not installed (for example `redis.ts`).
 */

/**
 * @param all jest's `it` or `describe`
 * @param why what the tests need that Windows does not have; on Windows it is printed
 */
export function notOnWindows<T extends { readonly skip: T }>(all: T, why: string, platform: NodeJS.Platform = process.platform): T {
  if (platform !== 'win32') return all
  console.log(`Skipped on Windows: this test needs ${why}`)
  return all.skip
}

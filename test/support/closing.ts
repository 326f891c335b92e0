/**
 * Closes at the end of a test what the test has opened, even if the test fails: an open server would keep jest from ending.
 *
 * Out of scope: what all tests of a file share. The `afterEach` or `afterAll` of the file closes that.
 */
const open: (() => unknown)[] = []

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

/** @returns the same object */
export function closing<T extends { close(): unknown }>(opened: T): T {
  open.push(() => opened.close())
  return opened
}

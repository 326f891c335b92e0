/** Tests the links with which users of the example app install the Access App: the links of the operator or, in the demo, links to the help page. */
import { enterPassword, exampleApp, launch, startExample, submit, type Running } from './support'

const page = { accept: 'text/html' }
const STORES = { APP_STORE_URL: 'https://apps.example/ios', GOOGLE_PLAY_URL: 'https://apps.example/android' }

let apps: readonly [demo: Running, withLinks: Running]
beforeAll(async () => {
  apps = await Promise.all([startExample(), startExample(STORES)])
})
afterAll(() => Promise.all(apps.map((app) => app.stop())))

/** Returns the two links of the page on which a new user sets up the app. */
async function linksOf(app: Running): Promise<string[]> {
  const browser = app.browser()
  const account = { username: 'dora', password: 'a long way home' }
  await submit(browser, '/sign-up', '/sign-up', account)
  const { text } = await browser.get(await enterPassword(browser, { ...account, recoveryCodes: [] }), page)
  return [...text.matchAll(/<a href="([^"]+)" translate="no">/g)].map(([, href]) => href as string)
}

it('in the demo › the links lead to the help page, which says what to do without installing an app', async () => {
  const [demo] = apps
  expect(await linksOf(demo)).toEqual(['/help#app', '/help#app'])
  for (const [language, sentence] of [['en', 'In this demo, you need not install anything.'], ['de', 'In dieser Demo brauchen Sie nichts zu installieren.']] as const) {
    const { text } = await demo.browser().get('/help', { ...page, 'accept-language': language })
    expect(text.slice(text.indexOf('<h2 id="app">'))).toContain(sentence)
  }
})

it('with APP_STORE_URL and GOOGLE_PLAY_URL › the links lead there', async () => {
  expect(await linksOf(apps[1])).toEqual(Object.values(STORES))
})

it('with a Nevis instance and without these variables › the page has no such links', async () => {
  const env = { NEVIS_INSTANCE: 'somewhere', NEVIS_ACCESS_KEY: 'key-of-nobody', SESSION_SECRET: 'a secret of thirty-two characters' }
  const script = `import { readConfig } from './dist/config.js'; console.log(JSON.stringify(readConfig(${JSON.stringify(env)}).storeLinks))`
  expect(await launch({}, exampleApp, ['--input-type=module', '-e', script]).ended).toMatchObject({ stdout: '{}\n', stderr: '' })
})

// @ts-check
// Runs whole sign-ins against three processes of an app with one Redis. Meanwhile, a tenth of the simulated Nevis's answers are wrong, late or missing, and two
// of the three processes are killed and started again, in turn. Needs a quiet machine. The result lists what must never happen: a user who gets in without an
// approval, as another user, or twice. The benchmark also counts the users who approved and did not get in. docs/performance.md reports the wrong results and
// this count.
import { seeded, start, stop } from '../processes.mjs'
import { startRedis } from '../redis.mjs'

const LOGINS = 5000
const AT_ONCE = 40

/** @typedef {{ status: number, location?: string | null, json?: { user?: string, code?: string } }} Reply `status` 0: the connection was cut off */

/** @returns how the sign-ins ended, and in `wrong` each result that must never happen */
export async function measure() {
  const random = seeded(11)
  const redis = await startRedis()

  const [baseURL = '', accessKey = '', taps = ''] = (await start('./servers/load-cloud.mjs', [LOGINS])).address.split(' ')
  const startApp = () => start('./servers/load-app.mjs', [baseURL, accessKey, redis.path], { flags: ['--expose-gc'] })
  const apps = [await startApp(), await startApp(), await startApp()]
  const appAt = (/** @type {number} */ i) => /** @type {(typeof apps)[number]} */ (apps[i])

  let turn = 0
  class Person {
    /** @type {Map<string, string>} */
    cookies = new Map()
    /**
     * Sends a request with the user's cookies. Each request goes to the next one of the apps.
     * @param {'GET' | 'POST'} method
     * @param {string} path
     * @param {Record<string, string>} [fields]
     * @returns {Promise<Reply>}
     */
    async send(method, path, fields) {
      const app = appAt(turn++ % apps.length)
      const response = await fetch(new URL(path, app.address), {
        method,
        redirect: 'manual',
        headers: { cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '), ...(fields && { 'content-type': 'application/x-www-form-urlencoded' }) },
        ...(fields && { body: new URLSearchParams(fields).toString() }),
      }).catch(() => undefined)
      if (response === undefined) return { status: 0 }
      for (const line of response.headers.getSetCookie()) {
        const [name = '', value = ''] = String(line.split(';')[0]).split(/=(.*)/s)
        this.cookies.set(name, value)
      }
      const text = await response.text().catch(() => '')
      return { status: response.status, location: response.headers.get('location'), json: text.startsWith('{') ? JSON.parse(text) : undefined }
    }
  }

  const tally = { in: 0, 'told to try again': 0, refused: 0, 'cut off': 0 }
  /** @type {string[]} */
  const wrong = []

  /** @param {number} i which of the people */
  async function login(i) {
    const person = new Person()
    const username = `u${i}`
    // A fifth of the users deny, and a tenth never answer.
    const dice = random()
    const intent = dice < 0.2 ? 'deny' : dice < 0.3 ? undefined : 'approve'
    /** @type {Reply} */
    let page = { status: 0 }
    for (let tries = 0; tries < 6; tries++) {
      page = await person.send('POST', '/login', { username })
      if (page.status === 303) break
    }
    if (page.status !== 303) return void tally[page.status === 0 ? 'cut off' : 'told to try again']++
    const transaction = new URL(String(page.location), 'http://x').searchParams.get('transaction')
    if (intent) await fetch(`${taps}/?user=${username}&as=${intent}`)
    /** @type {Reply[]} */
    const signedIn = []
    const path = `/2fa/callback?transaction=${transaction}`
    for (let tries = 0; tries < 8; tries++) {
      // Send the callback twice, as after a double click.
      const answers = await Promise.all([person.send('GET', path), person.send('GET', path)])
      signedIn.push(...answers.filter(({ json }) => json?.user !== undefined))
      page = answers.find(({ json }) => json?.user !== undefined) ?? answers.find(({ status }) => status > 0) ?? page
      // Stop after a success or a 4xx. After a 5xx or a lost connection, the user tries again. A 303 leads back to the waiting page: try again only if the user
      // has approved.
      if (signedIn.length > 0 || (page.status >= 400 && page.status < 500)) break
      if (page.status === 303 && intent !== 'approve') break
    }
    if (signedIn.length > 1) wrong.push(`${username}: two answers signed in`)
    if (signedIn.length > 0 && intent !== 'approve') wrong.push(`${username}: in without an approval`)
    if (signedIn.some(({ json }) => json?.user !== username)) wrong.push(`${username}: somebody else`)
    if (signedIn.length > 0) tally.in++
    else if (page.status >= 400 && page.status < 500) tally.refused++
    else if (page.status === 0) tally['cut off']++
    else tally['told to try again']++
    if (intent === 'approve' && signedIn.length === 0) lostApprovals.push({ username, status: page.status, code: page.json?.code })
  }

  /**
   * The users who have approved and were not signed in, with the status and the failure code of the last answer.
   * @type {{ username: string, status: number, code: string | undefined }[]}
   */
  const lostApprovals = []
  let next = 0
  let kills = 0
  const memory = async () => Number(await (await fetch(`${appAt(2).address}/memory`)).text())
  try {
    await Promise.all(Array.from({ length: 10 }, (_, i) => login(i)))
    next = 10
    const before = await memory()
    const began = performance.now()
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      while (next < LOGINS) {
        const i = next++
        if (i > 0 && i % 500 === 0) {
          const which = (i / 500) % 2
          process.kill(appAt(which).pid, 'SIGKILL')
          kills++
          void startApp().then((app) => (apps[which] = app))
        }
        await login(i)
      }
    }))
    const seconds = (performance.now() - began) / 1000
    const verified = Object.entries(await redis.client.hGetAll('verified'))
    for (const [transaction, times] of verified) if (times !== '1') wrong.push(`${transaction}: verify ran ${times} times`)
    await new Promise((resolve) => setTimeout(resolve, 11_000))
    const after = await memory()
    return {
      logins: LOGINS, seconds, kills, tally, wrong, verified: verified.length, approvedButNotIn: lostApprovals.length,
      heapBeforeMB: before / 1e6, heapAfterMB: after / 1e6,
    }
  } finally {
    stop()
    redis.close()
  }
}

/**
 * Do the routes answer that the strategy's options name?
 *
 * Each is asked for a transaction that nobody has started, so nothing starts, and nobody is notified. The strategy itself
 * says, by its event `failed`, that it was there. Out of scope: to read the tables of a router; hosts have different ones.
 */
import { error, ok, unchecked, warning, type Check, type Finding } from './findings'
import { ask, MADE_UP, type Reply } from './probe'
import type { Registered, Witness } from './witness'

const START = "app.post('/login', passport.authenticate('local', { session: false }), passport.authenticate('nevis'))"

interface Asked {
  readonly findings: Finding[]
  /** The answer of the callback: its cookies are the session's. */
  readonly callback: Reply | undefined
}

export async function routeFindings(origin: string, witness: Witness, registered: Registered): Promise<Asked> {
  const { name, strategy } = registered
  const { waitingURL, statusURL, callbackURL, factors } = strategy.settings
  const transaction = { transaction: MADE_UP }
  const shown = (url: string) => new URL(url, origin).pathname
  const [waiting, status, callback] = [waitingURL, statusURL, callbackURL].map(shown) as [string, string, string]
  const wasHere = (reply: Reply | undefined) => reply?.refusedBy.includes(strategy.name) === true
  const lacksSession = (path: string) => witness.sessions.length > 0 && !usedAt(witness, path)
  const fault = (check: Check, request: string, reply: Reply | undefined, mount: string) =>
    faultOf(check, request, reply, reply !== undefined && reply.status >= 500 && lacksSession(request.split(' ')[1] as string), mount)

  const findings: Finding[] = []

  const view = await ask(origin, 'GET', waitingURL, transaction)
  const isPage = view?.status === 403 && view.json['code'] === 'unknown_transaction'
  findings.push(isPage ? spelt('routes.waiting', 'waitingURL', waitingURL) ?? ok('routes.waiting', `the waiting page is at ${waiting}`) : fault('routes.waiting', `GET ${waiting}`, view, `app.get('${waiting}', waitingPage(nevis))`))

  const chosen = await ask(origin, 'POST', waitingURL, { ...transaction, cancel: '1' })
  const choose = `app.post('${waiting}', passport.authenticate('${name}'))`
  const choice = wasHere(chosen)
    ? ok('routes.waiting-post', `POST ${waiting} takes another factor, once more, and cancel`)
    : (guarded('routes.waiting-post', waiting, chosen) ?? fault('routes.waiting-post', `POST ${waiting}`, chosen, choose))
  findings.push(choice)

  const told = await ask(origin, 'GET', statusURL, transaction)
  const isStatus = told?.status === 404 && told.json['status'] === 'unknown'
  const mount = `app.get('${status}', statusEndpoint(nevis))`
  if (!isStatus) findings.push(fault('routes.status', `GET ${status}`, told, mount))
  else if (!usedAt(witness, status)) findings.push(spelt('routes.status', 'statusURL', statusURL) ?? ok('routes.status', `the status is at ${status}`))
  else findings.push(warning('routes.status', `the status at ${status} is behind the session, which it keeps alive and may write back`, `mount it before session(): ${mount}`))

  const back = await ask(origin, 'GET', callbackURL, transaction)
  const brings = `app.all('${callback}', passport.authenticate('${name}'), recordSecondFactor(), …)`
  findings.push(wasHere(back) ? spelt('routes.callback', 'callbackURL', callbackURL) ?? ok('routes.callback', `the callback is at ${callback}`) : fault('routes.callback', `GET ${callback}`, back, brings))

  if (factors.every(({ prompt, enrollPrompt = prompt }) => prompt === 'wait' && enrollPrompt === 'wait')) {
    findings.push(ok('routes.callback-post', 'no factor of this app has anything to send to the callback'))
  } else {
    const sent = await ask(origin, 'POST', callbackURL, transaction)
    const takes = wasHere(sent)
      ? ok('routes.callback-post', `POST ${callback} takes what people type`)
      : (guarded('routes.callback-post', callback, sent) ?? fault('routes.callback-post', `POST ${callback}`, sent, brings))
    findings.push(takes)
  }
  findings.push(startFinding(witness, registered, choice.level === 'unchecked' ? 1 : 0))
  return { findings, callback: back }
}

/** A header, such as the one of a redirect, holds ASCII alone: hosts encode other characters, drop them or throw. */
function spelt(check: Check, option: string, address: string): Finding | undefined {
  if (/^[\x21-\x7e]+$/.test(address)) return undefined
  return error(check, `${option} holds characters outside of ASCII, which a redirect cannot carry`, `write ${option} percent-encoded: ${new URL(address, 'http://app').pathname}`)
}

const usedAt = (witness: Witness, path: string) => witness.sessions.some(({ uses }) => uses.some((use) => use.path === path))

/** A form needs a token that only a page of the app could give: what refuses it may be right to. */
function guarded(check: Check, path: string, reply: Reply | undefined): Finding | undefined {
  const isRefused = reply !== undefined && reply.status >= 300 && reply.status < 500 && ![404, 405].includes(reply.status)
  if (!isRefused) return undefined
  const remedy = 'press the buttons of the waiting page once; with CSRF protection it needs waitingPage(nevis, { csrfToken })'
  return unchecked(check, `POST ${path} is refused before the strategy (HTTP ${reply.status}), as a CSRF protection would`, remedy)
}

function faultOf(check: Check, request: string, reply: Reply | undefined, lacksSession: boolean, mount: string): Finding {
  if (reply === undefined) return error(check, `${request} does not answer within 5 s`, `look at what is mounted before it: ${mount}`)
  const { status, location } = reply
  if (lacksSession) return error(check, `${request} fails without a session (HTTP ${status})`, 'mount session() before it')
  if (status === 404 || status === 405) return error(check, `${request} is missing (HTTP ${status})`, mount)
  if (status >= 500) return error(check, `${request} fails (HTTP ${status})`, 'the log of the app says why; the strategy needs a session before it')
  const where = location === undefined ? '' : `, to ${location.length > 80 ? `${location.slice(0, 80)}…` : location}`
  const isBarred = (status >= 300 && status < 400) || status === 401 || status === 403
  if (isBarred) return error(check, `${request} is barred (HTTP ${status}${where}): nobody is signed in yet when it is needed`, `mount it before what demands a login: ${mount}`)
  return error(check, `${request} is answered by something else (HTTP ${status})`, mount)
}

/**
 * Which routes start something could only be asked with somebody's password. But the places where Passport is to ask this
 * strategy are known, and those that have not run yet are neither the callback nor the waiting page.
 * @param unseen how many of them are, because something refused the request first
 */
function startFinding({ guards }: Witness, { name, strategy }: Registered, unseen: number): Finding {
  const others = guards.filter(({ asks, hasRun }) => !hasRun && (asks.includes(name) || asks.includes(strategy))).length - unseen
  if (others > 0) return ok('routes.start', `the strategy is asked in ${others} more ${others === 1 ? 'place' : 'places'}; which of them start is not tried, that would need a password`)
  // One place may be mounted on several routes, and some hosts make theirs while they run.
  const remedy = `sign in once; if nothing starts, after the password: ${START.replace("'nevis'", `'${name}'`)}`
  return unchecked('routes.start', 'no place but the callback and the waiting page was seen to ask the strategy', remedy)
}

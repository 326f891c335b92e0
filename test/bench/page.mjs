// @ts-check
// Writes docs/performance.md and its plots from results.json. No figure is edited by hand. The text comes from page.md, in which each `{{name}}` is replaced by
// the text that the function of this name in `sections` writes about the results.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bars, points } from './svg.mjs'

const DOCS = fileURLToPath(new URL('../../docs/', import.meta.url))
const PEAK_LOGINS_PER_HOUR = 1_000_000
/** The default of `maxStatusCallsPerSecond`. */
const MAX_STATUS_CALLS = 200

/**
 * @typedef {typeof import('./results.json', { with: { type: 'json' } })} Measured the results as they are stored
 * @typedef {{ [Part in keyof Measured]: Measured[Part] & { void?: boolean, load?: number } }} Results the results of each part. `void`: true if the machine was
 * too busy. `load`: the system load before the measurement
 * @typedef {{ date: string, node: string, machine: string, load?: number } & Awaited<ReturnType<typeof import('./parts/crowd-polling.mjs').measure>>} Polling
 * the result of the part `crowd-polling`
 * @typedef {(string | number | undefined)[]} Cells one row of a table
 */

/**
 * Writes a Markdown table.
 * @param {readonly string[]} head
 * @param {readonly Cells[]} rows
 */
const table = (head, rows) => [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
const number = (/** @type {number} */ value, digits = 0) => value.toFixed(digits).replace(/\B(?=(\d{3})+(?!\d))/g, ' ')
const size = (/** @type {number} */ bytes) => (bytes < 10_000 ? `${number(bytes)} B` : bytes < 1e6 ? `${number(bytes / 1000)} KB` : `${number(bytes / 1e6, 1)} MB`)
const ratio = (/** @type {number} */ value) => value.toFixed(2)
const isOurs = (/** @type {{ name: string }} */ { name }) => name.startsWith('passport-nevis')
/**
 * Finds the row of passport-nevis.
 * @template {{ name: string }} Row
 * @param {readonly Row[]} rows
 */
const oursIn = (rows) => /** @type {Row} */ (rows.find(isOurs))
const reached = (/** @type {boolean} */ isReached) => (isReached ? '' : ' (target not reached)')

/**
 * Says when and where a result was measured.
 * @param {{ date: string, node: string, machine: string, load?: number }} result
 */
function heading({ date, node, machine, load }) {
  return `The figures were measured on ${date}, with Node ${node.slice(1)}, ${machine}${load === undefined ? '' : `, system load ${load} before the measurement`}.`
}

/**
 * Returns the sentences about the control: one contestant runs twice in each round, and both runs must cost about the same. Otherwise the result is void.
 * @param {{ control: number, rounds: number, loginsPerRound: number, void?: boolean }} result
 */
function control({ control: value, rounds, loginsPerRound, void: isVoid }) {
  const text = `Each figure is a median over ${rounds} rounds of ${loginsPerRound} logins. As a control, one contestant ran twice in each round: its second run cost ${ratio(value)} times as much as its first run`
  return isVoid ? `**Void.** ${text}. The machine was too busy: the control must be between 0.95 and 1.05.` : `${text}.`
}

const plot = (/** @type {string} */ name, /** @type {string} */ title) => `The file \`docs/performance/${name}.svg\` of the Git repository shows this as a chart: ${title}.`

/**
 * Says how much CPU time a login costs, as a multiple of three axios calls without any other work. Gives this figure for all rounds together, and for each
 * group of rounds: each group starts new processes, and V8 compiles each process a little differently.
 * @param {{ ratio: number, generations?: number[] }} row
 */
function generations({ ratio: all, generations: each }) {
  const one = each === undefined ? '' : ` V8 compiles each process a little differently, so each contestant was started ${each.length} times. In these ${each.length} groups of rounds, a login with passport-nevis cost ${each.map(ratio).join(', ')} times as much as the three bare axios calls.`
  return `A login with passport-nevis costs ${ratio(all)} times as much CPU time as the three bare axios calls, which are the same requests without this package${reached(all <= 1.25)}.${one}\n\n`
}

/**
 * How much longer a user waits because the token is introspected in the callback, and not right after the status call.
 * @param {{ rows: { way: string, median: number }[] }} result
 */
function waitForCallback({ rows }) {
  const [ours, early] = [rows.find(({ way }) => way === 'events'), rows.find(({ way }) => way.includes('introspection'))]
  return ours === undefined || early === undefined ? '' : ` The median user of this package (row "events") waits ${number(1000 * (ours.median - early.median))} ms longer than the median user in the row "events, token introspected right after the status call", because this package introspects the token only in the callback.`
}

/** @type {{ [Part in keyof Results]: (result: Results[Part]) => string } & Record<'calls' | 'paper', (results: Results) => string | undefined> & { 'crowd-polling': (result: Polling) => string }} */
const sections = {
  cpu: (result) =>
    `${heading(result)} ${control(result)}\n\n${table(
      ['contestant', 'calls of a login', 'CPU of a login', 'CPU, as a multiple of the three bare axios calls (the same requests without this package)'],
      result.rows.map(({ name, calls, micros, ratio: value }) => [name, calls, `${number(micros)} µs`, ratio(value)]),
    )}\n\n${generations(oursIn(result.rows))}${plot('cpu', 'CPU of a login')}`,

  login: (result) =>
    `${heading(result)} ${control(result)}\n\n${table(
      ['app ("by hand": without this package)', 'CPU of a login', 'CPU, as a multiple of the app by hand'],
      result.rows.map(({ name, micros, ratio: value }) => [name, `${number(micros)} µs`, ratio(value)]),
    )}`,

  calls: ({ login }) =>
    login && table(
      ['in a login where', 'approval calls', 'status calls', 'introspections', 'other calls'],
      Object.entries(login.calls).map(([name, { approval, status, introspect, others }]) => [name, approval, status, introspect, others]),
    ),

  handshakes: (result) =>
    `${heading(result)}\n\n${table(
      ['contestant', 'calls of a login', `TLS handshakes of a login that starts ${result.pauseSeconds} s after the previous one`],
      result.rows.map(({ name, calls, each }) => [name, calls, number(each, each % 1 ? 2 : 0)]),
    )}`,

  storage: (result) => {
    const { session, redis } = result
    return `${heading(result)}\n\n${table(
      ['pending login', 'bytes in the session, as JSON, without QR code and link', 'of these, bytes of the status token', 'further bytes for the encrypted QR code and link'],
      session.map(({ factor, bytes, statusToken, shown }) => [factor, number(bytes), number(statusToken), number(shown)]),
    )}\n\n${table(['Redis commands of', 'the ledger', 'the session store'], [['a login', redis.login.ledger, redis.login.store], ['a status poll', redis.poll.ledger, redis.poll.store]])}`
  },

  scale: (result) =>
    `${heading(result)} Each figure is a median over ${result.rounds} rounds of ${result.loginsPerRound} logins; in each round, ${result.atOnce} logins run at the same time. Each process of the app may use ${number(100 * result.coreShare)} % of a core.\n\n${table(
      ['sessions and ledger in', 'processes', 'logins finished a second', 'CPU of one login, sum over all three processes of the app, also those without requests', 'CPU of one login in the store'],
      result.rows.map(({ store, processes, perSecond, micros, storeMicros }) => [store, processes, number(perSecond), `${number(micros)} µs`, `${number(storeMicros)} µs`]),
    )}`,

  monitoring: (result) =>
    `${heading(result)}\n\n${table(
      ['', 'CPU time'],
      [
        ['a login with passport-nevis, without subscribers to its events', `${number(result.loginMicros)} µs`],
        ...result.recipes.map(({ name, addedMicros, share }) => [
          `added by the recipe for ${name}, for the ${result.events} events of a login`,
          `${number(addedMicros, 1)} µs, ${number(100 * share, 2)} %${reached(share <= 0.02)}`,
        ]),
      ],
    )}`,

  loading: (result) =>
    `${heading(result)} Each figure in the first four rows of the table is a median over ${result.rounds.compared} new processes, and each figure in the other rows over ${result.rounds.others} new processes.\n\n${table(
      ['what is loaded', 'time', 'CPU time'],
      result.rows.map(({ name, ms, cpuMs }) => [name, `${number(ms)} ms`, `${number(cpuMs)} ms`]),
    )}\n\nLoading passport-nevis takes longer than loading passport-oauth2: the median difference is ${number(result.overOAuth2.ms, 1)} ms (CPU time: ${number(result.overOAuth2.cpuMs, 1)} ms). What the fourth row names takes longer than loading axios alone (third row): the median difference is ${number(result.overAxios.ms, 1)} ms (CPU time: ${number(result.overAxios.cpuMs, 1)} ms)${reached(Math.max(result.overAxios.ms, result.overAxios.cpuMs) <= 50)}.`,

  size: (result) =>
    `${heading(result)} The package is ${size(result.tarball)} to download, and ${size(result.unpacked)} unpacked. With passport-nevis, npm installs ${result.packages} other packages, which are ${size(result.bytes)} together.\n\n${table(
      ['dependency', 'packages that npm installs for it', 'size of these packages'],
      result.rows.map(({ name, packages, bytes }) => [name, packages, size(bytes)]),
    )}`,

  'first-paint': (result) => {
    const names = { none: 'a heading alone', push: 'the waiting page of push', app: 'the waiting page with QR code and link', sms: 'the waiting page of SMS' }
    const fileNames = {
      'page, push': 'HTML of the waiting page, with push', 'page, app': 'HTML of the waiting page, with QR code and link', 'page, sms': 'HTML of the waiting page, with SMS',
      script: 'script of the waiting page', style: 'style sheet of the waiting page',
    }
    const script = Number(result.files.find(({ name }) => name === 'script')?.gzipped)
    return `${heading(result)}\n\n${table(
      ['file', 'size', 'size after gzip'],
      result.files.map(({ name, bytes, gzipped }) => [fileNames[/** @type {keyof typeof fileNames} */ (name)], `${number(bytes)} B`, `${number(gzipped)} B`]),
    )}\n\nThe package does not compress its answers; your app or your proxy does. The gzipped script has ${number(script)} B${reached(script <= 8192)}.\n\n${table(
      ['page', 'first paint, first visit', 'first paint, second visit'],
      result.rows.map(({ factor, first, second }) => [names[/** @type {keyof typeof names} */ (factor)], `${number(first)} ms`, `${number(second)} ms`]),
    )}\n\nEach first paint in this table is a median over ${result.rounds} visits.`
  },

  memory: (result) =>
    `${heading(result)}\n\n${table(['logins', 'heap after garbage collection'], result.rows.map(({ logins, heapMB }) => [number(logins), `${number(heapMB, 1)} MB`]))}\n\n${plot('memory', 'Heap after logins')}`,

  schedule: (result) =>
    `The table is computed for ${number(result.people)} simulated users, whose answer times follow a log-normal distribution (median 8 s; 0.1 % take more than 120 s). Users who answer after more than 120 s are left out:\n\n${table(
      ['schedule', 'status calls of a login', "time from the user's answer to the next status call, median", "time from the user's answer to the next status call, 95th percentile"],
      result.rows.map(({ name, calls, median, p95 }) => [name, number(calls, 1), `${number(median, 2)} s`, `${number(p95, 2)} s`]),
    )}\n\n${plot('schedule', 'Status calls against waiting time')}`,

  tap: (result) =>
    `${heading(result)}\n\n${table(
      [`how the page learns of the user's answer ("by hand": an app without this package)`, 'sign-ins', 'sign-ins at the same time', 'shortest time from the tap', 'median', '95th percentile', 'status calls per sign-in'],
      result.rows.map(({ way, people, atOnce, best, median, p95, statusCalls }) => [way, people, atOnce, `${number(best, 3)} s`, `${number(median, 2)} s`, `${number(p95, 2)} s`, number(statusCalls, 1)]),
    )}\n\nWith one sign-in at a time, the median time in the row "events" is ${ratio(result.ratio)} times the median time in the row "by hand"${reached(result.ratio <= 0.6)}.`,

  'tap-at-best': (result) =>
    `${heading(result)}\n\n${table(
      [`how the page learns of the user's answer ("by hand": an app without this package)`, 'sign-ins', 'shortest time from the tap', 'median'],
      result.rows.map(({ way, people, best, median }) => [way, people, `${number(best, 3)} s`, `${number(median, 3)} s`]),
    )}\n\nThe shortest time in the row "events" is ${ratio(result.ratio)} times ${number(result.network, 3)} s, which is the time that the network and the introspection alone take${reached(result.ratio <= 1.4)}.${waitForCallback(result)}`,

  waiting: (result) =>
    `${heading(result)}\n\n${table(
      ['open event streams', 'lost streams', 'resident memory per stream', 'heap per stream', 'CPU, as a share of one core', 'event loop delay, 99th percentile', 'status calls per second', 'calls to the session store'],
      [[number(result.people), result.lost, `${number(result.residentKB, 1)} KB`, `${number(result.heapKB, 1)} KB`, `${number(result.cpuShare * 100)} %`, `${number(result.delayP99Ms, 1)} ms`, number(result.statusCallsPerSecond), result.storeCalls]],
    )}`,

  crowd: (result) => {
    const { stop } = result
    return `${heading(result)} The program that plays the browsers (the driver), nginx, Redis and the stand-in for Nevis share the two cores with the app.\n\n${table(
      ['', 'app, both processes', 'nginx'],
      [
        ['resident memory per waiting user', `${number(result.appKB, 1)} KB`, `${number(result.nginxKB, 1)} KB`],
        [`CPU while ${number(result.people)} users wait, as a share of one core`, `${number(result.appCpu * 100)} %`, `${number(result.nginxCpu * 100)} %`],
      ],
    )}\n\n${number(result.opened)} of ${number(result.people)} event streams were open, and ${number(result.cut)} of them ended before the user had answered. The event loop delay was ${number(result.delayP99Ms, 1)} ms (99th percentile, including the time in which ${number(result.approving)} of the users approved). The processes made ${number(result.statusCallsPerSecond)} status calls a second. Of the ${number(result.approving)} users who approved in this time, ${number(result.signedIn)} were signed in. From the approval until the waiting page learned of it, it took ${number(result.eventSeconds.median, 1)} s (median; 95th percentile: ${number(result.eventSeconds.p95, 1)} s). It took so long because, with the default of \`maxStatusCallsPerSecond\`, the two processes can ask Nevis about each of the ${number(result.people)} users only every ${number(result.people / result.statusCallsPerSecond)} s.\n\nThen one of the two processes got SIGTERM, and ended after ${number(stop.seconds, 1)} s. The ${number(stop.streams)} event streams of this process were open again on the other process after ${number(stop.openAgainSeconds, 1)} s, of which the browsers waited 3 s before they reconnected. ${stop.stillClosed} of these streams stayed closed. After the process had ended, ${stop.approving} other users approved, and ${stop.signedIn} of them were signed in.`
  },

  'crowd-polling': (result) => {
    const { polls, stop } = result
    return `${heading(result)} The program that plays the browsers (the driver), nginx, Redis and the stand-in for Nevis share the two cores with the app.\n\n${table(
      ['', 'app, both processes', 'nginx'],
      [
        ['resident memory per waiting user', `${number(result.appKB, 1)} KB`, `${number(result.nginxKB, 1)} KB`],
        [`CPU while ${number(result.people)} users wait, as a share of one core`, `${number(result.appCpu * 100)} %`, `${number(result.nginxCpu * 100)} %`],
      ],
    )}\n\nThe waiting pages sent ${number(polls.perSecond)} requests a second. In all, ${number(polls.failed)} of these requests failed. The app answered a request after ${number(polls.median)} ms (median; 95th percentile: ${number(polls.p95)} ms). The event loop delay was ${number(result.delayP99Ms, 1)} ms (99th percentile). The processes made ${number(result.statusCallsPerSecond)} status calls a second. Meanwhile ${number(result.approving)} users approved, and ${number(result.signedIn)} of them were signed in. For the others, the waiting page did not learn of the approval within 90 s, or the callback failed. From the approval until the waiting page learned of it, it took ${number(result.pageSeconds.median, 1)} s (median; 95th percentile: ${number(result.pageSeconds.p95, 1)} s).\n\nThen one of the two processes got SIGTERM, and ended after ${number(stop.seconds, 1)} s. ${number(stop.failed)} requests of waiting pages failed, and the pages sent these requests again. After the process had ended, ${stop.approving} other users approved, and ${stop.signedIn} of them were signed in.`
  },

  rolling: (result) => `${heading(result)} With each store, ${number(result.people)} users signed in or tried to. The column "signed in" counts the users who approved and were signed in, each once. None of the users who denied or did not answer was signed in.\n\n${table(
    ['sessions and ledger in', 'duration in seconds', 'restarts of a process', 'users who approved', 'signed in', 'users who denied', 'users who did not answer', 'event streams opened again', 'requests sent again', 'time from SIGTERM to exit, median', 'time from SIGTERM to exit, longest'],
    result.rows.map(({ store, seconds, restarts, stopSeconds, tally }) => [
      store, number(seconds), restarts, tally.approved, tally.signedIn, tally.denied, tally.silent,
      tally['stream opened again'], tally['request sent again'], `${number(stopSeconds.median, 2)} s`, `${number(stopSeconds.longest, 2)} s`,
    ]),
  )}`,

  load: (result) => {
    const { tally } = result
    return `${heading(result)} In ${number(result.seconds)} s, ${number(tally.in)} users were signed in, ${number(tally.refused)} were refused, ${tally['told to try again']} got an error page that asked them to try again, and ${tally['cut off']} lost their connection when a process was killed (${result.kills} kills in all). ${
      result.wrong.length === 0 ? 'No user was signed in without an approval, as another user, or twice' : `**Wrong: ${result.wrong.join('; ')}**`
    }. \`verify\` ran once for each of ${number(result.verified)} approvals. ${result.approvedButNotIn} users who approved were not signed in. The heap of the one process that was never killed was ${number(result.heapBeforeMB, 1)} MB before the test and ${number(result.heapAfterMB, 1)} MB after it.`
  },

  paper: ({ scale, storage, schedule, crowd }) => {
    if (!(scale && storage && schedule && crowd)) return undefined
    const perSecond = PEAK_LOGINS_PER_HOUR / 3600
    const statusCalls = Number(schedule.rows.find(({ name }) => name === '`defaultSchedule`')?.calls)
    const streams = perSecond * schedule.meanAnswerSeconds
    const [of, inCluster, inPostgres] = scale.rows.filter(({ processes }) => processes === 3)
    if (!of || !inCluster || !inPostgres) return undefined
    const cores = (/** @type {number} */ micros) => (perSecond * micros) / 1e6
    const loginCores = cores(of.micros)
    const callsFor = (/** @type {number} */ cpu) => (perSecond * statusCalls * cpu) / crowd.statusCallsPerSecond
    const [waitingCores, nginxCores] = [callsFor(crowd.appCpu), (streams * crowd.nginxCpu) / crowd.people]
    const redis = storage.redis.login.ledger + storage.redis.login.store
    const capped = Math.ceil((perSecond * statusCalls) / MAX_STATUS_CALLS)
    const all = Math.ceil(loginCores + waitingCores)
    // Recommend twice as many processes as the number of cores that the load needs, so that each process uses only half a core.
    const enough = all * 2
    const raised = Math.ceil((perSecond * statusCalls) / enough / 100) * 100
    const processes = raised > MAX_STATUS_CALLS
      ? ['processes of the app', `${capped} with the default of \`maxStatusCallsPerSecond\`, or ${enough} if this limit is ${number(raised)}`, 'with the default limit: the number of all status calls, divided by the limit of one process. with the higher limit: twice the number of needed cores, rounded up, so that each process uses half a core']
      : ['processes of the app', `${enough}`, `twice the number of needed cores (logins and waiting users, rounded up), so that each process uses half a core. For the status calls alone, ${capped} processes are enough with the default of \`maxStatusCallsPerSecond\``]
    return `${table(
      ['at the peak', 'needed', 'calculated from'],
      [
        ['logins', `${number(perSecond)} a second`, 'a million logins in 3 600 seconds'],
        ['calls to Nevis', `${number(perSecond * (2 + statusCalls))} a second`, `each login makes one approval call, ${number(statusCalls, 1)} status calls and one introspection`],
        ['open event streams', number(streams), `each user has one open stream, and answers after ${number(schedule.meanAnswerSeconds, 1)} s on average`],
        ['memory for waiting users', `${size(streams * crowd.appKB * 1024)} in the app, ${size(streams * crowd.nginxKB * 1024)} in nginx`, `each waiting user needs ${number(crowd.appKB, 1)} KB in the app and ${number(crowd.nginxKB, 1)} KB in nginx`],
        ['open files of nginx', number(streams * 2), 'for each stream, nginx has one connection to the browser and one to the app'],
        ['CPU for the logins', `${number(loginCores, 2)} cores`, `each login needs ${number(of.micros)} µs in an app of three processes with Redis, including Express and the sessions`],
        ['CPU for waiting users', `${number(waitingCores, 2)} cores in the app, ${number(nginxCores, 2)} in nginx`, `the app needs ${number(crowd.appCpu * 100)} % of a core to ask Nevis ${number(crowd.statusCallsPerSecond)} times a second for a status; nginx needs ${number(crowd.nginxCpu * 100)} % of a core for ${number(crowd.people)} open event streams`],
        ['CPU of the store', `${number(cores(of.storeMicros), 2)} cores with one Redis, ${number(cores(inCluster.storeMicros), 2)} with a Redis Cluster, ${number(cores(inPostgres.storeMicros), 2)} with PostgreSQL`, `each login needs ${number(of.storeMicros)} µs in one Redis, ${number(inCluster.storeMicros)} µs in a Redis Cluster, and ${number(inPostgres.storeMicros)} µs in PostgreSQL`],
        ['Redis', `${number(perSecond * redis)} commands a second`, `each login needs ${redis} commands, ${storage.redis.login.ledger} of which are commands of the ledger`],
        processes,
      ],
    )}\n\nAs the number of logins grows, the limit \`maxStatusCallsPerSecond\` is reached first. With the default of this limit and fewer than ${capped} processes, status calls wait in a queue, so sign-ins take longer, but no sign-in fails. The next limit that is reached is that of your Nevis instance. Nevis documents only limits for each user, so ask Nevis for the limit of your instance before a peak. Many operating systems limit the open files of a process to 1 024. This limit is reached before memory or store are fully used, so raise the limit for nginx (\`worker_rlimit_nofile\`, \`worker_connections\`) and for the app.`
  },
}

/** @type {Record<string, (results: Results) => string | undefined>} */
const plots = {
  cpu: ({ cpu }) =>
    cpu && bars('CPU of a login, times three bare axios calls', cpu.rows.map((row) => ({ name: row.name, value: row.ratio, text: ratio(row.ratio), ours: isOurs(row) })), { value: 1.25, text: 'target: 1.25' }),
  memory: ({ memory }) =>
    memory && points('Heap after logins', { x: 'logins, in thousands', y: 'MB after garbage collection', line: true }, memory.rows.map(({ logins, heapMB }) => ({ x: logins / 1000, y: heapMB }))),
  schedule: ({ schedule }) =>
    schedule && points('Status calls against waiting time', { x: 'status calls of a login', y: 'seconds from the answer to the next status call, 95th percentile' }, schedule.rows.map(({ name, calls, p95 }) => ({ x: calls, y: p95, name: String(name.split(',')[0]).replaceAll('`', ''), ours: name.includes('default') }))),
}

/**
 * Writes the page and its plots. Where a result is missing, the page says "Not measured yet".
 * @param {Results} results
 */
export function writePage(results) {
  const text = readFileSync(new URL('./page.md', import.meta.url), 'utf8')
  const page = text.replace(/\{\{([\w-]+)\}\}/g, (_all, name) => {
    // Each section takes its own part of the results, but `calls` and `paper` take all parts.
    const section = /** @type {Record<string, (result: unknown) => string | undefined>} */ (sections)[name]
    const result = ['calls', 'paper'].includes(name) ? results : /** @type {Record<string, object>} */ (results)[name]
    const made = result && section?.(result)
    return made ?? 'Not measured yet.'
  })
  writeFileSync(`${DOCS}performance.md`, page)
  mkdirSync(`${DOCS}performance`, { recursive: true })
  for (const [name, draw] of Object.entries(plots)) {
    const drawn = draw(results)
    if (drawn) writeFileSync(`${DOCS}performance/${name}.svg`, drawn)
  }
}

/**
 * Lists the questions that Nevis's documentation does not answer. Gives for each question the answer that the command `probe` has found, and what this package
 * does in that case.
 *
 * Out of scope: the questions about codes (`code-questions.ts`), and the requests to Nevis (`*-stage.ts`). Source of the questions: https://docs.nevis.net/authcloud/api-doc/
 */
import { CLOCK_EFFECT } from '../clock-effect'
import { MAX_CHARACTERS } from '../../client/messages'
import { MESSAGE_LENGTHS, messageStep, TOO_LONG } from './app-stage'
import { codeAnswerIn, isAcceptedCode } from './code-answers'
import { CODE_QUESTIONS } from './code-questions'
import { FactsReader, type Facts } from './facts-reader'
import { DEFAULT_ATTEMPTS, DEFAULT_STARTS, isReached, limitIn, withBudget } from './limit-answers'
import { appChannelOf, doesStatusNeedKey, hasLinkOfApp, isPingUsable, isUnknownUserClear, refusalsIn, statusWordIn, TOKEN_STEPS, tokenNeedsOf, tokenStepOf, transactionTokensOf } from './needs'
import { ifAccepted, type Answered, type Question, type Reading } from './question'
import { POLL_SECONDS } from './wait-stage'

const isRight = (status: string) => status === '200'

/** The option to set if this instance's transaction tokens have other claims than Nevis documents. */
function optionForTokens(facts: FactsReader): { readonly option?: string } {
  const needs = tokenNeedsOf(facts)
  if (needs === undefined) return {}
  const tokens = transactionTokensOf(needs)
  const options = [...(needs.hasOtherIssuer ? ['`issuer`'] : []), ...(tokens === undefined ? [] : [`\`${tokens}\``])]
  return options.length === 0 ? {} : { option: options.join(' and ') }
}

/** @param option the option of this package that sets a lifetime. It should not be longer than the lifetime that the probe has measured */
function lifetimeIn(facts: FactsReader, step: string, option: string): Omit<Answered, 'question'> {
  const seconds = facts.text(`${step}.seconds`)
  return { answer: `${seconds} s${/^\d/.test(seconds) ? ` (to within ${POLL_SECONDS} s)` : ''}, then ${facts.saw(step)}`, does: `\`${option}\` sets when this package ends it`, ...(/^\d/.test(seconds) && { option: `\`${option}\`, at most this time` }) }
}

const QUESTIONS: readonly Question[] = [
  ['Does /ping check the access key?', 'ping.no-key', (facts) => {
    const http = facts.http('ping.no-key')
    const does = '`healthCheck` sends the key, and takes a 401 or 403 for a wrong key'
    if (http.startsWith('2')) return { answer: 'no', does }
    const isRefusal = (status: string) => /^40[13]$/.test(status) && status !== facts.http('ping')
    if (!isRefusal(http)) return { refused: 'ping.no-key' }
    const needed = `it needs a key (HTTP ${http} without one)`
    if (!facts.has('ping.invented-key')) return { answer: `${needed}, but whether it checks the key was not asked`, does }
    const invented = facts.http('ping.invented-key')
    if (invented.startsWith('2')) return { answer: `no: ${needed}, but accepts an invented one`, does }
    return isRefusal(invented) ? { answer: `yes: ${needed}, and refuses an invented one (HTTP ${invented})`, does } : { refused: 'ping.invented-key' }
  }],
  ['Does /ping answer a request for JSON?', 'ping.accept-json', (facts) => ({
    answer: facts.saw('ping.accept-json'),
    does: '`healthCheck` accepts any type of answer',
  })],
  ['Can `healthCheck` use the answer of /ping?', 'ping', (facts) => {
    const isUsable = isPingUsable(facts)
    return { answer: `${isUsable ? 'yes' : 'no'} (${facts.saw('ping')})`, does: isUsable ? '`healthCheck` works' : '`healthCheck` would refuse every sign-in', ...(!isUsable && { option: '`healthCheck: false` (the default)' }) }
  }],
  ['Does the status endpoint need the access key?', 'status.unknown', (facts) => {
    const does = 'the client sends the key to the status endpoint only after a 401 without it that is no HTML page'
    if (doesStatusNeedKey(facts)) return { answer: `yes (HTTP ${facts.http('status.unknown')} without it)`, does }
    // The probe has sent the requests of these two steps without the key. An answer without a status, for example a 403, does not show what the endpoint needs.
    const hasStatus = ['status.unknown', 'status.enroll.pending'].some((step) => statusWordIn(facts, step) !== undefined)
    return hasStatus ? { answer: 'no', does } : { refused: 'status.unknown' }
  }],
  ['What does Nevis answer about a user who does not exist?', 'user.unknown-name', (facts) => ({
    answer: `HTTP ${facts.http('user.unknown-name')}`,
    does: isUnknownUserClear(facts) ? 'only such a 404, in Nevis\'s own form, means that a user is new' : 'no user counts as new, so `approve-or-enroll` enrols nobody',
  })],
  ['Does Nevis keep the upper and lower case of a username?', 'user.by-name', ifAccepted(['user.by-name'], (facts) => {
    const kind = facts.kinds('user.by-name', 'username').find((one) => one.startsWith('the username'))
    if (kind === undefined) return undefined
    return { answer: kind === 'the username' ? 'yes' : 'no: the username comes back in another case', does: 'a username that differs in case only is accepted only if the userId is the same, so your app should know the userId (`nevisUserId`)' }
  })],
  ['Does Nevis find a user by the username in lower case?', 'user.by-lower-case-name', (facts) => {
    const http = facts.http('user.by-lower-case-name')
    const isUser = (step: string) => isRight(facts.http(step)) && facts.kinds(step, 'userId').some((kind) => kind.startsWith('the userId'))
    // If Nevis does not even find the user by the exact name, the answer about the name in lower case shows nothing.
    if (!isUser('user.by-name')) return { refused: 'user.by-name' }
    const isFound = isUser('user.by-lower-case-name')
    // The answer is "no" only if Nevis answers as it does about a user who does not exist.
    if (!isFound && http !== facts.http('user.unknown-name')) return { refused: 'user.by-lower-case-name' }
    return { answer: isFound ? 'yes, though the user was enrolled with capital letters' : 'no: Nevis does not know this user', does: 'the client sends a username in the letters that your app has given' }
  }],
  ['What does Nevis answer to a push for a user without a phone?', 'approval.push.no-device', (facts) => ({ answer: `HTTP ${facts.http('approval.push.no-device')}`, does: 'if Nevis\'s answers show that the user has no phone, the user gets `not_enrolled` and can choose another factor' })],
  ['Is the channel `qr-code` of the older documents known?', 'approval.qr-code.no-device', (facts) => {
    if (!facts.has('approval.invented.no-device')) return undefined
    const [older, app, invented] = ['qr-code', 'app', 'invented'].map((channel) => facts.http(`approval.${channel}.no-device`)) as [string, string, string]
    const isOlderUnknown = older === invented && app !== invented
    // Only an answer that another known channel gets, and the invented one does not, shows that Nevis knows `qr-code`.
    const isOlderKnown = older !== invented && (older.startsWith('2') || [app, ...['push', 'sms'].map((channel) => facts.http(`approval.${channel}.no-device`))].includes(older))
    if (!isOlderUnknown && !isOlderKnown) return { refused: 'approval.qr-code.no-device' }
    return {
      answer: isOlderUnknown ? `no (HTTP ${older}; HTTP ${app} for \`app\`)` : 'yes',
      does: 'the client sends `app`',
      ...(appChannelOf(facts) === 'qr-code' && { option: "`app({ channel: 'qr-code' })`" }),
    }
  }],
  ['Under which name does Nevis know the channel `app`?', 'approval.app', (facts) => {
    const isOlder = appChannelOf(facts) === 'qr-code'
    if (!facts.has('approval.app.refused') && facts.http('approval.app') === '400') return { refused: 'approval.app' }
    // Only 400 shows that Nevis does not know the name of a channel (see `appChannelOf`).
    const other = ['approval.app.refused', 'approval.app'].find((step) => facts.has(step) && /^[45]/.test(facts.http(step)) && facts.http(step) !== '400')
    if (!isOlder && other !== undefined) return { refused: other }
    const refused = facts.has('approval.app.refused') ? `HTTP ${facts.http('approval.app.refused')} for \`app\`` : ''
    return { answer: isOlder ? `\`qr-code\` (${refused})` : refused === '' ? '`app`' : `neither \`app\` nor \`qr-code\` (${refused})`, does: 'the client sends `app`', ...(isOlder && { option: "`app({ channel: 'qr-code' })`" }) }
  }],
  ['How long may the message of a request be?', messageStep(MESSAGE_LENGTHS[0]), (facts) => {
    const refused = MESSAGE_LENGTHS.find((length) => !facts.http(messageStep(length)).startsWith('2'))
    const longest = MESSAGE_LENGTHS.filter((length) => refused === undefined || length < refused).at(-1)
    if (!facts.http('approval.app').startsWith('2')) return { refused: 'approval.app' }
    if (refused !== undefined && !TOO_LONG.includes(facts.http(messageStep(refused)))) return { refused: messageStep(refused) }
    const does = `the client refuses messages of more than ${MAX_CHARACTERS} characters`
    if (refused === undefined) return { answer: `at least ${longest} characters`, does }
    const fewer = `fewer than ${refused} characters (HTTP ${facts.http(messageStep(refused))} for ${refused})`
    return { answer: longest === undefined ? fewer : `at least ${longest}, but ${fewer}`, does: `${does}; a request that Nevis refuses is an error, so keep the messages of your app shorter` }
  }],
  ['Is the token of a pending status active?', 'introspect.pending-token', ifAccepted(['introspect.pending-token'], (facts) => ({
    answer: facts.kinds('introspect.pending-token', 'active').join() || 'the introspection says neither yes nor no',
    does: 'only a status `succeeded` counts, whatever the token of the status says',
  }))],
  ['Are status and intent tokens active?', 'introspect.status-token', ifAccepted(['introspect.status-token', 'intent', 'introspect.intent'], (facts) => ({
    answer: ['status-token', ...(facts.has('intent') && facts.has('introspect.intent') ? ['intent'] : [])].map((kind) => `${kind === 'intent' ? 'intent token' : 'status token'}: ${facts.claim(`introspect.${kind}`, 'active')}, aud ${facts.claim(`introspect.${kind}`, 'aud')}`).join('; '),
    does: 'neither proves an approval, whatever the introspection says',
  }))],
  ['Does the record of a user show the phone number of text messages?', 'user.with-sms', ifAccepted(['user.with-sms'], (facts) => {
    const places = facts.fields('user.with-sms').filter((one) => /: (the )?phone number/.test(one)).map((one) => one.split(': ')[0])
    return {
      answer: places.length === 0 ? 'no field has the form of a phone number' : `yes: ${places.join(', ')}`,
      does: 'no decision depends on this: this package looks for no number, and a user whose text message Nevis refuses (HTTP 400, 409, 412 or 422) gets `not_enrolled`',
    }
  })],
  ['Which states has a phone of a user?', 'user.with-phone', ifAccepted(['user.with-phone'], (facts) => ({ answer: facts.claim('user.with-phone', 'state'), does: 'no decision depends on the state' }))],
  ['What is in a QR code and its link?', 'enroll.app', ifAccepted(['enroll.app'], (facts) => ({
    answer: [...facts.kinds('enroll.app', 'dataUri'), ...facts.kinds('enroll.app', 'appLinkUri')].join(', ') || 'neither',
    does: 'the page shows a safe image, an https link, and links with the schemes of your app',
    ...(hasLinkOfApp(facts) && { option: '`app({ linkSchemes: [...] })`' }),
  }))],
  ['What does the status say after a request was accepted?', 'status.push.accepted', (facts) => ({ answer: facts.saw('status.push.accepted'), does: 'only HTTP 200 with `succeeded` counts as accepted' })],
  ['Does the status name the user by username?', 'status.push.accepted', ifAccepted(['status.push.accepted'], (facts) => ({
    answer: facts.claim('status.push.accepted', 'username') === 'absent' ? 'no' : 'yes',
    does: 'a username in an answer must be that of the user; without one, the userId is compared',
  }))],
  ['What does the status say after a request was denied?', 'status.push.denied', (facts) => ({ answer: facts.saw('status.push.denied'), does: 'the user gets `not_approved`' })],
  ['Is the token of a failed status active?', 'status.push.denied', ifAccepted(['introspect.push.deny'], (facts) => ({
    answer: facts.has('introspect.push.deny') ? facts.claim('introspect.push.deny', 'active') : 'there is no such token',
    does: 'only a status `succeeded` counts, whatever the token of the status says',
  }))],
  ['Can a transaction token be introspected only once?', 'introspect.push.accept.again', ifAccepted(['introspect.push.accept', 'introspect.push.accept.again'], (facts) => {
    const [first, second] = ['introspect.push.accept', 'introspect.push.accept.again'].map((step) => facts.ownClaim(step, 'active'))
    // The second introspection shows something only if the token was active at the first one.
    if (first !== 'true') return { refused: 'introspect.push.accept' }
    if (second !== 'true' && second !== 'false') return { refused: 'introspect.push.accept.again' }
    return { answer: second === 'false' ? 'yes' : 'no', does: 'each token is introspected once, by the process that decides' }
  })],
  ['Which user and instance does a transaction token name?', TOKEN_STEPS, (facts) => {
    const step = tokenStepOf(facts)
    if (step === undefined) return undefined
    if (/^[45]/.test(facts.http(step))) return { refused: step }
    return {
      answer: (['sub', 'aud', 'iss'] as const).map((claim) => `${claim}: ${facts.ownClaim(step, claim)}`).join('; '),
      does: `\`sub\` must be the userId and \`iss\` the instance; \`aud\` must not be the API${tokenNeedsOf(facts)?.hasOtherIssuer === true ? '. The report does not contain the value for `issuer`: docs/guides/probe.md says where to find the value' : ''}`,
      ...optionForTokens(facts),
    }
  }],
  ['How long does a transaction token live?', TOKEN_STEPS, (facts) => {
    const step = tokenStepOf(facts)
    if (step === undefined) return undefined
    if (/^[45]/.test(facts.http(step))) return { refused: step }
    return {
      answer: facts.text(`${step}.life`) || 'the introspection does not say (`iat` or `exp` is missing, or no time)',
      does: 'a token is refused after its `exp`; a token that the browser brings is refused if it has no `iat`',
    }
  }],
  ['What does Nevis answer to an enrolment by text message?', 'enroll.sms', (facts) => ({
    answer: `HTTP ${facts.http('enroll.sms')}; ${['statusToken', 'transactionId', 'userId'].map((name) => facts.found('enroll.sms', name)[0]?.[0] ?? `no ${name}`).join(', ')}`,
    does: 'the fields are found in any place; without a transactionId the strategy makes its own id',
  })],
  ...CODE_QUESTIONS,
  ['After which time does an unfinished enrolment expire?', 'status.ignored', (facts) => lifetimeIn(facts, 'status.ignored', 'enrollmentLifetimeSeconds')],
  ['After which time does an unanswered approval expire?', 'status.ignored-approval', (facts) => lifetimeIn(facts, 'status.ignored-approval', 'lifetimeSeconds')],
  ['When does Nevis block pushes?', 'limit.pushes', (facts) => withBudget(facts, 'limit.pushes', 'requests', 'startBudget', 'starts', DEFAULT_STARTS, 'in 5 minutes')],
  ['What does the record of a blocked user show?', 'limit.pushes.user', ifAccepted(['limit.pushes.user'], (facts) => ({
    answer: !isReached(facts, 'limit.pushes') ? 'no user was blocked' : facts.within('limit.pushes.user', 'exceededRateLimits').join(', ') || 'no `exceededRateLimits`',
    does: 'a user whose record has an entry of `exceededRateLimits` other than `false` gets `user_blocked`',
  }))],
  ['What does a blocked user get when the user enters a code?', 'limit.pushes.verification', (facts) => ({
    answer: !isReached(facts, 'limit.pushes') ? 'no user was blocked' : codeAnswerIn(facts, 'limit.pushes.verification'),
    does: 'after HTTP 400, 404, 409, 412 or 422 the user gets `wrong_code`; after any other 4xx except 405, `user_blocked` if the user\'s record shows the block',
  })],
  ['When does Nevis block codes?', 'limit.codes', (facts) => {
    if (isAcceptedCode(facts, 'limit.codes')) return { refused: 'limit.codes' }
    return withBudget(facts, 'limit.codes', 'wrong codes', 'attemptBudget', 'attempts', DEFAULT_ATTEMPTS, 'in an hour')
  }],
  ['How many phones may a user have?', 'limit.phones', (facts) => ({ answer: isReached(facts, 'limit.phones') ? `${facts.text('limit.phones.after')} more: HTTP ${facts.http('limit.phones')}` : limitIn(facts, 'limit.phones', 'further phones'), does: 'if Nevis\'s answers show the limit, the user gets `too_many_authenticators`' })],
  ['Does the clock agree?', 'ping', (facts) => (facts.text('clock') === '' ? undefined : { answer: facts.text('clock'), does: CLOCK_EFFECT })],
]

/** Returns each question with its answer; undefined if the probe has not sent the necessary requests, or has got no responses to them. */
function readingsOf(facts: Facts): (readonly [question: string, Reading])[] {
  return QUESTIONS.map(([question, step, read]) => {
    const reader = new FactsReader(facts)
    const reading = [step].flat().some((one) => reader.has(one)) ? read(reader) : undefined
    // The answer to a question would be a guess if it depends on a request to which Nevis has not responded.
    return [question, reader.hasReadLost ? undefined : reading]
  })
}

/** Returns the questions that the probe has answered, with the answers. */
export function answersIn(facts: Facts): Answered[] {
  const refusals = refusalsIn(facts)
  return readingsOf(facts).flatMap(([question, reading], at) => {
    const asked = [(QUESTIONS[at] as (typeof QUESTIONS)[number])[1]].flat().find((step) => new FactsReader(facts).has(step))
    const refusal = refusals.find(({ steps }) => steps.includes(asked ?? ''))
    return reading === undefined || 'refused' in reading ? [] : [{ question, ...reading, ...(refusal && { does: refusal.sentence }) }]
  })
}

/** Returns the questions for which the probe has not sent the necessary request, or has got no answer, or only an error. */
export function unansweredIn(facts: Facts): string[] {
  const answered = answersIn(facts).map(({ question }) => question)
  return QUESTIONS.map(([question]) => question).filter((question) => !answered.includes(question))
}

/**
 * If a question has no answer because the instance refused a request, says which request that was. Undefined if the question has an answer, or has none for
 * another reason.
 */
export function refusalOf(question: string, facts: Facts): string | undefined {
  const [, reading] = readingsOf(facts).find(([one]) => one === question) ?? []
  return reading !== undefined && 'refused' in reading ? `not settled: ${reading.refused} got ${sawIn(facts, reading.refused)}` : undefined
}

/** Describes the answer to a step by its HTTP status; and the answer to an introspection also by its field `active`. */
function sawIn(facts: Facts, step: string): string {
  const active = new FactsReader(facts).kinds(step, 'active')
  return `HTTP ${String(facts[`${step}.http`])}${active.length === 0 ? '' : `, active: ${active.join(', ')}`}`
}

/** Returns the flags of the stage that asks this question; undefined for a question of the stage `quiet`, which needs no flag. */
export function flagsOf(question: string): string | undefined {
  const [step = ''] = [QUESTIONS.find(([one]) => one === question)?.[1] ?? ''].flat()
  return FLAGS.find(([pattern]) => pattern.test(step))?.[1]
}

const FLAGS: readonly (readonly [RegExp, string | undefined])[] = [
  [/^limit\.codes/, '--limits'],
  [/^limit\./, '--app --limits'],
  [/^verification\.sms\.late/, '--sms --wait'],
  [/^status\.ignored-approval/, '--app --wait'],
  [/^status\.ignored/, '--wait'],
  [/\bsms\b/, '--sms'],
  [/\bpush\.(accept|deny|accepted|denied)\b|^user\.with-phone|^approval\.app($|\.message)/, '--app'],
  [/^(ping|status\.unknown|user\.unknown)/, undefined],
  [/./, '--users'],
]

/** Tests what the example app logs about an error of Redis: one word that says what happened, and never the message, which may contain the URL of Redis. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const REDIS = pathToFileURL(join(__dirname, '../../example-app/dist/redis.js')).href

// The example app is an ES module in `dist`, so this test needs a build. `npm test` builds first.
it.each([
  ['the code of a network error', `Object.assign(new Error('s3cret'), { code: 'ECONNREFUSED' })`, 'ECONNREFUSED'],
  ['the code of the first of several errors', `new AggregateError([Object.assign(new Error('s3cret'), { code: 'ETIMEDOUT' }), new Error('s3cret')], '')`, 'ETIMEDOUT'],
  ['the code word of an answer of Redis', `new (class SimpleError extends Error {})('NOAUTH Authentication required: s3cret')`, 'NOAUTH'],
  ['the class of an error of the client', `new (class SocketTimeoutError extends Error {})('Socket timeout s3cret')`, 'SocketTimeoutError'],
  ['nothing more of an error without a name', `new Error('s3cret')`, 'Error'],
  ['nothing of a value that is no error', `undefined`, 'Object'],
])('logs %s', (_name, error, word) => {
  const script = `import { codeWordOf } from ${JSON.stringify(REDIS)}; console.log(codeWordOf(${error}))`
  expect(execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })).toBe(`${word}\n`)
})

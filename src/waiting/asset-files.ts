/**
 * Serves the script and the stylesheet of the pages: under the URL of the waiting page, with the query fields `asset` and `v`.
 *
 * Out of scope: the content of the two files (`assets/`).
 */
import { createHash } from 'node:crypto'
import { completeAnswer, type Answer } from '../host/answer'
import { withQuery } from '../host/url'
import type { Settings } from '../strategy/settings'
import { script, style } from './asset-text'
import type { ShellParts } from './document'

const assets = {
  script: asset(script, 'text/javascript; charset=utf-8'),
  style: asset(style, 'text/css; charset=utf-8'),
}

/**
 * The URLs of this package's script and stylesheet, and the URL of the app's stylesheet.
 * @internal
 */
export function linksOf({ waitingURL }: Settings, stylesheet: string | undefined): ShellParts['assets'] {
  const link = (name: keyof typeof assets) => withQuery(waitingURL, { asset: name, v: assets[name].hash })
  return { script: link('script'), styles: [link('style'), ...(stylesheet === undefined ? [] : [stylesheet])] }
}

/**
 * @param version the hash in the URL
 * @returns undefined if there is no such file
 * @internal
 */
export function assetNamed(name: unknown, version: unknown): Answer | undefined {
  return name === 'script' || name === 'style' ? assetAnswer(assets[name], version) : undefined
}

function asset(body: string, type: string) {
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 12)
  return { body, hash, type }
}

/**
 * Makes the answer with a file. A shared cache must not store it. Session packages may set the session cookie on every response (`rolling: true`; the
 * default of `@fastify/session`), and a shared cache would send one user's session cookie to other users. So the header says `private` (RFC 9111,
 * 5.2.2.7). The browser caches a file for a year, because its URL changes with its content. If the URL has another `v`, because it comes from an
 * older page or was made up, the response is not cached at all.
 */
function assetAnswer({ body, hash, type }: ReturnType<typeof asset>, version: unknown): Answer {
  const caching = version === hash ? 'private, max-age=31536000, immutable' : 'no-store'
  return completeAnswer(200, { 'Content-Type': type, 'Cache-Control': caching }, body)
}

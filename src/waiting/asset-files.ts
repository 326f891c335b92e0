/**
 * Serves the script and the stylesheet of the pages, under the URL of the waiting page with the query fields `asset` and `v`.
 *
 * Out of scope: the content of the two files (`assets/`).
 */
import { createHash } from 'node:crypto'
import { completeAnswer, type Answer } from '../host/answer'
import { withQuery } from '../host/url'
import type { Settings } from '../strategy/settings'
import { script, style } from './asset-text'
import type { PageSettings } from './document'

const assets = {
  script: asset(script, 'text/javascript; charset=utf-8'),
  style: asset(style, 'text/css; charset=utf-8'),
}

/**
 * The URLs of this package's script and stylesheet, and of the app's stylesheet.
 * @internal
 */
export function linksOf({ waitingURL }: Settings, stylesheet: string | undefined): PageSettings['assets'] {
  const link = (name: keyof typeof assets) => withQuery(waitingURL, { asset: name, v: assets[name].hash })
  return { script: link('script'), styles: [link('style'), ...(stylesheet === undefined ? [] : [stylesheet])] }
}

/**
 * @param version the hash of the file's content that the URL contains
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
 * The browser caches the file for a year, because its URL changes with its content. A shared cache must not store the file (`private`), because session
 * packages may add the session cookie to every response (RFC 9111, 5.2.2.7).
 */
function assetAnswer({ body, hash, type }: ReturnType<typeof asset>, version: unknown): Answer {
  const caching = version === hash ? 'private, max-age=31536000, immutable' : 'no-store'
  return completeAnswer(200, { 'Content-Type': type, 'Cache-Control': caching }, body)
}

/**
 * Sends one HTTP request and returns the response as text, even an unexpected one, which NevisClient would reject.
 *
 * This file uses NevisClient's connections, which always check certificates, and use the forward proxy of the environment.
 * Out of scope: choosing the requests (`*-stage.ts`), and interpreting the response (`caller.ts`).
 */
import { request as requestHttp, type Agent, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { pipeline, type Transform } from 'node:stream'
import { createBrotliDecompress, createUnzip } from 'node:zlib'
import { newAgent } from '../../client/agents'

interface RawRequest {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  readonly signal: AbortSignal
}

interface RawResponse {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** The first megabyte of the body, as UTF-8. */
  readonly text: string
  /** True if nothing shows that the body is complete. The client then does not take an empty body for a "yes" (`client/http.ts`). */
  readonly mayBeCutOff: boolean
}

const MAX_BYTES = 1_000_000

export class Connections {
  readonly #agent: Agent
  readonly #isSecure: boolean

  constructor(private readonly baseURL: string) {
    const url = new URL(baseURL)
    this.#isSecure = url.protocol === 'https:'
    this.#agent = newAgent(url)
  }

  /**
   * Sends one request.
   * @throws Error with the `code` of the network error; the signal's `reason` if the signal is aborted
   */
  async send(path: string, { method, headers, body, signal }: RawRequest): Promise<RawResponse> {
    const request = (this.#isSecure ? requestHttps : requestHttp)(this.baseURL + path, { method, headers: { ...headers, 'Accept-Encoding': 'gzip' }, agent: this.#agent })
    const stop = () => void request.destroy()
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        request.once('response', resolve).on('error', reject).end(body)
      })
      const text = await textOf(response)
      return { status: response.statusCode as number, headers: response.headers, text, mayBeCutOff: mayBeCutOff(response, text) }
    } catch (error) {
      throw signal.aborted ? signal.reason : error
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }
}

/**
 * True if only the closed connection marks the end of the body (RFC 9112, 6.3), or if a compressed body has no text. Exception: a compressed body that was
 * decompressed to its end and is empty.
 */
function mayBeCutOff({ headers }: IncomingMessage, text: string): boolean {
  const { 'content-length': length, 'content-encoding': encoding = 'identity', 'transfer-encoding': transfer = '' } = headers
  const isChunked = /(^|[\s,])chunked\s*$/i.test(transfer)
  const isCompressed = length !== '0' && encoding.trim().toLowerCase() !== 'identity'
  return (length === undefined && !isChunked) || (isCompressed && text.trim() === '' && (text !== '' || decompressorFor(encoding) === undefined))
}

async function textOf(response: IncomingMessage): Promise<string> {
  // Keeps a byte order mark, which the report mentions.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let text = ''
  let bytes = 0
  for await (const chunk of decoded(response)) {
    bytes += (chunk as Buffer).length
    text += decoder.decode(chunk as Buffer, { stream: true })
    if (bytes >= MAX_BYTES) break
  }
  return text.slice(0, MAX_BYTES)
}

/** Decompresses the body. The request asks for gzip, but a gateway may use another algorithm. */
function decoded(response: IncomingMessage): AsyncIterable<unknown> {
  const decompressor = decompressorFor(response.headers['content-encoding'])
  // Unlike `pipe`, `pipeline` ends the decompressor with an error if the response is cut off. The reader gets this error, so the callback has nothing to do.
  return decompressor === undefined ? response : pipeline(response, decompressor, () => undefined)
}

function decompressorFor(encoding: string | undefined): Transform | undefined {
  switch (encoding?.trim().toLowerCase()) {
    case 'gzip':
    case 'x-gzip':
    case 'deflate':
      return createUnzip()
    case 'br':
      return createBrotliDecompress()
    default:
      return undefined
  }
}

/**
 * Checks the Nevis instance that the environment names: the variables NEVIS_INSTANCE or NEVIS_BASE_URL, and NEVIS_ACCESS_KEY. The command `doctor` makes these
 * checks if it has no application, or cannot load the application.
 *
 * Out of scope: the checks themselves (`cloud-checks.ts`).
 */
import { NevisClient } from '../client/client'
import { isLoopback } from '../client/loopback'
import { proxyFor } from '../client/proxy'
import { cloudFindings } from './cloud-checks'
import { error, type Finding } from './findings'

export type Environment = Readonly<Record<string, string | undefined>>

const VARIABLES: Readonly<Record<string, string>> = { accessKey: 'NEVIS_ACCESS_KEY', instance: 'NEVIS_INSTANCE', baseURL: 'NEVIS_BASE_URL' }

export async function environmentFindings(env: Environment): Promise<Finding[]> {
  const cloud = cloudOf(env)
  return 'finding' in cloud ? [cloud] : cloudFindings(cloud.client, [cloud.baseURL])
}

/**
 * Creates a client from the environment variables.
 * @returns the client, its settings, and the forward proxy without its password, or a finding if the variables are missing or invalid
 */
export function cloudOf(env: Environment): { readonly client: NevisClient; readonly baseURL: string; readonly accessKey: string; readonly proxy: string | undefined } | Finding {
  // An empty variable counts as unset.
  const [instance, baseURL, accessKey] = ['NEVIS_INSTANCE', 'NEVIS_BASE_URL', 'NEVIS_ACCESS_KEY'].map((name) => env[name] || undefined)
  const remedy = 'set NEVIS_ACCESS_KEY, and NEVIS_INSTANCE or NEVIS_BASE_URL'
  if ((instance === undefined) === (baseURL === undefined)) {
    return error('cloud.settings', `set exactly one of NEVIS_INSTANCE and NEVIS_BASE_URL (${instance === undefined ? 'neither is' : 'both are'} set)`, remedy)
  }
  if (accessKey === undefined) return error('cloud.settings', 'NEVIS_ACCESS_KEY is not set', remedy)
  try {
    const client = new NevisClient({ instance, baseURL, accessKey })
    return { client, baseURL: client.baseURL, accessKey, proxy: proxyNameFor(new URL(client.baseURL)) }
  } catch (reason) {
    const isOfProxy = (reason as TypeError).message.includes('the proxy in the environment')
    // In the error message of the client, name the environment variable instead of the option. The message never contains the value.
    const sentence = (reason as TypeError).message.replace(/^NevisClient: /, '').replace(/^(accessKey|instance|baseURL)\b/, (option) => VARIABLES[option] as string)
    return error('cloud.settings', sentence.replace(/, or a function$/, ''), isOfProxy ? 'correct HTTPS_PROXY or ALL_PROXY, for example http://proxy.example:3128' : remedy)
  }
}

/**
 * The URL of the forward proxy for this URL, with its scheme. For example, `HTTPS_PROXY=proxy:3128` names no scheme; the result `https://proxy:3128` shows the
 * developer that the client speaks TLS with the proxy.
 */
function proxyNameFor(url: URL): string | undefined {
  const proxy = url.protocol === 'http:' || isLoopback(url) ? undefined : proxyFor(url)
  return proxy && `${proxy.protocol}//${proxy.hostname.includes(':') ? `[${proxy.hostname}]` : proxy.hostname}${proxy.port === '' ? '' : `:${proxy.port}`}`
}

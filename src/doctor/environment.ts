/**
 * The cloud as the environment names it, for when there is no app to ask: NEVIS_INSTANCE or NEVIS_BASE_URL, and
 * NEVIS_ACCESS_KEY.
 *
 * Out of scope: to ask it anything (`cloud-checks.ts`).
 */
import { NevisClient } from '../client/client'
import { cloudFindings } from './cloud-checks'
import { error, type Finding } from './findings'

type Environment = Readonly<Record<string, string | undefined>>

export async function environmentFindings(env: Environment): Promise<Finding[]> {
  // A variable that is set to nothing is not set.
  const [instance, baseURL, accessKey] = ['NEVIS_INSTANCE', 'NEVIS_BASE_URL', 'NEVIS_ACCESS_KEY'].map((name) => env[name] || undefined)
  let client: NevisClient
  try {
    client = new NevisClient({ instance, baseURL, accessKey: accessKey as string })
  } catch (reason) {
    // Its own sentences name options, never values.
    const sentence = (reason as TypeError).message.replace(/^NevisClient: /, '')
    return [error('cloud.settings', `in the environment, ${sentence}`, 'set NEVIS_ACCESS_KEY, and NEVIS_INSTANCE or NEVIS_BASE_URL')]
  }
  return cloudFindings(client, [client.baseURL])
}

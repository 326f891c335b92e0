/**
 * Starts the apps of the guides for web frameworks, all in the same way, for tests that must pass in each of them.
 *
 * Out of scope: what a test does with an app. `contract.ts` signs in with every app.
 */
import { inspect } from 'node:util'
import type { NevisSimulator } from '../../src/simulator'
import { PASSWORD } from '../support/app'
import type { Browser } from '../support/browser'
import { newest, serve } from './express/host'
import { run } from './program'

export interface GuideApp {
  browser(): Browser
  /** Waits until the app has written this to its log. */
  printed(text: string): Promise<void>
  close(): Promise<void>
}

type Cloud = Pick<NevisSimulator, 'baseURL' | 'accessKey'>
type Start = (cloud: Cloud, users: readonly { username: string; userId: string }[], env?: Readonly<Record<string, string>>) => Promise<GuideApp>

const program = (app: string): Start => (cloud, users, env = {}) => run(app, cloud, users, { env })

/** The Express app runs in the test's own process and logs with `console.error`. So its method `printed` searches the arguments of `console.error`. */
const express: Start = async (cloud, users) => {
  const said: unknown[] = []
  jest.spyOn(console, 'error').mockImplementation((...words) => void said.push(...words))
  const host = await serve('app.js', newest, cloud, users.map(({ username, userId }, i) => ({ id: i + 1, username, password: PASSWORD, nevisUserId: userId })))
  return { ...host, printed: async (text) => expect(said.map((one) => inspect(one)).join('\n')).toContain(text) }
}

export const guideApps: readonly (readonly [name: string, start: Start])[] = [
  ['Express', express],
  ['NestJS', program('nestjs/app')],
  ['Fastify with @fastify/session', program('fastify/app')],
  ['Fastify with @fastify/secure-session', program('fastify/secure-session')],
  ['Koa', program('koa/app')],
]

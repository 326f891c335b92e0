/**
 * Runs the apps of this folder on one of the supported versions of Express and Passport.
 *
 * Out of scope: what a test does with an app.
 */
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as passportNevis from '../../../src'
import type { NevisSimulator } from '../../../src/simulator'
import { listen } from '../../support/app'
import { Browser } from '../../support/browser'

/** Package names: `express4` is Express 4, `passport06` is Passport 0.6. */
export interface Stack {
  readonly express: 'express' | 'express4'
  readonly passport: 'passport' | 'passport06'
}

/** The newest and the oldest supported versions. Tests whose result does not depend on the version use only `newest`. */
export const newest: Stack = { express: 'express', passport: 'passport' }
export const oldest: Stack = { express: 'express4', passport: 'passport06' }
export const stacks: readonly Stack[] = [newest, { express: 'express', passport: 'passport06' }, { express: 'express4', passport: 'passport' }, oldest]

/** The installed version, for the title of a test. */
export const nameOf = ({ express, passport }: Stack): string => `Express ${versionOf(express)}, Passport ${versionOf(passport)}`

function versionOf(name: string): string {
  const { version } = jest.requireActual<{ version: string }>(`${name}/package.json`)
  return version.split('.').slice(0, version.startsWith('0') ? 2 : 1).join('.')
}

/** A user as `users.js` of this folder stores it. */
export interface HostUser {
  readonly id: number
  readonly username: string
  readonly password?: string
  readonly nevisUserId?: string
  readonly providerId?: string
}

export interface Host {
  browser(): Browser
  close(): Promise<void>
}

/**
 * @param file in this folder; it exports an app
 * @param env further environment variables for the app. The address and the access key of the simulator are always set
 * @param names what `require('passport-nevis')` returns in the app
 */
export async function serve(file: string, stack: Stack, simulator: Pick<NevisSimulator, 'baseURL' | 'accessKey'>, users: readonly HostUser[], env: Record<string, string> = {}, names: object = passportNevis): Promise<Host> {
  Object.assign(process.env, { NEVIS_BASE_URL: simulator.baseURL, NEVIS_ACCESS_KEY: simulator.accessKey, SESSION_SECRET: 'a secret for tests', ...env })
  let app: RequestListener | undefined
  jest.isolateModules(() => {
    jest.doMock('express', () => jest.requireActual<object>(stack.express))
    jest.doMock('passport', () => jest.requireActual<object>(stack.passport))
    jest.doMock('passport-nevis', () => names, { virtual: true })
    const { add } = require('./users.js') as { add(user: HostUser): void }
    users.forEach(add)
    app = require(`./${file}`) as RequestListener
  })
  return listening(app as RequestListener)
}

/** Starts an app that the test itself has created. */
export async function listening(app: RequestListener): Promise<Host> {
  const server = createServer(app)
  await listen(server)
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    browser: () => new Browser(origin),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

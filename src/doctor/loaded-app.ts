/**
 * Loads the application for the checks, and observes it while it starts. The application then listens on a free loopback port instead of its own port.
 *
 * Out of scope: checking the application's routes (`route-checks.ts`).
 */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer, Server as HttpServer, type RequestListener } from 'node:http'
import { Server as HttpsServer } from 'node:https'
import { createRequire } from 'node:module'
import { isIP, Server as NetServer, Socket, type AddressInfo } from 'node:net'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { error, seeOutput, type Finding } from './findings'
import { AppObserver } from './app-observer'
import { placeIn, summaryOf } from './places'
import { isWord } from './printable'
import { prefixOf } from './route-checks'
import { loadedFiles, sourceReport, type SourceReport } from './source-check'
import { LOAD_MS } from './steps'

export interface LoadedApp {
  readonly origin: string
  readonly observer: AppObserver
  /** Reads what the source of the application shows about sign-ins. Keeps the first result, so call this function late: until then, the application may load
   * more files. */
  readonly source?: () => SourceReport
}

const LOOK_EVERY_MS = 20
/**
 * An application may listen on several ports, for example on one for metrics. If another server listens first, the doctor waits this many milliseconds for the
 * server with the status endpoint to answer.
 */
const OTHER_SERVER_MS = 2000
const ASK_EVERY_MS = 200
/**
 * An app that is exported, or that listens, has this many milliseconds to register its strategy. Some apps have no strategy, and keep running because they
 * listen, or because of an open connection, for example to Redis. Without this limit, the doctor would wait the whole `LOAD_MS` for such an app. Only if an app
 * that listens uses this package, the doctor waits longer.
 */
export const STRATEGY_MS = 5000

export async function loadApp(file: string): Promise<LoadedApp | Finding> {
  const path = pathOf(file)
  if (path === undefined) return error('app.loaded', 'the file does not exist', 'npx passport-nevis doctor <file>, with the file that starts your app, or exports it')
  const observer = new AppObserver()
  watchModules(path, observer)
  const failures = watchConnections()
  const servers = redirectListen()
  const deadline = Date.now() + LOAD_MS
  // True for the server of a Nevis simulator that the application starts itself. Such a server is not the server of the application.
  const isCloud = (server: NetServer) => observer.registered.some(({ strategy }) => sameHost(strategy.settings.client.baseURL, server))
  const found = () => servers.filter((server) => server.listening && !isCloud(server))
  let exported: readonly unknown[]
  try {
    const { values, all } = await withDeadline(deadline, exportsOf(path))
    exported = values
    const isUsable = () => values.some(isListener) || (observer.registered.length > 0 && found().length > 0)
    // An export may be a promise that never settles, or settles only when the application ends. So stop waiting if the app is usable or has nothing left to do.
    await Promise.race([withDeadline(deadline, all), once(process, 'beforeExit'), onceUsable(isUsable, deadline)])
  } catch (reason) {
    return reason instanceof LoadTimeout ? lateFinding(failures, file) : thrownFinding(reason, path, file)
  }
  for (const one of exported) observer.register(one)
  const app = exported.find(isListener)
  // An exported app or a listening server is not enough: an application may register its strategy later, for example after it has connected to a database.
  const isShown = () => app !== undefined || found().length > 0
  const isReady = () => observer.registered.length > 0 && isShown()
  let isIdle = false
  const idle = once(process, 'beforeExit').then(() => (isIdle = true))
  const until = async (isOver: () => boolean, end: number) => {
    while (!isOver() && !isIdle && Date.now() < end) await Promise.race([pause(LOOK_EVERY_MS, undefined, { ref: false }), idle])
  }
  await until(isShown, deadline)
  await until(isReady, Math.min(deadline, Date.now() + STRATEGY_MS))
  if (app === undefined && !isReady() && mayUsePackage(path)) await until(isReady, deadline)
  let report: SourceReport | undefined // the same for all strategies of the app
  const loaded = (origin: string): LoadedApp => ({ origin, observer, source: () => (report ??= sourceReport(path, ...loadedFiles())) })
  if (app !== undefined) return loaded(await originOf(app instanceof NetServer ? app : createServer(app as RequestListener)))
  if (found().length > 0) return loaded(await originOfApp(found, observer))
  if (Date.now() >= deadline) return lateFinding(failures, file)
  return error('app.loaded', 'the app neither listens on a port nor exports a request handler', 'name the file that starts the app, or export the app: module.exports = app')
}

function mayUsePackage(path: string): boolean {
  const { usesPackage, isWhole } = sourceReport(path, ...loadedFiles())
  return usesPackage || !isWhole
}

/** The origin of the server whose status endpoint answers. If no server has one, the origin of the server that has listened first. */
async function originOfApp(found: () => readonly NetServer[], { registered }: AppObserver): Promise<string> {
  const [first] = found() as [NetServer]
  const end = Date.now() + (registered.length === 0 ? 0 : OTHER_SERVER_MS)
  for (;;) {
    for (const server of found()) {
      const origin = await originOf(server)
      for (const { strategy } of registered) if ((await prefixOf(origin, strategy.settings.statusURL)) !== undefined) return origin
    }
    if (Date.now() >= end) return originOf(first)
    await pause(ASK_EVERY_MS)
  }
}

function pathOf(file: string): string | undefined {
  try {
    return createRequire(`${process.cwd()}/`).resolve(resolve(file))
  } catch {
    return undefined
  }
}

/** What a file exports: first its default export, then its named exports, then the properties of the default export. */
interface Exports {
  /** The exported values. If an export is a promise, the list contains its value once the promise has resolved. */
  readonly values: readonly unknown[]
  /** Resolves when all exported promises have resolved; rejects as soon as one of them rejects. */
  readonly all: Promise<unknown>
}

async function exportsOf(path: string): Promise<Exports> {
  const module = (await import(pathToFileURL(path).href)) as Record<string, unknown>
  const named = Object.values(module)
  const values: unknown[] = []
  const take = async (index: number, one: unknown) => void (values[index] = await one)
  const takeDefault = async () => {
    const main = Object(await module['default']) as Record<string, unknown>
    values[0] = main
    if (typeof main === 'object') await Promise.all(Object.values(main).map((one, i) => take(1 + named.length + i, one)))
  }
  return { values, all: Promise.all([takeDefault(), ...named.map((one, i) => take(1 + i, one))]) }
}

/** Waits until the application is usable, at most until `deadline`, and at least `STRATEGY_MS`, so that exported promises can settle. */
async function onceUsable(isUsable: () => boolean, deadline: number): Promise<void> {
  const end = Date.now() + STRATEGY_MS
  while (Date.now() < deadline && (Date.now() < end || !isUsable())) await pause(LOOK_EVERY_MS, undefined, { ref: false })
}

const isListener = (value: unknown): boolean => value instanceof HttpServer || value instanceof HttpsServer || (typeof value === 'function' && 'handle' in value)

function watchModules(path: string, observer: AppObserver): void {
  const fromApp = createRequire(path)
  const roots = [fromApp, ...['koa-passport', '@nestjs/passport'].flatMap((name) => found(fromApp, name).map((entry) => createRequire(entry)))]
  const entries = new Set(roots.flatMap((root) => found(root, 'passport')))
  for (const entry of entries) {
    const { version } = createRequire(entry)('../package.json') as { version: string }
    const { Authenticator } = fromApp(entry) as { Authenticator: { prototype: object } }
    observer.watchPassport({ name: 'passport', version }, Authenticator.prototype)
  }
  for (const entry of found(fromApp, '@fastify/passport')) {
    const { version } = createRequire(entry)('../package.json') as { version: string }
    const { Authenticator } = fromApp(entry) as { Authenticator: { prototype: object } }
    observer.watchPassport({ name: '@fastify/passport', version }, Authenticator.prototype)
  }
  for (const entry of found(fromApp, 'express-session')) replaceExports(fromApp, entry, (factory) => observer.watchSessions(factory))
}

function found(from: NodeJS.Require, name: string): string[] {
  try {
    return [from.resolve(name)]
  } catch {
    return []
  }
}

/**
 * Replaces the exports of a module while Node loads it. A replacement after the module is loaded would be too late: code that uses `import` would still get the
 * old exports.
 */
function replaceExports(from: NodeJS.Require, entry: string, replacement: (exports: object) => object): void {
  const { extensions } = from
  const load = extensions['.js']
  extensions['.js'] = (module, path) => {
    load(module, path)
    if (path === entry) module.exports = replacement(module.exports as object)
  }
  try {
    from(entry)
  } finally {
    extensions['.js'] = load
  }
}

/** Makes every `listen` use a free loopback port: the application's own port may be in use, and must not be reachable from outside. */
function redirectListen(): (HttpServer | HttpsServer)[] {
  const servers: (HttpServer | HttpsServer)[] = []
  const prototype = NetServer.prototype as unknown as { listen: (this: NetServer, ...args: unknown[]) => NetServer }
  const { listen } = prototype
  prototype.listen = function (...args) {
    const callback = args.find((one) => typeof one === 'function')
    if (this instanceof HttpServer || this instanceof HttpsServer) servers.push(this)
    return listen.call(this, { port: 0, host: '127.0.0.1' }, callback)
  }
  return servers
}

async function originOf(server: NetServer): Promise<string> {
  if (!server.listening) await once(server.listen(), 'listening')
  return `http${server instanceof HttpsServer ? 's' : ''}://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function sameHost(baseURL: string, server: NetServer): boolean {
  return new URL(baseURL).port === String((server.address() as AddressInfo).port)
}

async function withDeadline<T>(deadline: number, work: Promise<T>): Promise<T> {
  return Promise.race([work, pause(deadline - Date.now(), undefined, { ref: false }).then(() => Promise.reject(new LoadTimeout()))])
}

class LoadTimeout extends Error {}

/** Notes the connections of the application that failed, for example to a database: the address and the code of the error. */
function watchConnections(): ReadonlySet<string> {
  const failures = new Set<string>()
  const prototype = Socket.prototype as unknown as { _destroy: (this: Socket, reason: unknown, done: unknown) => void }
  const { _destroy: destroy } = prototype
  prototype._destroy = function (reason, done) {
    const { code, address, port, hostname } = Object(reason) as { code?: unknown; address?: unknown; port?: unknown; hostname?: unknown }
    if (isWord(code)) failures.add(`${hostIn(address ?? hostname)}${typeof port === 'number' ? ` port ${port}` : ''} (${code})`)
    destroy.call(this, reason, done)
  }
  return failures
}

/**
 * The host of a failed connection. An application may have passed a URL with a password as the host, or as the path of a socket. Such a text is not printed.
 */
function hostIn(name: unknown): string {
  return typeof name === 'string' && (/^[\w.-]{1,253}$/.test(name) || isIP(name) !== 0) ? name : 'a server'
}

function lateFinding(failures: ReadonlySet<string>, file: string): Finding {
  const [failure] = [...failures].slice(-1)
  const why = failure === undefined ? '' : `; its last connection that failed was to ${failure}`
  return error('app.loaded', `the app neither listened on a port nor ended within ${LOAD_MS / 1000} s${why}`, `${failure === undefined ? '' : 'start the services that the app needs; '}${seeOutput(file)}`)
}

/**
 * Describes an error that the application threw while loading: name, code and line. Includes the message only if this package threw the error: other
 * messages may quote secrets.
 */
function thrownFinding(reason: unknown, path: string, file: string): Finding {
  const { name, message, stack } = Object(reason) as Record<'name' | 'message' | 'stack', unknown>
  const text = String(message)
  if (name === 'TypeError' && OWN_MESSAGE.test(text) && isThrownHere(text, String(stack), path)) return error('app.loaded', `the app throws while it loads: ${text}`, 'fix this option; docs/reference.md lists all options')
  // The stack of a syntax error begins with the file and line of the error. The frames below belong to the files that load the faulty file.
  const [, syntaxFile, syntaxLine] = /^(?:file:\/\/)?([^\n]*?):(\d+)\n/.exec(String(stack)) ?? []
  const [at, line] = syntaxFile !== undefined && existsSync(syntaxFile) ? [syntaxFile, syntaxLine] : [path, String(stack).split(path)[1]?.match(/^:(\d+)/)?.[1]]
  const place = line === undefined ? placeIn(String(stack)) : `${relative(process.cwd(), at).split(sep).join('/')}:${line}`
  return error('app.loaded', `the app throws while it loads: ${summaryOf(reason, place)}`, seeOutput(file))
}

const OWN_MESSAGE = /^(Nevis(Strategy|Client)|waitingPage|statusEndpoint|outagePage|requireSecondFactor|recordSecondFactor|RedisLedger|PostgresLedger): /

/** True if the stack begins in this package. The message is no proof, because other code may throw an error with the same message. */
function isThrownHere(text: string, stack: string, path: string): boolean {
  const [, place = ''] = stack.split(`TypeError: ${text}\n`)
  const folders = [join(__dirname, '..'), ...found(createRequire(path), 'passport-nevis').map((entry) => dirname(entry))]
  return folders.some((folder) => place.split('\n')[0]?.includes(folder + sep))
}

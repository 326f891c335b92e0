/** The apps of docs/guides/hosts/fastify.md. */
import { hostContract } from './contract'

describe('fastify with @fastify/session', () => hostContract({ app: 'fastify/app', failure: 'redirect' }))
describe('fastify with @fastify/secure-session', () => hostContract({ app: 'fastify/secure-session', failure: 'redirect', isSessionInCookie: true }))

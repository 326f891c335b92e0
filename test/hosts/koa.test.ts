/** The app of docs/guides/hosts/koa.md. */
import { hostContract } from './contract'

describe('Koa', () => hostContract({ app: 'koa/app', failure: 'redirect' }))

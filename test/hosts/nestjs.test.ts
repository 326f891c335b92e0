/** The app of docs/guides/hosts/nestjs.md. */
import { hostContract } from './contract'

describe('NestJS', () => hostContract({ app: 'nestjs/app', failure: 'json' }))

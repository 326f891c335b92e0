/**
 * A simulated Nevis Authentication Cloud with simulated phones, for development and tests. It works without a network.
 * @module passport-nevis/simulator
 * @group Reference
 */
export { NevisSimulator, type AddedUser, type NewUser } from './simulator'
export type { NevisSimulatorOptions } from './options'
export type { DialectOption } from './dialects'
export type { DialectReport } from './dialects/dialect'
export type { Fault, FaultEffect, FaultHandle, Faults } from './faults'
export type { Phone, PhoneRequest } from './phone'
export type { RecordedRequest } from './requests'
export type { OperationName } from './routes'
export type { UserSnapshot } from './snapshot'
export type { AuthenticatorJson } from '../client/wire'
export { proveLedger, type ProveLedgerOptions } from '../ledger/contract'

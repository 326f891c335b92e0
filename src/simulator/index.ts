/**
 * The public door of the simulator: names, nothing else.
 */
export { NevisSimulator, type AddedUser, type NewUser } from './simulator'
export type { NevisSimulatorOptions } from './options'
export type { Fault, FaultEffect, FaultHandle, Faults } from './faults'
export type { Phone, PhoneRequest } from './phone'
export type { RecordedRequest } from './requests'
export type { OperationName } from './routes'
export type { UserSnapshot } from './snapshot'

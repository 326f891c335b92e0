/** The five factors of this package. Out of scope: the interface that they implement (`factor.ts`). */
export { app } from './app'
export { push } from './push'
export { recovery } from './recovery'
export { sms } from './sms'
export { widget } from './widget'

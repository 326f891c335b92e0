/** The five factors of this package. */
export { app } from './app'
export { push } from './push'
export { recovery } from './recovery'
export { sms } from './sms'
export { widget } from './widget'

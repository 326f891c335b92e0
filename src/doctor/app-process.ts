/**
 * The process in which an app is examined: its output is not the doctor's, and its end is not the doctor's end.
 *
 * Out of scope: to report; it sends the findings to the process that started it.
 */
import { appFindings } from './app-checks'
import { admitted } from './patient'

void admitted(process.argv[2] as string)
  .then((patient) => ('origin' in patient ? appFindings(patient, process.env['NODE_ENV'] === 'production') : [patient]))
  .then((findings) => process.send?.({ passportNevisDoctor: findings }))

/**
 * The process in which an app is examined: its output is not the doctor's, and its end is not the doctor's end.
 *
 * Out of scope: to report; it sends the findings to the process that started it.
 */
import { appFindings } from './app-checks'
import { loadApp } from './loaded-app'

void loadApp(process.argv[2] as string)
  .then((app) => ('origin' in app ? appFindings(app, process.env['NODE_ENV'] === 'production') : [app]))
  .then((findings) => process.send?.({ passportNevisDoctor: findings }))

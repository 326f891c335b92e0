/**
 * Entry point of the child process that loads and checks the app, so that the app's output and exit do not affect the doctor.
 *
 * Out of scope: printing the report; this process sends the findings to its parent.
 */
import { appFindings } from './app-checks'
import { loadApp } from './loaded-app'

void loadApp(process.argv[2] as string)
  .then((app) => ('origin' in app ? appFindings(app, process.env['NODE_ENV'] === 'production') : [app]))
  .then((findings) => process.send?.({ passportNevisDoctor: findings }))

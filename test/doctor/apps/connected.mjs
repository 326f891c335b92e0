/** An app that never finishes loading. It sends its process id to the test that listens on PORT, and keeps this connection open as long as it lives. */
import { connect } from 'node:net'
import { env, pid } from 'node:process'

await new Promise(() => connect(Number(env.PORT), '127.0.0.1').write(`${pid}\n`))

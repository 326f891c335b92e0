/** Each test starts with a new cloud and a new app, so that the rate limits of one test do not affect another. */
const { once } = require('node:events')
const { NevisSimulator } = require('passport-nevis/simulator')
const { createApp } = require('./app')
const { Browser } = require('./browser')

exports.start = async function start() {
  const simulator = await NevisSimulator.start()
  const server = createApp({ baseURL: simulator.baseURL, accessKey: simulator.accessKey }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    simulator,
    browser: new Browser(`http://127.0.0.1:${server.address().port}`),
    async stop() {
      server.close()
      server.closeAllConnections()
      await simulator.close()
    },
  }
}
